"""How requests from outside reach an endpoint: routes of ours on the platform's Gateway, with a share for each canary.

There are two, because the host names of a route hold for all of its rules: one answers at a host name of the endpoint's
own, the other below a path of the platform's host. KServe's own routes know neither shares nor that path.
https://gateway-api.sigs.k8s.io/api-types/httproute/
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi_kserve.contracts import PlatformFacts, RouteFacts
from pulumi_kserve.endpoints.addresses import path_of
from pulumi_kserve.endpoints.spec.canary import CanaryShare
from pulumi_kserve.endpoints.spec.container import ContainerPort
from pulumi_kserve.endpoints.spec.service import InferenceServiceSpec, components_of, entry_of, workload_name

__all__ = ["ROUTES", "backends_of", "is_routed", "route_manifests", "route_name"]

ROUTES: Final = ("host", "path")
"""The routes of an endpoint, by what leads to it."""
_HTTP_PORT: Final = 80
"""The port of every Service that KServe makes; it leads to the first port of the component's container."""
_WHOLE: Final = 100
_TIMEOUT_SECONDS: Final = 60
"""KServe's own for routes, where the component says none."""
_MOST_SECONDS: Final = 99_999
_GRPC_SERVICE: Final = "/inference.GRPCInferenceService"
_GRPC_PORTS: Final = ("grpc", "h2c")
"""What the name of a port has in it that KServe takes for one of gRPC."""
_CONDITION: Final = "jsonpath={{.status.parents[0].conditions[?(@.type=='{}')].status}}=True"


def is_routed(spec: InferenceServiceSpec, facts: PlatformFacts) -> bool:
    """Whether routes of ours lead to the endpoint."""
    return facts.route is not None and not (spec.cluster_local or spec.stopped)


def route_name(name: str, route: str) -> str:
    """What the route of endpoint `name` is called."""
    return f"{name}-{route}"


def backends_of(name: str, spec: InferenceServiceSpec, shares: Sequence[CanaryShare]) -> dict[str, int]:
    """The Services to which requests go, and the percent of them that each gets; the first is the stable one."""
    found = {workload_name(name, entry_of(spec), spec): _WHOLE - sum(share.percent for share in shares)}
    return found | {share.workload(name): share.percent for share in shares}


def route_manifests(
    name: str,
    namespace: str,
    spec: InferenceServiceSpec,
    shares: Sequence[CanaryShare],
    facts: PlatformFacts,
    *,
    labels: Mapping[str, str],
) -> dict[str, dict[str, Any]]:
    """The endpoint's HTTPRoutes, by what leads to it; none where no routes of ours do."""
    if facts.route is None or not is_routed(spec, facts):
        return {}
    backends, prefix = backends_of(name, spec, shares), path_of(name, namespace)
    found = {
        "host": (facts.host(name, namespace), _rules_at_host(name, spec, backends)),
        "path": (facts.domain, _rules_below(prefix, name, spec, backends)),
    }
    return {
        route: {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {
                "name": route_name(name, route),
                "namespace": namespace,
                "labels": {**labels},
                "annotations": _annotations(),
            },
            "spec": {"parentRefs": [_parent(facts.route)], "hostnames": [host], "rules": rules},
        }
        for route, (host, rules) in found.items()
    }


def _annotations() -> dict[str, str]:
    """Wait until the Gateway has taken the route and found its Services, and win over the hook that moves shares."""
    conditions = [_CONDITION.format(kind) for kind in ("Accepted", "ResolvedRefs")]
    return {"pulumi.com/waitFor": json.dumps(conditions), "pulumi.com/patchForce": "true"}


def _parent(route: RouteFacts) -> dict[str, str]:
    return {"name": route.gateway, "namespace": route.namespace}


def _rules_at_host(name: str, spec: InferenceServiceSpec, backends: Mapping[str, int]) -> list[dict[str, Any]]:
    rules = _explain_rules(name, spec, "")
    port = _second_grpc_port(spec)
    if port is not None:
        rules.append(_rule(_below(_GRPC_SERVICE), backends, _seconds(spec, entry_of(spec)), port=port))
    return [*rules, _rule(_below("/"), backends, _seconds(spec, entry_of(spec)))]


def _rules_below(
    prefix: str, name: str, spec: InferenceServiceSpec, backends: Mapping[str, int]
) -> list[dict[str, Any]]:
    stripped = _rewrite({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"})
    everything = _rule(_below(prefix), backends, _seconds(spec, entry_of(spec)), rewrite=stripped)
    return [*_explain_rules(name, spec, prefix), everything]


def _explain_rules(name: str, spec: InferenceServiceSpec, prefix: str) -> list[dict[str, Any]]:
    """The one path that the explainer answers, of the V1 protocol; KServe has none of V2."""
    if spec.explainer is None:
        return []
    path = f"/v1/models/{name}:explain"
    rewrite = _rewrite({"type": "ReplaceFullPath", "replaceFullPath": path}) if prefix else None
    match = {"path": {"type": "Exact", "value": f"{prefix}{path}"}}
    explainer = {workload_name(name, "explainer", spec): _WHOLE}
    return [_rule(match, explainer, _seconds(spec, "explainer"), rewrite=rewrite)]


def _rule(
    match: Mapping[str, Any],
    backends: Mapping[str, int],
    seconds: int,
    *,
    rewrite: Mapping[str, Any] | None = None,
    port: int = _HTTP_PORT,
) -> dict[str, Any]:
    return {
        "matches": [match],
        **({"filters": [rewrite]} if rewrite else {}),
        "backendRefs": [{"name": service, "port": port, "weight": weight} for service, weight in backends.items()],
        "timeouts": {"request": _duration(seconds)},
    }


def _below(path: str) -> dict[str, Any]:
    return {"path": {"type": "PathPrefix", "value": path}}


def _rewrite(path: Mapping[str, str]) -> dict[str, Any]:
    return {"type": "URLRewrite", "urlRewrite": {"path": path}}


def _seconds(spec: InferenceServiceSpec, component: str) -> int:
    return components_of(spec)[component].request_timeout_seconds or _TIMEOUT_SECONDS


def _duration(seconds: int) -> str:
    """A duration of the Gateway API, whose numbers have five digits at most."""
    if seconds <= _MOST_SECONDS:
        return f"{seconds}s"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60}h{minutes % 60}m{rest}s"


def _second_grpc_port(spec: InferenceServiceSpec) -> int | None:
    """The Service's port of gRPC where HTTP has port 80; a component that speaks gRPC only has it there."""
    ports = _ports(spec)
    speaking = [port.container_port for port in ports if _is_grpc(port)]
    return speaking[0] if speaking and not _is_grpc(ports[0]) else None


def _is_grpc(port: ContainerPort) -> bool:
    return any(word in (port.name or "") for word in _GRPC_PORTS)


def _ports(spec: InferenceServiceSpec) -> Sequence[ContainerPort]:
    """The ports of the container that gets the requests first."""
    chain = spec.transformer.containers if spec.transformer else spec.predictor.containers
    first = next((each for each in chain if each.name == "transformer-container"), None)
    if first is None and not spec.transformer and spec.predictor.model is not None:
        return spec.predictor.model.ports
    return (first or chain[0]).ports
