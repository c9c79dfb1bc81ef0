"""The plan of a release change: what `pulumi up` would do, in its order, computed from two offline evaluations.

The order is the program's own: CRDs, controller, runtimes, endpoints, each waiting for the one before. See
https://kserve.github.io/website/docs/install/overview for KServe's charts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from pulumi_kserve.contracts import PlatformFacts
from pulumi_kserve.errors import KServeError
from pulumi_kserve.models import is_mapping, nearest
from pulumi_kserve.offline.records import Resource, Synthesis
from pulumi_kserve.platform.releases import RELEASES, Release
from pulumi_kserve.platform.upgrade_changes import RELEASE_TYPE, Change, depths, resource_changes, under
from pulumi_kserve.platform.upgrade_effects import (
    EndpointChange,
    KnownBadUse,
    RuntimeChange,
    endpoint_changes,
    inference_services,
    known_bad_uses,
    runtime_changes,
)
from pulumi_kserve.platform.upgrade_fields import FieldChanges, field_changes
from pulumi_kserve.platform.upgrade_platforms import PLATFORM_TYPE, Evaluation, PlatformChange, with_release

__all__ = ["Step", "UpgradePlan", "plan", "target_row"]

_RESTARTS: Final[Mapping[str, str]] = {
    "cert-manager": "cert-manager's pods; certificates stay",
    "gateway-helm": "Envoy Gateway's controller, and its proxies where their image changes",
    "kserve-resources": "KServe's controller; endpoints keep answering",
    "kserve-runtime-configs": "the predictors that its changed runtimes serve, those of other stacks too",
}
"""What restarts when a chart is upgraded, where more is known than that its own pods do."""
_WHERE: Final = ("chart", "repositoryOpts")
"""The inputs of a Helm release that say where its chart lies."""
_GROUP: Final = "kubernetes:serving.kserve.io/"
_RUNTIMES: Final = ("ClusterServingRuntime", "ServingRuntime")
_HOLDS_ENDPOINTS: Final = ("CustomResourceDefinition", "Namespace", "PersistentVolumeClaim")
"""Kinds whose deletion deletes endpoints or models."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the update; steps wait for those before them where their resources do."""

    what: str
    """What is touched, for example `chart kserve-crd`, `runtimes` or `endpoints`."""
    before: str
    """The chart's version now; empty where it is no chart."""
    after: str
    """The chart's version then."""
    restarts: str
    """What restarts."""
    resources: tuple[str, ...]
    """The names of the resources that change."""


@dataclass(frozen=True, slots=True)
class UpgradePlan:
    """All that is known of a release change."""

    to: str
    """The new release."""
    platforms: tuple[PlatformChange, ...]
    """The program's platforms, those that have the release already among them."""
    complete: bool
    """Whether the program evaluates with the new release; otherwise steps and changes are not known."""
    steps: tuple[Step, ...] = ()
    """In the order in which they are done."""
    fields: tuple[FieldChanges, ...] = ()
    """Fields of KServe's kinds that come and go."""
    runtimes: tuple[RuntimeChange, ...] = ()
    """Runtimes that change."""
    endpoints: tuple[EndpointChange, ...] = ()
    """Every endpoint."""
    known_bad: tuple[KnownBadUse, ...] = ()
    """Combinations of the new release that do not work and are used."""
    changes: tuple[Change, ...] = ()
    """Every resource that changes."""

    @property
    def nothing_to_do(self) -> bool:
        """Whether every platform has the release already."""
        return all(platform.before == platform.after for platform in self.platforms)

    @property
    def lost(self) -> tuple[Change, ...]:
        """What must not be deleted and would be: endpoints and all that holds them."""
        return tuple(change for change in self.changes if change.loses and _is_kept(change.type, change.name))


