"""Components that say everything there is to say, in the shape of a stack file, and an object around them."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pulumi
from pulumi_kserve.contracts import FormatFacts, PoolFacts, RuntimeFacts
from pulumi_kserve.endpoints.admission.values import checkable
from pulumi_kserve.endpoints.spec.component import Rendering
from pulumi_kserve.errors import Problem
from pulumi_kserve.field_table import check_fields

T = TypeVar("T")
POOLS = (
    PoolFacts(
        name="l4",
        accelerator="nvidia-l4",
        accelerators_per_node=4,
        resource="nvidia.com/gpu",
        labels={"pool": "l4"},
        taints=("nvidia.com/gpu=present:NoSchedule", "busy:NoExecute"),
    ),
    PoolFacts(
        name="mig", accelerator="nvidia-a100", accelerators_per_node=7, resource="nvidia.com/mig-1g.5gb", labels={}
    ),
    PoolFacts(name="cpu"),
)
RUNTIME = RuntimeFacts(
    name="kserve-sklearnserver",
    formats=(FormatFacts(name="sklearn", version="1", auto_select=True),),
    protocols=("v1", "v2"),
)


def rendering(mode: Any = "Standard", *, release: str = "0.20", runtime: RuntimeFacts | None = RUNTIME) -> Rendering:
    """What a component of endpoint `iris` is rendered for."""
    return Rendering(release, mode, POOLS, runtime, "iris", {"identity": "yes"})


def problems_of(release: str, **components: Mapping[str, Any] | list[Any]) -> list[Problem]:
    """What the field table says of an InferenceService with these parts in its spec.

    The name of a canary's model does not count: the table wants it, and KServe's webhook writes it before anyone looks.
    """
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "iris"},
        "spec": checkable(components),
    }
    found = check_fields(release, "InferenceService", service)
    return [problem for problem in found if problem.path != "spec.canary[0].predictor.model.name"]


def with_outputs(make: Callable[[], T]) -> T:
    """What `make` makes of Outputs, which need an event loop."""

    async def made() -> T:
        return make()

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(made())


def known(make: Callable[[], str | pulumi.Output[str]]) -> str | None:
    """The text that `make` makes, or what its Output turns out to be."""

    async def awaited() -> str | None:
        made = make()
        return made if isinstance(made, str) else await made.future()

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(awaited())


POD: Mapping[str, Any] = {
    "nodeSelector": {"zone": "a"},
    "tolerations": [{"key": "spot", "operator": "Exists"}],
    "volumes": [{"name": "cache", "source": {"emptyDir": {}}}],
    "initContainers": [{"name": "warm-up", "image": "i", "env": {"B": "b", "A": "a"}}],
    "imagePullSecrets": ["registry"],
    "terminationGracePeriodSeconds": 60,
}
COMPONENT: Mapping[str, Any] = {
    **POD,
    "scaling": {"hpa": {"maxReplicas": 3, "cpuPercent": 70, "memoryPercent": 60}},
    "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "2Gi"}},
    "gpu": {"pool": "l4", "count": 2},
    "containerConcurrency": 4,
    "requestTimeoutSeconds": 30,
    "logger": {
        "url": "s3://logs",
        "mode": "request",
        "metadataHeaders": ["x-id"],
        "metadataAnnotations": ["team"],
        "storage": {"path": "iris", "format": "csv", "parameters": {"region": "eu"}, "serviceAccountName": "logger"},
        "marshallerUrl": "http://marshaller",
        "batchSize": 10,
        "batchInterval": "5s",
    },
    "batcher": {"maxBatchSize": 8, "maxLatencyMs": 500},
    "rollout": {"rolling": {"maxSurge": "25%", "maxUnavailable": 0}},
    "labels": {"team": "fraud"},
    "annotations": {"note": "n"},
    "storageUris": [{"uri": "s3://b/tokenizer", "mountPath": "/mnt/tokenizer"}, {"uri": "hf://o/m"}],
}
CONTAINER: Mapping[str, Any] = {"image": "registry/server:1", "args": ["--serve"], "env": {"MODE": "x", "LEVEL": "y"}}
MODEL: Mapping[str, Any] = {
    "format": "sklearn",
    "version": "1",
    "uri": "s3://models/iris/v1",
    "storage": {"key": "minio", "schemaPath": "schema.json", "parameters": {"type": "s3", "bucket": "models"}},
    "runtime": "kserve-sklearnserver",
    "runtimeVersion": "v0.20.0",
    "image": "registry/sklearn:1",
    "protocol": "v2",
    "args": ["--workers=1"],
    "env": {"MODE": "x", "LEVEL": "y"},
    "volumeMounts": [{"name": "cache", "mountPath": "/cache"}],
    "readinessProbe": {"httpGet": {"path": "/", "port": 8080}},
}
WORKER: Mapping[str, Any] = {
    **POD,
    "pipelineParallelSize": 2,
    "tensorParallelSize": 1,
    "container": {"image": "registry/worker:1", "env": {"MODE": "x"}},
    "resources": {"requests": {"cpu": "2"}},
    "gpu": {"pool": "mig", "count": 1},
}
SIDECAR: Mapping[str, Any] = {**CONTAINER, "name": "transformer-container"}
PREDICTOR: Mapping[str, Any] = {**COMPONENT, "model": MODEL, "containers": [SIDECAR], "worker": WORKER}
NEW_IN_0_20: Mapping[str, Any] = {"name": "blue", "storageContainerName": "fast"}
TRANSFORMER: Mapping[str, Any] = {**COMPONENT, "containers": [CONTAINER, {**CONTAINER, "name": "sidecar"}]}
ART: Mapping[str, Any] = {
    "type": "SquareAttack",
    "uri": "s3://b/explainer",
    "storage": {"key": "minio", "parameters": {"type": "s3"}},
    "config": {"nb_classes": "10"},
    "runtimeVersion": "v0.20.0",
    "image": "registry/art:1",
    "env": {"MODE": "x"},
}
EXPLAINER: Mapping[str, Any] = {**COMPONENT, "art": ART}
CANARY: Mapping[str, Any] = {
    **POD,
    "trafficPercent": 20,
    "model": {**MODEL, "confidential": {"resourceId": "kbs:///a/b/c"}},
    "minReplicas": 1,
    "resources": {"requests": {"cpu": "1"}},
    "gpu": {"pool": "l4"},
    "labels": {"track": "canary"},
    "annotations": {"note": "n"},
    "storageContainerName": "fast",
}
