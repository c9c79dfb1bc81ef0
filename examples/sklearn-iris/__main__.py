"""A scikit-learn model from an S3-compatible bucket, served on a cluster that is there."""

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing
from pulumi_kserve.clouds.existing.storage import ModelStore, ModelStoreSpec, S3Credentials

config = pulumi.Config()
cluster = existing.Cluster("cluster", existing.ClusterSpec(context=config.require("context")))
platform = kserve.Platform("kserve", kserve.PlatformSpec(release=config.require("release")), cluster=cluster)
team = kserve.ModelNamespace("fraud", kserve.ModelNamespaceSpec(owner="fraud-team"), platform=platform)

store = ModelStore(
    "models",
    ModelStoreSpec(
        bucket="models",
        endpoint=config.require("storeEndpoint"),
        reader=S3Credentials(
            access_key=config.require("readerKeyId"),
            secret_key=config.require_secret("readerKey"),
        ),
    ),
)
iris = kserve.InferenceService(
    "sklearn-iris",
    kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(format="sklearn", uri=store.uri("iris/v1")),
            resources=kserve.Resources(
                requests={"cpu": "100m", "memory": "300Mi"},
                limits={"cpu": "1", "memory": "1Gi"},
            ),
            scaling=kserve.NoScaling(replicas=2),
        )
    ),
    platform=platform,
    namespace=team,
)
pulumi.export("iris", iris.url)
