"""The gateway's objects on Istio.

https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/ and
https://istio.io/latest/docs/tasks/security/authorization/authz-jwt/

A request with a wrong token gets 401, one with none 403: Istio's own answers.
"""

from __future__ import annotations

import json
from typing import Final

import pulumi

from pulumi_kserve.platform.authentication import Jwt
from pulumi_kserve.platform.exposure import Exposure
from pulumi_kserve.platform.gateways.gateway import (
    GATEWAY,
    Manifest,
    Place,
    certificate,
    gateway_manifest,
    of_gateway,
    redirect,
    redirects,
)
from pulumi_kserve.platform.gateways.service import Service, service_of

__all__ = ["CLASS_NAME", "gateway_objects"]

CLASS_NAME: Final = "istio"
"""The GatewayClass that Istio makes by itself."""
_API: Final = "security.istio.io/v1"


def gateway_objects(exposure: Exposure, place: Place, *, cloud: str) -> dict[str, Manifest]:
    """Every object of the gateway, in the order in which they may be made: nothing before who may call is said.

    Args:
        exposure: How endpoints are reached; API keys are refused before, by `judgement.refusals`.
        place: Where the objects live.
        cloud: Whose load balancer it is: ``aws``, ``gcp``, ``azure`` or ``existing``.

    """
    parameters = {"group": "", "kind": "ConfigMap", "name": GATEWAY}
    return {
        "proxy": _proxy(exposure, place, cloud),
        **certificate(exposure, place),
        **_callers(exposure, place),
        "gateway": gateway_manifest(exposure, place, class_name=CLASS_NAME, parameters=parameters),
        **redirect(exposure, place),
    }


def _proxy(exposure: Exposure, place: Place, cloud: str) -> Manifest:
    """What Istio lays over the Service, the Deployment and the budget that it makes for the Gateway."""
    data: Manifest = {
        "deployment": json.dumps({"spec": {"replicas": exposure.replicas}}),
        "service": _service(service_of(exposure, cloud)),
    }
    if exposure.replicas > 1:
        data["podDisruptionBudget"] = json.dumps({"spec": {"minAvailable": 1}})
    return place.manifest("v1", "ConfigMap", GATEWAY, {"data": data})


def _service(service: Service) -> pulumi.Input[str]:
    balancer: Manifest = {"type": service.type}
    if service.type == "LoadBalancer":
        balancer["externalTrafficPolicy"] = "Local"
    if service.source_ranges:
        balancer["loadBalancerSourceRanges"] = list(service.source_ranges)
    laid: Manifest = {"spec": balancer}
    if service.annotations:
        laid["metadata"] = {"annotations": dict(service.annotations)}
    if any(isinstance(value, pulumi.Output) for value in service.annotations.values()):
        return pulumi.Output.json_dumps(laid, sort_keys=True)
    return json.dumps(laid, sort_keys=True)


def _callers(exposure: Exposure, place: Place) -> dict[str, Manifest]:
    """The first checks a token that is there, the second refuses a request that has none of that issuer.

    It refuses rather than allows, so that no other policy can open what it shuts.
    """
    auth = exposure.auth
    if not isinstance(auth, Jwt):
        return {}
    keys = {"jwksUri": auth.jwks_uri} if auth.jwks_uri else {"jwks": auth.jwks}
    header = [{"name": "Authorization", "prefix": "Bearer "}]
    rule = {"issuer": auth.issuer, "audiences": list(auth.audiences), "fromHeaders": header, **keys}
    strangers: Manifest = {"from": [{"source": {"notRequestPrincipals": [f"{auth.issuer}/*"]}}]}
    if redirects(exposure):
        strangers["to"] = [{"operation": {"notPorts": ["80"]}}]
    token = {"spec": {**of_gateway(), "jwtRules": [rule]}}
    refused = {"spec": {**of_gateway(), "action": "DENY", "rules": [strangers]}}
    return {
        "tokens": place.manifest(_API, "RequestAuthentication", GATEWAY, token),
        "callers": place.manifest(_API, "AuthorizationPolicy", GATEWAY, refused),
    }
