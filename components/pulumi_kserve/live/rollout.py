"""Waits until a revision of an endpoint really serves, and fails early when it cannot.

KServe's Ready stays True on the old pods during an update, so it is asked last. The truth in Standard
mode is the Deployment: its pod template carries the revision, its controller has seen it, and all of
its pods, and only those, are available.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pulumi_kserve.errors import ClusterUnreachable, RolloutFailed
from pulumi_kserve.live.cause import PATIENCE, Category, Cause, find_cause
from pulumi_kserve.live.cluster import Cluster, Json
from pulumi_kserve.live.controller import CONTROLLER_NAMESPACE
from pulumi_kserve.live.observation import COMPONENTS, Observation, condition, dig, is_true, observe, revision_of

__all__ = ["await_rollout"]

Report = Callable[[str], None]

_INTERVAL = 0.5
_UNREACHABLE_PATIENCE = 30.0
_READY_PATIENCE = 60.0
_QUIET = frozenset({Category.CONTROLLER, Category.NOT_READY})
"""Causes that every good rollout passes through."""


@dataclass(frozen=True, slots=True)
class _Step:
    """How far the rollout is."""

    text: str
    rolled_out: bool = False
    done: bool = False


@dataclass(frozen=True, slots=True)
class _Target:
    """What shall serve, and for how long that is waited for."""

    namespace: str
    endpoint: str
    component: str
    canary: str | None
    revision: str
    replicas: int | None
    controller_namespace: str
    timeout: float


def await_rollout(
    cluster: Cluster,
    *,
    namespace: str,
    endpoint: str,
    revision: str,
    timeout: float,
    component: str = "predictor",
    canary: str | None = None,
    replicas: int | None = None,
    report: Report | None = None,
    controller_namespace: str = CONTROLLER_NAMESPACE,
    patience: Mapping[Category, float | None] | None = None,
) -> None:
    """Return when the component's pods of that revision serve, and no older ones are left.

    A component that runs no pods (stopped, or scaled to zero) has nothing to wait for.

    Args:
        cluster: Where the endpoint is.
        namespace: Its namespace.
        endpoint: The InferenceService's name.
        revision: The value that :data:`~pulumi_kserve.ownership.REVISION_ANNOTATION` must have on the pods.
        timeout: Seconds to wait at most.
        component: ``predictor``, ``transformer`` or ``explainer``.
        canary: The canary of the predictor whose pods are meant; the stable ones when unset.
        replicas: How many pods the Deployment must want at least. Unset: whatever it wants.
        report: Gets one line whenever something has changed.
        controller_namespace: Where KServe's controller runs.
        patience: Seconds that a category of cause may last, where that differs from
            :data:`~pulumi_kserve.live.cause.PATIENCE`.

    Raises:
        RolloutFailed: the revision cannot serve, or does not in time; with the component's own words.
        ClusterUnreachable: the API server stays out of reach.
    """
    watch = _Watch(report or _silent, {**PATIENCE, **(patience or {})})
    target = _Target(namespace, endpoint, component, canary, revision, replicas, controller_namespace, timeout)
    deadline = time.monotonic() + timeout
    while not _serves(cluster, target, watch, late=time.monotonic() >= deadline):
        time.sleep(_INTERVAL)


def _serves(cluster: Cluster, target: _Target, watch: _Watch, *, late: bool) -> bool:
    """Whether the target serves now; raises when it cannot any more."""
    revision = target.revision
    try:
        seen = observe(cluster, target.namespace, target.endpoint, target.component, canary=target.canary)
        step = _progress(seen, revision, target.replicas)
        watch.say(step.text)
        if step.done:
            return True
        if step.rolled_out:
            watch.require_ready(seen, revision, late=late)
        else:
            cause = find_cause(cluster, seen, revision=revision, controller_namespace=target.controller_namespace)
            watch.require_hope(seen, revision, cause, late=late, step=step, timeout=target.timeout)
        watch.reached()
    except ClusterUnreachable:
        if late or watch.is_lost():
            raise
    return False


def _progress(seen: Observation, revision: str, replicas: int | None) -> _Step:
    """How far the component is on its way to serve that revision."""
    name = f"{seen.endpoint} {seen.part}"
    if seen.deployment is None:
        if seen.stopped:
            return _Step(f"{name}: stopped", done=True)
        return _Step(f"{name}: KServe has not made the Deployment yet")
    if revision_of(seen.deployment) != revision:
        return _Step(f"{name}: KServe has not applied revision {revision} yet")
    return _pods_step(name, seen, replicas or 0)


def _pods_step(name: str, seen: Observation, least: int) -> _Step:
    deployment = seen.deployment or {}
    wanted = dig(deployment, "spec", "replicas")
    wanted = 1 if wanted is None else int(wanted)
    if wanted < least:
        return _Step(f"{name}: {wanted} of {least} pods are asked for yet")
    if wanted == 0:
        return _Step(f"{name}: no pods are wanted", done=True)
    if int(dig(deployment, "status", "observedGeneration") or 0) < int(deployment["metadata"]["generation"]):
        return _Step(f"{name}: the Deployment's new pods have not been made yet")
    status: Json = deployment["status"]
    total, new, available = (int(status.get(key) or 0) for key in ("replicas", "updatedReplicas", "availableReplicas"))
    if new == total == available == wanted:
        return _ready_step(name, seen)
    old = total - new
    leaving = f", {old} old still there" if old > 0 else ""
    return _Step(f"{name}: {_available_new(seen)} of {wanted} new pods are available{leaving}")


def _available_new(seen: Observation) -> int:
    return int(dig(seen.replica_set, "status", "availableReplicas") or 0)


def _ready_step(name: str, seen: Observation) -> _Step:
    ready = condition(seen.service, "Ready")
    if seen.canary:  # of which KServe's Ready says nothing
        return _Step(f"{name}: serves", rolled_out=True, done=True)
    if is_true(ready) or (is_true(_own_condition(seen)) and _only_others_unready(seen)):
        return _Step(f"{name}: serves", rolled_out=True, done=True)
    return _Step(f"{name}: its pods serve; waiting for InferenceService Ready", rolled_out=True)


def _own_condition(seen: Observation) -> Json:
    return condition(seen.service, f"{seen.component.capitalize()}Ready")


def _only_others_unready(seen: Observation) -> bool:
    """Whether all that keeps the service from Ready are other components, which have gates of their own."""
    others = {f"{name.capitalize()}Ready" for name in COMPONENTS if name != seen.component}
    unready = {entry["type"] for entry in _unready(seen)} - {"Ready"}
    return bool(unready & others)


def _unready(seen: Observation) -> list[Json]:
    conditions: list[Json] = dig(seen.service, "status", "conditions") or []
    return [entry for entry in conditions if str(entry.get("type", "")).endswith("Ready") and not is_true(entry)]


class _Watch:
    """What has been seen so far: what was last said, and how long each cause has lasted."""

    def __init__(self, report: Report, patience: Mapping[Category, float | None]) -> None:
        self._report = report
        self._patience = patience
        self._said = ""
        self._cause: tuple[Category, float] | None = None
        self._rolled_out: float | None = None
        self._lost: float | None = None

    def say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._report(text)

    def reached(self) -> None:
        self._lost = None

    def is_lost(self) -> bool:
        """Whether the API server has been away for too long; a moment is allowed."""
        if self._lost is None:
            self._lost = time.monotonic()
        return time.monotonic() - self._lost > _UNREACHABLE_PATIENCE

    def require_hope(
        self, seen: Observation, revision: str, cause: Cause | None, *, late: bool, step: _Step, timeout: float
    ) -> None:
        """Raise when the cause has lasted too long, or the time is up."""
        if self._is_final(cause):
            raise RolloutFailed(_failure(seen, revision, cause, ""))
        if late:
            raise RolloutFailed(_failure(seen, revision, cause, f"after {timeout:.0f} s: {step.text}"))

    def _is_final(self, cause: Cause | None) -> bool:
        if cause is None:
            self._cause = None
            return False
        now = time.monotonic()
        if self._cause is None or self._cause[0] != cause.category:
            self._cause = (cause.category, now)
            if cause.category not in _QUIET:
                self._report(f"{cause.what}: {cause.why} ({cause.where})")
        patience = self._patience[cause.category]
        return not cause.may_pass and patience is not None and now - self._cause[1] >= patience

    def require_ready(self, seen: Observation, revision: str, *, late: bool) -> None:
        """Raise when the pods serve but KServe does not say so for too long."""
        if self._rolled_out is None:
            self._rolled_out = time.monotonic()
        if late or time.monotonic() - self._rolled_out > _READY_PATIENCE:
            raise RolloutFailed(_not_ready(seen, revision))


def _failure(seen: Observation, revision: str, cause: Cause | None, when: str) -> str:
    head = f"{_name(seen)} does not serve revision {revision}" + (f" {when}" if when else "")
    parts = [head, cause.text if cause else "no component names a reason; raise the timeout if the model is large"]
    if _old_pods_answer(seen):
        parts.append("The previous revision keeps answering. `pulumi up` fails until this is mended.")
    return "\n".join(parts)


def _not_ready(seen: Observation, revision: str) -> str:
    reasons = [
        f"{entry['type']}: {entry.get('reason', '')} {entry.get('message', '')}".strip() for entry in _unready(seen)
    ]
    said = "; ".join(reasons) or "it has no conditions"
    return (
        f"{_name(seen)}: the pods of revision {revision} serve, but the InferenceService is not Ready\n"
        f"  why: {said}\n"
        "  cure: mend what the condition names, often the ingress or gateway that KServe is configured for"
    )


def _name(seen: Observation) -> str:
    return f"endpoint {seen.namespace}/{seen.endpoint}, {seen.part},"


def _old_pods_answer(seen: Observation) -> bool:
    available = int(dig(seen.deployment, "status", "availableReplicas") or 0)
    reached = seen.replica_set is not None
    return available > (_available_new(seen) if reached else 0)


def _silent(_: str) -> None:
    """Report nothing."""
