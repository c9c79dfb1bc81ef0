"""What users write, and must go on to type-check. It is never run; mypy and pyright read it in `make check`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import assert_type

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve import testing
from pulumi_kserve.clouds import existing
from pulumi_kserve.clouds.existing.storage import ModelStore, ModelStoreSpec, S3Credentials

config = pulumi.Config()


def platform_team() -> kserve.Platform:
    cluster = existing.Cluster(
        "cluster",
        existing.ClusterSpec(
            kubeconfig=config.require_secret("kubeconfig"),
            provides=frozenset({kserve.Feature.CERT_MANAGER}),
            pools=(kserve.PoolFacts(name="l4", accelerator="nvidia-l4", accelerators_per_node=1),),
        ),
    )
    mode = kserve.Standard(gateway=kserve.ClusterLocal())
    spec = kserve.PlatformSpec(release="0.20", mode=mode, chart_source=kserve.ChartFolder(path="charts"))
    platform = kserve.Platform("kserve", spec, cluster=cluster, opts=pulumi.ResourceOptions(protect=True))
    assert_type(platform.facts, kserve.PlatformFacts)
    access: kserve.ClusterAccess = platform.cluster
    assert_type(access.kubeconfig, pulumi.Output[str])
    pulumi.export("facts", platform.export_facts())
    return platform


def platform_behind_envoy(cluster: kserve.ClusterAccess) -> kserve.Platform:
    exposure = kserve.Exposure(
        host="models.example.com",
        tls=kserve.Issuer(name="letsencrypt"),
        load_balancer=kserve.Public(allow=("203.0.113.0/24",), annotations={}),
        dns=kserve.Zone(name="example.com"),
        auth=kserve.ApiKeys(keys={"shop": config.require_secret("shopKey")}),
    )
    spec = kserve.PlatformSpec(
        mode=kserve.Standard(gateway=kserve.EnvoyGateway(exposure=exposure)),
        add_ons=frozenset({"metrics-server"}),
        existing={"cert-manager": kserve.ExistingLayer()},
        certificates=kserve.CertManager(),
        configuration=kserve.KServeConfiguration(),
        network_policies=False,
    )
    return kserve.Platform("kserve", spec, cluster=cluster)


def other_gateways() -> Sequence[kserve.Standard]:
    token = kserve.Jwt(
        issuer="https://login.example.com", audiences=("models",), jwks_uri="https://login.example.com/keys"
    )
    nobody = kserve.Anonymous(reason="answers are public")
    internal = kserve.Exposure(
        load_balancer=kserve.Internal(annotations={}), auth=token, tls=kserve.TlsSecret(name="tls")
    )
    return (
        kserve.Standard(gateway=kserve.IstioGateway(exposure=internal)),
        kserve.Standard(gateway=kserve.EnvoyGateway(exposure=kserve.Exposure(load_balancer=kserve.InCluster()))),
        kserve.Standard(gateway=kserve.IngressClass(name="nginx", host="models.example.com", auth=nobody)),
    )


def platform_of_others(cluster: kserve.ClusterAccess) -> kserve.ExistingPlatform:
    spec = kserve.ExistingPlatformSpec(mode=kserve.ExistingStandard(gateway=kserve.ClusterLocal()))
    found = kserve.ExistingPlatform("theirs", spec, cluster=cluster)
    assert_type(found.facts, kserve.PlatformFacts)
    return found


def model_team(platform: kserve.Platform | kserve.PlatformRef, store: kserve.ModelStore) -> None:
    team = kserve.ModelNamespace(
        "fraud", kserve.ModelNamespaceSpec(owner="fraud-team", quota={"requests.cpu": "8"}), platform=platform
    )
    uri = store.uri("iris/v1")
    assert_type(uri, kserve.ModelUri)
    iris = kserve.InferenceService(
        "sklearn-iris",
        kserve.InferenceServiceSpec(
            predictor=kserve.Predictor(
                model=kserve.Model(format="sklearn", uri=uri, env={"LEVEL": config.require("level")}),
                scaling=kserve.Hpa(min_replicas=2, max_replicas=4, cpu_percent=70),
            )
        ),
        platform=platform,
        namespace=team,
    )
    assert_type(iris.serving, pulumi.Output[bool])
    assert_type(iris.path_url, str | None)
    kserve.InferenceService("same-shape", {"predictor": {"model": {}}}, platform=platform, namespace="there-already")


def whole_endpoint(platform: kserve.Platform, team: kserve.ModelNamespace, pool: kserve.PoolFacts) -> None:
    service = kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(
                format="huggingface",
                uri="hf://org/model:main",
                protocol="openai",
                args=("--backend=vllm",),
                env={"LEVEL": "info", "TOKEN": kserve.SecretKey(name="token", key="value")},
                readiness_probe=kserve.Probe(http_get=kserve.HttpGet(path="/health"), period_seconds=5),
            ),
            gpu=pool.gpus(2),
            resources=kserve.Resources(requests={"cpu": "4", "memory": "16Gi"}),
            scaling=kserve.Keda(
                max_replicas=4,
                triggers=(
                    kserve.PrometheusTrigger(
                        server_address="http://prometheus:9090", query="sum(rate(requests[1m]))", threshold="5"
                    ),
                ),
            ),
            rollout=kserve.Recreate(),
            logger=kserve.Logger(url="http://sink", mode="request"),
            batcher=kserve.Batcher(max_batch_size=8, max_latency_ms=50),
            tolerations=(kserve.Toleration(key="spot", operator="Exists"),),
            request_timeout_seconds=120,
        ),
        transformer=kserve.Transformer(containers=(kserve.Container(image="registry.example/transformer:1"),)),
        explainer=kserve.Explainer(containers=(kserve.Container(image="registry.example/explainer:1"),)),
        credentials=kserve.SecretCredentials(name="hugging-face"),
        network_policy=kserve.NetworkPolicy(callers=(kserve.Caller(namespace="frontend"),)),
        disruption_budget=False,
        stopped=False,
    )
    endpoint = kserve.InferenceService("qwen", service, platform=platform, namespace=team)
    assert_type(endpoint.url, str)
    assert_type(endpoint.internal_url, str)
    assert_type(endpoint.openai_base_url, str | None)
    assert_type(endpoint.runtime, str | None)
    for scaling in (kserve.Kpa(min_replicas=0, target=10), kserve.External(max_replicas=5), kserve.NoScaling()):
        kserve.Predictor(model=kserve.Model(format="sklearn", uri="gs://models/iris"), scaling=scaling)
    kserve.Predictor(
        model=kserve.Model(format="sklearn", uri="s3://models/iris"), rollout=kserve.CanaryTraffic(traffic_percent=10)
    )


def outputs_pass_where_they_may() -> None:
    key = config.require_secret("key")
    spec = ModelStoreSpec(bucket="models", endpoint="s3", reader=S3Credentials(access_key="reader", secret_key=key))
    store: kserve.ModelStore = ModelStore("models", spec)
    kserve.Model(format="sklearn", uri=pulumi.Output.concat("s3://", "models"), env={"KEY": key})
    kserve.Model(format="sklearn", uri=store.uri("iris"))


def endpoints_in_another_stack(cluster: kserve.ClusterAccess) -> kserve.PlatformRef:
    reference = kserve.PlatformRef("kserve", stack="org/platform/prod", facts=Path("facts/prod.json"), cluster=cluster)
    assert_type(reference.ready, Sequence[pulumi.Resource])
    return reference


def whole_stack(folder: Path) -> kserve.StackSettings:
    try:
        return kserve.StackSettings.load(folder)
    except kserve.StackFileError as error:
        problems: tuple[kserve.Problem, ...] = error.problems
        raise SystemExit("\n".join(f"{problem.path}: {problem.reason}" for problem in problems)) from error


def own_identity(identity: kserve.WorkloadIdentity) -> Mapping[str, pulumi.Input[str]]:
    return identity.service_account_annotations


def users_test() -> None:
    found = testing.synth(platform_team)
    service = testing.manifest(found, "InferenceService", "sklearn-iris")
    assert service["spec"]["predictor"]["minReplicas"] == 2
