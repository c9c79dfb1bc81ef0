"""Why a component does not serve: the first thing that explains it, in its own words, and the cure.

One logic for the rollout gate and for ``explain``. A cause has a patience: how long it may last before
it counts as final. Some things heal by themselves (a node that is being added), so they never do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pulumi_kserve.live.cluster import Cluster, Json
from pulumi_kserve.live.controller import CONTROLLER_NAMESPACE, look_at_controller
from pulumi_kserve.live.observation import (
    Observation,
    condition,
    dig,
    event_time,
    events_about,
    is_true,
    last_spec_write,
    revision_of,
    warnings_about,
)

__all__ = ["PATIENCE", "Category", "Cause", "find_cause", "pod_cause", "reason_in"]


class Category(StrEnum):
    """What kind of thing went wrong."""

    FETCH = "fetch"
    CRASH = "crash"
    IMAGE = "image"
    CONFIGURATION = "configuration"
    SCHEDULING = "scheduling"
    VOLUME = "volume"
    NOT_READY = "not ready"
    QUOTA = "quota"
    DEADLINE = "deadline"
    REFUSED = "refused"
    CONTROLLER = "controller"


PATIENCE: Mapping[Category, float | None] = {
    Category.FETCH: 0,
    Category.CRASH: 0,
    Category.IMAGE: 20,
    Category.CONFIGURATION: 10,
    Category.SCHEDULING: 120,
    Category.VOLUME: 90,
    Category.NOT_READY: None,
    Category.QUOTA: 15,
    Category.DEADLINE: 5,
    Category.REFUSED: 30,
    Category.CONTROLLER: None,
}
"""Seconds a cause may last before a rollout fails; None waits for the timeout."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One explanation."""

    category: Category
    what: str
    where: str
    why: str
    cure: str
    log: tuple[str, ...] = ()
    may_pass: bool = False
    """Something is already at work on it, so it is never final."""

    @property
    def text(self) -> str:
        """All of it, one fact a line."""
        lines = [self.what, f"  where: {self.where}", f"  why: {self.why}", f"  cure: {self.cure}"]
        if self.log:
            lines += ["  last log lines:", *(f"    {line[:_LONGEST_LINE]}" for line in self.log)]
        return "\n".join(lines)


_INITIALIZER = "storage-initializer"
_LOG_LINES = 12
_LONGEST_LINE = 300
_CONTROLLER_LOG_LINES = 200
_FAILURES = 2

_WAITING: Mapping[str, Category] = {
    "ImagePullBackOff": Category.IMAGE,
    "ErrImagePull": Category.IMAGE,
    "ErrImageNeverPull": Category.IMAGE,
    "InvalidImageName": Category.IMAGE,
    "ImageInspectError": Category.IMAGE,
    "CreateContainerConfigError": Category.CONFIGURATION,
    "CreateContainerError": Category.CONFIGURATION,
    "RunContainerError": Category.CONFIGURATION,
}

_TELLING = re.compile(r"^[\w.]*(Error|Exception|Exit)\b|\b(ERROR|FATAL|CRITICAL|panic)\b|\bfailed: ")
_LOG_PREFIX = re.compile(r"^\d{4}-\d\d-\d\d[T ][\d:.,]+\S*\s.*?\b(ERROR|FATAL|CRITICAL)\b:?\s*(\[[^\]]*\]\s*)?")

_VOLUME_EVENTS = frozenset({"FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"})
_SCALE_UP_EVENTS = frozenset({"TriggeredScaleUp", "Nominated"})

_REFUSALS: Mapping[str, str] = {
    "NoSupportingRuntime": "Name a runtime that serves this model format and protocol, or install one",
    "RuntimeNotRecognized": "Name a ServingRuntime or ClusterServingRuntime that exists",
    "RuntimeDisabled": "Enable the runtime, or name another",
    "InvalidPredictorSpec": "Mend the predictor; KServe's message names what is wrong",
}


def find_cause(
    cluster: Cluster,
    seen: Observation,
    *,
    revision: str | None = None,
    controller_namespace: str = CONTROLLER_NAMESPACE,
) -> Cause | None:
    """The first thing that explains why the component does not serve; None when nothing is wrong (yet).

    Args:
        cluster: Where to read events and logs.
        seen: The component.
        revision: The revision that the pods should have. Unset: whichever is newest.
        controller_namespace: Where KServe's controller runs.

    Raises:
        ClusterUnreachable: the server does not answer, or refuses.
    """
    if seen.deployment is None or (revision is not None and revision_of(seen.deployment) != revision):
        return _not_reconciled(cluster, seen, controller_namespace)
    troubled = (cause for pod in seen.pods if (cause := pod_cause(cluster, seen.namespace, pod)))
    ranked = sorted(troubled, key=lambda cause: list(Category).index(cause.category))
    return next(iter(ranked), None) or _deployment_cause(seen) or _refusal(seen)


