"""A model server of your own: any image that answers KServe's protocol on one port, run as a restricted pod."""

from pathlib import Path

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing

config = pulumi.Config()
cluster = existing.Cluster("cluster", existing.ClusterSpec(context=config.require("context")))
platform = kserve.PlatformRef(
    "kserve",
    stack=config.require("platform"),
    facts=Path(__file__).parent / config.require("facts"),
    cluster=cluster,
)
team = kserve.ModelNamespace("pricing", kserve.ModelNamespaceSpec(owner="pricing-team"), platform=platform)

server = kserve.Container(
    image="registry.example.com/pricing/server:2.4.1",
    args=("--model-name=pricing", "--http-port=8080"),
    env={
        "LOG_LEVEL": "info",
        "FEATURES_URL": kserve.ConfigMapKey(name="features", key="url"),
        "FEATURES_TOKEN": kserve.SecretKey(name="features", key="token"),
    },
    ports=(kserve.ContainerPort(container_port=8080),),
    volume_mounts=(kserve.VolumeMount(name="scratch", mount_path="/tmp"),),  # noqa: S108 -- a volume of the pod
    readiness_probe=kserve.Probe(http_get=kserve.HttpGet(path="/v1/models/pricing"), period_seconds=5),
    security_context=kserve.ContainerSecurity(read_only_root_filesystem=True),
)
pricing = kserve.InferenceService(
    "pricing",
    kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            containers=(server,),
            volumes=(kserve.Volume(name="scratch", source=kserve.EmptyDir(size_limit="256Mi")),),
            resources=kserve.Resources(
                requests={"cpu": "500m", "memory": "1Gi"},
                limits={"cpu": "1", "memory": "1Gi"},
            ),
            scaling=kserve.NoScaling(replicas=2),
        )
    ),
    platform=platform,
    namespace=team,
)
pulumi.export("pricing", pricing.url)
