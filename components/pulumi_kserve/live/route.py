"""Takes requests away from what an update removes, before it is removed.

KServe deletes a canary's pods as soon as the InferenceService no longer lists it, while the route still sends it its
share. So the share is moved in the live route first, and the update waits until the Gateway has taken that.
https://gateway-api.sigs.k8s.io/api-types/httproute/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pulumi_kserve.errors import RolloutFailed
from pulumi_kserve.live.cluster import DEPLOYMENTS, Cluster, Json, Kind
from pulumi_kserve.live.observation import condition, dig

__all__ = ["HTTP_ROUTES", "Departure", "withdraw"]

HTTP_ROUTES = Kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes")

_INTERVAL = 0.5
_PATIENCE = 60.0
_SETTLING = 2.0
"""Seconds from the Gateway's word, given when the route is translated, to the last proxy that follows it."""


@dataclass(frozen=True, slots=True)
class Departure:
    """An update that may take Services away from under an endpoint's routes."""

    endpoint: str
    namespace: str
    routes: tuple[str, ...]
    """The routes that lead to it."""
    services: tuple[str, ...]
    """The Services that are there after the update; the first takes over what is left."""
    downtime_allowed: bool = False
    """Whether the update may begin though nothing that serves would stay."""


def withdraw(cluster: Cluster, departure: Departure, report: Callable[[str], None]) -> None:
    """Move the shares of Services that will be gone to those that stay, and wait until requests follow.

    Args:
        cluster: Where the endpoint is.
        departure: What will be gone.
        report: Gets one line when something is moved.

    Raises:
        RolloutFailed: nothing that stays serves yet, or the Gateway does not take the change.
        ClusterUnreachable: the API server does not answer, or refuses.

    """
    changed = [name for name in departure.routes if _moved(cluster, departure, name, report)]
    deadline = time.monotonic() + _PATIENCE
    for name in changed:
        while not _observed(cluster.get(HTTP_ROUTES, name, departure.namespace)):
            if time.monotonic() >= deadline:
                raise RolloutFailed(_not_taken(departure, name))
            time.sleep(_INTERVAL)
    if changed:
        time.sleep(_SETTLING)


def _moved(cluster: Cluster, departure: Departure, name: str, report: Callable[[str], None]) -> bool:
    """Whether shares were moved in the route of that name."""
    route = cluster.get(HTTP_ROUTES, name, departure.namespace)
    old: list[Json] = dig(route, "spec", "rules") or []
    new = [_rule(cluster, departure, rule) for rule in old]
    if new == old:
        return False
    cluster.merge(HTTP_ROUTES, name, departure.namespace, {"spec": {"rules": new}})
    report(f"{departure.endpoint}: HTTPRoute {name} sends requests to {', '.join(_serving(new))} only")
    return True


def _rule(cluster: Cluster, departure: Departure, rule: Json) -> Json:
    gone = [ref for ref in _refs(rule) if ref["name"] not in departure.services]
    if not gone:
        return rule
    staying = [ref for ref in _refs(rule) if ref["name"] in departure.services]
    heir = _heir(cluster, departure, staying)
    if heir is None:
        return rule
    taken = heir["weight"] + sum(_weight(ref) for ref in gone)
    others = [ref for ref in staying if ref["name"] != heir["name"]]
    return {**rule, "backendRefs": [{**gone[0], **heir, "weight": taken}, *others]}


def _heir(cluster: Cluster, departure: Departure, staying: Sequence[Json]) -> Json | None:
    """What takes over: the first Service of the update, if it serves already, else the one with the largest share."""
    first = departure.services[0]
    weights = {str(ref["name"]): _weight(ref) for ref in staying}
    if _serves(cluster, departure.namespace, first):
        return {"name": first, "weight": weights.get(first, 0)}
    others = {name: weight for name, weight in weights.items() if _serves(cluster, departure.namespace, name)}
    if others:
        largest = max(others, key=lambda name: others[name])
        return {"name": largest, "weight": others[largest]}
    if departure.downtime_allowed:
        return None
    raise RolloutFailed(_nothing_stays(departure))


def _serves(cluster: Cluster, namespace: str, service: str) -> bool:
    """Whether the Deployment of that name, which KServe gives each Service, has pods that serve."""
    return int(dig(cluster.get(DEPLOYMENTS, service, namespace), "status", "availableReplicas") or 0) > 0


def _weight(ref: Mapping[str, object]) -> int:
    return int(str(ref.get("weight", 1)))


def _serving(rules: Sequence[Json]) -> list[str]:
    return list(dict.fromkeys(str(ref["name"]) for rule in rules for ref in _refs(rule)))


def _refs(rule: Json) -> list[Json]:
    found: list[Json] = rule.get("backendRefs") or []
    return found


def _observed(route: Json | None) -> bool:
    """Whether the Gateway's controller has accepted the route as it is now; one that is gone needs nobody's word."""
    if route is None:
        return True
    parents: list[Json] = dig(route, "status", "parents") or []
    accepted = [condition({"status": parent}, "Accepted") for parent in parents]
    now = int(dig(route, "metadata", "generation") or 0)
    return bool(accepted) and all(int(entry.get("observedGeneration") or 0) >= now for entry in accepted)


def _nothing_stays(departure: Departure) -> str:
    return (
        f"endpoint {departure.namespace}/{departure.endpoint}: no pods that serve would stay\n"
        f"  why: KServe deletes what answers now before {departure.services[0]} serves\n"
        "  cure: serve it as a canary of that name first, and make it the predictor in the next update;"
        " or set allow_recreate (YAML: allowRecreate: true) and accept that nothing answers meanwhile"
    )


def _not_taken(departure: Departure, name: str) -> str:
    return (
        f"HTTPRoute {departure.namespace}/{name}: its Gateway has not taken the change in {_PATIENCE:.0f} s\n"
        "  why: requests may still go to pods that this update removes, so it was not begun\n"
        "  cure: look at the route's status and at the Gateway's controller, then run `pulumi up` again"
    )
