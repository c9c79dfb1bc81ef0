"""Why an endpoint does not serve, as a report. Works on any cluster, and on endpoints nobody made with this package."""

from __future__ import annotations

import difflib

from pydantic import BaseModel, ConfigDict

from pulumi_kserve.live.cause import Category, Cause, find_cause
from pulumi_kserve.live.cluster import INFERENCE_SERVICES, Cluster, Json
from pulumi_kserve.live.controller import CONTROLLER_NAMESPACE, Controller, look_at_controller
from pulumi_kserve.live.observation import (
    COMPONENTS,
    Observation,
    condition,
    dig,
    is_true,
    observe,
    revision_of,
    warnings_about,
)

__all__ = ["Diagnosis", "Evidence", "diagnose"]

_WARNINGS_SHOWN = 5


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Report):
    """What one object says."""

    kind: str
    """The object's kind."""
    name: str
    """The object's name."""
    says: tuple[str, ...]
    """Its own words, and its state."""


class Diagnosis(_Report):
    """The state of an endpoint, the one cause that explains it, and the cure."""

    namespace: str
    endpoint: str
    serving: bool
    """Whether requests are answered, if only by an older revision."""
    current: bool
    """Whether the newest revision is the one that answers."""
    summary: str
    """What is wrong, and why; empty when nothing is."""
    where: str
    """The object that says so."""
    cure: str
    """What to do."""
    log: tuple[str, ...]
    """The last log lines that belong to the cause."""
    evidence: tuple[Evidence, ...]
    """Everything that was looked at."""


def diagnose(
    cluster: Cluster, namespace: str, endpoint: str, *, controller_namespace: str = CONTROLLER_NAMESPACE
) -> Diagnosis:
    """Look at an endpoint and at all that makes it serve.

    Args:
        cluster: Where it is.
        namespace: Its namespace.
        endpoint: The InferenceService's name.
        controller_namespace: Where KServe's controller runs.

    Raises:
        ClusterUnreachable: the server does not answer, or refuses.
    """
    service = cluster.get(INFERENCE_SERVICES, endpoint, namespace)
    controller = look_at_controller(cluster, controller_namespace)
    if service is None:
        return _missing(cluster, namespace, endpoint, controller)
    parts = [
        observe(cluster, namespace, endpoint, component, any_deployment=True)
        for component in COMPONENTS
        if dig(service, "spec", component) is not None
    ]
    cause = _first_cause(cluster, parts, controller_namespace)
    if cause is None and not parts[0].stopped:
        cause = _unready_service(service)
    serving = is_true(condition(service, "Ready")) and all(_available(part) > 0 for part in parts)
    return Diagnosis(
        namespace=namespace,
        endpoint=endpoint,
        serving=serving,
        current=serving and cause is None and all(_is_current(part) for part in parts),
        summary=_summary(cause) if cause else _stopped(parts[0]),
        where=cause.where if cause else "",
        cure=cause.cure if cause else _start(parts[0]),
        log=cause.log if cause else (),
        evidence=(
            _service_evidence(cluster, service),
            *(piece for part in parts for piece in _part_evidence(cluster, part)),
            _controller_evidence(controller),
        ),
    )


def _missing(cluster: Cluster, namespace: str, endpoint: str, controller: Controller) -> Diagnosis:
    others = cluster.list(INFERENCE_SERVICES)
    names = [f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in others]
    nearest = difflib.get_close_matches(f"{namespace}/{endpoint}", sorted(names), n=3, cutoff=0.5)
    known = ", ".join(nearest or sorted(names)[:_WARNINGS_SHOWN])
    return Diagnosis(
        namespace=namespace,
        endpoint=endpoint,
        serving=False,
        current=False,
        summary=f"there is no InferenceService {endpoint} in namespace {namespace}",
        where=cluster.server,
        cure=f"Deploy it, or name one that exists: {known}" if known else "Deploy it: this cluster has no endpoints",
        log=(),
        evidence=(_controller_evidence(controller),),
    )


def _first_cause(cluster: Cluster, parts: list[Observation], controller_namespace: str) -> Cause | None:
    for part in parts:
        if part.stopped or _is_current(part):
            continue
        cause = find_cause(cluster, part, controller_namespace=controller_namespace)
        if cause:
            return cause
    return None


def _unready_service(service: Json) -> Cause | None:
    """The service's own words, when no pod explains why it is not Ready."""
    ready = condition(service, "Ready")
    if is_true(ready):
        return None
    conditions: list[Json] = dig(service, "status", "conditions") or []
    unready = [
        one for one in conditions if one["type"] != "Ready" and one.get("status") == "False" and one.get("reason")
    ]
    said = (
        "; ".join(f"{one['type']}: {_words(one)}" for one in unready) or _words(ready) or "KServe has said nothing yet"
    )
    return Cause(
        Category.NOT_READY,
        what="the InferenceService is not Ready",
        where=f"InferenceService {service['metadata']['name']}",
        why=said,
        cure="Wait if it was changed a moment ago; else mend what the condition names",
    )


