"""The deployment modes of KServe and what each needs, as a union that holds only what works.

https://kserve.github.io/website/docs/concepts/architecture/control-plane
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pulumi_kserve.contracts import DnsLabel
from pulumi_kserve.models import OneOf, Spec
from pulumi_kserve.platform.authentication import Anonymous
from pulumi_kserve.platform.exposure import Exposure, HostName

__all__ = ["ClusterLocal", "EnvoyGateway", "Gateway", "IngressClass", "IstioGateway", "Mode", "Standard"]

GatewayName = Literal["cluster-local", "envoy", "istio", "ingress"]


class ClusterLocal(Spec):
    """Endpoints answer inside the cluster only: no Ingress and no route is made."""

    @property
    def facts_name(self) -> GatewayName:
        """The gateway's name in :class:`~pulumi_kserve.contracts.PlatformFacts`."""
        return "cluster-local"


class EnvoyGateway(Spec):
    """Envoy Gateway, which answers by the Gateway API.

    https://gateway.envoyproxy.io/docs/concepts/gateway-api
    """

    exposure: Exposure = Field(default_factory=Exposure)
    """How endpoints are reached from outside."""

    @property
    def facts_name(self) -> GatewayName:
        """The gateway's name in :class:`~pulumi_kserve.contracts.PlatformFacts`."""
        return "envoy"


class IstioGateway(Spec):
    """Istio, which answers by the Gateway API, with strict mutual TLS between pods.

    https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/
    """

    exposure: Exposure = Field(default_factory=Exposure)
    """How endpoints are reached from outside."""

    @property
    def facts_name(self) -> GatewayName:
        """The gateway's name in :class:`~pulumi_kserve.contracts.PlatformFacts`."""
        return "istio"


class IngressClass(Spec):
    """An ingress controller that the cluster has already; KServe writes an Ingress for each endpoint.

    KServe's Ingress knows no certificate, no credentials and no shares of requests: what the controller adds is
    the controller's. https://kubernetes.io/docs/concepts/services-networking/ingress/
    """

    name: DnsLabel
    """The IngressClass."""
    host: HostName
    """The domain of endpoint host names, as of :class:`Exposure`."""
    auth: Anonymous
    """Nothing of ours asks callers who they are: say why that is right."""

    @property
    def facts_name(self) -> GatewayName:
        """The gateway's name in :class:`~pulumi_kserve.contracts.PlatformFacts`."""
        return "ingress"


Gateway = Annotated[
    ClusterLocal | EnvoyGateway | IstioGateway | IngressClass,
    OneOf(clusterLocal=ClusterLocal, envoy=EnvoyGateway, istio=IstioGateway, ingress=IngressClass),
]


class Standard(Spec):
    """Standard mode: Deployments and Services, without Knative (once called RawDeployment)."""

    gateway: Gateway = Field(default_factory=ClusterLocal)
    """How requests reach endpoints; inside the cluster only by default."""

    @property
    def kserve_name(self) -> Literal["Standard"]:
        """KServe's word for this mode."""
        return "Standard"


Mode = Annotated[Standard, OneOf(standard=Standard)]
