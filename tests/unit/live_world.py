"""A fake API server that tests of live code ask, and the objects of one endpoint in it."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
from pulumi_kserve.live.cluster import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    EVENTS,
    INFERENCE_SERVICES,
    PODS,
    REPLICA_SETS,
    SECRETS,
    Cluster,
    Json,
    Kind,
)
from pulumi_kserve.live.route import HTTP_ROUTES
from pulumi_kserve.ownership import REVISION_ANNOTATION

NAMESPACE = "fraud"
ENDPOINT = "iris"
KINDS = (CONFIG_MAPS, DEPLOYMENTS, EVENTS, HTTP_ROUTES, INFERENCE_SERVICES, PODS, REPLICA_SETS, SECRETS)


class World:
    """Objects by kind, logs by pod, and the cluster that serves them."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[tuple[str, str], Json]] = {kind.plural: {} for kind in KINDS}
        self.logs: dict[tuple[str, str, bool], str] = {}
        self.requests: list[str] = []
        self.down = 0
        transport = httpx2.MockTransport(self._answer)
        self.cluster = Cluster(httpx2.Client(transport=transport, base_url="http://fake"), server="http://fake")

    def put(self, kind: Kind, thing: Json) -> Json:
        meta = thing.setdefault("metadata", {})
        meta.setdefault("namespace", NAMESPACE)
        meta.setdefault("uid", f"uid-{kind.plural}-{meta['name']}")
        thing = {"apiVersion": kind.api_version, "kind": kind.name, **thing}
        self.objects[kind.plural][(meta["namespace"], meta["name"])] = thing
        return thing

    def has(self, kind: Kind, name: str, namespace: str = NAMESPACE) -> bool:
        return (namespace, name) in self.objects[kind.plural]

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(f"{request.method} {request.url.path}")
        if self.down:
            self.down -= 1
            raise httpx2.ConnectError("connection refused", request=request)
        path = [part for part in request.url.path.split("/") if part]
        if path == ["version"]:
            return httpx2.Response(200, json={"gitVersion": "v1.34.4"})
        rest = path[2:] if path[0] == "api" else path[3:]
        if not rest:
            return _discovered("v1" if path[0] == "api" else "/".join(path[1:3]))
        namespace = rest[1] if rest[0] == "namespaces" else ""
        rest = rest[2:] if namespace else rest
        if rest[-1] == "log":
            return self._log(rest[1], request)
        return self._objects(request, rest[0], namespace, rest[1] if len(rest) > 1 else "")

    def _log(self, pod: str, request: httpx2.Request) -> httpx2.Response:
        query = request.url.params
        text = self.logs.get((pod, query["container"], query["previous"] == "true"))
        return httpx2.Response(400 if text is None else 200, text=text or "no log")

    def _objects(self, request: httpx2.Request, plural: str, namespace: str, name: str) -> httpx2.Response:
        found = self.objects[plural]
        if not name:
            items = [one for (space, _), one in sorted(found.items()) if namespace in ("", space)]
            return httpx2.Response(200, json={"items": [one for one in items if _selected(one, request.url.params)]})
        if (namespace, name) not in found:
            return httpx2.Response(404, json={"message": "not found"})
        if request.method == "DELETE":
            del found[namespace, name]
        if request.method == "PATCH":
            _merge(found[namespace, name], json.loads(request.content))
        return httpx2.Response(200, json=found.get((namespace, name), {}))


def _discovered(version: str) -> httpx2.Response:
    known = [kind for kind in KINDS if kind.api_version == version]
    if not known:
        return httpx2.Response(404, json={})
    listed = [{"kind": kind.name, "name": kind.plural, "namespaced": kind.namespaced} for kind in known]
    return httpx2.Response(200, json={"resources": listed})


def _selected(thing: Json, query: httpx2.QueryParams) -> bool:
    labels: dict[str, str] = thing["metadata"].get("labels", {})
    wanted = dict(part.split("=", 1) for part in query.get("labelSelector", "").split(",") if part)
    uid = query.get("fieldSelector", "").removeprefix("involvedObject.uid=")
    about = thing.get("involvedObject", {}).get("uid")
    return all(labels.get(key) == value for key, value in wanted.items()) and uid in ("", about)


