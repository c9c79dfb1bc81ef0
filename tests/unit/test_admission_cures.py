"""What a typed component is refused for: once, and with a cure in the words of the typed spec too."""

from typing import Any

import pulumi_kserve as kserve
import pytest
from pulumi_kserve.clouds import existing
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import judge
from pulumi_kserve.errors import Problem
from pulumi_kserve.testing import problems

from tests.conformance.objects import HPA, KEDA, resource, scaled_by, service
from tests.conformance.rendering import FactsOnly, platform_facts
from tools.oracle.judge import Mode

BOUNDS = {"minReplicas": 1, "maxReplicas": 3}
SKLEARN = {"format": "sklearn", "uri": "s3://models/iris"}
LARGE = {"format": "huggingface", "uri": "pvc://claim/model"}
CONTAINER = {"image": "registry.example/server:1"}
TRIGGERS = {"triggers": [{"cpu": {"percent": 50}}]}
CANARIES = {"canaries": {"next": {"trafficPercent": 10, "model": SKLEARN}}}


def refused(spec: dict[str, Any], release: str, mode: Mode) -> list[Problem]:
    def program() -> None:
        platform = FactsOnly(platform_facts(release, mode), existing.Cluster("c", {"context": "c"}))
        kserve.InferenceService("iris", spec, platform=platform, namespace="team")

    return list(problems(program))


def predictor(**fields: Any) -> dict[str, Any]:
    return {"predictor": {"model": SKLEARN, **fields}}


@pytest.mark.parametrize(
    ("spec", "release", "mode", "path", "words"),
    [
        (predictor(scaling={"hpa": BOUNDS}), "0.20", "Knative", "predictor.scaling.hpa", "`scaling.kpa`"),
        (
            predictor(scaling={"keda": {**BOUNDS, **TRIGGERS}}),
            "0.20",
            "Knative",
            "predictor.scaling.keda",
            "`scaling.kpa`",
        ),
        (predictor(scaling={"external": {}}), "0.20", "Knative", "predictor.scaling.external", "`scaling.kpa`"),
        (
            {**predictor(), "transformer": {"containers": [CONTAINER], "scaling": {"hpa": BOUNDS}}},
            "0.20",
            "Knative",
            "transformer.scaling.hpa",
            "`scaling.kpa`",
        ),
        (predictor(scaling={"kpa": {}}), "0.20", "Standard", "predictor.scaling.kpa", "`scaling.hpa`"),
        (
            predictor(scaling={"keda": {**BOUNDS, **TRIGGERS, "minReplicas": 0}}),
            "0.20",
            "Standard",
            "predictor.scaling.keda.minReplicas",
            "`prometheus` trigger",
        ),
        (
            predictor(rollout={"canary": {"trafficPercent": 10}}),
            "0.20",
            "Standard",
            "predictor.rollout.canary.trafficPercent",
            "`canaries`",
        ),
        (predictor(rollout={"recreate": {}}), "0.20", "Knative", "predictor.rollout.recreate", "`rollout.canary`"),
        ({**predictor(), **CANARIES}, "0.20", "Knative", "canaries", "`rollout.canary`"),
        ({**predictor(), **CANARIES}, "0.19", "Standard", "canaries", "`rollout.canary`"),
        (
            {"predictor": {"model": LARGE, "worker": {}, "scaling": {"hpa": BOUNDS}}},
            "0.19",
            "Standard",
            "predictor.scaling.hpa",
            "`scaling.noScaling`",
        ),
        (
            {"predictor": {"model": {**LARGE, "env": {"TENSOR_PARALLEL_SIZE": "2"}}, "worker": {}}},
            "0.19",
            "Standard",
            "predictor.model.env.TENSOR_PARALLEL_SIZE",
            "`worker.tensorParallelSize`",
        ),
        (
            {"predictor": {"model": {"format": "huggingface"}, "worker": {}}},
            "0.19",
            "Standard",
            "predictor.model.uri",
            "`model.uri`",
        ),
        (
            predictor(annotations={"autoscaling.knative.dev/min-scale": "1"}),
            "0.20",
            "Knative",
            'predictor.annotations["autoscaling.knative.dev/min-scale"]',
            "`scaling.kpa.minReplicas`",
        ),
        (
            {"predictor": {"model": {"format": "sklearn"}, "storageUris": [{"uri": "pvc://claim/iris"}]}},
            "0.20",
            "Standard",
            "predictor.storageUris[0].uri",
            "`model.uri`",
        ),
    ],
)
def test_one_mistake_has_one_problem_with_a_cure_in_typed_words(
    spec: dict[str, Any], release: str, mode: Mode, path: str, words: str
) -> None:
    (problem,) = refused(spec, release, mode)
    assert problem.path == path
    assert words in problem.reason


@pytest.mark.parametrize(
    ("spec", "mode", "path"),
    [
        (
            predictor(model={**SKLEARN, "volumeMounts": [{"name": "nope", "mountPath": "/x"}]}),
            "Standard",
            "predictor.model.volumeMounts[0].name",
        ),
        (
            predictor(model={**SKLEARN, "readinessProbe": {"httpGet": {"port": "nope"}}}),
            "Standard",
            "predictor.model.readinessProbe.httpGet.port",
        ),
        (
            predictor(model={**SKLEARN, "ports": [{"containerPort": 8080}, {"containerPort": 9000}]}),
            "Knative",
            "predictor.model.ports[1]",
        ),
        (predictor(rollout={"gradual": {"duration": "500ms"}}), "Knative", "predictor.rollout.gradual.duration"),
        (
            {"predictor": {"model": {"format": "sklearn"}, "storageUris": [{"uri": "s3://a/b"}, {"uri": "s3://a/c"}]}},
            "Standard",
            "predictor.storageUris[1].mountPath",
        ),
        (predictor(model={**SKLEARN, "uri": "s3:///iris"}), "Standard", "predictor.model.uri"),
        (predictor(model={**SKLEARN, "uri": " s3://models/iris"}), "Standard", "predictor.model.uri"),
    ],
)
def test_what_would_never_start_is_refused_at_the_users_own_path(spec: dict[str, Any], mode: Mode, path: str) -> None:
    assert [problem.path for problem in refused(spec, "0.20", mode)] == [path]


@pytest.mark.parametrize(
    ("annotations", "rules"),
    [({}, ["auto-scaling-in-knative"]), (HPA, ["other-mode"]), (KEDA, ["other-mode"])],
)
def test_an_object_with_autoscaling_in_knative_mode_is_refused_once(annotations: Any, rules: list[str]) -> None:
    manifest = service(scaled_by(resource("cpu", type="Utilization", averageUtilization=80)), annotations=annotations)
    assert [problem.rule for problem in judge(manifest, Context("0.20", "Knative"))] == rules
