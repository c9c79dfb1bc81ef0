"""A scikit-learn model that scales on CPU, and a small language model, on a cluster that is there."""

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
team = kserve.ModelNamespace("fraud", kserve.ModelNamespaceSpec(owner="fraud-team"), platform=platform)
store = ModelStore(
    "models",
    ModelStoreSpec(
        bucket="models",
        endpoint="s3.example.com",
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
            scaling=kserve.Hpa(min_replicas=2, max_replicas=4, cpu_percent=70),
        )
    ),
    platform=platform,
    namespace=team,
)
qwen = kserve.InferenceService(
    "qwen",
    kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(
                format="huggingface",
                uri="hf://Qwen/Qwen2.5-0.5B-Instruct",
                protocol="openai",
                args=("--backend=huggingface",),
            ),
            resources=kserve.Resources(
                requests={"cpu": "1", "memory": "2Gi"},
                limits={"cpu": "2", "memory": "6Gi"},
            ),
        )
    ),
    platform=platform,
    namespace=team,
)
pulumi.export("iris", iris.url)
pulumi.export("qwen", qwen.openai_base_url)
