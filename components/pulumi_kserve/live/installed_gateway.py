"""Whether the gateway of a KServe that others run is there, answers, and takes the routes of endpoints.

https://gateway-api.sigs.k8s.io/reference/spec/#gateway
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from pulumi_kserve.errors import Problem
from pulumi_kserve.live.cluster import CONFIG_MAPS, Kind
from pulumi_kserve.live.installed_configuration import gateway_path
from pulumi_kserve.live.observation import condition, dig, is_true
from pulumi_kserve.platform.existing_platform import ExistingIngress, KnativeGateway, KServeGateway, SharedGateway

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster, Json
    from pulumi_kserve.platform.existing_platform import ExistingPlatformSpec
    from pulumi_kserve.platform.releases import Release

__all__ = ["GATEWAYS", "INGRESS_CLASSES", "gateway_differences"]

GATEWAYS = Kind("gateway.networking.k8s.io/v1", "Gateway", "gateways")
INGRESS_CLASSES = Kind("networking.k8s.io/v1", "IngressClass", "ingressclasses", namespaced=False)
_ROUTES: Final = ("gateway.networking.k8s.io/v1", "HTTPRoute")
_KNATIVE: Final = ("serving.knative.dev/v1", "Service")
_KNATIVE_NAMESPACE: Final = "knative-serving"
_KNATIVE_DOMAINS: Final = "config-domain"
_ANY_ENDPOINT: Final = "name-namespace"


def gateway_differences(cluster: Cluster, spec: ExistingPlatformSpec, row: Release) -> Iterator[Problem]:
    """What is missing or otherwise about the gateway that the spec names.

    Args:
        cluster: The cluster.
        spec: What is said of it.
        row: The release that it is said to have.

    Raises:
        ClusterUnreachable: the server does not answer, or refuses.

    """
    gateway = spec.mode.gateway
    if spec.mode.kserve_name == "Knative" and cluster.kind(*_KNATIVE) is None:
        text = "the cluster does not serve Knative's Services (serving.knative.dev/v1)"
        yield _problem("mode.knative", text, f"Have Knative Serving {row.knative} installed, or choose standard")
    if isinstance(gateway, KnativeGateway):
        yield from _knative_domain(cluster, spec, gateway.domain)
    elif isinstance(gateway, ExistingIngress):
        if cluster.get(INGRESS_CLASSES, gateway.class_name) is None:
            path = gateway_path(spec, "className")
            yield _problem(
                path, f"there is no IngressClass {gateway.class_name}", "Name one of `kubectl get ingressclass`"
            )
    elif isinstance(gateway, (KServeGateway, SharedGateway)):
        yield from _gateway(cluster, spec, gateway, row)


def _knative_domain(cluster: Cluster, spec: ExistingPlatformSpec, domain: str) -> Iterator[Problem]:
    found = cluster.get(CONFIG_MAPS, _KNATIVE_DOMAINS, _KNATIVE_NAMESPACE)
    if domain not in (dig(found, "data") or {}):
        text = f"ConfigMap {_KNATIVE_NAMESPACE}/{_KNATIVE_DOMAINS} does not name the domain {domain}"
        yield _problem(gateway_path(spec, "domain"), text, "Name the domain that stands there, or have it added")


def _gateway(
    cluster: Cluster, spec: ExistingPlatformSpec, gateway: KServeGateway | SharedGateway, row: Release
) -> Iterator[Problem]:
    path, title = gateway_path(spec), f"Gateway {gateway.namespace}/{gateway.name}"
    if cluster.kind(*_ROUTES) is None:
        text = "the cluster does not serve HTTPRoutes (gateway.networking.k8s.io/v1)"
        yield _problem(
            path, text, f"Have the Gateway API {row.gateway_api} installed, and KServe's controller restarted"
        )
        return
    found = cluster.get(GATEWAYS, gateway.name, gateway.namespace)
    if found is None:
        yield _problem(path, f"there is no {title}", "Name one of `kubectl get gateways -A`")
        return
    programmed = condition(found, "Programmed")
    if not is_true(programmed):
        said = f": {programmed['message']}" if programmed.get("message") else ""
        cure = f"See `kubectl -n {gateway.namespace} describe gateway {gateway.name}`"
        yield _problem(path, f"{title} is not programmed{said}", cure)
    yield from _listeners(found, spec, gateway, title)


def _listeners(
    found: Json, spec: ExistingPlatformSpec, gateway: KServeGateway | SharedGateway, title: str
) -> Iterator[Problem]:
    """Routes lie in the namespaces of their endpoints, with host names below the domain."""
    listeners: list[Json] = dig(found, "spec", "listeners") or []
    elsewhere = [each for each in listeners if _takes_routes_from_elsewhere(each)]
    if not elsewhere:
        text = f"no listener of {title} takes routes from other namespaces than its own"
        cure = "Have allowedRoutes.namespaces.from set to All or Selector there"
        yield _problem(gateway_path(spec), text, cure)
        return
    hosts = [f"{_ANY_ENDPOINT}.{gateway.domain}", *([gateway.domain] if isinstance(gateway, SharedGateway) else [])]
    for host in hosts:
        if not any(_covers(each.get("hostname", ""), host) for each in elsewhere):
            name = host.replace(_ANY_ENDPOINT, "*")
            text = f"no listener of {title} that takes routes from other namespaces answers {name}"
            yield _problem(
                gateway_path(spec, "domain"), text, "Have a listener added, or name the domain that is there"
            )


def _takes_routes_from_elsewhere(listener: Json) -> bool:
    return dig(listener, "allowedRoutes", "namespaces", "from") in {"All", "Selector"}


def _covers(listened: str, host: str) -> bool:
    return listened in {"", host} or (listened.startswith("*.") and host.endswith(listened[1:]))


def _problem(path: str, message: str, cure: str) -> Problem:
    return Problem(path, message, cure, "existing-platform")
