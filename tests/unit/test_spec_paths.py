"""Paths in the object, said as paths in the user's spec."""

from typing import Any

import pytest
from pulumi_kserve.endpoints.spec.paths import spec_path
from pulumi_kserve.endpoints.spec.service import InferenceServiceSpec

MODEL: dict[str, Any] = {"format": "sklearn", "uri": "s3://b/m", "env": {"MODE": "x"}}
OBJECT: dict[str, Any] = {
    "metadata": {"name": "iris"},
    "spec": {
        "predictor": {
            "model": {"env": [{"name": "LEVEL"}, {"name": "MODE", "value": "x"}]},
            "initContainers": [{"env": [{"name": "MODE"}]}],
            "workerSpec": {"containers": [{"env": [{"name": "MODE"}]}]},
        },
        "transformer": {"containers": [{"env": [{"name": "MODE"}]}]},
        "canary": [{"predictor": {"name": "next", "model": {"env": [{"name": "MODE"}]}}}],
    },
}


def said(path: str, predictor: dict[str, Any] | None = None, **given: Any) -> str:
    spec = InferenceServiceSpec.parse({"predictor": {"model": MODEL, **(predictor or {})}, **given})
    return spec_path(path, OBJECT, spec)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("metadata.name", "name"),
        ("metadata.namespace", "namespace"),
        ("metadata.labels", "labels"),
        ("metadata.annotations", "annotations"),
        ('metadata.annotations["a/b"]', 'annotations["a/b"]'),
        ('metadata.annotations["serving.kserve.io/deploymentMode"]', "platform"),
        ('metadata.annotations["serving.kserve.io/stop"]', "stopped"),
        ('metadata.labels["networking.kserve.io/visibility"]', "clusterLocal"),
        ("spec.predictor", "predictor"),
        ("spec.predictor.model", "predictor.model"),
        ("spec.predictor.model.storageUri", "predictor.model.uri"),
        ("spec.predictor.model.modelFormat.name", "predictor.model.format"),
        ("spec.predictor.model.modelFormat.version", "predictor.model.version"),
        ("spec.predictor.model.protocolVersion", "predictor.model.protocol"),
        ("spec.predictor.model.runtime", "predictor.model.runtime"),
        ("spec.predictor.model.args[0]", "predictor.model.args[0]"),
        ("spec.predictor.model.env[1].value", "predictor.model.env.MODE"),
        ("spec.predictor.model.env[0]", "predictor.model.env.LEVEL"),
        ("spec.predictor.model.env[9].name", "predictor.model.env[9].name"),
        ("spec.predictor.model.resources.limits.cpu", "predictor.resources.limits.cpu"),
        ("spec.predictor.model.storage.parameters.type", "predictor.model.storage.parameters.type"),
        ("spec.predictor.initContainers[0].env[0]", "predictor.initContainers[0].env.MODE"),
        ("spec.predictor.imagePullSecrets[1].name", "predictor.imagePullSecrets[1]"),
        ("spec.predictor.volumes[0].emptyDir.medium", "predictor.volumes[0].source.emptyDir.medium"),
        ("spec.predictor.volumes[0].name", "predictor.volumes[0].name"),
        ("spec.predictor.timeout", "predictor.requestTimeoutSeconds"),
        ("spec.predictor.containerConcurrency", "predictor.containerConcurrency"),
        ("spec.predictor.batcher.maxLatency", "predictor.batcher.maxLatencyMs"),
        ("spec.predictor.logger.storage.parameters.format", "predictor.logger.storage.format"),
        ("spec.predictor.logger.mode", "predictor.logger.mode"),
        ("spec.predictor.storageUris[1].mountPath", "predictor.storageUris[1].mountPath"),
        ("spec.predictor.workerSpec.tensorParallelSize", "predictor.worker.tensorParallelSize"),
        ("spec.predictor.deploymentStrategy", "predictor.rollout"),
        ("spec.predictor.sklearn.storageUri", "predictor.sklearn.storageUri"),
        ("spec.canary", "canaries"),
        ("spec.canary[3].trafficPercent", "canaries[3].trafficPercent"),
        ("", ""),
        ("status.url", "status.url"),
    ],
)
def test_a_path_is_said_as_the_user_wrote_it(path: str, expected: str) -> None:
    assert said(path) == expected


