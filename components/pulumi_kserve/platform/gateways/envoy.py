"""The gateway's objects on Envoy Gateway.

https://gateway.envoyproxy.io/docs/api/extension_types/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pulumi_kserve.ownership import OWNER_LABEL
from pulumi_kserve.platform.authentication import ApiKeys, Jwt
from pulumi_kserve.platform.exposure import Exposure, Issuer, TlsSecret
from pulumi_kserve.platform.gateways.gateway import (
    GATEWAY,
    GATEWAY_GROUP,
    REDIRECT,
    WAIT,
    Manifest,
    Place,
    certificate,
    gateway_manifest,
    key_secret,
    key_secret_name,
    of_gateway,
    redirect,
    redirects,
)
from pulumi_kserve.platform.gateways.service import service_of
from pulumi_kserve.platform.layers.envoy_gateway import CONTROLLER_NAME

__all__ = ["gateway_objects"]

_API: Final = "gateway.envoyproxy.io/v1alpha1"
_MERGES_SINCE: Final = (1, 8)
"""The first release in which an EnvoyProxy can be laid over another; before, it takes the other's place."""
_WITHOUT_HEADER: Final = """function envoy_on_request(request)
  request:headers():remove("authorization")
end
"""
"""Envoy Gateway always passes a checked token on: no field says otherwise. Lua runs after the check of the token."""
_MERGED: Final = (
    "has(object.spec.mergeType) && object.spec.mergeType == 'StrategicMerge' && "
    "!has(object.spec.apiKeyAuth) && !has(object.spec.jwt)"
)
_WHY_MERGED: Final = (
    f"it would count instead of the policy of Gateway {GATEWAY}, which says who may call: "
    "set mergeType: StrategicMerge, and leave apiKeyAuth and jwt out"
)
_BUFFER: Final = "4Mi"
"""A request's body up to this size is kept until it is answered, so that it can be sent again."""
_IDLE: Final = "4s"
"""Shorter than servers keep an idle connection (uvicorn: 5 s), so that no request meets one that is being closed."""


def gateway_objects(exposure: Exposure, place: Place, *, cloud: str, version: str) -> dict[str, Manifest]:
    """Every object of the gateway, in the order in which they may be made: nothing before who may call is said.

    Args:
        exposure: How endpoints are reached.
        place: Where the objects live.
        cloud: Whose load balancer it is: ``aws``, ``gcp``, ``azure`` or ``existing``.
        version: Envoy Gateway's version, for example ``v1.8.1``.

    """
    name = class_name(place)
    parameters = {"group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", "name": GATEWAY}
    return {
        "class": _gateway_class(name, place),
        "proxy": _proxy(exposure, place, cloud, version),
        **certificate(exposure, place),
        **key_secret(exposure, place),
        **_callers(exposure, place),
        **_guard(exposure, place),
        "clients": _client_traffic(exposure, place),
        "backends": _backend_traffic(place),
        "gateway": gateway_manifest(exposure, place, class_name=name, parameters=parameters),
        **redirect(exposure, place),
    }


def class_name(place: Place) -> str:
    """The name of the platform's GatewayClass, which belongs to no namespace."""
    return f"pulumi-kserve-{place.platform}"


def _gateway_class(name: str, place: Place) -> Manifest:
    annotations = {WAIT: "condition=Accepted"}
    metadata = {"name": name, "labels": dict(place.labels), "annotations": annotations}
    spec = {"controllerName": CONTROLLER_NAME}
    return {"apiVersion": f"{GATEWAY_GROUP}/v1", "kind": "GatewayClass", "metadata": metadata, "spec": spec}


def _proxy(exposure: Exposure, place: Place, cloud: str, version: str) -> Manifest:
    """How the proxy runs; laid over what the chart says of all proxies, its image among it, where that is possible."""
    service = service_of(exposure, cloud)
    said: Manifest = {"type": service.type}
    if service.annotations:
        said["annotations"] = dict(service.annotations)
    if service.source_ranges:
        said["loadBalancerSourceRanges"] = list(service.source_ranges)
    kubernetes = {"envoyService": said, **_pods(exposure.replicas, place)}
    spec: Manifest = {"provider": {"type": "Kubernetes", "kubernetes": kubernetes}}
    if _release(version) >= _MERGES_SINCE:
        spec["mergeType"] = "StrategicMerge"
    return place.manifest(_API, "EnvoyProxy", GATEWAY, {"spec": spec})


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split(".")[:2])


