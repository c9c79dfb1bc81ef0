"""What an update would do to resources, from two offline evaluations: as the program is, and as it will be.

The engine decides by the same means: inputs that differ update a resource, and some of them replace it. Which ones the
Kubernetes provider cannot change in place is its own table:
https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/provider/diff.go
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import zip_longest
from typing import Any, Final, Literal, cast

from pulumi_kserve.models import is_mapping
from pulumi_kserve.offline.records import Resource, Synthesis

__all__ = ["RELEASE_TYPE", "Action", "Change", "depths", "differing", "resource_changes", "under"]

Action = Literal["create", "update", "replace", "delete"]
RELEASE_TYPE: Final = "kubernetes:helm.sh/v3:Release"
"""The type of Helm releases."""
_PLAIN_KEY: Final = re.compile(r"[\w-]+")
_PLACE: Final = ("metadata.name", "metadata.namespace")
_FIXED: Final[Mapping[str, tuple[str, ...]]] = {
    "apps/v1:DaemonSet": ("spec.selector",),
    "apps/v1:Deployment": ("spec.selector",),
    "apps/v1:StatefulSet": (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    "batch/v1:Job": ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    "core/v1:PersistentVolumeClaim": (
        "spec.accessModes",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeName",
    ),
    "core/v1:Service": ("spec.clusterIP",),
    "helm.sh/v3:Release": ("name", "namespace"),
    "rbac.authorization.k8s.io/v1:ClusterRoleBinding": ("roleRef",),
    "rbac.authorization.k8s.io/v1:RoleBinding": ("roleRef",),
    "storage.k8s.io/v1:StorageClass": ("parameters", "provisioner"),
}
"""The inputs that the provider cannot change in place, by type, besides name and namespace."""
_DATA: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "core/v1:ConfigMap": ("enableConfigMapMutable", ("binaryData", "data", "immutable")),
    "core/v1:Secret": ("enableSecretMutable", ("data", "immutable", "stringData", "type")),
}
"""The same of what is changed in place only when the provider is told so, and which setting tells it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource."""

    urn: str
    """The engine's identity of it."""
    name: str
    """Its logical name."""
    type: str
    """Its type token."""
    action: Action
    """What happens."""
    paths: tuple[str, ...] = ()
    """The inputs that change, sorted; none for what is made or deleted."""
    forced_by: tuple[str, ...] = ()
    """Those of them that cannot change in place."""
    retained: bool = False
    """Whether the real thing stays in the cluster although the resource goes."""

    @property
    def loses(self) -> bool:
        """Whether the real thing is deleted, and its UID with it."""
        return self.action in ("replace", "delete") and not self.retained


def resource_changes(before: Synthesis, after: Synthesis) -> tuple[Change, ...]:
    """Every resource that is made, updated, replaced or deleted, in the engine's order; deletions come last."""
    old, new = _managed(before), _managed(after)
    rank = depths(after)
    made = [
        change
        for urn in sorted(new, key=lambda urn: (rank[urn], urn))
        for change in (_of(old.get(urn), new[urn], after),)
        if change is not None
    ]
    rank = depths(before)
    gone = sorted(set(old) - set(new), key=lambda urn: (-rank[urn], urn))
    return (*made, *(_change(old[urn], "delete", retained=old[urn].retain_on_delete) for urn in gone))


def depths(synthesis: Synthesis) -> dict[str, int]:
    """How many resources stand one behind the other before each resource can be made, by URN."""
    known = {found.urn: found for found in synthesis.resources}
    graph = {urn: [need for need in found.dependencies if need in known] for urn, found in known.items()}
    result: dict[str, int] = {}
    for urn in TopologicalSorter(graph).static_order():
        result[urn] = 1 + max((result[need] for need in graph[urn]), default=-1)
    return result


def _managed(synthesis: Synthesis) -> dict[str, Resource]:
    return {found.urn: found for found in synthesis.resources if found.custom and not found.external}


def _of(old: Resource | None, new: Resource, after: Synthesis) -> Change | None:
    if old is None:
        return _change(new, "create")
    paths = tuple(
        path for path in differing(old.inputs, new.inputs) if not any(under(path, each) for each in new.ignore_changes)
    )
    forced = tuple(path for path in paths if any(_meet(path, each) for each in _fixed(old, new, after)))
    if old.replacement_trigger != new.replacement_trigger:
        forced = (*forced, "replacementTrigger")
    if forced:
        return _change(new, "replace", paths, forced, retained=old.retain_on_delete)
    return _change(new, "update", paths) if paths else None


def _change(
    resource: Resource,
    action: Action,
    paths: tuple[str, ...] = (),
    forced_by: tuple[str, ...] = (),
    *,
    retained: bool = False,
) -> Change:
    return Change(resource.urn, resource.name, resource.type, action, paths, forced_by, retained)


def _fixed(old: Resource, new: Resource, after: Synthesis) -> Iterator[str]:
    """The inputs whose change replaces the resource."""
    yield from new.replace_on_changes
    if not new.kubernetes:
        return
    kind = new.type.removeprefix("kubernetes:")
    yield from (*_PLACE, *_FIXED.get(kind, ()))
    if kind in _DATA:
        setting, data = _DATA[kind]
        if old.inputs.get("immutable") is True or not _provider_allows(new, setting, after):
            yield from data


def _provider_allows(resource: Resource, setting: str, synthesis: Synthesis) -> bool:
    provider = next((found for found in synthesis.resources if found.urn == resource.provider), None)
    return provider is not None and str(provider.inputs.get(setting)).lower() == "true"


def differing(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """The paths at which two values differ, in order, each as short as it can be; a None counts as missing."""
    if is_mapping(one) and is_mapping(other):
        for key in sorted({*one, *other}):
            yield from differing(one.get(key), other.get(key), _joined(path, str(key)))
    elif isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        pairs = zip_longest(cast("Sequence[Any]", one), cast("Sequence[Any]", other))
        for index, (item, second) in enumerate(pairs):
            yield from differing(item, second, f"{path}[{index}]")
    elif one != other or isinstance(one, bool) != isinstance(other, bool):
        yield path


def under(path: str, prefix: str) -> bool:
    """Whether `path` is `prefix` or lies below it; `*` is above everything."""
    return prefix in (path, "*") or path.startswith((f"{prefix}.", f"{prefix}["))


def _meet(path: str, other: str) -> bool:
    return under(path, other) or under(other, path)


def _joined(path: str, key: str) -> str:
    if _PLAIN_KEY.fullmatch(key) is None:
        return f"{path}[{json.dumps(key)}]"
    return f"{path}.{key}" if path else key
