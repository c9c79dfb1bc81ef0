"""The program of every stack: settings, cluster, platform, endpoints, outputs."""

from pathlib import Path

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing
from pulumi_kserve.clouds.existing.minio import MinioModelStore

here = Path(__file__).parent
settings = kserve.StackSettings.load(here)
cluster = existing.Cluster("cluster", settings.cluster())
platform = kserve.Platform("kserve", settings.platform_spec(), cluster=cluster)

minio = settings.minio()
store = MinioModelStore("models", minio, cluster=cluster) if minio else None
if store and settings.store:
    for upload in settings.store.uploads:
        store.upload(upload.path, here / upload.source)

namespaces = {name: kserve.ModelNamespace(name, spec, platform=platform) for name, spec in settings.namespaces.items()}
endpoints = [
    kserve.InferenceService(
        name,
        spec,
        platform=platform,
        namespace=namespaces.get(settings.endpoints[name].namespace, settings.endpoints[name].namespace),
    )
    for name, spec in settings.endpoint_specs(here, platform.facts, store).items()
]

pulumi.export("facts", platform.export_facts())
pulumi.export("endpoints", [endpoint.summary for endpoint in endpoints])