def target_row(release: str, current: Mapping[str, PlatformFacts]) -> Release:
    """The row of the new release.

    Args:
        release: The release that is asked for.
        current: The platforms of the program.

    Raises:
        KServeError: there is no platform, no such release, or a platform has a newer one.

    """
    if not current:
        raise KServeError(
            "the program has neither a Platform nor a PlatformRef, and so no release to change. "
            "Name the stack that installs KServe, or one whose endpoints refer to it."
        )
    row = RELEASES.get(release)
    if row is None:
        raise KServeError(f"--to: KServe {release} is not supported. {nearest(release, list(RELEASES))}")
    newer = [facts for facts in current.values() if _number(facts.release) > _number(release)]
    if newer:
        raise KServeError(
            f"--to: platform {newer[0].name!r} has KServe {newer[0].release}, and {release} is older: its CRDs would "
            "drop the fields that they do not know from the objects that are stored, and no upgrade of KServe is "
            f"tested backwards. Name a release from {newer[0].release} on. To take an upgrade back, put the old "
            "release back into the program and look at `pulumi preview` first."
        )
    return row


def _number(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))


def plan(before: Evaluation, after: Evaluation | None, row: Release) -> UpgradePlan:
    """The plan of a change from one evaluation to the other.

    Args:
        before: The program as it is.
        after: The same with the new release; None where the program is refused with it.
        row: The new release.

    """
    now = before.platforms
    platforms = tuple(PlatformChange(facts.name, facts.release, row.release) for facts in now.values())
    if all(change.before == change.after for change in platforms):
        return UpgradePlan(row.release, platforms, complete=after is not None)
    runtimes, endpoints = _workloads(before, after, row)
    changes = resource_changes(before.synthesis, after.synthesis) if after else ()
    oldest = min((facts.release for facts in now.values()), key=_number)
    return UpgradePlan(
        row.release,
        platforms,
        complete=after is not None,
        steps=tuple(_steps(before.synthesis, after.synthesis, changes, endpoints)) if after else (),
        fields=tuple(field_changes(oldest, row.release)),
        runtimes=runtimes,
        endpoints=endpoints,
        known_bad=tuple(known_bad_uses(row, _with_modes(after or before))),
        changes=changes,
    )


def _with_modes(evaluation: Evaluation) -> Iterator[tuple[Resource, str]]:
    home = evaluation.homes()
    for service in inference_services(evaluation.synthesis):
        yield service, _mode(evaluation.platforms.get(home[service.urn]))


def _mode(facts: PlatformFacts | None) -> str:
    return facts.mode if facts else "Standard"


def _workloads(
    before: Evaluation, after: Evaluation | None, row: Release
) -> tuple[tuple[RuntimeChange, ...], tuple[EndpointChange, ...]]:
    then: Mapping[str, PlatformFacts] = after.platforms if after else {}
    pairs = {urn: (facts, then.get(urn) or with_release(facts, row)) for urn, facts in before.platforms.items()}
    changed = {urn: [each.name for each in runtime_changes(*pair, {})] for urn, pair in pairs.items()}
    new = {found.urn: found for found in after.synthesis.resources} if after else {}
    home = before.homes()
    users: dict[str, dict[str, list[str]]] = {}
    endpoints: list[EndpointChange] = []
    for service in inference_services(before.synthesis):
        urn = home[service.urn]
        mode = _mode(before.platforms.get(urn))
        endpoint = endpoint_changes(service, new.get(service.urn), changed.get(urn, ()), mode)
        endpoints.append(endpoint)
        users.setdefault(urn, {}).setdefault(endpoint.runtime, []).append(endpoint.place)
    runtimes = [each for urn, pair in pairs.items() for each in runtime_changes(*pair, users.get(urn, {}))]
    return tuple(runtimes), tuple(sorted(endpoints, key=lambda endpoint: endpoint.place))


