"""Deletions that were begun, and whose end nobody has waited for.

Kubernetes deletes in its own time: children first, and after each finalizer has been taken off by its controller. A
run that was killed, or gave up waiting, leaves objects in the state that are going, or gone. The next `up` would take
them for there: it would put new objects into a namespace that vanishes, and call an endpoint unchanged that is no more.
https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pulumi_kserve.errors import ClusterUnreachable
from pulumi_kserve.live.cluster import INFERENCE_SERVICES, Cluster, Json, Kind
from pulumi_kserve.live.controller import CONTROLLER_NAMESPACE, Controller, look_at_controller
from pulumi_kserve.live.helm_releases import RELEASE_TYPE, release_of
from pulumi_kserve.live.namespaces import NAMESPACES, remainder
from pulumi_kserve.ownership import STACK_LABEL

__all__ = ["Deletion", "await_deletions", "await_finalizers", "find_deletions", "is_patch"]

PATIENCE = 120.0
"""Seconds that a deletion may take, and a controller that is starting."""

_INTERVAL = 1.0
_CONTROLLER_RELEASE = "kserve-resources"


@dataclass(frozen=True, slots=True)
class Deletion:
    """One object of the state that is gone, or going, from the cluster."""

    urn: str
    kind: Kind
    name: str
    namespace: str | None
    live: Json | None = None
    """The object while it is going; None when it is gone."""

    @property
    def place(self) -> str:
        """What and where, for people."""
        return f"{self.kind.name} {self.name}" + (f" in namespace {self.namespace}" if self.namespace else "")

    @property
    def holders(self) -> str:
        """What holds it."""
        metadata: Json = (self.live or {}).get("metadata") or {}
        finalizers: list[str] = metadata.get("finalizers") or []
        if self.kind == NAMESPACES:
            return remainder(self.live or {})
        return f"it waits for {', '.join(finalizers)}" if finalizers else "the API server does not say what holds it"


def find_deletions(cluster: Cluster, resources: Iterable[Json], label: str) -> list[Deletion]:
    """The objects of the state that are gone or going; nothing is changed.

    Args:
        cluster: Where the objects are.
        resources: The state's resources.
        label: The stack's ownership label, by which its objects are listed.

    Raises:
        ClusterUnreachable: the server does not answer, or refuses.

    """
    found: list[Deletion] = []
    for (api_version, name), entries in _by_kind(resources).items():
        kind = cluster.kind(api_version, name)
        listed = _listed(cluster, kind, label) if kind else {}
        if listed is not None:
            for entry in entries:
                found += _deletion(cluster, entry, kind or Kind(api_version, name, ""), listed)
    return found


def await_deletions(
    cluster: Cluster, deletions: Sequence[Deletion], controller_namespace: str, say: Callable[[str], None]
) -> list[str]:
    """Wait for what is going, and return why the rest does not go; nothing is changed.

    Args:
        cluster: Where the objects are.
        deletions: What was found.
        controller_namespace: Where KServe's controller runs.
        say: Gets a line when there is something to wait for.

    Raises:
        ClusterUnreachable: the server does not answer, or refuses.

    """
    going = [one for one in deletions if one.live]
    if going:
        say(f"{', '.join(one.place for one in going)}: being deleted; waiting for the end")
    end = time.monotonic() + PATIENCE
    while going:
        stuck = _held_by_controller(cluster, going, controller_namespace)
        if stuck or time.monotonic() >= end:
            return stuck or [_unended(one) for one in going]
        time.sleep(_INTERVAL)
        going = [again for one in going for again in _still(cluster, one)]
    return []


def await_finalizers(cluster: Cluster, resources: Sequence[Json]) -> str | None:
    """Why endpoints of the state could not be deleted now; None when KServe's controller works, or none is there.

    Each InferenceService has a finalizer that only KServe's controller takes off. A controller that is starting is
    waited for.

    Args:
        cluster: Where the endpoints are.
        resources: The state's resources.

    Raises:
        ClusterUnreachable: the server does not answer, or refuses.

    """
    kept = {(INFERENCE_SERVICES.api_version, INFERENCE_SERVICES.name)}
    endpoints = [entry for key, found in _by_kind(resources).items() if key in kept for entry in found]
    there = [str(one["id"]) for one in endpoints if _live(cluster, INFERENCE_SERVICES, one)]
    if not there:
        return None
    end = time.monotonic() + PATIENCE
    while not (seen := look_at_controller(cluster, controller_namespace(resources))).works:
        if _is_hopeless(seen) or time.monotonic() >= end:
            return (
                f"InferenceService {', '.join(there)} would stay for ever: KServe's controller must take off its "
                f"finalizer, and {seen.state}. {seen.cure}; then run the command again"
            )
        time.sleep(_INTERVAL)
    return None


def controller_namespace(resources: Iterable[Json]) -> str:
    """Where the state has KServe's controller."""
    releases = [release_of(one) for one in resources if one["type"] == RELEASE_TYPE]
    return next((one.namespace for one in releases if one.name == _CONTROLLER_RELEASE), CONTROLLER_NAMESPACE)


