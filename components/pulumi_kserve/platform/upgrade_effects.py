"""What another KServe release means to runtimes and endpoints.

Read from offline evaluations and from this package's own data: release rows, and runtimes per release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from pulumi_kserve.contracts import PlatformFacts, RuntimeFacts
from pulumi_kserve.models import is_mapping
from pulumi_kserve.offline.records import Resource, Synthesis
from pulumi_kserve.ownership import REVISION_ANNOTATION
from pulumi_kserve.platform.releases import Release
from pulumi_kserve.platform.upgrade_changes import differing, under

__all__ = [
    "COMPONENTS",
    "EndpointChange",
    "KnownBadUse",
    "PartChange",
    "RuntimeChange",
    "endpoint_changes",
    "inference_services",
    "known_bad_uses",
    "runtime_changes",
]

COMPONENTS: Final = ("predictor", "transformer", "explainer")
"""The parts of an endpoint that have pods."""
_SAFE_REPLICAS: Final = 2
_MODE: Final = "serving.kserve.io/deploymentMode"
_AUTOSCALER: Final = "serving.kserve.io/autoscalerClass"
_STOP: Final = "serving.kserve.io/stop"


@dataclass(frozen=True, slots=True)
class RuntimeChange:
    """A serving runtime that is not the same in the new release."""

    platform: str
    """The platform that offers it."""
    name: str
    """Its name."""
    image_before: str
    """The image of its server now."""
    image_after: str
    """The image then; empty when the new release has no such runtime."""
    used_by: tuple[str, ...] = ()
    """The endpoints of this program that it serves, as namespace/name: all of their predictors' pods restart."""


@dataclass(frozen=True, slots=True)
class PartChange:
    """What happens to one component of an endpoint."""

    component: str
    """`predictor`, `transformer` or `explainer`."""
    rolls: bool
    """Whether its pods are exchanged."""
    replicas: int | None
    """The fewest pods that it has; None where another autoscaler decides."""
    interruption: str = ""
    """What becomes of requests while its pods are exchanged; empty when nothing does."""


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """What happens to one endpoint."""

    name: str
    """The InferenceService's name."""
    namespace: str
    """Its namespace."""
    runtime: str
    """The runtime of its predictor; empty where it has a container of its own."""
    parts: tuple[PartChange, ...]
    """Its components."""

    @property
    def place(self) -> str:
        """Namespace and name."""
        return f"{self.namespace}/{self.name}"

    @property
    def rolls(self) -> bool:
        """Whether any of its pods are exchanged."""
        return any(part.rolls for part in self.parts)


@dataclass(frozen=True, slots=True)
class KnownBadUse:
    """A combination that is known not to work in the new release, and who uses it."""

    feature: str
    """What does not work."""
    mode: str
    """In which deployment mode."""
    reason: str
    """What happens."""
    issue: str
    """The upstream issue."""
    used_by: tuple[str, ...]
    """The endpoints, as namespace/name."""


def inference_services(synthesis: Synthesis) -> Iterator[Resource]:
    """Every InferenceService that a program makes."""
    return (found for found in synthesis.kubernetes() if found.type.endswith(":InferenceService"))


def runtime_changes(
    before: PlatformFacts, after: PlatformFacts, used_by: Mapping[str, Sequence[str]]
) -> Iterator[RuntimeChange]:
    """The runtimes of a platform whose object differs in the new release."""
    then = {runtime.name: runtime for runtime in after.runtimes}
    for runtime in before.runtimes:
        other = then.get(runtime.name)
        if other is None or _differ(runtime, other):
            users = tuple(used_by.get(runtime.name, ()))
            yield RuntimeChange(before.name, runtime.name, runtime.image, other.image if other else "", users)


def _differ(one: RuntimeFacts, other: RuntimeFacts) -> bool:
    return (one.revision, one.image) != (other.revision, other.image)