def pod_cause(cluster: Cluster, namespace: str, pod: Json) -> Cause | None:
    """Why this pod does not serve; None when it does or is merely on its way."""
    for status in _container_statuses(pod):
        cause = _container_cause(cluster, namespace, pod, status)
        if cause:
            return cause
    if dig(pod, "status", "phase") == "Pending":
        return _pending_cause(cluster, pod)
    return _unready_cause(cluster, namespace, pod)


def _container_statuses(pod: Json) -> Iterator[Json]:
    yield from dig(pod, "status", "initContainerStatuses") or []
    yield from dig(pod, "status", "containerStatuses") or []


def _container_cause(cluster: Cluster, namespace: str, pod: Json, status: Json) -> Cause | None:
    waiting: Json = dig(status, "state", "waiting") or {}
    category = _WAITING.get(waiting.get("reason", ""))
    if category:
        return _waiting_cause(pod, status, waiting, category)
    if waiting.get("reason") == "CrashLoopBackOff" or _failed_often(status):
        return _crash_cause(cluster, namespace, pod, status)
    return None


def _failed_often(status: Json) -> bool:
    failed_now = int(dig(status, "state", "terminated", "exitCode") or 0) != 0
    failed_before = int(dig(status, "lastState", "terminated", "exitCode") or 0) != 0
    restarts = int(status.get("restartCount", 0)) if failed_before else 0
    return restarts + failed_now >= _FAILURES


def _waiting_cause(pod: Json, status: Json, waiting: Json, category: Category) -> Cause:
    image = category is Category.IMAGE
    return Cause(
        category,
        what=f"the image {status.get('image')} cannot be pulled" if image else "a container cannot be created",
        where=_place(pod, status),
        why=f"{waiting['reason']}: {waiting.get('message', 'no message')}",
        cure="Check the image's name and tag, the registry and its pull secret"
        if image
        else "Create the Secret, ConfigMap or key that the message names, or mend the reference",
    )


def _crash_cause(cluster: Cluster, namespace: str, pod: Json, status: Json) -> Cause:
    ended: Json = dig(status, "state", "terminated") or dig(status, "lastState", "terminated") or {}
    log = _last_words(cluster, namespace, pod, status, ended)
    fetching = status["name"] == _INITIALIZER
    exit_code = f"{ended.get('reason', 'ended')}, exit code {ended.get('exitCode', '?')}"
    out_of_memory = ended.get("reason") == "OOMKilled"
    cures = {
        True: "Check the model's URI, and that the endpoint's credentials may read it",
        False: "Read the log lines below; check the model's format and version against the runtime's",
    }
    return Cause(
        Category.FETCH if fetching else Category.CRASH,
        what="the model cannot be fetched" if fetching else f"the container {status['name']} keeps ending",
        where=f"{_place(pod, status)} ({exit_code}, {status.get('restartCount', 0)} restarts)",
        why="it ran out of memory" if out_of_memory else reason_in(log) or exit_code,
        cure="Raise its memory limit" if out_of_memory else cures[fetching],
        log=log,
    )


def _last_words(cluster: Cluster, namespace: str, pod: Json, status: Json, ended: Json) -> tuple[str, ...]:
    name = pod["metadata"]["name"]
    container = status["name"]
    running = dig(status, "state", "running") is not None
    for previous in (True, False) if running else (False, True):
        said = cluster.logs(namespace, name, container, lines=_LOG_LINES, previous=previous)
        if said:
            return tuple(said)
    return tuple(str(ended.get("message", "")).rstrip().splitlines()[-_LOG_LINES:])


def reason_in(log: Sequence[str]) -> str:
    """The line of a log that most likely says why: the last that names an error, else the last.

    A logger's prefix (time, level, place) is left out.
    """
    lines = [line.strip() for line in log if line.strip()]
    telling = next((line for line in reversed(lines) if _TELLING.search(line)), lines[-1] if lines else "")
    return _LOG_PREFIX.sub("", telling)


def _pending_cause(cluster: Cluster, pod: Json) -> Cause | None:
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("reason") == "Unschedulable":
        return _scheduling_cause(cluster, pod, scheduled)
    for event in reversed(warnings_about(cluster, pod)):
        if event.get("reason") in _VOLUME_EVENTS:
            return Cause(
                Category.VOLUME,
                what="the pod cannot be set up",
                where=f"pod {pod['metadata']['name']}",
                why=f"{event['reason']}: {event.get('message', '')}",
                cure="Create the volume, Secret or ConfigMap that the message names, or mend the reference",
            )
    return None


