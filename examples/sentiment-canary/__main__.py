"""The second version of a model gets a share of the requests; the first one, which served before, answers the rest.

`pulumi config set percent 50` moves more requests over, and 100 all of them. 0 sends all requests back to the first.
"""

from pathlib import Path

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing
from pulumi_kserve.clouds.existing.storage import ModelStore, ModelStoreSpec, S3Credentials

config = pulumi.Config()
percent = config.require_int("percent")
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
            model=kserve.Model(format="pytorch", uri=store.uri("sentiment/v2")),
            resources=kserve.Resources(
                requests={"cpu": "2", "memory": "8Gi"},
                limits={"cpu": "4", "memory": "8Gi"},
            ),
            gpu=pools["l4"].gpus(1),
            scaling=kserve.Kpa(min_replicas=1, max_replicas=3),
            rollout=kserve.CanaryTraffic(traffic_percent=percent, tag=True),
        )
    ),
    platform=platform,
    namespace=team,
)
pulumi.export("analyzer", analyzer.url)