CLASS = 'metadata.annotations["serving.kserve.io/autoscalerClass"]'
OWN = 'spec.predictor.annotations["autoscaling.knative.dev/window"]'
KEDA = {
    "keda": {
        "maxReplicas": 2,
        "triggers": [
            {"memory": {"average": "4Gi"}},
            {"prometheus": {"serverAddress": "h", "query": "q", "threshold": 1}},
        ],
    }
}
MEMORY = {"hpa": {"maxReplicas": 2, "memoryPercent": 50}}
METRICS = "spec.predictor.autoScaling.metrics"


@pytest.mark.parametrize(
    ("scaling", "path", "expected"),
    [
        ({"noScaling": {}}, "spec.predictor.minReplicas", "noScaling.replicas"),
        ({"noScaling": {}}, "spec.predictor.maxReplicas", "noScaling.replicas"),
        ({"hpa": {"maxReplicas": 2}}, "spec.predictor.maxReplicas", "hpa.maxReplicas"),
        ({"hpa": {"maxReplicas": 2}}, f"{METRICS}[0].resource.target", "hpa.cpuPercent"),
        ({"hpa": {"maxReplicas": 2}}, "spec.predictor.autoScaling", "hpa"),
        (MEMORY, f"{METRICS}[0]", "hpa.memoryPercent"),
        (MEMORY, f"{METRICS}[1]", "hpa"),
        ({"hpa": {**MEMORY["hpa"], "cpuPercent": 1}}, f"{METRICS}[1]", "hpa.memoryPercent"),
        (KEDA, "spec.predictor.autoScaling", "keda"),
        (KEDA, METRICS, "keda.triggers"),
        (KEDA, f"{METRICS}[0].resource.target.averageValue", "keda.triggers[0].memory.average"),
        (KEDA, f"{METRICS}[1].external.metric.query", "keda.triggers[1].prometheus.query"),
        (KEDA, f"{METRICS}[1].external.target.value", "keda.triggers[1].prometheus.threshold"),
        (KEDA, f"{METRICS}[1].external.authenticationRef.name", "keda.triggers[1].prometheus.authentication"),
        (KEDA, f"{METRICS}[1].type", "keda.triggers[1].prometheus"),
        (KEDA, "spec.predictor.autoScaling.behavior.scaleUp.x", "keda.scaleUpSeconds"),
        ({"kpa": {}}, "spec.predictor.scaleMetric", "kpa.metric"),
        ({"kpa": {}}, "spec.predictor.scaleTarget", "kpa.target"),
        ({"kpa": {"window": "30s"}}, OWN, "kpa.window"),
        ({"kpa": {}}, CLASS, "kpa"),
        ({"external": {}}, CLASS, "external"),
    ],
)
def test_a_path_of_scaling_names_its_part(scaling: dict[str, Any], path: str, expected: str) -> None:
    assert said(path, {"scaling": scaling}) == f"predictor.scaling.{expected}"


@pytest.mark.parametrize(
    ("rollout", "path", "expected"),
    [
        ({"rolling": {"maxSurge": 1}}, "deploymentStrategy.rollingUpdate.maxSurge", "rolling.maxSurge"),
        ({"rolling": {}}, "deploymentStrategy", "rolling"),
        ({"recreate": {}}, "deploymentStrategy.type", "recreate"),
        ({"canary": {"trafficPercent": 1}}, "canaryTrafficPercent", "canary.trafficPercent"),
        ({"previous": {}}, "canaryTrafficPercent", "previous"),
        ({"gradual": {"duration": "1m"}}, 'annotations["serving.knative.dev/rollout-duration"]', "gradual.duration"),
    ],
)
def test_a_path_of_the_rollout_names_its_part(rollout: dict[str, Any], path: str, expected: str) -> None:
    assert said(f"spec.predictor.{path}", {"rollout": rollout}) == f"predictor.rollout.{expected}"


def test_a_tag_is_found_in_the_services_annotations() -> None:
    path = 'metadata.annotations["serving.kserve.io/enable-tag-routing"]'
    assert said(path, {"rollout": {"previous": {"tag": True}}}) == "predictor.rollout.previous.tag"