def _summary(cause: Cause) -> str:
    return f"{cause.what}: {cause.why}"


def _stopped(part: Observation) -> str:
    return "the endpoint is stopped by its annotation serving.kserve.io/stop" if part.stopped else ""


def _start(part: Observation) -> str:
    return "Remove the annotation serving.kserve.io/stop (in the spec: stopped)" if part.stopped else ""


def _available(part: Observation) -> int:
    return int(dig(part.deployment, "status", "availableReplicas") or 0)


def _is_current(part: Observation) -> bool:
    """Whether all wanted pods are of the newest template, and available."""
    deployment = part.deployment
    if deployment is None:
        return False
    status: Json = deployment.get("status") or {}
    wanted = dig(deployment, "spec", "replicas")
    counts = {int(status.get(key) or 0) for key in ("replicas", "updatedReplicas", "availableReplicas")}
    observed = int(status.get("observedGeneration") or 0) >= int(deployment["metadata"].get("generation", 0))
    return observed and counts == {1 if wanted is None else int(wanted)}


def _service_evidence(cluster: Cluster, service: Json) -> Evidence:
    says: list[str] = []
    model: Json = dig(service, "status", "modelStatus") or {}
    if model:
        states: Json = model.get("states") or {}
        listed = ", ".join(f"{key} {value}" for key, value in sorted(states.items()))
        says.append(f"model status: {model.get('transitionStatus')}" + (f" ({listed})" if listed else ""))
    failure: Json = model.get("lastFailureInfo") or {}
    if failure:
        says.append(f"last failure: {failure.get('reason', '')} {failure.get('message', '')}".strip())
    conditions: list[Json] = dig(service, "status", "conditions") or []
    says += [f"{one['type']}={one.get('status')} {_words(one)}".strip() for one in conditions]
    runtime = dig(service, "status", "clusterServingRuntimeName") or dig(service, "status", "servingRuntimeName")
    says.append(f"runtime: {runtime or 'none chosen'}")
    return Evidence(
        kind="InferenceService", name=service["metadata"]["name"], says=(*says, *_warning_lines(cluster, service))
    )


def _part_evidence(cluster: Cluster, part: Observation) -> list[Evidence]:
    if part.deployment is None:
        return [Evidence(kind="Deployment", name=part.deployment_name, says=("does not exist",))]
    status: Json = part.deployment.get("status") or {}
    counts = ", ".join(f"{key} {status.get(key) or 0}" for key in ("replicas", "updatedReplicas", "availableReplicas"))
    revision = revision_of(part.deployment)
    says = [f"wants {dig(part.deployment, 'spec', 'replicas')}: {counts}"]
    says += [f"revision {revision}"] if revision else []
    conditions: list[Json] = status.get("conditions") or []
    says += [f"{one['type']}={one.get('status')} {_words(one)}".strip() for one in conditions]
    evidence = [Evidence(kind="Deployment", name=part.deployment_name, says=tuple(says))]
    if part.replica_set is not None:
        lines = _warning_lines(cluster, part.replica_set)
        name = part.replica_set["metadata"]["name"]
        evidence.append(Evidence(kind="ReplicaSet", name=name, says=lines or ("no warnings",)))
    return evidence + [_pod_evidence(cluster, pod) for pod in part.pods]


def _pod_evidence(cluster: Cluster, pod: Json) -> Evidence:
    says = [f"phase {dig(pod, 'status', 'phase')}"]
    for group in ("initContainerStatuses", "containerStatuses"):
        statuses: list[Json] = dig(pod, "status", group) or []
        says += [_container_line(status) for status in statuses]
    return Evidence(kind="Pod", name=pod["metadata"]["name"], says=(*says, *_warning_lines(cluster, pod)))


def _container_line(status: Json) -> str:
    states: dict[str, Json] = status.get("state") or {"unknown": {}}
    state, detail = next(iter(states.items()))
    extras = [str(detail[key]) for key in ("reason", "message") if key in detail]
    code = detail.get("exitCode")
    said = ", ".join(extras + ([f"exit code {code}"] if code else []))
    return f"{status['name']}: {state}" + (f" ({said})" if said else "") + f", {status.get('restartCount', 0)} restarts"


def _warning_lines(cluster: Cluster, thing: Json) -> tuple[str, ...]:
    warnings = warnings_about(cluster, thing)[-_WARNINGS_SHOWN:]
    return tuple(f"warning {event.get('reason')}: {event.get('message', '')}" for event in warnings)


def _controller_evidence(controller: Controller) -> Evidence:
    return Evidence(kind="Controller", name=controller.namespace, says=(controller.state,))


def _words(entry: Json) -> str:
    return " ".join(str(entry[key]) for key in ("reason", "message") if entry.get(key))
