"""How endpoints are reached from outside the cluster: name, certificate, load balancer, and who may call.

https://gateway-api.sigs.k8s.io/concepts/security-model/

What cannot work with the cloud or the gateway that serves it is judged where these are known:
:func:`pulumi_kserve.platform.gateways.judgement.refusals`.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

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


_LONGEST_HOST = 189
"""A label of 63 characters and a dot fit before it in the 253 characters of a host name."""

HostName = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", max_length=_LONGEST_HOST
    ),
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
    """A load balancer that only the private network reaches."""

    annotations: dict[str, str] | None = None
    """Annotations of the Service, besides those that make the load balancer internal on AWS, Google Cloud and Azure.
    On an ``existing`` cluster nobody else knows how to ask for that, so there they must be said: ``{}`` where every
    load balancer of the cluster is internal."""


class Public(Spec):
    """A load balancer with a public address."""

    allow: tuple[Network, ...] = Field(min_length=1)
    """The networks that may connect; ``0.0.0.0/0`` for the whole internet has to be written out."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Further annotations of the Service."""


LoadBalancer = Annotated[InCluster | Internal | Public, OneOf(inCluster=InCluster, internal=Internal, public=Public)]


class Zone(Spec):
    """A DNS zone whose records follow the gateway's address; needs the external-dns controller."""

    name: HostName
    """The zone's name, for example ``example.com``."""


class Exposure(Spec):
    """From a name to the pods. Internal by default; a public one says who may call."""

    host: HostName = "models.internal"
    """The domain of endpoint host names, at most 189 characters: endpoint ``iris`` in namespace ``fraud`` answers at
    ``iris-fraud.<host>``, and at ``<host>/serving/fraud/iris``."""
    load_balancer: LoadBalancer = Field(default_factory=Internal)
    """Who can reach the gateway's address."""
    tls: Tls | None = None
    """The certificate; without one, requests travel in plain HTTP. A public load balancer needs it."""
    dns: Zone | None = None
    """The zone in which the host's records are kept; none are made when unset."""
    auth: Auth | None = None
    """Who may call. A public load balancer needs it; there is no default."""
    replicas: int = Field(default=2, ge=1, le=100)
    """How many pods of the gateway's proxy run, 1 to 100. With two the address answers while a node goes."""

    @field_validator("tls")
    @classmethod
    def _tls_fits(cls, tls: Issuer | CloudCertificate | TlsSecret | None, info: ValidationInfo) -> object:
        balancer = info.data.get("load_balancer")
        if tls is None and isinstance(balancer, Public):
            raise ValueError(
                "a public load balancer needs tls: without it keys, tokens and answers can be read on the way; "
                "use issuer, secret or cloud_certificate (YAML: cloudCertificate)"
            )
        nobody_serves_it = isinstance(tls, CloudCertificate) and isinstance(balancer, InCluster)
        if nobody_serves_it:
            raise ValueError(
                "a cloud's certificate needs the cloud's load balancer, and load_balancer is in_cluster; "
                "use issuer or secret"
            )
        return tls

    @field_validator("dns")
    @classmethod
    def _zone_fits(cls, dns: Zone | None, info: ValidationInfo) -> Zone | None:
        host = info.data.get("host")
        if dns is None or host is None:
            return dns
        if host != dns.name and not host.endswith(f".{dns.name}"):
            raise ValueError(f"host {host} does not lie in the zone {dns.name}; use a host that ends in .{dns.name}")
        no_address = isinstance(info.data.get("load_balancer"), InCluster)
        if no_address:
            raise ValueError(
                "a zone's records need a load balancer's address, and load_balancer is in_cluster; "
                "leave dns out, or use internal or public"
            )
        return dns

    @field_validator("auth")
    @classmethod
    def _public_says_who(cls, auth: object, info: ValidationInfo) -> object:
        if isinstance(info.data.get("load_balancer"), Public) and auth is None:
            raise ValueError(
                "a public load balancer needs auth: jwt, api_keys (YAML: apiKeys), or anonymous with a reason; "
                "or use load_balancer internal"
            )
        return auth

    @property
    def scheme(self) -> Literal["http", "https"]:
        """The scheme of endpoints' URLs."""
        return "http" if self.tls is None else "https"

    @property
    def hosts(self) -> tuple[str, str]:
        """What a certificate and a DNS zone must cover: the host, and every name one label below it."""
        return self.host, f"*.{self.host}"
