"""A model behind Envoy: a public name with a certificate, a key for each client, and an autoscaler."""

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing

config = pulumi.Config()
cluster = existing.Cluster(
    "cluster",
    existing.ClusterSpec(
        context=config.require("context"),
        provides=frozenset({kserve.Feature.LOAD_BALANCER, kserve.Feature.EXTERNAL_DNS}),
    ),
)
exposure = kserve.Exposure(
    host="models.example.com",
    tls=kserve.Issuer(name="letsencrypt-dns"),
    load_balancer=kserve.Public(allow=("203.0.113.0/24",), annotations={}),
    dns=kserve.Zone(name="example.com"),
    auth=kserve.ApiKeys(keys={"shop": config.require_secret("shopKey")}),
)
platform = kserve.Platform(
    "kserve",
    kserve.PlatformSpec(
        release=config.require("release"),
        mode=kserve.Standard(gateway=kserve.EnvoyGateway(exposure=exposure)),
        add_ons=frozenset({"metrics-server"}),
    ),
    cluster=cluster,
)
team = kserve.ModelNamespace("fraud", kserve.ModelNamespaceSpec(owner="fraud-team"), platform=platform)
iris = kserve.InferenceService(
    "sklearn-iris",
    kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(format="sklearn", uri="https://artifacts.example.com/iris/v1.tar.gz"),
            scaling=kserve.Hpa(min_replicas=2, max_replicas=4, cpu_percent=70),
        )
    ),
    platform=platform,
    namespace=team,
)
pulumi.export("url", iris.url)
pulumi.export("pathUrl", iris.path_url)
