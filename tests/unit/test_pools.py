"""Accelerators: what a pool gives, what fits none, how an update finds room, and which image can use them."""

from typing import Any

import pulumi
import pytest
from pulumi_kserve.contracts import PlatformFacts, PoolFacts, WorkerFacts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.multi_node_gpus import NodePlan, node_plan
from pulumi_kserve.endpoints.admission.pools import RULES, refuse_gpus
from pulumi_kserve.endpoints.admission.registry import judge
from pulumi_kserve.endpoints.spec.accelerators import Gpus
from pulumi_kserve.endpoints.spec.service import InferenceServiceSpec
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.platform.chart_runtimes import chart_runtimes

L4 = PoolFacts(name="l4", accelerator="nvidia-l4", accelerators_per_node=1, max_nodes=4)
H100 = PoolFacts(name="h100", accelerator="nvidia-h100", accelerators_per_node=8, max_nodes=2)
CPU = PoolFacts(name="cpu", max_nodes=9)
SLICES = PoolFacts(name="slices", resource="nvidia.com/mig-1g.5gb", accelerators_per_node=7, max_nodes=1)


def facts(*pools: PoolFacts, mode: Any = "Standard", release: str = "0.20") -> PlatformFacts:
    return PlatformFacts(
        name="prod",
        release=release,
        mode=mode,
        gateway="cluster-local",
        pools=pools,
        runtimes=chart_runtimes(release),
    )


def spec(gpu: Any, **more: Any) -> InferenceServiceSpec:
    predictor = {"model": {"format": "pytorch", "uri": "s3://b/m"}, "gpu": gpu, **more.pop("predictor", {})}
    return InferenceServiceSpec.parse({"predictor": predictor, **more})


def found(gpu: Any, *pools: PoolFacts, mode: Any = "Standard", **more: Any) -> list[Problem]:
    return list(refuse_gpus(spec(gpu, **more), facts(*(pools or (L4, H100, CPU)), mode=mode)))


def replicas(count: int, **more: Any) -> dict[str, Any]:
    return {"scaling": {"noScaling": {"replicas": count}}, **more}


@pytest.mark.parametrize(
    ("accelerator", "resource"),
    [
        ("nvidia-l4", "nvidia.com/gpu"),
        ("amd-mi300x", "amd.com/gpu"),
        ("intel-gaudi3", "habana.ai/gaudi"),
        ("intel-max-1100", "gpu.intel.com/i915"),
        ("graphcore", None),
        (None, None),
    ],
)
def test_a_pools_resource_follows_from_its_accelerators_maker(accelerator: str | None, resource: str | None) -> None:
    assert PoolFacts(name="p", accelerator=accelerator).resource == resource


def test_a_resource_that_is_said_stays() -> None:
    assert PoolFacts(name="p", accelerator="nvidia-a100", resource="nvidia.com/mig-1g.5gb").resource == SLICES.resource


def test_a_pool_gives_its_accelerators_by_name() -> None:
    assert H100.gpus(2) == Gpus(pool="h100", count=2)
    with pytest.raises(SpecError, match="count"):
        H100.gpus(0)


def test_what_fits_is_not_refused() -> None:
    assert found({"pool": "h100", "count": 8}) == []
    assert found({"pool": "slices", "count": 3}, SLICES) == []


def test_an_unknown_pool_is_refused_with_the_nearest() -> None:
    (problem,) = found({"pool": "h10", "count": 1})
    assert (problem.rule, problem.path) == ("unknown-pool", "predictor.gpu.pool")
    assert "'h100'" in problem.cure


def test_a_platform_without_pools_says_to_declare_them() -> None:
    (problem,) = refuse_gpus(spec({"pool": "l4"}), facts())
    assert "Declare the cluster's pools" in problem.cure


def test_a_pool_without_accelerators_is_refused_with_what_the_pools_have() -> None:
    (problem,) = found({"pool": "cpu"})
    assert (problem.rule, problem.path) == ("pool-without-accelerators", "predictor.gpu.pool")
    assert "l4: 1 nvidia.com/gpu a node; h100: 8 nvidia.com/gpu a node; cpu: none" in problem.cure


def test_a_pool_that_declares_no_count_is_refused() -> None:
    (problem,) = found({"pool": "x"}, PoolFacts(name="x", accelerator="nvidia-t4"))
    assert "accelerators_per_node is 0" in problem.message


def test_more_than_a_node_has_is_refused_with_what_it_needs() -> None:
    (problem,) = found({"pool": "l4", "count": 2})
    assert (problem.rule, problem.path) == ("too-many-accelerators", "predictor.gpu.count")
    assert "needs 2 nvidia.com/gpu on one node of l4, which has 1" in problem.message


def test_more_pods_than_the_pool_has_room_for_are_refused() -> None:
    (problem,) = found({"pool": "h100", "count": 5}, predictor=replicas(3))
    assert (problem.rule, problem.path) == ("pool-too-small", "predictor.gpu.count")
    assert "h100 has 16 nvidia.com/gpu in 2 nodes at most: room for 2 pods of 5, and 3 are asked for" in problem.message