def _scheduling_cause(cluster: Cluster, pod: Json, scheduled: Json) -> Cause:
    events = events_about(cluster, pod)
    return Cause(
        Category.SCHEDULING,
        what="no node can take the pod",
        where=f"pod {pod['metadata']['name']}",
        why=str(scheduled.get("message", "Unschedulable")),
        cure="Lower the requests, add nodes or raise the pool's maximum, or mend node selectors and tolerations",
        may_pass=any(event.get("reason") in _SCALE_UP_EVENTS for event in events),
    )


def _unready_cause(cluster: Cluster, namespace: str, pod: Json) -> Cause | None:
    """A container that runs without being ready; it may just need time."""
    running: list[Json] = dig(pod, "status", "containerStatuses") or []
    for status in running:
        if status.get("ready") or dig(status, "state", "running") is None:
            continue
        probes = [event for event in warnings_about(cluster, pod) if event.get("reason") == "Unhealthy"]
        log = tuple(cluster.logs(namespace, pod["metadata"]["name"], status["name"], lines=_LOG_LINES))
        return Cause(
            Category.NOT_READY,
            what=f"the container {status['name']} runs but is not ready",
            where=_place(pod, status),
            why=str(probes[-1].get("message")) if probes else reason_in(log) or "it has said nothing yet",
            cure="Give it more time if the model is large; else read its log lines",
            log=log,
        )
    return None


def _deployment_cause(seen: Observation) -> Cause | None:
    where = f"Deployment {seen.deployment_name} in namespace {seen.namespace}"
    failure = condition(seen.deployment, "ReplicaFailure")
    if is_true(failure):
        return Cause(
            Category.QUOTA,
            what="the pods are not admitted",
            where=where,
            why=str(failure.get("message")),
            cure="Raise the namespace's quota or limits, or mend what the admission message names",
        )
    progressing = condition(seen.deployment, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Cause(
            Category.DEADLINE,
            what="the Deployment gave up waiting for its pods",
            where=where,
            why=str(progressing.get("message")),
            cure="Look at its pods with `kubectl describe`; raise the progress deadline if the model is large",
        )
    return None


def _not_reconciled(cluster: Cluster, seen: Observation, controller_namespace: str) -> Cause:
    controller = look_at_controller(cluster, controller_namespace)
    refusal = _refusal(seen) or _event_refusal(cluster, seen) if controller.works else None
    if refusal:
        return refusal
    controller = look_at_controller(cluster, controller_namespace, lines=_CONTROLLER_LOG_LINES)
    return Cause(
        Category.CONTROLLER,
        what="KServe's controller has not applied this revision",
        where=controller.state,
        why=_what_is_there(seen),
        cure=controller.cure,
        log=_about(seen.endpoint, controller.log),
    )


def _what_is_there(seen: Observation) -> str:
    deployment = "does not exist yet" if seen.deployment is None else "still has another pod template"
    if seen.service is None:
        return f"its Deployment {deployment}, and there is no InferenceService {seen.endpoint}"
    asked = seen.asked_revision
    return f"its Deployment {deployment}" + (f"; the InferenceService asks for revision {asked}" if asked else "")


def _about(endpoint: str, log: Sequence[str]) -> tuple[str, ...]:
    """The last lines of the controller's log that name the endpoint or an error; else simply the last."""
    telling = [line for line in log if f'"{endpoint}"' in line or '"error"' in line]
    return tuple(telling or log)[-_LOG_LINES // 2 :]


def _refusal(seen: Observation) -> Cause | None:
    """What KServe itself says about a spec it cannot serve."""
    failure: Json = dig(seen.service, "status", "modelStatus", "lastFailureInfo") or {}
    reason = str(failure.get("reason", ""))
    if reason not in _REFUSALS:
        return None
    return Cause(
        Category.REFUSED,
        what="KServe refuses the endpoint",
        where=f"InferenceService {seen.endpoint} in namespace {seen.namespace}",
        why=f"{reason}: {failure.get('message', '')}",
        cure=_REFUSALS[reason],
    )


def _event_refusal(cluster: Cluster, seen: Observation) -> Cause | None:
    """A reconcile error about the spec as it is now. Two writers meeting is normal."""
    if seen.service is None:
        return None
    written = last_spec_write(seen.service)
    for event in reversed(warnings_about(cluster, seen.service)):
        message = str(event.get("message", ""))
        fresh = event_time(event) >= written and "object has been modified" not in message
        if event.get("reason") == "InternalError" and fresh:
            return Cause(
                Category.REFUSED,
                what="KServe cannot reconcile the endpoint",
                where=f"InferenceService {seen.endpoint} in namespace {seen.namespace}",
                why=message,
                cure="Mend what the message names; it is KServe's own",
            )
    return None


def _place(pod: Json, status: Json) -> str:
    return f"pod {pod['metadata']['name']}, container {status['name']}"
