"""How endpoints are reached from outside the cluster: name, certificate, load balancer, and who may call.

https://gateway-api.sigs.k8s.io/concepts/security-model/
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from pulumi_kserve.contracts import DnsLabel
from pulumi_kserve.inputs import In
from pulumi_kserve.models import OneOf, Spec
from pulumi_kserve.platform.authentication import Auth

__all__ = [
    "CloudCertificate",
    "Exposure",
    "InCluster",
    "Internal",
    "Issuer",
    "LoadBalancer",
    "Public",
    "Tls",
    "TlsSecret",
    "Zone",
]


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError as error:
        raise ValueError(f"{error}; write a network such as 203.0.113.0/24") from None
    return text


HostName = Annotated[
    str,
    StringConstraints(pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=253),
]
Network = Annotated[str, AfterValidator(_network)]


class Issuer(Spec):
    """cert-manager issues, and renews, the certificate for the host and everything below it."""

    name: DnsLabel
    """The issuer's name. A wildcard needs one that proves names by DNS (DNS-01), or signs by itself."""
    kind: Literal["ClusterIssuer", "Issuer"] = "ClusterIssuer"
    """An Issuer must live in the gateway's namespace."""


class CloudCertificate(Spec):
    """The cloud's load balancer ends TLS with a certificate of the cloud's."""

    identifier: In[str]
    """The certificate's ARN or name."""


class TlsSecret(Spec):
    """A Secret of type ``kubernetes.io/tls`` in the gateway's namespace."""

    name: DnsLabel
    """The Secret's name; its certificate must name the host and everything below it."""


Tls = Annotated[
    Issuer | CloudCertificate | TlsSecret, OneOf(issuer=Issuer, cloudCertificate=CloudCertificate, secret=TlsSecret)
]


class InCluster(Spec):
    """No load balancer: the gateway answers on a cluster IP, to whoever reaches the cluster's network."""


class Internal(Spec):
    """A load balancer that only the cloud's private network reaches."""


class Public(Spec):
    """A load balancer with a public address."""

    allow: tuple[Network, ...] = Field(min_length=1)
    """The networks that may connect; ``0.0.0.0/0`` for the whole internet has to be written out."""


LoadBalancer = Annotated[InCluster | Internal | Public, OneOf(inCluster=InCluster, internal=Internal, public=Public)]


class Zone(Spec):
    """A DNS zone whose records follow the gateway's address; needs the external-dns controller."""

    name: HostName
    """The zone's name, for example ``example.com``."""


class Exposure(Spec):
    """From a name to the pods. Internal by default; a public one says who may call."""

    host: HostName = "models.internal"
    """The domain of endpoint host names: endpoint ``iris`` in namespace ``fraud`` answers at ``iris-fraud.<host>``, and
    at ``<host>/serving/fraud/iris``."""
    tls: Tls | None = None
    """The certificate; without one, requests travel in plain HTTP."""
    load_balancer: LoadBalancer = Field(default_factory=Internal)
    """Who can reach the gateway's address."""
    dns: Zone | None = None
    """The zone in which the host's records are kept; none are made when unset."""
    auth: Auth | None = None
    """Who may call. A public load balancer needs it; there is no default."""

    @model_validator(mode="after")
    def _public_says_who(self) -> Self:
        if isinstance(self.load_balancer, Public) and self.auth is None:
            raise ValueError(
                "a public load balancer needs auth: jwt, api_keys (YAML: apiKeys), or anonymous with a reason; "
                "or use load_balancer internal"
            )
        return self

    @model_validator(mode="after")
    def _keys_need_tls(self) -> Self:
        if isinstance(self.load_balancer, Public) and self.auth is not None and self.tls is None:
            raise ValueError(
                "a public load balancer needs tls: without it keys, tokens and answers can be read on the way"
            )
        return self

    @model_validator(mode="after")
    def _zone_holds_host(self) -> Self:
        if self.dns is not None and self.host != self.dns.name and not self.host.endswith(f".{self.dns.name}"):
            raise ValueError(f"host {self.host} does not lie in the zone {self.dns.name}")
        return self

    @property
    def scheme(self) -> Literal["http", "https"]:
        """The scheme of endpoints' URLs."""
        return "http" if self.tls is None else "https"
