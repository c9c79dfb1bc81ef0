"""One language model that is too large for a node: two stages, on the four GPUs of a node each."""

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
team = kserve.ModelNamespace("assistants", kserve.ModelNamespaceSpec(owner="assistants-team"), platform=platform)
pools = {pool.name: pool for pool in platform.facts.pools}
resources = kserve.Resources(requests={"cpu": "8", "memory": "96Gi"}, limits={"cpu": "16", "memory": "96Gi"})

llama = kserve.InferenceService(
    "llama-70b",
    kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(
                format="huggingface",
                uri="pvc://models/llama-3.3-70b-instruct",
                runtime="kserve-huggingfaceserver-multinode",
                protocol="openai",
            ),
            resources=resources,
            gpu=pools["h100"].gpus(4),
            worker=kserve.Worker(
                pipeline_parallel_size=2,
                tensor_parallel_size=4,
                resources=resources,
                gpu=pools["h100"].gpus(4),
            ),
        ),
        timeout_seconds=3600,
    ),
    platform=platform,
    namespace=team,
)
pulumi.export("llama", llama.openai_base_url)