def endpoint_changes(
    old: Resource, new: Resource | None, changed_runtimes: Sequence[str], mode: str = "Standard"
) -> EndpointChange:
    """What happens to an endpoint: pods are exchanged when their revision or their runtime is another.

    Args:
        old: The InferenceService as it is.
        new: The same as it will be; None when that is not known, and then only runtimes count.
        changed_runtimes: The names of the runtimes that differ.
        mode: The deployment mode; in Knative mode requests move to new pods only once these are ready.

    """
    metadata, spec = _below(old.inputs, "metadata"), _below(old.inputs, "spec")
    runtime = str(_below(_below(spec, "predictor"), "model").get("runtime") or "")
    parts = tuple(
        _part(old, new, component, mode=mode, rolls=component == "predictor" and runtime in changed_runtimes)
        for component in COMPONENTS
        if component in spec
    )
    return EndpointChange(str(metadata.get("name")), str(metadata.get("namespace") or "default"), runtime, parts)


def _part(old: Resource, new: Resource | None, component: str, *, mode: str, rolls: bool) -> PartChange:
    annotations = _below(_below(old.inputs, "metadata"), "annotations")
    fields = _below(_below(old.inputs, "spec"), component)
    rolls = rolls or (new is not None and _pods_differ(old.inputs, new.inputs, component))
    if annotations.get(_STOP) == "true":
        return PartChange(component, rolls=False, replicas=0)
    replicas = None if annotations.get(_AUTOSCALER) == "external" else _least(fields.get("minReplicas"))
    return PartChange(
        component, rolls, replicas, _interruption(fields, replicas) if rolls and mode != "Knative" else ""
    )


def _least(value: Any) -> int:
    """KServe's own default is one pod."""
    return value if isinstance(value, int) else 1


def _pods_differ(old: Mapping[str, Any], new: Mapping[str, Any], component: str) -> bool:
    """By the revision that our endpoints carry; by all that the object says of the component where there is none."""
    place = f"spec.{component}"
    marks = [_below(_below(_below(each, "spec"), component), "annotations") for each in (old, new)]
    one, other = (each.get(REVISION_ANNOTATION) for each in marks)
    if isinstance(one, str) and isinstance(other, str):
        return one != other
    passed_on = ("metadata.annotations", "metadata.labels", place)
    return any(under(path, each) for path in differing(old, new) for each in passed_on)


def _interruption(fields: Mapping[str, Any], replicas: int | None) -> str:
    strategy = _below(fields, "deploymentStrategy")
    if strategy.get("type") == "Recreate":
        return "down: all old pods end before new ones start (Recreate)"
    if replicas is None:
        return "may fail where its autoscaler runs fewer than 2 pods"
    if replicas and _missing(_below(strategy, "rollingUpdate").get("maxUnavailable"), replicas) >= replicas:
        return "down: its rollout lets all pods be missing at once (maxUnavailable)"
    return "may fail while its only pod is exchanged: 2 replicas prevent that" if replicas < _SAFE_REPLICAS else ""


def _missing(most: Any, replicas: int) -> int:
    """How many pods may be missing; of a share Kubernetes takes the whole part."""
    if isinstance(most, int):
        return most
    share = str(most or "25%").removesuffix("%")
    return replicas * int(share) // 100 if share.isdecimal() else 0


def known_bad_uses(row: Release, services: Iterable[tuple[Resource, str]]) -> Iterator[KnownBadUse]:
    """The combinations of the row that are used.

    Args:
        row: The new release.
        services: InferenceServices, each with the mode of its platform.

    """
    judged = [*services]
    for bad in row.known_bad:
        word = bad.feature.partition(" ")[0]
        users = [
            _place(service)
            for service, mode in judged
            if (_below(_below(service.inputs, "metadata"), "annotations").get(_MODE) or mode) == bad.mode
            and _has_key(service.inputs, word)
        ]
        if users:
            yield KnownBadUse(bad.feature, bad.mode, bad.reason, bad.issue, tuple(sorted(users)))


def _place(service: Resource) -> str:
    metadata = _below(service.inputs, "metadata")
    return f"{metadata.get('namespace') or 'default'}/{metadata.get('name')}"


def _has_key(value: Any, word: str) -> bool:
    """Whether a key of that name stands anywhere; of an annotation, what comes after its prefix counts."""
    if is_mapping(value):
        return any(str(key).rpartition("/")[2] == word or _has_key(item, word) for key, item in value.items())
    return isinstance(value, (list, tuple)) and any(_has_key(item, word) for item in cast("list[Any]", value))


def _below(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if is_mapping(value) else None
    return found if is_mapping(found) else {}
