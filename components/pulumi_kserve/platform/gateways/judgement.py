"""What of an exposure cannot work with the cloud and the gateway that shall serve it."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_kserve.errors import Problem
from pulumi_kserve.platform.authentication import ApiKeys
from pulumi_kserve.platform.exposure import CloudCertificate, Exposure, Internal
from pulumi_kserve.platform.gateways.service import INTERNAL
from pulumi_kserve.platform.modes import EnvoyGateway, IstioGateway

__all__ = ["refusals"]

_NO_TLS = {
    "azure": "Azure's load balancer passes connections through and ends no TLS: "
    "https://learn.microsoft.com/azure/load-balancer/components",
    "gcp": "the load balancer of a Service on GKE passes connections through and ends no TLS: "
    "https://cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer",
}


def refusals(gateway: EnvoyGateway | IstioGateway, cloud: str) -> Iterator[Problem]:
    """Everything that cannot work, with whole paths as YAML spells them.

    What the cluster lacks is judged by :func:`pulumi_kserve.platform.features.refuse_missing`.

    Args:
        gateway: The gateway with its exposure.
        cloud: Whose cluster it is: ``aws``, ``gcp``, ``azure`` or ``existing``.

    """
    at = f"mode.standard.gateway.{gateway.facts_name}.exposure"
    for problem in (*_unknown_balancer(gateway.exposure, cloud), *_certificate_nobody_serves(gateway.exposure, cloud)):
        yield problem.under(at)
    if isinstance(gateway, IstioGateway) and isinstance(gateway.exposure.auth, ApiKeys):
        yield Problem(
            f"{at}.auth.apiKeys",
            "Istio checks tokens and cannot compare a key with a Secret: "
            "https://istio.io/latest/docs/concepts/security/#authentication-policies",
            "Use jwt, or the gateway envoy",
            "istio-api-keys",
        )


def _unknown_balancer(exposure: Exposure, cloud: str) -> Iterator[Problem]:
    balancer = exposure.load_balancer
    if isinstance(balancer, Internal) and balancer.annotations is None and cloud not in INTERNAL:
        yield Problem(
            "loadBalancer.internal",
            "nobody knows how this cluster is asked for an internal load balancer, and many make a public one when "
            "not asked: https://kubernetes.io/docs/concepts/services-networking/service/#internal-load-balancer",
            "Use inCluster; or write internal: {annotations: {...}} with what your cluster needs, "
            "{} where all its load balancers are internal",
            "internal-unknown",
        )


def _certificate_nobody_serves(exposure: Exposure, cloud: str) -> Iterator[Problem]:
    if isinstance(exposure.tls, CloudCertificate) and cloud in _NO_TLS:
        yield Problem("tls.cloudCertificate", _NO_TLS[cloud], "Use issuer or secret", "no-cloud-certificate")
