"""The second version of a model beside the first one; Standard mode and KServe 0.20.

KServe 0.20 makes the pods of both; the endpoint's routes on the platform's gateway share the requests out once the pods
serve. When the second has proved itself, make it the predictor's model and take the canary out: its requests go back to
the first version until the predictor's own pods serve the second.
"""

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
team = kserve.ModelNamespace("support", kserve.ModelNamespaceSpec(owner="support-team"), platform=platform)
store = ModelStore(
    "models",
    ModelStoreSpec(
        bucket="models",
        endpoint="s3.eu-central-1.amazonaws.com",
        region="eu-central-1",
        reader=S3Credentials(
            access_key=config.require("readerKeyId"),
            secret_key=config.require_secret("readerKey"),
        ),
    ),
)
pools = {pool.name: pool for pool in platform.facts.pools}

analyzer = kserve.InferenceService(
    "sentiment-analyzer",
    kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(format="pytorch", uri=store.uri("sentiment/v1")),
            resources=kserve.Resources(
                requests={"cpu": "2", "memory": "8Gi"},
                limits={"cpu": "4", "memory": "8Gi"},
            ),
            gpu=pools["l4"].gpus(1),
            scaling=kserve.NoScaling(replicas=3),
        ),
        canaries={
            "next": kserve.Canary(
                traffic_percent=config.require_int("percent"),
                model=kserve.Model(format="pytorch", uri=store.uri("sentiment/v2")),
            )
        },
    ),
    platform=platform,
    namespace=team,
)
pulumi.export("analyzer", analyzer.url)
