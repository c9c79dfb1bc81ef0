"""The order in which a platform's layers are installed, which a destroy reverses.

https://github.com/kserve/kserve/tree/v0.20.0/hack/setup
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

import pulumi

from pulumi_kserve.contracts import Feature
from pulumi_kserve.errors import SpecError
from pulumi_kserve.platform.certificates import CertManager
from pulumi_kserve.platform.existing import LayerName
from pulumi_kserve.platform.exposure import Issuer
from pulumi_kserve.platform.features import refuse_missing
from pulumi_kserve.platform.gateways import install as gateways
from pulumi_kserve.platform.gateways.judgement import refusals
from pulumi_kserve.platform.layers import (
    cert_manager,
    envoy_gateway,
    existing,
    gateway_api,
    istio,
    kserve,
    metrics_server,
    model_cache,
)
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext
from pulumi_kserve.platform.modes import EnvoyGateway, IstioGateway
from pulumi_kserve.platform.network_policies import SystemLayer, system_policies
from pulumi_kserve.platform.spec import PlatformSpec
from pulumi_kserve.resources import KubernetesObject

__all__ = ["features_of", "install_layers", "require_possible"]

_CLOSED: Final[tuple[Literal["cert-manager", "envoy-gateway", "istio"], ...]] = (
    "cert-manager",
    "envoy-gateway",
    "istio",
)
"""Layers below KServe that have a namespace of their own."""


def layers_of(spec: PlatformSpec) -> frozenset[LayerName]:
    """What the platform needs below KServe, whoever installs it."""
    gateway = spec.mode.gateway
    needed: set[LayerName] = {*spec.add_ons, *spec.existing}
    if isinstance(gateway, (EnvoyGateway, IstioGateway)):
        needed |= {"gateway-api", "envoy-gateway" if isinstance(gateway, EnvoyGateway) else "istio"}
        if isinstance(gateway.exposure.tls, Issuer):
            needed.add("cert-manager")
    if isinstance(spec.certificates, CertManager):
        needed.add("cert-manager")
    return frozenset(needed)


def features_of(spec: PlatformSpec, provides: frozenset[Feature]) -> tuple[Feature, ...]:
    """What cluster and platform bring together."""
    return tuple(sorted({*provides, *(Feature(name) for name in layers_of(spec))}))


def require_possible(context: LayerContext, spec: PlatformSpec) -> None:
    """Do nothing when all that is said can work on this cluster.

    Raises:
        SpecError: something cannot; all of it, with paths.

    """
    cluster, gateway = context.cluster, spec.mode.gateway
    there = frozenset({*cluster.provides, *(Feature(name) for name in spec.existing)})
    issues = "cert-manager" in layers_of(spec)
    problems = refuse_missing(gateway, provides=there, pools=cluster.pools, cloud=cluster.cloud, cert_manager=issues)
    if isinstance(gateway, (EnvoyGateway, IstioGateway)):
        problems += refusals(gateway, cluster.cloud)
    problems += kserve.Controller.of(spec, there).problems(context.row.release)
    if problems:
        raise SpecError(context.platform, problems)


def install_layers(context: LayerContext, spec: PlatformSpec) -> list[pulumi.Resource]:
    """Install what the platform needs, and KServe on it; what endpoints depend on.

    Raises:
        SpecError: something that is said cannot work; with its path.

    """
    below = _below(context, spec)
    controller = kserve.install(
        context,
        kserve.Controller.of(spec, context.cluster.provides),
        namespace=spec.namespace,
        delete_crds=spec.delete_crds,
        depends_on=[layer.ready for layer in below.values()],
    )
    ready = [controller.ready]
    local_models, gateway = spec.configuration.local_models, spec.mode.gateway
    if local_models is not None:
        cache = model_cache.install(
            context,
            namespace=spec.namespace,
            jobs_namespace=local_models.job_namespace,
            delete_crds=spec.delete_crds,
            depends_on=[controller.ready],
        )
        ready.append(cache.ready)
    if isinstance(gateway, (EnvoyGateway, IstioGateway)):
        entrance = gateways.install(context, gateway, namespace=spec.namespace, depends_on=[controller.ready])
        ready.append(entrance.ready)
    if spec.network_policies:
        _close(context, spec, below, ready)
    return ready


def _close(
    context: LayerContext, spec: PlatformSpec, below: Mapping[LayerName, Layer], depends_on: Sequence[pulumi.Resource]
) -> None:
    """Make the NetworkPolicies of the namespaces that the platform has made."""
    made: list[SystemLayer] = [name for name in _CLOSED if name in below and name not in spec.existing]
    ours: list[SystemLayer] = ["kserve", *made]
    if isinstance(spec.mode.gateway, IstioGateway):
        ours.append("istio-gateway")
    local_models = spec.configuration.local_models
    if local_models is not None:
        ours.append("model-cache")
    jobs = local_models.job_namespace if local_models else None
    policies = system_policies(
        ours, namespace=spec.namespace, stack=context.stack, jobs_namespace=jobs or model_cache.JOBS_NAMESPACE
    )
    for name, manifest in policies.items():
        KubernetesObject(f"{context.platform}-policy-{name}", manifest, context.options(depends_on=depends_on))


def _below(context: LayerContext, spec: PlatformSpec) -> dict[LayerName, Layer]:
    """The layers that KServe stands on: brought by the cluster, looked at where they exist, installed otherwise."""
    made: dict[LayerName, Layer] = {}
    needed = layers_of(spec)

    def needs(*names: LayerName) -> list[pulumi.Resource]:
        return [made[name].ready for name in names if name in made]

    installers: Mapping[LayerName, Callable[[], Layer]] = {
        "cert-manager": lambda: cert_manager.install(context),
        "metrics-server": lambda: metrics_server.install(
            context, cert_manager="cert-manager" in needed, depends_on=needs("cert-manager")
        ),
        "gateway-api": lambda: gateway_api.install(context, delete_crds=spec.delete_crds, depends_on=[]),
        "envoy-gateway": lambda: envoy_gateway.install(
            context, delete_crds=spec.delete_crds, depends_on=needs("gateway-api")
        ),
        "istio": lambda: istio.install(context, depends_on=needs("gateway-api")),
    }
    for name, install in installers.items():
        if name in spec.existing:
            made[name] = existing.check_existing(context, name, spec.existing[name], depends_on=needs("gateway-api"))
        elif name in needed and Feature(name) not in context.cluster.provides:
            made[name] = install()
    return made
