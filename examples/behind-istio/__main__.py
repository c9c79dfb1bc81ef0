"""A model behind Istio: mutual TLS between pods, an internal address, and tokens of the company's issuer."""

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing

config = pulumi.Config()
cluster = existing.Cluster(
    "cluster",
    existing.ClusterSpec(context=config.require("context"), provides=frozenset({kserve.Feature.LOAD_BALANCER})),
)
exposure = kserve.Exposure(
    host="models.corp.example.com",
    tls=kserve.TlsSecret(name="models-tls"),
    load_balancer=kserve.Internal(annotations={"networking.example.com/internal": "true"}),
    auth=kserve.Jwt(
        issuer="https://login.example.com",
        audiences=("models",),
        jwks_uri="https://login.example.com/keys",
    ),
)
platform = kserve.Platform(
    "kserve",
    kserve.PlatformSpec(
        release=config.require("release"), mode=kserve.Standard(gateway=kserve.IstioGateway(exposure=exposure))
    ),
    cluster=cluster,
)
team = kserve.ModelNamespace("fraud", kserve.ModelNamespaceSpec(owner="fraud-team"), platform=platform)
iris = kserve.InferenceService(
    "sklearn-iris",
    kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(format="sklearn", uri="https://artifacts.example.com/iris/v1.tar.gz"),
            scaling=kserve.NoScaling(replicas=2),
        )
    ),
    platform=platform,
    namespace=team,
)
pulumi.export("url", iris.url)