def _steps(
    before: Synthesis, after: Synthesis, changes: Sequence[Change], endpoints: Sequence[EndpointChange]
) -> Iterator[Step]:
    old, new = ({found.urn: found for found in each.resources} for each in (before, after))
    rank = depths(after)
    stages: dict[str, list[Change]] = {}
    for change in changes:
        stage = "removal" if change.action == "delete" else _stage(new[change.urn], new)
        stages.setdefault(stage, []).append(change)
    first = {stage: min(rank.get(each.urn, len(rank)) for each in found) for stage, found in stages.items()}
    for stage in sorted(stages, key=lambda stage: (stage == "removal", first[stage], stage)):
        names = tuple(change.name for change in stages[stage])
        versions = _versions([old, new], stages[stage])
        yield Step(stage, *versions, _restarts(stage, _effective(stages[stage], versions), endpoints), names)


def _versions(known: Sequence[Mapping[str, Resource]], changes: Sequence[Change]) -> tuple[str, str]:
    """The versions of the chart among the changes, now and then; empty where there is no chart."""
    urn = next((change.urn for change in changes if change.type == RELEASE_TYPE), "")
    now, then = (_version(resources.get(urn)) for resources in known)
    return now, then


def _stage(resource: Resource, known: Mapping[str, Resource]) -> str:
    """Where a resource belongs: to a chart, with the record and the gate beside it, or to objects of one sort."""
    parent = known.get(resource.parent)
    home = parent.name if parent and parent.type == PLATFORM_TYPE else ""
    data = resource.inputs.get("data")
    kind = resource.type.rpartition(":")[2]
    if resource.type == RELEASE_TYPE:
        return _of_platform(f"chart {resource.inputs.get('name', resource.name)}", home, known)
    if home and kind == "ConfigMap" and is_mapping(data) and "release" in data:
        return _of_platform(f"chart {data['release']}", home, known)
    if kind == "CustomResourceDefinition":
        return "CRDs"
    if kind in _RUNTIMES:
        return "runtimes"
    if resource.type.startswith(_GROUP) or (parent and parent.type.startswith("kserve:index:Inference")):
        return "endpoints"
    return _of_platform("objects of the platform", home, known) if home else "other objects"


def _of_platform(what: str, name: str, known: Mapping[str, Resource]) -> str:
    """The words, with the platform's name where there are several."""
    several = sum(found.type == PLATFORM_TYPE for found in known.values()) > 1
    return f"{what} of {name}" if name and several else what


def _version(release: Resource | None) -> str:
    """The version that a Helm release asks for; of a chart in a folder, what the folder says."""
    if release is None:
        return ""
    said: Any = release.inputs.get("version")
    if isinstance(said, str):
        return said
    try:
        found: Any = yaml.safe_load((Path(str(release.inputs.get("chart"))) / "Chart.yaml").read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return "?"
    return str(found.get("version", "?")) if is_mapping(found) else "?"


def _effective(changes: Sequence[Change], versions: tuple[str, str]) -> Sequence[Change]:
    """The changes without those of releases that only take the same version of their chart from elsewhere."""
    if versions[0] != versions[1]:
        return changes
    return [each for each in changes if each.type != RELEASE_TYPE or not _only_moves(each)]


def _only_moves(change: Change) -> bool:
    return all(any(under(path, place) for place in _WHERE) for path in change.paths)


def _restarts(stage: str, changes: Sequence[Change], endpoints: Sequence[EndpointChange]) -> str:
    rolling = sum(endpoint.rolls for endpoint in endpoints)
    if stage.startswith("chart "):
        chart = stage.split()[1]
        changed = any(change.type == RELEASE_TYPE for change in changes)
        silent = not changed or "crd" in chart
        return "nothing" if silent else _RESTARTS.get(chart, "its own pods")
    if stage == "runtimes":
        return "the predictors that they serve, those of other stacks too"
    if stage == "endpoints":
        return f"pods of {rolling} of {len(endpoints)} endpoints" if rolling else "nothing"
    return ""


def _is_kept(token: str, name: str) -> bool:
    kind = token.rpartition(":")[2]
    return token.startswith(_GROUP) or kind in _HOLDS_ENDPOINTS or (token == RELEASE_TYPE and "crd" in name)
