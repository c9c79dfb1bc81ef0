"""What a container names and its pod must have: the volumes of its mounts, and the ports of its probes.

KServe writes both as they are; Kubernetes refuses the Deployment, or the kubelet finds no port to ask.

https://kubernetes.io/docs/concepts/storage/volumes/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.runtime_pods import Brought, brought_by_runtime
from pulumi_kserve.endpoints.admission.storage import mounts
from pulumi_kserve.endpoints.admission.subject import Component, Container, Subject
from pulumi_kserve.endpoints.admission.values import fields, is_unknown, items, joined, plain_text
from pulumi_kserve.errors import Problem
from pulumi_kserve.models import nearest

__all__ = ["RULES"]

_OF_VOLUMES: Final = ("volumeMounts", "volumeDevices")
_OF_WORKERS: Final = frozenset({"worker", "worker-init"})
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS: Final = ("postStart", "preStop")
_ASKING: Final = ("httpGet", "tcpSocket")
_USUAL_NAME: Final = "http"
"""What Knative calls a port that has no name."""


def _refuse_missing_volumes(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        found = list(_mounted(component))
        brought = brought_by_runtime(subject, component, context) if found else None
        if brought is None:
            continue
        for container, path, name in found:
            known = _volumes(_pod(subject, component, container), component, brought)
            if known is not None and name not in known:
                near = f". {nearest(name, sorted(known))}" if known else ""
                yield Problem(path, f"the pod has no volume {name!r}", f"Add it to `volumes`{near}", "volume-missing")


def _mounted(component: Component) -> Iterator[tuple[Container, str, str]]:
    """Every mount whose volume's name is known: its container, the path of the name, and the name."""
    for container in component.all_containers:
        for key in _OF_VOLUMES:
            for index, mount in enumerate(items(container.fields.get(key))):
                name = plain_text(fields(mount).get("name"))
                if name is not None:
                    yield container, container.at(key, index, "name"), name


def _pod(subject: Subject, component: Component, container: Container) -> Mapping[str, Any]:
    """The fields of the container's pod. A canary that lists no volumes has the stable predictor's."""
    if container.role in _OF_WORKERS:
        return fields(component.worker)
    return component.fields if items(component.fields.get("volumes")) else _below(subject, component)


def _below(subject: Subject, component: Component) -> Mapping[str, Any]:
    """What KServe lays a component over: of a canary the stable predictor, else the component itself."""
    return subject.predictor.fields if component.name == "predictor" else component.fields


def _volumes(pod: Mapping[str, Any], component: Component, brought: Brought) -> set[str] | None:
    """The names of all volumes that the pod will have; None where one of them is not known."""
    listed = pod.get("volumes")
    names = [plain_text(fields(volume).get("name")) for volume in items(listed)]
    places = [mount for _, _, mount in mounts(component)]
    if is_unknown(listed) or None in names or None in places:
        return None
    return {*filter(None, names), *brought.volumes, *_of_places(filter(None, places))}


def _of_places(places: Iterator[str]) -> Iterator[str]:
    """The volumes that KServe may make for `storageUris`, which it calls after a folder that their paths share."""
    for place in places:
        steps = place.strip("/").split("/")
        for count in range(1, len(steps) + 1):
            yield "-".join(steps[:count])


def _refuse_missing_ports(subject: Subject, context: Context) -> Iterator[Problem]:
    in_knative = subject.mode(context.mode) == "Knative"
    for component in subject.validated(context.release):
        for container in component.all_containers:
            found = list(_asked(container))
            known = _ports(subject, component, container, in_knative=in_knative) if found else None
            if known is None or (container.role == "model" and brought_by_runtime(subject, component, context) is None):
                continue
            for path, name in found:
                if name not in known:
                    has = f", only {', '.join(sorted(known))}" if known else ""
                    cure = "Write the port's number, or give `ports` an entry of that name"
                    yield Problem(path, f"the container has no port called {name!r}{has}", cure, "probe-port")


def _asked(container: Container) -> Iterator[tuple[str, str]]:
    """Path and name of every port that a probe or hook asks by name."""
    hooks = fields(container.fields.get("lifecycle"))
    asking = [(container.at(key), fields(container.fields.get(key))) for key in _PROBES]
    asking += [(container.at("lifecycle", key), fields(hooks.get(key))) for key in _HOOKS]
    for path, handlers in asking:
        for way in _ASKING:
            name = plain_text(fields(handlers.get(way)).get("port"))
            if name is not None:
                yield joined(path, way, "port"), name


def _ports(subject: Subject, component: Component, container: Container, *, in_knative: bool) -> set[str] | None:
    """The names of the container's ports; None where they are not known."""
    listed = container.fields.get("ports")
    if container.role == "model" and not items(listed):
        listed = fields(_below(subject, component).get("model")).get("ports")
    found = [fields(port).get("name") for port in items(listed)]
    if is_unknown(listed) or any(is_unknown(port) for port in items(listed)) or any(map(is_unknown, found)):
        return None
    names = {name for name in found if isinstance(name, str) and name}
    return names or ({_USUAL_NAME} if in_knative else names)


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "volume-missing",
        _refuse_missing_volumes,
        "reconcile",
        "Kubernetes refuses the Deployment: a container mounts a volume that its pod does not have.",
    ),
    Rule(
        "probe-port",
        _refuse_missing_ports,
        "reconcile",
        "A probe or hook asks a port by a name that no port of the container has: it fails for ever.",
    ),
)