def is_patch(resource: Json) -> bool:
    """Whether it is fields of an object that something else owns."""
    kind = str(resource["type"])
    return kind.startswith("kubernetes:") and kind.endswith("Patch")


def _by_kind(resources: Iterable[Json]) -> dict[tuple[str, str], list[Json]]:
    """The state's Kubernetes objects that should be there, by API version and kind."""
    found: dict[tuple[str, str], list[Json]] = {}
    for entry in resources:
        inputs: Json = entry.get("inputs") or {}
        ours = str(entry["type"]).startswith("kubernetes:") and entry["type"] != RELEASE_TYPE and not is_patch(entry)
        if ours and entry.get("id") and "kind" in inputs and not entry.get("delete") and not entry.get("external"):
            found.setdefault((str(inputs.get("apiVersion")), str(inputs["kind"])), []).append(entry)
    return found


def _listed(cluster: Cluster, kind: Kind, label: str) -> dict[str, Json] | None:
    """The stack's objects of a kind by the identity that the state gives them; None when they may not be listed."""
    try:
        objects = cluster.list(kind, labels=f"{STACK_LABEL}={label}")
    except ClusterUnreachable:
        return None
    return {"/".join(filter(None, (_namespace(one), one["metadata"]["name"]))): one for one in objects}


def _deletion(cluster: Cluster, entry: Json, kind: Kind, listed: dict[str, Json]) -> Iterator[Deletion]:
    namespace, name = _place(entry)
    live = listed.get(str(entry["id"]))
    if live is None and kind.plural:
        live = _live(cluster, kind, entry)
    if live is None or "deletionTimestamp" in live["metadata"]:
        yield Deletion(str(entry["urn"]), kind, name, namespace, live)


def _live(cluster: Cluster, kind: Kind, entry: Json) -> Json | None:
    namespace, name = _place(entry)
    return cluster.get(kind, name, namespace)


def _place(entry: Json) -> tuple[str | None, str]:
    namespace, _, name = str(entry["id"]).rpartition("/")
    return namespace or None, name


def _namespace(live: Json) -> str | None:
    metadata: Json = live["metadata"]
    return metadata.get("namespace")


def _still(cluster: Cluster, one: Deletion) -> Iterator[Deletion]:
    """The deletion as it is now; none when the object is gone, or another has its name."""
    live = cluster.get(one.kind, one.name, one.namespace)
    if live and one.live and live["metadata"]["uid"] == one.live["metadata"]["uid"]:
        yield Deletion(one.urn, one.kind, one.name, one.namespace, live)


def _held_by_controller(cluster: Cluster, going: Sequence[Deletion], namespace: str) -> list[str]:
    endpoints = [one for one in going if one.kind.name == INFERENCE_SERVICES.name]
    if not endpoints or not _is_hopeless(seen := look_at_controller(cluster, namespace)):
        return []
    names = ", ".join(one.place for one in endpoints)
    cause = f"{endpoints[0].holders}, which KServe's controller takes off, and {seen.state}"
    return [f"{names} is being deleted; {cause}. {seen.cure}; then run the command again"]


def _is_hopeless(seen: Controller) -> bool:
    return not seen.installed or seen.wanted == 0


def _unended(one: Deletion) -> str:
    return (
        f"{one.place} is being deleted, and was not gone after {PATIENCE:.0f} s: {one.holders}. "
        "See what should take it off (`kubectl describe`, and the controller's log), then run the command again"
    )
