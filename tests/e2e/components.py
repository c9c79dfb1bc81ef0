"""The program of the component tests: one small stack with every component and sidecar of an InferenceService.

`chain` is a transformer, a model with a batcher, and an explainer. `pair` has two models on disk, an autoscaler, and a
logger that sends to a sink; the stack's config can stop it. The tests copy this file into a project as its program.
"""

import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing
from pulumi_kserve.clouds.existing.minio import MinioModelStore
from pulumi_kserve.ownership import STACK_LABEL, this_stack
from pulumi_kserve.pod_security import RESTRICTED_CONTAINER, restricted_pod
from pulumi_kserve.resources import KubernetesObject

NAMESPACE = "kserve-inference"
CHAIN = "chain"
PAIR = "pair"
SINK = "event-sink"
STOPPED = "components:stopped"
FULL_BATCH = 8
FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
MODELS = {"/mnt/models/first": "iris/v1", "/mnt/models/second": "iris/v2"}
SCALING = kserve.Hpa(min_replicas=1, max_replicas=3, cpu_percent=70)
_READY = kserve.Probe(http_get=kserve.HttpGet(path="/v2/health/ready"), period_seconds=1)
_SECURITY = kserve.ContainerSecurity(read_only_root_filesystem=True)


def program(folder: Path) -> None:
    """Declare all of it, from the stack file in `folder`."""
    settings = kserve.StackSettings.load(folder)
    cluster = existing.Cluster("cluster", settings.cluster())
    platform = kserve.Platform("kserve", settings.platform_spec(), cluster=cluster)
    minio = settings.minio()
    assert minio is not None
    assert settings.store is not None
    store = MinioModelStore("models", minio, cluster=cluster)
    for upload in settings.store.uploads:
        store.upload(upload.path, folder / upload.source)
    team = kserve.ModelNamespace(NAMESPACE, settings.namespaces[NAMESPACE], platform=platform)
    sink = event_sink(cluster, team)
    background = json.loads((folder / ".local/models/iris/v1/expected.json").read_text("utf-8"))["instances"]
    stopped = pulumi.Config("components").get_bool("stopped") or False
    kserve.InferenceService(CHAIN, chain(store, background), platform=platform, namespace=team)
    kserve.InferenceService(
        PAIR,
        pair(store, stopped=stopped),
        platform=platform,
        namespace=team,
        opts=pulumi.ResourceOptions(depends_on=sink),
    )


def resources(memory: str) -> kserve.Resources:
    """Little enough for all pods to fit on two cores."""
    return kserve.Resources(requests={"cpu": "30m", "memory": memory}, limits={"cpu": "1", "memory": "1Gi"})


def chain(store: kserve.ModelStore, background: list[list[float]]) -> kserve.InferenceServiceSpec:
    """A transformer, a predictor with a batcher, and an explainer."""
    transformer = kserve.Container(
        image="embedded.local/iris-transformer:1", readiness_probe=_READY, security_context=_SECURITY
    )
    explainer = kserve.Container(
        image="embedded.local/shap-explainer:1",
        args=(f"--background={json.dumps(background)}", f"--features={','.join(FEATURES)}"),
        readiness_probe=_READY,
        security_context=_SECURITY,
    )
    return kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(format="sklearn", uri=store.uri("iris/v1")),
            resources=resources("200Mi"),
            batcher=kserve.Batcher(max_batch_size=FULL_BATCH, max_latency_ms=1000),
        ),
        transformer=kserve.Transformer(containers=(transformer,), resources=resources("150Mi")),
        explainer=kserve.Explainer(containers=(explainer,), resources=resources("250Mi")),
    )


def pair(store: kserve.ModelStore, *, stopped: bool) -> kserve.InferenceServiceSpec:
    """Two models on disk, of which one is served; an autoscaler; a logger."""
    first = next(iter(MODELS))
    return kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(format="sklearn", args=(f"--model_dir={first}",)),
            storage_uris=tuple(
                kserve.StorageUri(uri=store.uri(path), mount_path=mount) for mount, path in MODELS.items()
            ),
            scaling=SCALING,
            resources=resources("200Mi"),
            logger=kserve.Logger(url=f"http://{SINK}.{NAMESPACE}.svc.cluster.local"),
        ),
        stopped=stopped,
    )


def event_sink(cluster: existing.Cluster, team: kserve.ModelNamespace) -> list[pulumi.Resource]:
    """The sink that the logger sends to."""
    labels = {"app.kubernetes.io/name": SINK}
    container = {
        "name": "sink",
        "image": "embedded.local/event-sink:1",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "30Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": RESTRICTED_CONTAINER,
    }
    template = {"metadata": {"labels": labels}, "spec": restricted_pod(containers=[container])}
    specs: dict[tuple[str, str], dict[str, Any]] = {
        ("apps/v1", "Deployment"): {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
        ("v1", "Service"): {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    opts = pulumi.ResourceOptions(provider=cluster.provider, depends_on=[team.resource])
    return [
        KubernetesObject(f"{SINK}-{kind.lower()}", _manifest(version, kind, spec), opts)
        for (version, kind), spec in specs.items()
    ]


def _manifest(version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": SINK, "namespace": NAMESPACE, "labels": {STACK_LABEL: this_stack()}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


if __name__ == "__main__":
    program(Path(__file__).parent)
