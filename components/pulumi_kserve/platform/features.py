"""What a platform asks of its cluster that neither the cluster nor the platform brings.

A HorizontalPodAutoscaler without metrics-server, and KEDA, are judged where an endpoint asks for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from pulumi_kserve.errors import Problem
from pulumi_kserve.platform.exposure import CloudCertificate, Exposure, InCluster, Issuer
from pulumi_kserve.platform.modes import EnvoyGateway, Gateway, IstioGateway
from pulumi_kserve.platform_facts import Feature, PoolFacts

__all__ = ["refuse_missing"]

_RULE: Final = "missing-feature"
_PENDING: Final = "https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer"
_AUTOSCALING: Final = "https://kubernetes.io/docs/concepts/cluster-administration/node-autoscaling/"
_EXTERNAL_DNS: Final = "https://kubernetes-sigs.github.io/external-dns/latest/docs/sources/gateway-api/"
_OWN_CRDS: Final = "https://gateway.envoyproxy.io/docs/install/install-helm/"


def refuse_missing(
    gateway: Gateway,
    *,
    provides: Collection[Feature],
    pools: Sequence[PoolFacts] = (),
    cloud: str = "existing",
    cert_manager: bool = True,
) -> list[Problem]:
    """What cannot work on a cluster with these features, all at once.

    Args:
        gateway: The gateway of the platform's mode.
        provides: What the cluster brings, and what is named as existing.
        pools: The cluster's node pools.
        cloud: Whose cluster it is, as of ``ClusterAccess.cloud``.
        cert_manager: Whether the platform installs cert-manager.

    """
    found = [*_pools(pools, provides), *_gateway_crds(gateway, provides)]
    if isinstance(gateway, (EnvoyGateway, IstioGateway)):
        at = f"mode.standard.gateway.{gateway.facts_name}.exposure"
        issues = cert_manager or Feature.CERT_MANAGER in provides
        found += _reach(at, gateway.exposure, provides)
        found += _certificate(at, gateway.exposure, cloud, issues=issues)
    return found


def _pools(pools: Sequence[PoolFacts], provides: Collection[Feature]) -> Iterator[Problem]:
    if Feature.CLUSTER_AUTOSCALER in provides:
        return
    for index, pool in enumerate(pools):
        if pool.min_nodes is not None and pool.min_nodes < pool.max_nodes:
            yield Problem(
                f"cluster.pools[{index}].minNodes",
                f"pool {pool.name} has {pool.min_nodes} to {pool.max_nodes} nodes, and nothing adds or removes them: "
                f"the cluster brings no {Feature.CLUSTER_AUTOSCALER} ({_AUTOSCALING})",
                f"Set minNodes to {pool.max_nodes}, or add {Feature.CLUSTER_AUTOSCALER} to the cluster's `provides`",
                _RULE,
            )


def _gateway_crds(gateway: Gateway, provides: Collection[Feature]) -> Iterator[Problem]:
    brought = Feature.ENVOY_GATEWAY in provides and Feature.GATEWAY_API not in provides
    if isinstance(gateway, EnvoyGateway) and brought:
        yield Problem(
            "cluster.provides",
            "has envoy-gateway without gateway-api, but Envoy Gateway is installed with the Gateway API's CRDs "
            f"({_OWN_CRDS}): the platform would put its own in their place",
            f"Add {Feature.GATEWAY_API}, too",
            _RULE,
        )


def _reach(at: str, exposure: Exposure, provides: Collection[Feature]) -> Iterator[Problem]:
    balanced = not isinstance(exposure.load_balancer, InCluster)
    if balanced and Feature.LOAD_BALANCER not in provides:
        yield Problem(
            f"{at}.loadBalancer",
            "nothing in this cluster gives a Service of type LoadBalancer an address: "
            f"it stays pending, and so does the gateway ({_PENDING})",
            f"Use inCluster, or add {Feature.LOAD_BALANCER} to the cluster's `provides` when a controller does it",
            _RULE,
        )
    if exposure.dns is not None and Feature.EXTERNAL_DNS not in provides:
        yield Problem(
            f"{at}.dns",
            f"nothing here writes records into {exposure.dns.name}: that takes external-dns ({_EXTERNAL_DNS})",
            f"Add {Feature.EXTERNAL_DNS} to the cluster's `provides` when it runs there, or remove dns and make the "
            "records yourself",
            _RULE,
        )


def _certificate(at: str, exposure: Exposure, cloud: str, *, issues: bool) -> Iterator[Problem]:
    if isinstance(exposure.tls, CloudCertificate) and cloud == "existing":
        yield Problem(
            f"{at}.tls.cloudCertificate",
            "is a certificate of a cloud's load balancer, and it is not known which cloud this cluster runs on",
            "Use issuer or secret: the gateway then ends TLS itself",
            _RULE,
        )
    if isinstance(exposure.tls, Issuer) and not issues:
        yield Problem(
            f"{at}.tls.issuer",
            f"{exposure.tls.kind} {exposure.tls.name} is cert-manager's, which neither cluster nor platform has",
            "Use a secret with the certificate, or let the platform install cert-manager",
            _RULE,
        )