def test_an_annotation_that_the_user_wrote_is_theirs() -> None:
    annotations = {"autoscaling.knative.dev/window": "60s"}
    assert said(OWN, {"scaling": {"kpa": {}}, "annotations": annotations}) == OWN.removeprefix("spec.")
    assert said(CLASS, annotations={"serving.kserve.io/autoscalerClass": "kpa"}) == CLASS.removeprefix("metadata.")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ('model.resources.limits["nvidia.com/gpu"]', "gpu.count"),
        ("model.resources.limits.cpu", "resources.limits.cpu"),
        ("tolerations[0]", "tolerations[0]"),
        ("tolerations[1].effect", "gpu.pool"),
        ("nodeSelector.zone", "nodeSelector.zone"),
        ("nodeSelector.pool", "gpu.pool"),
    ],
)
def test_what_accelerators_brought_is_theirs(path: str, expected: str) -> None:
    own = {
        "gpu": {"pool": "l4"},
        "resources": {"limits": {"cpu": "1"}},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "nodeSelector": {"zone": "a"},
    }
    assert said(f"spec.predictor.{path}", own) == f"predictor.{expected}"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("spec.transformer.containers[0].env[0].value", "transformer.containers[0].env.MODE"),
        ("spec.transformer.containers[0].resources.limits.cpu", "transformer.resources.limits.cpu"),
        ("spec.transformer.minReplicas", "transformer.scaling.noScaling.replicas"),
        ('spec.transformer.annotations["serving.kserve.io/autoscalerClass"]', "transformer.scaling.noScaling"),
        ("spec.explainer.art.storageUri", "explainer.art.uri"),
        ("spec.explainer.art.resources.limits.cpu", "explainer.resources.limits.cpu"),
        ("spec.predictor.workerSpec.containers[0].env[0]", "predictor.worker.container.env.MODE"),
        ("spec.predictor.workerSpec.containers[0].resources.limits.cpu", "predictor.worker.resources.limits.cpu"),
        ('spec.predictor.workerSpec.containers[0].resources.limits["nvidia.com/gpu"]', "predictor.worker.gpu.count"),
        ("spec.canary[0].trafficPercent", "canaries.next.trafficPercent"),
        ("spec.canary[0].predictor.model.storageUri", "canaries.next.model.uri"),
        ("spec.canary[0].predictor.model.env[0].value", "canaries.next.model.env.MODE"),
        ("spec.canary[0].predictor.minReplicas", "canaries.next.minReplicas"),
        ("spec.canary[0].predictor.name", "canaries.next.name"),
        ("spec.canary[0]", "canaries.next"),
    ],
)
def test_paths_of_other_parts(path: str, expected: str) -> None:
    assert expected == said(
        path,
        {"worker": {"gpu": {"pool": "l4"}, "resources": {"limits": {"cpu": "1"}}}},
        transformer={"containers": [{"image": "i"}], "resources": {"limits": {"cpu": "1"}}},
        explainer={"art": {}, "resources": {"limits": {"cpu": "1"}}},
        canaries={"next": {"trafficPercent": 10, "model": MODEL}},
    )


OVER: dict[str, Any] = {
    "metadata": {"labels": {"a": "b"}},
    "spec": {"predictor": {"batcher": {"timeout": 5}, "containers": [{"name": "x"}], "model": {"tty": None}}},
}


@pytest.mark.parametrize(
    ("path", "overridden"),
    [
        ("spec.predictor.batcher.timeout", True),
        ("spec.predictor.containers[0].name", True),
        ("spec.predictor.containers[0].image", True),
        ("spec.predictor.model.tty", True),
        ('metadata.labels["a"]', True),
        ("spec.predictor", False),
        ("spec.predictor.model", False),
        ("spec.predictor.model.storageUri", False),
        ("spec.predictor.timeout", False),
    ],
)
def test_a_path_that_the_overrides_hold_is_theirs(path: str, overridden: bool) -> None:  # noqa: FBT001 -- a table's column
    assert said(path, overrides=OVER).startswith("overrides.") is overridden


def test_a_part_that_came_by_the_overrides_as_a_whole_is_theirs() -> None:
    spec = InferenceServiceSpec.parse(
        {"predictor": {"model": MODEL}, "overrides": {"spec": {"predictor": {"sklearn": {"storageUri": "s3://b"}}}}}
    )
    manifest = {"spec": {"predictor": {"model": {}, "sklearn": {"storageUri": "s3://b"}}}}
    assert spec_path("spec.predictor.sklearn", manifest, spec) == "overrides.spec.predictor.sklearn"