def test_the_most_pods_of_an_autoscaler_count() -> None:
    (problem,) = found({"pool": "l4"}, predictor={"scaling": {"hpa": {"minReplicas": 1, "maxReplicas": 5}}})
    assert problem.rule == "pool-too-small"


def test_an_autoscaler_without_a_bound_is_not_counted() -> None:
    assert found({"pool": "l4"}, mode="Knative", predictor={"scaling": {"kpa": {}}}) == []


def test_all_components_of_an_endpoint_count_together() -> None:
    transformer = {"containers": [{"image": "x"}], "gpu": {"pool": "l4"}, **replicas(2)}
    (problem,) = found({"pool": "l4"}, predictor=replicas(3), transformer=transformer)
    assert (problem.rule, problem.path) == ("pool-too-small", "transformer.gpu.count")
    assert "takes 5 in all" in problem.message


def test_a_canary_takes_the_stable_predictors_accelerators_too() -> None:
    canary = {"trafficPercent": 50, "model": {"format": "pytorch", "uri": "s3://b/n"}}
    (problem,) = found({"pool": "l4"}, predictor=replicas(4), canaries={"next": canary})
    assert (problem.rule, problem.path) == ("pool-too-small", "predictor.gpu.count")


@pytest.mark.parametrize(
    ("count", "rollout", "stuck"),
    [
        (1, None, False),
        (2, None, True),
        (2, {"rolling": {"maxSurge": 0, "maxUnavailable": 1}}, False),
        (2, {"rolling": {"maxUnavailable": "50%"}}, False),
        (2, {"rolling": {"maxUnavailable": "49%"}}, True),
        (2, {"recreate": {}}, False),
    ],
)
def test_an_update_needs_a_spare_accelerator_or_may_free_one(count: int, rollout: Any, *, stuck: bool) -> None:
    small = PoolFacts(name="small", accelerator="nvidia-t4", accelerators_per_node=1, max_nodes=2)
    problems = found({"pool": "small"}, small, predictor=replicas(count, rollout=rollout))
    assert [(each.rule, each.path) for each in problems] == [("no-headroom", "predictor.rollout")] * stuck


def test_the_cure_of_no_headroom_is_recreate_or_more_nodes() -> None:
    (problem,) = found({"pool": "h100", "count": 8}, predictor=replicas(2))
    assert "Set rollout to recreate" in problem.cure
    assert "max_nodes by 1" in problem.cure


def test_four_pods_may_miss_one_by_default_and_so_need_no_room() -> None:
    assert found({"pool": "l4"}, predictor=replicas(4)) == []


def test_a_new_revision_in_knative_mode_always_needs_room() -> None:
    (problem,) = found({"pool": "l4"}, mode="Knative", predictor=replicas(4))
    assert problem.rule == "no-headroom"
    assert "recreate" not in problem.cure


def workers(gpus: int, *, nodes: int, tensor: int = 8) -> list[Problem]:
    pool = PoolFacts(name="x", accelerator="nvidia-h100", accelerators_per_node=8, max_nodes=nodes)
    worker = {"tensorParallelSize": tensor, "pipelineParallelSize": 2, "gpu": {"pool": "x", "count": gpus}}
    return found(None, pool, predictor={"worker": worker})


def test_workers_are_counted_as_kserve_counts_them() -> None:
    (problem,) = workers(8, nodes=1)
    assert (problem.rule, problem.path) == ("no-headroom", "predictor.rollout")
    assert workers(8, nodes=2) == []


@pytest.mark.parametrize(
    ("tensor", "pipeline", "head", "worker", "plan"),
    [
        (8, 2, 0, 8, NodePlan(2, 8, 8)),
        (8, 2, 8, 8, NodePlan(2, 8, 8)),
        (3, 2, 0, 4, NodePlan(2, 2, 4)),
        (2, 1, 0, 4, NodePlan(1, 2, 0)),
        (4, 1, 4, 1, NodePlan(1, 4, 0)),
        (4, 1, 2, 0, NodePlan(3, 2, 1)),
        (4, 1, 0, 0, NodePlan(4, 1, 1)),
    ],
)
def test_ray_nodes_are_counted_as_kserve_does(
    tensor: int, pipeline: int, head: int, worker: int, plan: NodePlan
) -> None:
    sizes = WorkerFacts(tensor_parallel_size=tensor, pipeline_parallel_size=pipeline)
    assert node_plan(sizes, head=head, worker=worker) == plan


def test_without_ray_the_sizes_alone_decide() -> None:
    sizes = WorkerFacts(tensor_parallel_size=4, pipeline_parallel_size=3, executor="mp")
    assert node_plan(sizes, head=1, worker=1) == NodePlan(3, 4, 4)


def service(name: str, resources: dict[str, Any], worker: Any = None, **model: Any) -> dict[str, Any]:
    described = {"modelFormat": {"name": name}, "storageUri": "pvc://m/m", "resources": resources, **model}
    return {"spec": {"predictor": {"model": described, **({} if worker is None else {"workerSpec": worker})}}}


def limits(count: Any, resource: str = "nvidia.com/gpu") -> dict[str, Any]:
    return {"limits": {resource: count}}


