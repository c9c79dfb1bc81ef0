"""What KServe accepts and the library refuses: an object for each rule that is not KServe's own.

The rules' reasons are in docs/stricter-than-kserve.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pulumi_kserve.contracts import Feature, FormatFacts, PlatformFacts, PoolFacts, RuntimeFacts
from pulumi_kserve.endpoints.admission.context import Context

from tests.conformance.objects import (
    BESIDE,
    CONTAINER,
    HPA,
    HUGGING_FACE,
    KEDA,
    KNATIVE,
    KNATIVE_HPA,
    NO_SCALING,
    OWN,
    canaries,
    canary,
    env,
    external,
    gpus,
    model,
    resource,
    scaled_by,
    service,
    uris,
    worker,
)
from tests.conformance.rule import BOTH, NEW, OLD
from tools.oracle.judge import Mode

_SKLEARN: Final = RuntimeFacts(
    name="kserve-sklearnserver",
    formats=(FormatFacts(name="sklearn", version="1", auto_select=True, priority=1),),
    protocols=("v1", "v2"),
)
_CPU: Final = resource("cpu", type="Utilization", averageUtilization=80)
_STORED: Final = {"storageUri": None}
_MOUNT: Final = {"name": "scratch", "mountPath": "/scratch"}
_TWO_PORTS: Final = [{"containerPort": 8080}, {"containerPort": 9000}]
_ROUTE: Final = {"gateway": "ingress", "namespace": "kserve", "podsNamespace": "gateways"}
_MULTI_NODE: Final = "kserve-huggingfaceserver-multinode"


def facts(release: str, **said: Any) -> PlatformFacts:
    """A bare platform in Standard mode that serves sklearn; `said` is laid over it."""
    bare = {"name": "kserve", "release": release, "mode": "Standard", "gateway": "envoy", "runtimes": (_SKLEARN,)}
    return PlatformFacts.parse({**bare, **said})


@dataclass(frozen=True)
class Example:
    """An object that KServe accepts and only the rule refuses, with those in `also`, which say the same of it."""

    rule: str
    manifest: Mapping[str, Any]
    releases: tuple[str, ...] = BOTH
    mode: Mode = "Standard"
    platform: Mapping[str, Any] | None = None
    """What the facts of its platform say; None for plain YAML."""
    also: tuple[str, ...] = ()

    def context(self, release: str) -> Context:
        """What the object is judged for."""
        return Context(release, self.mode, None if self.platform is None else facts(release, **self.platform))


def _labelled(**metadata: Any) -> dict[str, Any]:
    made = service()
    return {**made, "metadata": {**made["metadata"], **metadata}}


def _kept_inside() -> dict[str, Any]:
    made = canaries(canary())
    return {**made, "metadata": {**made["metadata"], "labels": {"networking.kserve.io/visibility": "cluster-local"}}}


def _without_pods() -> dict[str, Any]:
    return service(model(minReplicas=1), annotations=NO_SCALING, canary=[canary(minReplicas=0)])


def _annotated(key: str, value: str = "1") -> dict[str, Any]:
    return service(annotations={key: value})


def _merged(release_of: Mapping[str, Any], **predictor: Any) -> dict[str, Any]:
    return service(model(release_of, **predictor))


SHAPE: Final = (
    Example("unknown-key", service(model(minReplica=2))),
    Example("missing-key", service(model({"env": [{"value": "1"}]}))),
    Example("float-quantity", service(model({"resources": {"limits": {"cpu": 0.5}}}))),
    Example("metadata-key", _labelled(names="iris")),
    Example("pod-labels", service(model(labels={"team": "a b"}))),
    Example("pod-annotations", service(model(annotations={"a b": "c"}))),
    Example("mode-annotation", _annotated("serving.kserve.io/deploymentMode", "Standart"), mode="Knative"),
    Example("name-length", service(name="i" * 49)),
    Example("host-length", _labelled(name="i" * 30, namespace="n" * 40)),
    Example("system-namespace", _labelled(namespace="kube-system"), platform={}),
    Example("internal-key", _annotated("internal.serving.kserve.io/logger", "true")),
)
CONTAINERS: Final = (
    Example("model-dropped", service({"sklearn": {"storageUri": "s3://a/b"}, **model()})),
    Example("main-container", service({"containers": [BESIDE, CONTAINER]})),
    Example("container-name", service({"containers": [CONTAINER, BESIDE, BESIDE]})),
    Example("container-image", service({"containers": [{"name": "kserve-container"}]})),
    Example("template-braces", service(model({"args": ["--chat={{ messages }}"]}))),
    Example("limit-below-request", service(model({"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}))),
    Example("restart-policy", service(model(restartPolicy="Never"))),
    Example("volume-missing", service({"containers": [{**CONTAINER, "volumeMounts": [_MOUNT]}]})),
    Example("probe-port", service({"containers": [{**CONTAINER, "readinessProbe": {"tcpSocket": {"port": "rest"}}}]})),
    Example("worker-in-knative", service(worker(), annotations=NO_SCALING), mode="Knative", also=("other-mode",)),
    Example(
        "worker-without-model",
        service({**OWN, "workerSpec": OWN}, annotations=NO_SCALING),
        releases=OLD,
    ),
    Example(
        "worker-without-model",
        service({**OWN, "workerSpec": OWN}, annotations=NO_SCALING),
        releases=NEW,
        also=("known-bad-workers",),
    ),
    Example("known-bad-workers", service(worker(), annotations=NO_SCALING), releases=NEW),
)
PLACES: Final = (
    Example("storage-scheme", service(model({"storageUri": "ftp://a/b"}))),
    Example("storage-no-scheme", service(model({"storageUri": "models/iris"}))),
    Example("storage-path", service(model({"storageUri": "s3://models"}))),
    Example("storage-uri", service(model({"storageUri": "hf://model"}))),
    Example("uri-and-path", service(model({"storage": {"key": "k", "path": "b"}}))),
    Example("storage-spec-path", service(model({**_STORED, "storage": {"key": "k"}}))),
    Example(
        "storage-type", service(model({"storageUri": None, "storage": {"path": "b", "parameters": {"type": "gs"}}}))
    ),
    Example("credentials-on-model", service(model({"storageUri": "hf://a/b", **env("HF_TOKEN")}))),
    Example("shared-mount-path", service(uris(("s3://a/b", None), ("s3://a/c", None)))),
    Example("claim-path", service(uris(("pvc://claim/iris", "/mnt/models")))),
    Example("uris-skipped", service(uris(("oci://a/b", "/m/a"), ("s3://a/b", "/m/b"))), releases=OLD),
    Example("image-paths", service(uris(("oci://a/b", "/m/a"), ("oci://a/c", "/m/b"))), releases=NEW),
    Example(
        "confidential-ignored",
        service(model({"storageUri": "pvc://claim/iris", "confidential": {"enabled": True}})),
        releases=NEW,
    ),
)
AUTOSCALERS: Final = (
    Example("hpa-behavior", service(model(autoScaling={"metrics": [_CPU], "behavior": {}}), annotations=HPA)),
    Example("hpa-shadowed", service(scaled_by(_CPU, scaleTarget=50), annotations=HPA)),
    Example("hpa-no-metric", service(model(scaleMetric="memory"), annotations=HPA)),
    Example("hpa-cpu-by-value", service(scaled_by(resource("cpu", type="Value", value="1")), annotations=HPA)),
    Example("hpa-incomplete", service(scaled_by(resource("memory", type="Value", value="1Gi")), annotations=HPA)),
    Example(
        "keda-behavior",
        service(
            model(autoScaling={"metrics": [_CPU], "behavior": {"scaleUp": {"selectPolicy": "Max"}}}), annotations=KEDA
        ),
    ),
    Example("keda-scale-target", service(scaled_by(_CPU, scaleTarget=50), annotations=KEDA)),
    Example("keda-unread-target", service(scaled_by(external(value="1", averageValue="1")), annotations=KEDA)),
    Example("keda-no-trigger", service(annotations=KEDA)),
    Example("keda-zero", service(scaled_by(_CPU, minReplicas=0), annotations=KEDA)),
    Example(
        "keda-graphite",
        service(
            scaled_by(
                {
                    "type": "External",
                    "external": {
                        "metric": {"backend": "graphite", "serverAddress": "http://graphite", "query": "up"},
                        "target": {"type": "Value", "value": "1"},
                    },
                }
            ),
            annotations=KEDA,
        ),
    ),
    Example("unchecked-scaling", service(model(scaleTarget=-7))),
    Example("component-autoscaler-class", service(model(annotations={"serving.kserve.io/autoscalerClass": "kpa"}))),
    Example("zero-replicas", service(model(minReplicas=0), annotations=HPA)),
    Example("unused-scaling", service(model(scaleTarget=50), annotations=NO_SCALING)),
    Example("metrics-server", service(model(maxReplicas=3), annotations=HPA), platform={}),
    Example(
        "keda-missing",
        service(scaled_by(_CPU, maxReplicas=3), annotations=KEDA),
        platform={"features": (Feature.METRICS_SERVER,)},
    ),
)
MODES: Final = (
    Example(
        "strategy-ignored",
        service(model(deploymentStrategy={"type": "Recreate"}), annotations=KNATIVE_HPA),
        mode="Knative",
    ),
    Example("auto-scaling-in-knative", service(scaled_by(_CPU)), mode="Knative"),
    Example("explicit-knative", service(annotations=KNATIVE), releases=OLD, mode="Knative"),
    Example("knative-missing", service(annotations=KNATIVE), releases=OLD, platform={}, also=("explicit-knative",)),
    Example("knative-missing", service(annotations=KNATIVE), releases=NEW, platform={}),
    Example("overwritten-annotation", _annotated("autoscaling.knative.dev/min-scale"), mode="Knative"),
    Example("knative-field", service(model(terminationGracePeriodSeconds=5)), mode="Knative"),
    Example(
        "knative-duration",
        service(model(annotations={"serving.knative.dev/rollout-duration": "500ms"})),
        mode="Knative",
    ),
    Example("knative-port", service({"containers": [{**CONTAINER, "ports": _TWO_PORTS}]}), mode="Knative"),
    Example("canary-percent-range", service(model(canaryTrafficPercent=150)), mode="Knative"),
    Example("canary-percent-ignored", service(model(canaryTrafficPercent=10))),
    Example("other-mode", _annotated("autoscaling.knative.dev/target", "5")),
    Example("unread-annotation", _annotated("serving.kserve.io/metrics", "cpu")),
    Example("metric-type-ignored", service(model(scaleMetricType="Utilization"))),
    Example("batcher-timeout", service(model(batcher={"timeout": 60}))),
    Example("explainer-batcher", service(explainer={**OWN, "batcher": {"maxBatchSize": 8}})),
    Example("inline-credentials", service(model({"storageUri": "https://user:word@models.example/iris.joblib"}))),
    Example("logger-url", service(model(logger={"url": "ftp://sink", "mode": "all"}))),
    Example("logger-storage-ignored", service(model(logger={"url": "http://sink", "mode": "all", "batchSize": 8}))),
    Example(
        "logger-with-batcher",
        service(model(logger={"url": "http://sink", "mode": "all"}, batcher={"maxBatchSize": 8, "maxLatency": 50})),
    ),
    Example(
        "logger-sink-ignored",
        service(transformer={**OWN, "logger": {"url": "http://sink", "mode": "all", "batchSize": 8}}),
    ),
    Example("concurrency-ignored", service(model(containerConcurrency=1))),
    Example("timeout-ignored", service(model(timeout=60)), platform={"gateway": "cluster-local"}),
)
CANARIES: Final = (
    Example("canary-unknown", canaries(canary()), releases=OLD, also=("unknown-key",)),
    Example("canary-unrouted", canaries(canary()), releases=NEW, platform={"gateway": "cluster-local"}),
    Example("canary-unrouted", canaries(canary()), releases=NEW, platform={"gateway": "ingress"}),
    Example("canary-unrouted", _kept_inside(), releases=NEW, platform={"route": _ROUTE}),
    Example("canary-chain", service(transformer=OWN, canary=[canary()]), releases=NEW),
    Example("canary-chain", service(explainer=OWN, canary=[canary()]), releases=NEW),
    Example("canary-keda", service(scaled_by(_CPU), annotations=KEDA, canary=[canary()]), releases=NEW),
    Example("canary-pods", _without_pods(), releases=NEW),
    Example("canary-field-ignored", canaries(canary(timeout=60)), releases=NEW),
    Example(
        "canary-legacy-key",
        canaries({"predictor": {"name": "next", "sklearn": {"storageUri": "s3://a/b"}}, "trafficPercent": 10}),
        releases=NEW,
    ),
    Example("canary-kind", canaries({"predictor": {**OWN, "name": "next"}, "trafficPercent": 10}), releases=NEW),
    Example("canary-python-path", canaries(canary(**model(env("PYTHONPATH")))), releases=NEW),
    Example("canary-model-name", canaries(canary(**model({"name": "mine"}))), releases=NEW),
)
RUNTIMES: Final = (
    Example("runtime-missing", _merged({"runtime": "mine"}), platform={}),
    Example(
        "runtime-disabled",
        _merged({"runtime": "kserve-sklearnserver"}),
        platform={"runtimes": (_SKLEARN.model_copy(update={"disabled": True}),)},
    ),
    Example("runtime-protocol", _merged({"runtime": "kserve-sklearnserver", "protocolVersion": "grpc-v2"})),
    Example("runtime-format", _merged({"runtime": "kserve-xgbserver"})),
    Example(
        "runtime-without-worker",
        service(worker({"runtime": "kserve-huggingfaceserver"}), annotations=NO_SCALING),
        releases=OLD,
    ),
    Example(
        "runtime-without-worker",
        service(worker({"runtime": "kserve-huggingfaceserver"}), annotations=NO_SCALING),
        releases=NEW,
        also=("known-bad-workers",),
    ),
    Example("runtime-needs-worker", _merged({**HUGGING_FACE, "runtime": _MULTI_NODE})),
    Example("no-runtime", _merged({"modelFormat": {"name": "SKLearn"}})),
    Example("model-place", _merged({"storageUri": None})),
)
_POOL: Final = PoolFacts(
    name="l4", accelerator="nvidia-l4", accelerators_per_node=1, resource="nvidia.com/gpu", max_nodes=2
)


def _requested(count: int) -> dict[str, Any]:
    share = {"nvidia.com/gpu": str(count)}
    return {"resources": {"requests": share, "limits": share}}


_UNLIMITED: Final = {"resources": {"requests": {"nvidia.com/gpu": "1"}}}
_TOO_FEW: Final = service(
    worker(_requested(1), tensorParallelSize=4, containers=[{**CONTAINER, **_requested(2)}]), annotations=NO_SCALING
)
_LIMITS_ALONE: Final = service(worker(gpus("nvidia.com/gpu")), annotations=NO_SCALING)
ACCELERATORS: Final = (
    Example("accelerator-count", service({"containers": [CONTAINER | _UNLIMITED]})),
    Example("accelerator-pool", service({"containers": [CONTAINER | _requested(2)]}), platform={"pools": (_POOL,)}),
    Example("accelerator-image", _merged(_requested(1))),
    Example("multi-node-accelerators", _TOO_FEW, releases=OLD),
    Example("multi-node-accelerators", _TOO_FEW, releases=NEW, also=("known-bad-workers",)),
    Example("multi-node-limits", _LIMITS_ALONE, releases=OLD),
    Example("multi-node-limits", _LIMITS_ALONE, releases=NEW, also=("known-bad-workers",)),
)
EXAMPLES: Final[tuple[Example, ...]] = (
    *SHAPE,
    *CONTAINERS,
    *PLACES,
    *AUTOSCALERS,
    *MODES,
    *CANARIES,
    *RUNTIMES,
    *ACCELERATORS,
)
