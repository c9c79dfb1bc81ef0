"""A transformer before a scikit-learn model, each scaled by itself, on a cluster that is there.

Clients ask the transformer in their own words. It asks the predictor, whose host KServe gives it as an argument, and
answers in their words. Requests that come close together reach the model as one.
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
transformer = kserve.Container(
    image=config.require("transformerImage"),
    env={"LOG_LEVEL": "info"},
    readiness_probe=kserve.Probe(http_get=kserve.HttpGet(path="/v2/health/ready"), period_seconds=2),
    security_context=kserve.ContainerSecurity(read_only_root_filesystem=True),
)
iris = kserve.InferenceService(
    "iris",
    kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(format="sklearn", uri=store.uri("iris/v1")),
            resources=kserve.Resources(
                requests={"cpu": "500m", "memory": "512Mi"},
                limits={"cpu": "1", "memory": "1Gi"},
            ),
            scaling=kserve.NoScaling(replicas=2),
            batcher=kserve.Batcher(max_batch_size=32, max_latency_ms=50),
        ),
        transformer=kserve.Transformer(
            containers=(transformer,),
            resources=kserve.Resources(
                requests={"cpu": "200m", "memory": "256Mi"},
                limits={"cpu": "1", "memory": "512Mi"},
            ),
            scaling=kserve.NoScaling(replicas=3),
        ),
    ),
    platform=platform,
    namespace=team,
)
pulumi.export("iris", iris.url)