def said(manifest: dict[str, Any], *pools: PoolFacts, release: str = "0.20") -> list[Problem]:
    return judge(manifest, Context(release, "Standard", facts(*pools, release=release)), rules=RULES)


def gpu_rules(manifest: dict[str, Any], *pools: PoolFacts, release: str = "0.20") -> list[str]:
    return [problem.rule for problem in said(manifest, *pools, release=release)]


@pytest.mark.parametrize(
    ("resources", "wrong"),
    [
        (limits("1"), False),
        (limits(1), False),
        ({"limits": {"nvidia.com/gpu": "2"}, "requests": {"nvidia.com/gpu": 2}}, False),
        (limits("500m"), True),
        ({"requests": {"nvidia.com/gpu": "1"}}, True),
        ({"limits": {"nvidia.com/gpu": "2"}, "requests": {"nvidia.com/gpu": "1"}}, True),
        (limits(pulumi.Output.from_input("x")), False),
    ],
)
def test_accelerators_are_whole_and_requested_as_limited(resources: dict[str, Any], *, wrong: bool) -> None:
    assert gpu_rules(service("huggingface", resources)) == ["accelerator-count"] * wrong


def test_resources_that_no_pool_has_are_refused_with_what_the_pools_have() -> None:
    (problem,) = said(service("triton", limits("1", "nvidia.com/mig-1g.5gb")), L4, CPU)
    assert problem.path == 'spec.predictor.model.resources.limits["nvidia.com/mig-1g.5gb"]'
    assert "needs 1 nvidia.com/mig-1g.5gb on one node, and none has any" in problem.message
    assert "l4: 1 nvidia.com/gpu a node; cpu: none" in problem.cure


def test_resources_above_every_node_are_refused() -> None:
    (problem,) = said(service("triton", limits("9")), L4, H100)
    assert (problem.rule, "the most that one has is 8" in problem.message) == ("accelerator-pool", True)


def test_without_declared_pools_nothing_is_said_of_them() -> None:
    assert said(service("triton", limits("9"))) == []


@pytest.mark.parametrize(
    ("release", "name", "resource", "model", "refused"),
    [
        ("0.20", "huggingface", "nvidia.com/gpu", {}, False),
        ("0.20", "huggingface", "amd.com/gpu", {}, True),
        ("0.20", "huggingface", "amd.com/gpu", {"image": "vllm-rocm:1"}, False),
        ("0.20", "huggingface", "nvidia.com/gpu", {"runtimeVersion": "v0.20.0"}, True),
        ("0.20", "huggingface", "nvidia.com/gpu", {"runtimeVersion": "v0.20.0-gpu"}, False),
        ("0.20", "sklearn", "nvidia.com/gpu", {}, True),
        ("0.20", "xgboost", "nvidia.com/gpu", {}, False),
        ("0.20", "vLLM", "gpu.intel.com/i915", {}, True),
        ("0.20", "triton", "nvidia.com/mig-1g.5gb", {}, False),
        ("0.19", "pytorch", "nvidia.com/gpu", {}, False),
    ],
)
def test_an_image_that_cannot_use_the_accelerator_is_refused(
    release: str, name: str, resource: str, model: dict[str, Any], *, refused: bool
) -> None:
    found = gpu_rules(service(name, limits("1", resource), **model), release=release)
    assert found == ["accelerator-image"] * refused


@pytest.mark.parametrize(("release", "refused"), [("0.19", True), ("0.20", False)])
def test_a_runtime_of_another_name_gets_its_gpu_image_since_0_20_only(release: str, *, refused: bool) -> None:
    torch = next(each for each in chart_runtimes(release) if each.name == "kserve-torchserve")
    known = facts(release=release).model_copy(update={"runtimes": (torch.model_copy(update={"name": "ours"}),)})
    problems = judge(service("pytorch", limits("1")), Context(release, "Standard", known), rules=RULES)
    assert [each.rule for each in problems] == ["accelerator-image"] * refused


def both(count: str) -> dict[str, Any]:
    return {"requests": {"nvidia.com/gpu": count}, "limits": {"nvidia.com/gpu": count}}


def test_parallel_sizes_that_need_more_than_head_and_workers_have_are_refused() -> None:
    worker = {"tensorParallelSize": 8, "containers": [{"resources": both("4")}]}
    (problem,) = said(service("huggingface", both("1"), worker))
    assert (problem.rule, problem.path) == ("multi-node-accelerators", "spec.predictor.workerSpec")
    assert "needs 8 accelerators; the head has 1 and 1 workers have 4 each" in problem.message
    assert "Give the head 4" in problem.cure
    assert said(service("huggingface", both("4"), worker)) == []


def test_limits_alone_are_not_seen_on_several_nodes() -> None:
    worker = {"tensorParallelSize": 4, "containers": [{"resources": limits("4")}]}
    (problem,) = said(service("huggingface", {}, worker))
    assert problem.rule == "multi-node-limits"
    assert problem.path == 'spec.predictor.workerSpec.containers[0].resources.limits["nvidia.com/gpu"]'


def test_rule_names_are_unique() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
