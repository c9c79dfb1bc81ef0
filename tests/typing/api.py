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
    kserve.InferenceService("same-shape", {"predictor": {"model": {}}}, platform=platform, namespace="there-already")


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
