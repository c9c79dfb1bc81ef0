"""Models from a store that speaks S3 and is not Amazon's, such as MinIO or Ceph: three ways to name it."""

from pathlib import Path

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing
from pulumi_kserve.clouds.existing.storage import ModelStore, ModelStoreSpec, S3Credentials

config = pulumi.Config()
cluster = existing.Cluster("cluster", existing.ClusterSpec(context=config.require("context")))
platform = kserve.PlatformRef(
    "kserve",
    stack=config.require("platform"),
    facts=Path(__file__).parent / config.require("facts"),
    cluster=cluster,
)
team = kserve.ModelNamespace("churn", kserve.ModelNamespaceSpec(owner="growth-team"), platform=platform)

# The program knows the store and its key: the endpoint gets a Secret of its own.
store = ModelStore(
    "models",
    ModelStoreSpec(
        bucket="models",
        endpoint="minio.storage.svc.cluster.local:9000",
        https=False,
        reader=S3Credentials(
            access_key=config.require("readerKeyId"),
            secret_key=config.require_secret("readerKey"),
        ),
    ),
)
by_store = kserve.InferenceService(
    "churn",
    kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(model=kserve.Model(format="xgboost", uri=store.uri("churn/v3"))),
    ),
    platform=platform,
    namespace=team,
)

# Somebody else keeps a Secret with the key in the namespace; its annotations name the store's address.
by_secret = kserve.InferenceService(
    "churn-by-secret",
    kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(model=kserve.Model(format="xgboost", uri="s3://models/churn/v3")),
        credentials=kserve.SecretCredentials(name="minio-reader"),
    ),
    platform=platform,
    namespace=team,
)

# KServe's own storage-config Secret in the namespace describes the store under a key.
by_key = kserve.InferenceService(
    "churn-by-key",
    kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(
                format="xgboost",
                storage=kserve.StorageSpec(key="minio", path="churn/v3", parameters={"type": "s3", "bucket": "models"}),
            )
        ),
    ),
    platform=platform,
    namespace=team,
)
pulumi.export("urls", [by_store.url, by_secret.url, by_key.url])
