"""What one component of an endpoint looks like now: its service, Deployment, and newest pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from pulumi_kserve.live.cluster import (
    DEPLOYMENTS,
    EVENTS,
    INFERENCE_SERVICES,
    PODS,
    REPLICA_SETS,
    Cluster,
    Json,
)
from pulumi_kserve.ownership import REVISION_ANNOTATION

__all__ = [
    "COMPONENTS",
    "Observation",
    "condition",
    "dig",
    "event_time",
    "events_about",
    "is_true",
    "last_spec_write",
    "observe",
    "owned_by",
    "revision_of",
    "selector",
    "warnings_about",
]

COMPONENTS = ("predictor", "transformer", "explainer")
"""KServe's component parts, in the order a failure of one explains the others."""

_REVISION_NUMBER = "deployment.kubernetes.io/revision"
_ENDPOINT_LABEL = "serving.kserve.io/inferenceservice"


@dataclass(frozen=True, slots=True)
class Observation:
    """One component at one moment. What does not exist is None or empty."""

    namespace: str
    endpoint: str
    component: str
    service: Json | None
    deployment: Json | None
    replica_set: Json | None
    """The one of the Deployment's current pod template."""
    pods: tuple[Json, ...]
    """The pods of that ReplicaSet, by name."""
    canary: str | None = None
    """The canary of the predictor that these are; the stable pods when None."""

    @property
    def part(self) -> str:
        """What people call it: the component, or the canary."""
        return f"canary {self.canary}" if self.canary else self.component

    @property
    def deployment_name(self) -> str:
        """What KServe calls the component's Deployment, or would."""
        if self.deployment is not None:
            return str(self.deployment["metadata"]["name"])
        return _deployment_name(self.service, self.endpoint, self.component, self.canary)

    @property
    def asked_revision(self) -> str | None:
        """The revision that the InferenceService asks for."""
        holder = dig(self.service, "spec", self.component)
        if self.canary:
            listed: list[Json] = dig(self.service, "spec", "canary") or []
            found = [dig(entry, "predictor") for entry in listed]
            holder = next((one for one in found if dig(one, "name") == self.canary), None)
        asked = dig(holder, "annotations", REVISION_ANNOTATION)
        return None if asked is None else str(asked)

    @property
    def stopped(self) -> bool:
        """Whether the service is told to run no pods at all."""
        return bool(dig(self.service, "metadata", "annotations", "serving.kserve.io/stop") == "true")


def observe(
    cluster: Cluster,
    namespace: str,
    endpoint: str,
    component: str,
    *,
    canary: str | None = None,
    any_deployment: bool = False,
) -> Observation:
    """Look at one component.

    Args:
        cluster: Where to look.
        namespace: The endpoint's namespace.
        endpoint: The InferenceService's name.
        component: ``predictor``, ``transformer`` or ``explainer``.
        canary: The canary of the predictor to look at; the stable pods when None.
        any_deployment: Take the newest Deployment with the endpoint's labels when there is none of
            Standard mode's name, as in Knative mode.
    """
    service = cluster.get(INFERENCE_SERVICES, endpoint, namespace)
    deployment = cluster.get(DEPLOYMENTS, _deployment_name(service, endpoint, component, canary), namespace)
    if deployment is None and any_deployment:
        deployment = _newest_deployment(cluster, namespace, endpoint, component)
    replica_set, pods = _newest_pods(cluster, deployment) if deployment else (None, ())
    return Observation(namespace, endpoint, component, service, deployment, replica_set, pods, canary)


def _deployment_name(service: Json | None, endpoint: str, component: str, canary: str | None) -> str:
    """What KServe calls a component's Deployment in Standard mode; a predictor may have a name of its own."""
    own = canary or (dig(service, "spec", "predictor", "name") if component == "predictor" else None)
    return f"{endpoint}-{own}-{component}" if own else f"{endpoint}-{component}"


def dig(value: Any, *path: str) -> Any:
    """The value under nested keys, or None as soon as one is missing."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = cast("Json", value).get(key)
    return value


def condition(thing: Json | None, kind: str) -> Json:
    """The status condition of that type; empty when there is none."""
    found: list[Json] = dig(thing, "status", "conditions") or []
    matching = [entry for entry in found if entry.get("type") == kind]
    return matching[0] if matching else {}


def is_true(entry: Json) -> bool:
    """Whether a condition holds."""
    return entry.get("status") == "True"


def revision_of(deployment: Json | None) -> str | None:
    """The revision that the Deployment's pod template carries."""
    found = dig(deployment, "spec", "template", "metadata", "annotations", REVISION_ANNOTATION)
    return None if found is None else str(found)


def owned_by(thing: Json, owner: Json) -> bool:
    """Whether `owner` is among the owners of `thing`."""
    references: list[Json] = thing["metadata"].get("ownerReferences") or []
    return any(reference.get("uid") == owner["metadata"]["uid"] for reference in references)


def selector(deployment: Json) -> str:
    """The label selector of the Deployment's pods, as a query takes it."""
    labels: dict[str, str] = dig(deployment, "spec", "selector", "matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def events_about(cluster: Cluster, thing: Json) -> list[Json]:
    """The events about an object, oldest first."""
    meta = thing["metadata"]
    return sorted(
        cluster.list(EVENTS, meta.get("namespace"), fields=f"involvedObject.uid={meta['uid']}"), key=event_time
    )


def warnings_about(cluster: Cluster, thing: Json) -> list[Json]:
    """The warning events about an object, oldest first."""
    return [event for event in events_about(cluster, thing) if event.get("type") == "Warning"]


def event_time(event: Json) -> str:
    """When the event was last seen, as a text that sorts."""
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")


def last_spec_write(thing: Json) -> str:
    """When anything but the status was last written, by the API server's clock; a text that sorts."""
    writes: list[Json] = thing["metadata"].get("managedFields") or []
    return max((str(write.get("time", "")) for write in writes if write.get("subresource") != "status"), default="")


def _newest_deployment(cluster: Cluster, namespace: str, endpoint: str, component: str) -> Json | None:
    labels = f"{_ENDPOINT_LABEL}={endpoint},component={component}"
    found = cluster.list(DEPLOYMENTS, namespace, labels=labels)
    return max(found, key=lambda one: str(one["metadata"].get("creationTimestamp", "")), default=None)


def _newest_pods(cluster: Cluster, deployment: Json) -> tuple[Json | None, tuple[Json, ...]]:
    namespace = deployment["metadata"]["namespace"]
    labels = selector(deployment)
    sets = [one for one in cluster.list(REPLICA_SETS, namespace, labels=labels) if owned_by(one, deployment)]
    newest = next((one for one in sets if _same_template(one, deployment)), None)
    if newest is None:
        return None, ()
    pods = [pod for pod in cluster.list(PODS, namespace, labels=labels) if owned_by(pod, newest)]
    alive = (pod for pod in pods if "deletionTimestamp" not in pod["metadata"])
    return newest, tuple(sorted(alive, key=lambda pod: str(pod["metadata"]["name"])))


def _same_template(replica_set: Json, deployment: Json) -> bool:
    """A ReplicaSet is the current one when both the revision number and our own revision agree."""
    number = dig(deployment, "metadata", "annotations", _REVISION_NUMBER)
    same_number = dig(replica_set, "metadata", "annotations", _REVISION_NUMBER) == number
    return same_number and revision_of(replica_set) == revision_of(deployment)
