"""The Gateway itself, its certificate, and the way from HTTP to HTTPS: the same on Envoy Gateway and on Istio.

https://gateway-api.sigs.k8s.io/reference/spec/ and https://cert-manager.io/docs/usage/certificate/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from pulumi_kserve.platform.authentication import ApiKeys
from pulumi_kserve.platform.exposure import CloudCertificate, Exposure, Issuer, Public, TlsSecret

__all__ = [
    "GATEWAY",
    "GATEWAY_GROUP",
    "REDIRECT",
    "WAIT",
    "Manifest",
    "Place",
    "certificate",
    "gateway_manifest",
    "key_secret",
    "key_secret_name",
    "listeners",
    "of_gateway",
    "redirect",
    "redirects",
]

Manifest = dict[str, Any]

GATEWAY: Final = "kserve-ingress-gateway"
"""The name of the Gateway, and what the names of its other objects begin with."""
GATEWAY_GROUP: Final = "gateway.networking.k8s.io"
_CERTIFICATE: Final = f"{GATEWAY}-tls"
REDIRECT: Final = f"{GATEWAY}-redirect"
"""The name of the route from HTTP to HTTPS."""
_HTTP: Final = 80
_HTTPS: Final = 443
WAIT: Final = "pulumi.com/waitFor"
"""The annotation that says what `pulumi up` waits for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the gateway's objects live, and whose they are."""

    platform: str
    namespace: str
    labels: Mapping[str, str]

    def manifest(self, api_version: str, kind: str, name: str, body: Mapping[str, Any], *, wait: str = "") -> Manifest:
        """An object of the gateway's namespace; `wait` is what `pulumi up` waits for."""
        annotations = {"annotations": {WAIT: wait}} if wait else {}
        metadata = {"name": name, "namespace": self.namespace, "labels": dict(self.labels), **annotations}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def of_gateway() -> Manifest:
    """The part of a policy's spec that lays it on the whole Gateway, so that no route escapes it."""
    return {"targetRefs": [{"group": GATEWAY_GROUP, "kind": "Gateway", "name": GATEWAY}]}


def redirects(exposure: Exposure) -> bool:
    """Whether plain HTTP is answered, with the way to HTTPS: where the gateway ends TLS, and all may come."""
    return isinstance(exposure.tls, (Issuer, TlsSecret)) and isinstance(exposure.load_balancer, Public)


def gateway_manifest(exposure: Exposure, place: Place, *, class_name: str, parameters: Mapping[str, str]) -> Manifest:
    """The Gateway. It is ready when its proxy runs and it has an address.

    Args:
        exposure: How endpoints are reached.
        place: Where it lives.
        class_name: Its GatewayClass.
        parameters: Group, kind and name of the object that says how its proxy runs.

    """
    spec = {
        "gatewayClassName": class_name,
        "infrastructure": {"parametersRef": dict(parameters)},
        "listeners": listeners(exposure),
    }
    return place.manifest(f"{GATEWAY_GROUP}/v1", "Gateway", GATEWAY, {"spec": spec}, wait="condition=Programmed")


def listeners(exposure: Exposure) -> list[Manifest]:
    """One listener for the host, one for all names below it, and one for the way to HTTPS where there is one.

    Where the cloud ends TLS, what arrives at its port is plain HTTP.
    """
    entrance: Manifest = {"port": _HTTP if exposure.tls is None else _HTTPS, "protocol": "HTTP"}
    if secret := _tls_secret(exposure):
        reference = {"group": "", "kind": "Secret", "name": secret}
        entrance |= {"protocol": "HTTPS", "tls": {"mode": "Terminate", "certificateRefs": [reference]}}
    names = (exposure.scheme, f"{exposure.scheme}-endpoints")
    made = [
        {"name": name, "hostname": host, **entrance, "allowedRoutes": {"namespaces": {"from": "All"}}}
        for name, host in zip(names, exposure.hosts, strict=True)
    ]
    if redirects(exposure):
        own = {"allowedRoutes": {"namespaces": {"from": "Same"}}}
        made.append({"name": "http", "port": _HTTP, "protocol": "HTTP", **own})
    return made


def certificate(exposure: Exposure, place: Place) -> dict[str, Manifest]:
    """The Certificate that cert-manager keeps, where an issuer is named."""
    if not isinstance(exposure.tls, Issuer):
        return {}
    spec = {
        "secretName": _CERTIFICATE,
        "dnsNames": list(exposure.hosts),
        "issuerRef": {"group": "cert-manager.io", "kind": exposure.tls.kind, "name": exposure.tls.name},
        "privateKey": {"rotationPolicy": "Always"},
    }
    body = {"spec": spec}
    made = place.manifest("cert-manager.io/v1", "Certificate", _CERTIFICATE, body, wait="condition=Ready")
    return {"certificate": made}


def redirect(exposure: Exposure, place: Place) -> dict[str, Manifest]:
    """The route that sends callers of plain HTTP to HTTPS."""
    if not redirects(exposure):
        return {}
    way = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
    spec = {
        "parentRefs": [{"group": GATEWAY_GROUP, "kind": "Gateway", "name": GATEWAY, "sectionName": "http"}],
        "rules": [{"filters": [way]}],
    }
    wait = "jsonpath={.status.parents[0].conditions[?(@.type=='Accepted')].status}=True"
    return {"redirect": place.manifest(f"{GATEWAY_GROUP}/v1", "HTTPRoute", REDIRECT, {"spec": spec}, wait=wait)}


def key_secret(exposure: Exposure, place: Place) -> dict[str, Manifest]:
    """The Secret with the clients' keys, where the program gives them. Every value is a secret Output."""
    auth = exposure.auth
    if not isinstance(auth, ApiKeys) or not auth.keys:
        return {}
    keys = {client: pulumi.Output.secret(key) for client, key in auth.keys.items()}
    return {"keys": place.manifest("v1", "Secret", key_secret_name(auth), {"type": "Opaque", "stringData": keys})}


def key_secret_name(auth: ApiKeys) -> str:
    """The Secret that holds the clients' keys."""
    return auth.secret or f"{GATEWAY}-keys"


def _tls_secret(exposure: Exposure) -> str | None:
    match exposure.tls:
        case Issuer():
            return _CERTIFICATE
        case TlsSecret(name=name):
            return name
        case CloudCertificate() | None:
            return None