def _pods(replicas: int, place: Place) -> Manifest:
    """More than one pod stand on different nodes where they can, and never go all at once."""
    if replicas == 1:
        return {"envoyDeployment": {"replicas": 1}}
    owner = {
        "gateway.envoyproxy.io/owning-gateway-name": GATEWAY,
        "gateway.envoyproxy.io/owning-gateway-namespace": place.namespace,
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": owner},
    }
    return {
        "envoyDeployment": {"replicas": replicas, "pod": {"topologySpreadConstraints": [spread]}},
        "envoyPDB": {"minAvailable": 1},
    }


def _callers(exposure: Exposure, place: Place) -> dict[str, Manifest]:
    """Who may call. One policy of one name for the whole Gateway, so that another `auth` changes it in one step."""
    auth = exposure.auth
    if not isinstance(auth, (Jwt, ApiKeys)):
        return {}
    asked = {"jwt": {"providers": [_provider(auth)]}} if isinstance(auth, Jwt) else {"apiKeyAuth": _keys(auth)}
    made = {"callers": place.manifest(_API, "SecurityPolicy", GATEWAY, {"spec": {**of_gateway(), **asked}})}
    if redirects(exposure):
        route = [{"group": GATEWAY_GROUP, "kind": "HTTPRoute", "name": REDIRECT}]
        spec = {"targetRefs": route, "authorization": {"defaultAction": "Allow"}}
        made["redirect-callers"] = place.manifest(_API, "SecurityPolicy", REDIRECT, {"spec": spec})
    if isinstance(auth, Jwt):
        spec = {**of_gateway(), "lua": [{"type": "Inline", "inline": _WITHOUT_HEADER}]}
        made["hide-token"] = place.manifest(_API, "EnvoyExtensionPolicy", GATEWAY, {"spec": spec})
    return made


def _guard(exposure: Exposure, place: Place) -> dict[str, Manifest]:
    """Keeps model namespaces from laying policies on their routes that would count instead of the Gateway's.

    Those that are merged into the Gateway's and leave its credentials alone are let through, for example for CORS.
    https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
    """
    if not isinstance(exposure.auth, (Jwt, ApiKeys)):
        return {}
    name = f"pulumi-kserve-{place.platform}-callers"
    rule = {"apiGroups": ["gateway.envoyproxy.io"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"]}
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "namespaceSelector": {"matchExpressions": [{"key": OWNER_LABEL, "operator": "Exists"}]},
            "resourceRules": [{**rule, "resources": ["securitypolicies"]}],
        },
        "validations": [{"expression": _MERGED, "message": _WHY_MERGED}],
    }
    binding = {"policyName": name, "validationActions": ["Deny"]}
    return {
        "guard": _of_cluster("ValidatingAdmissionPolicy", name, spec, place),
        "guard-binding": _of_cluster("ValidatingAdmissionPolicyBinding", name, binding, place),
    }


def _of_cluster(kind: str, name: str, spec: Manifest, place: Place) -> Manifest:
    metadata = {"name": name, "labels": dict(place.labels)}
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def _keys(auth: ApiKeys) -> Manifest:
    return {
        "credentialRefs": [{"group": "", "kind": "Secret", "name": key_secret_name(auth)}],
        "extractFrom": [{"headers": [auth.header]}],
        "sanitize": True,
    }


def _provider(auth: Jwt) -> Manifest:
    """Tokens are read from the header only: one in a URL would stand in logs."""
    keys: Mapping[str, Any] = (
        {"remoteJWKS": {"uri": auth.jwks_uri}}
        if auth.jwks_uri
        else {"localJWKS": {"type": "Inline", "inline": auth.jwks}}
    )
    return {
        "name": "callers",
        "issuer": auth.issuer,
        "audiences": list(auth.audiences),
        "extractFrom": {"headers": [{"name": "Authorization", "valuePrefix": "Bearer "}]},
        **keys,
    }


def _client_traffic(exposure: Exposure, place: Place) -> Manifest:
    """HTTP/2, which gRPC needs, has to be asked for, because one certificate serves two listeners."""
    tls = {"tls": {"alpnProtocols": ["h2", "http/1.1"]}} if isinstance(exposure.tls, (Issuer, TlsSecret)) else {}
    spec = {**of_gateway(), "connection": {"bufferLimit": _BUFFER}, **tls}
    return place.manifest(_API, "ClientTrafficPolicy", GATEWAY, {"spec": spec})


def _backend_traffic(place: Place) -> Manifest:
    """Requests are sent again only where no server can have begun with them."""
    triggers = ["connect-failure", "refused-stream", "reset-before-request"]
    pause = {"baseInterval": "100ms", "maxInterval": "1s"}
    spec = {
        **of_gateway(),
        "retry": {"numRetries": 3, "retryOn": {"triggers": triggers}, "perRetry": {"backOff": pause}},
        "timeout": {"http": {"connectionIdleTimeout": _IDLE}},
    }
    return place.manifest(_API, "BackendTrafficPolicy", GATEWAY, {"spec": spec})
