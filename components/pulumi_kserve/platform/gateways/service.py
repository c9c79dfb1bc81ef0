"""The Service before a gateway's pods: what each cloud has to be told so that the load balancer is what was asked for.

- AWS: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/
- Google Cloud: https://cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer-parameters
- Azure: https://learn.microsoft.com/azure/aks/internal-lb
- external-dns: https://kubernetes-sigs.github.io/external-dns/latest/docs/annotations/annotations/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import pulumi

from pulumi_kserve.platform.exposure import CloudCertificate, Exposure, InCluster, Public

__all__ = ["INTERNAL", "Service", "service_of"]

_AWS: Final = "service.beta.kubernetes.io/aws-load-balancer"
_AWS_BALANCER: Final = MappingProxyType(
    {
        f"{_AWS}-type": "external",
        f"{_AWS}-nlb-target-type": "ip",
        f"{_AWS}-target-group-attributes": "preserve_client_ip.enabled=true",
    }
)
"""The AWS Load Balancer Controller's network load balancer, straight to the pods, which see who calls."""
_ALWAYS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({"aws": _AWS_BALANCER})
INTERNAL: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "aws": MappingProxyType({f"{_AWS}-scheme": "internal"}),
        "azure": MappingProxyType({"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}),
        "gcp": MappingProxyType({"networking.gke.io/load-balancer-type": "Internal"}),
    }
)
"""How each cloud is asked for a load balancer that only its private network reaches."""
_PUBLIC: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"aws": MappingProxyType({f"{_AWS}-scheme": "internet-facing"})}
)
_HOST_NAMES: Final = ("external-dns.alpha.kubernetes.io/hostname", "external-dns.kubernetes.io/hostname")
"""external-dns reads the second from 0.22, and the first before."""


@dataclass(frozen=True, slots=True)
class Service:
    """The Service before the gateway's pods."""

    type: Literal["ClusterIP", "LoadBalancer"]
    annotations: Mapping[str, pulumi.Input[str]]
    source_ranges: tuple[str, ...] = ()


def service_of(exposure: Exposure, cloud: str) -> Service:
    """The Service that makes `exposure` true.

    Args:
        exposure: How endpoints are reached.
        cloud: Whose load balancer it is: ``aws``, ``gcp``, ``azure`` or ``existing``.

    """
    balancer = exposure.load_balancer
    if isinstance(balancer, InCluster):
        return Service("ClusterIP", {})
    annotations: dict[str, pulumi.Input[str]] = {
        **_ALWAYS.get(cloud, {}),
        **(_PUBLIC if isinstance(balancer, Public) else INTERNAL).get(cloud, {}),
        **_certificate(exposure, cloud),
        **_host_names(exposure),
        **(balancer.annotations or {}),
    }
    return Service("LoadBalancer", annotations, balancer.allow if isinstance(balancer, Public) else ())


def _certificate(exposure: Exposure, cloud: str) -> dict[str, pulumi.Input[str]]:
    """What ends TLS at AWS's network load balancer; HTTP/2 stays possible, which gRPC needs."""
    if not isinstance(exposure.tls, CloudCertificate) or cloud != "aws":
        return {}
    return {
        f"{_AWS}-ssl-cert": exposure.tls.identifier,
        f"{_AWS}-ssl-ports": "443",
        f"{_AWS}-backend-protocol": "tcp",
        f"{_AWS}-alpn-policy": "HTTP2Preferred",
    }


def _host_names(exposure: Exposure) -> dict[str, str]:
    return dict.fromkeys(_HOST_NAMES, ",".join(exposure.hosts)) if exposure.dns else {}
