"""The program of the gateway tests: endpoints behind a real Envoy, with credentials, shares and an autoscaler.

`iris` has two versions and splits its requests between them as the stack's config says, `busy` scales on CPU, and
`chat` speaks the OpenAI protocol. The tests copy this file into a project as its program.
"""

from pathlib import Path

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing
from pulumi_kserve.clouds.existing.minio import MinioModelStore

HOST = "models.test"
NAMESPACE = "kserve-inference"
IRIS = "iris"
BUSY = "busy"
CHAT = "chat"
CLIENT = "tester"
CANARY = "next"
HEADER = "x-api-key"
MOST_PODS = 2


def program(folder: Path) -> None:
    """Declare all of it, from the stack file in `folder`."""
    settings = kserve.StackSettings.load(folder)
    cluster = existing.Cluster("cluster", settings.cluster())
    platform = kserve.Platform("kserve", platform_spec(settings), cluster=cluster)
    minio = settings.minio()
    assert minio is not None
    assert settings.store is not None
    store = MinioModelStore("models", minio, cluster=cluster)
    for upload in settings.store.uploads:
        store.upload(upload.path, folder / upload.source)
    team = kserve.ModelNamespace(NAMESPACE, settings.namespaces[NAMESPACE], platform=platform)
    for name, spec in {IRIS: iris(store), BUSY: busy(store), CHAT: chat()}.items():
        endpoint = kserve.InferenceService(name, spec, platform=platform, namespace=team)
        pulumi.export(name, {"url": endpoint.url, "pathUrl": endpoint.path_url})


def platform_spec(settings: kserve.StackSettings) -> kserve.PlatformSpec:
    """The stack file's platform, behind Envoy."""
    exposure = kserve.Exposure(host=HOST, load_balancer=kserve.InCluster(), auth=auth())
    return settings.platform_spec().model_copy(
        update={
            "mode": kserve.Standard(gateway=kserve.EnvoyGateway(exposure=exposure)),
            "add_ons": frozenset({"metrics-server"}),
        }
    )


def auth() -> kserve.ApiKeys | kserve.Jwt:
    """An API key; a token's issuer and keys once the config names them."""
    config = pulumi.Config("gateway")
    if jwks := config.get("jwks"):
        return kserve.Jwt(issuer="https://issuer.test", audiences=("models",), jwks=jwks)
    return kserve.ApiKeys(header=HEADER, keys={CLIENT: config.require_secret("key")})


def resources(cpu: str) -> kserve.Resources:
    """Little enough for all pods to fit on two cores."""
    return kserve.Resources(requests={"cpu": cpu, "memory": "200Mi"}, limits={"cpu": "1", "memory": "1Gi"})


def iris(store: kserve.ModelStore) -> kserve.InferenceServiceSpec:
    """A stable version, and a next one with a share of the requests where the config gives it one."""
    config = pulumi.Config("gateway")
    share = config.get_int("share")
    canary = kserve.Canary(
        traffic_percent=share or 0, min_replicas=1, model=kserve.Model(format="sklearn", uri=store.uri("iris/v2"))
    )
    return kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(format="sklearn", uri=store.uri(f"iris/{config.get('stable') or 'v1'}")),
            scaling=kserve.NoScaling(replicas=2),
            resources=resources("50m"),
        ),
        canaries={} if share is None else {CANARY: canary},
    )


def busy(store: kserve.ModelStore) -> kserve.InferenceServiceSpec:
    """A model that gets a second pod under load."""
    return kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(format="sklearn", uri=store.uri("iris/v1")),
            scaling=kserve.Hpa(min_replicas=1, max_replicas=MOST_PODS, cpu_percent=50),
            resources=resources("100m"),
        )
    )


def chat() -> kserve.InferenceServiceSpec:
    """A server of the OpenAI protocol that answers with what it was asked."""
    ready = kserve.Probe(http_get=kserve.HttpGet(path="/health"), period_seconds=1)
    container = kserve.Container(
        image="embedded.local/openai-echo:1",
        readiness_probe=ready,
        security_context=kserve.ContainerSecurity(read_only_root_filesystem=True),
    )
    return kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            containers=(container,), scaling=kserve.NoScaling(replicas=1), resources=resources("20m")
        )
    )


if __name__ == "__main__":
    program(Path(__file__).parent)
