"""Accelerators: what follows from a pool, and how it goes together with what the user says."""

from typing import Any

import pytest
from pulumi_kserve.endpoints.spec.accelerators import Gpus, gpu_fields, is_accelerator
from pulumi_kserve.endpoints.spec.predictor import Predictor, predictor_fields
from pulumi_kserve.endpoints.spec.workers import Worker, worker_annotations, worker_fields
from pulumi_kserve.models import Spec

from tests.unit.kubernetes_fields import refusal
from tests.unit.whole_components import POOLS, rendering

SHARED = "/dev/shm"  # noqa: S108 -- where POSIX shared memory is mounted, not a file of ours
MODEL: dict[str, Any] = {"format": "sklearn", "uri": "s3://b/m"}
TOLERATIONS = [
    {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"},
    {"key": "busy", "operator": "Exists", "effect": "NoExecute"},
]


def on(gpu: dict[str, Any], **further: Any) -> dict[str, Any]:
    return predictor_fields(Predictor.parse({"model": {**MODEL}, "gpu": gpu, **further}), rendering())


def test_request_and_limit_are_the_pools_resource() -> None:
    assert on({"pool": "l4"})["model"]["resources"] == {
        "requests": {"nvidia.com/gpu": "1"},
        "limits": {"nvidia.com/gpu": "1"},
    }


def test_a_slice_of_a_gpu_is_a_resource_of_its_own() -> None:
    assert on({"pool": "mig"})["model"]["resources"]["limits"] == {"nvidia.com/mig-1g.5gb": "1"}


def test_the_users_resources_stay_beside_it() -> None:
    fields = on({"pool": "l4"}, resources={"requests": {"cpu": "2"}})
    assert fields["model"]["resources"]["requests"] == {"cpu": "2", "nvidia.com/gpu": "1"}


def test_the_pools_taints_are_tolerated() -> None:
    assert on({"pool": "l4"})["tolerations"] == TOLERATIONS


def test_a_toleration_that_is_there_already_is_not_repeated() -> None:
    assert on({"pool": "l4"}, tolerations=[TOLERATIONS[1]])["tolerations"] == [TOLERATIONS[1], TOLERATIONS[0]]


def test_the_pods_go_to_the_pools_nodes() -> None:
    assert on({"pool": "l4"}, nodeSelector={"zone": "a"})["nodeSelector"] == {"pool": "l4", "zone": "a"}


def test_one_gpu_needs_no_shared_memory() -> None:
    assert "volumes" not in on({"pool": "l4"})


def test_several_gpus_share_memory() -> None:
    fields = on({"pool": "l4", "count": 2})
    assert fields["volumes"] == [{"name": "shared-memory", "emptyDir": {"medium": "Memory"}}]
    assert fields["model"]["volumeMounts"] == [{"name": "shared-memory", "mountPath": SHARED}]


def test_shared_memory_of_the_users_own_stays() -> None:
    mount = {"name": "mine", "mountPath": SHARED}
    model = {**MODEL, "volumeMounts": [mount]}
    given = {"model": model, "gpu": {"pool": "l4", "count": 2}}
    fields = predictor_fields(Predictor.parse(given), rendering())
    assert fields["model"]["volumeMounts"] == [mount]


@pytest.mark.parametrize("pool", ["missing", "cpu"])
def test_a_pool_without_accelerators_adds_nothing(pool: str) -> None:
    fields = gpu_fields(Gpus(pool=pool, count=2), POOLS)
    assert (fields.resources, fields.tolerations, fields.node_selector, fields.shared_memory) == ({}, (), {}, False)


def test_the_first_container_of_ones_own_gets_them() -> None:
    given = {"containers": [{"image": "i"}, {"image": "j", "name": "sidecar"}], "gpu": {"pool": "l4"}}
    containers = predictor_fields(Predictor.parse(given), rendering())["containers"]
    assert ["resources" in container for container in containers] == [True, False]


def test_a_worker_gets_its_own() -> None:
    fields = worker_fields(Worker(gpu=Gpus(pool="l4")), rendering())
    assert fields["containers"][0]["name"] == "worker-container"
    assert fields["containers"][0]["resources"]["limits"] == {"nvidia.com/gpu": "1"}
    assert fields["tolerations"] == TOLERATIONS


def test_a_worker_that_says_nothing_leaves_the_containers_to_the_runtime() -> None:
    assert "containers" not in worker_fields(Worker(), rendering())


@pytest.mark.parametrize(
    ("worker", "pool", "annotations"),
    [
        (None, "mig", {}),
        (Worker(), "l4", {}),
        (Worker(), "mig", {"serving.kserve.io/gpu-resource-types": '["nvidia.com/mig-1g.5gb"]'}),
    ],
)
def test_multi_node_is_told_of_resources_that_it_does_not_know(
    worker: Worker | None, pool: str, annotations: dict[str, str]
) -> None:
    assert worker_annotations(worker, Gpus(pool=pool), rendering()) == annotations


@pytest.mark.parametrize(
    ("resource", "known"),
    [
        ("nvidia.com/gpu", True),
        ("nvidia.com/mig-3g.20gb", True),
        ("amd.com/gpu", True),
        ("intel.com/gpu", True),
        ("gpu.intel.com/i915", True),
        ("habana.ai/gaudi", True),
        ("rdma/hca", False),
        ("cpu", False),
    ],
)
def test_accelerators_are_known_by_their_resource(resource: str, known: bool) -> None:  # noqa: FBT001 -- a table's column
    assert is_accelerator(resource) is known


@pytest.mark.parametrize(
    ("kind", "given", "path", "reason"),
    [
        (Gpus, {"pool": "l4", "count": 0}, "count", "equal to 1"),
        (Gpus, {"pool": ""}, "pool", "at least 1"),
        (Gpus, {"count": 1}, "pool", "required"),
        (Gpus, {"pool": "l4", "cuont": 1}, "cuont", "'count'"),
        (
            Worker,
            {"gpu": {"pool": "l4"}, "resources": {"requests": {"amd.com/gpu": "1"}}},
            "",
            "remove amd.com/gpu",
        ),
    ],
)
def test_wrong_accelerators_are_refused(kind: type[Spec], given: Any, path: str, reason: str) -> None:
    assert reason in refusal(kind, given)[path]