def _merge(thing: Json, patch: Json) -> None:
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(thing.get(key), dict):
            _merge(thing[key], value)  # pyright: ignore[reportUnknownArgumentType] -- JSON of the test's own making
        else:
            thing[key] = value


def service(world: World, *, ready: str = "True", **status: Any) -> Json:
    conditions = [{"type": "PredictorReady", "status": ready}, {"type": "Ready", "status": ready}]
    return world.put(
        INFERENCE_SERVICES,
        {
            "metadata": {"name": ENDPOINT, "managedFields": [{"time": "2026-01-01T00:00:00Z"}]},
            "spec": {"predictor": {}},
            "status": {"conditions": conditions, **status},
        },
    )


def deployment(
    world: World,
    revision: str = "r1",
    *,
    name: str = f"{ENDPOINT}-predictor",
    wanted: int = 1,
    new: int = 1,
    **status: Any,
) -> Json:
    """A Deployment whose newest pods carry `revision`, `new` of them available, and its ReplicaSet."""
    labels = {"app": f"isvc.{name}"}
    template = {"metadata": {"labels": labels, "annotations": {REVISION_ANNOTATION: revision}}}
    counts = {"replicas": wanted, "updatedReplicas": wanted, "availableReplicas": new, "observedGeneration": 1}
    numbered = {"deployment.kubernetes.io/revision": "2"}
    made = world.put(
        DEPLOYMENTS,
        {
            "metadata": {"name": name, "generation": 1, "annotations": numbered},
            "spec": {"replicas": wanted, "selector": {"matchLabels": labels}, "template": template},
            "status": {**counts, **status},
        },
    )
    world.put(
        REPLICA_SETS,
        {
            "metadata": {
                "name": f"{name}-new",
                "labels": labels,
                "annotations": numbered,
                "ownerReferences": [{"uid": made["metadata"]["uid"]}],
            },
            "spec": {"template": template},
            "status": {"availableReplicas": new},
        },
    )
    return made


def pod(world: World, *, init: Json | None = None, main: Json | None = None, **status: Any) -> Json:
    """The pod of the newest ReplicaSet, with the state of its initializer and of its container."""
    statuses: Json = {"phase": "Pending" if init else "Running"}
    if init:
        statuses["initContainerStatuses"] = [{"name": "storage-initializer", "image": "init:1", **init}]
    if main:
        statuses["containerStatuses"] = [{"name": "kserve-container", "image": "server:1", **main}]
    return world.put(
        PODS,
        {
            "metadata": {
                "name": "iris-predictor-new-abc",
                "labels": {"app": f"isvc.{ENDPOINT}-predictor"},
                "ownerReferences": [{"uid": "uid-replicasets-iris-predictor-new"}],
            },
            "status": {**statuses, **status},
        },
    )


def warning(world: World, about: Json, reason: str, message: str, *, when: str = "2026-01-02T00:00:00Z") -> None:
    name = f"event-{len(world.objects['events'])}"
    involved = {"uid": about["metadata"]["uid"]}
    event = {"metadata": {"name": name}, "type": "Warning", "reason": reason, "message": message}
    world.put(EVENTS, {**event, "involvedObject": involved, "lastTimestamp": when})


def controller(world: World, *, wanted: int = 1, available: int = 1) -> None:
    world.put(
        DEPLOYMENTS,
        {
            "metadata": {"name": "kserve-controller-manager", "namespace": "kserve"},
            "spec": {"replicas": wanted, "selector": {"matchLabels": {"control-plane": "kserve"}}},
            "status": {"availableReplicas": available},
        },
    )


class Clock:
    """Time that passes only when slept; `during` runs at each sleep."""

    def __init__(self, during: Callable[[float], object] | None = None) -> None:
        self.now = 0.0
        self._during = during

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self._during:
            self._during(self.now)
