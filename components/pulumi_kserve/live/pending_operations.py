"""Operations that the state still calls pending after the engine was killed.

Nobody knows whether a pending create happened. An object that does not exist needs nothing; one that
carries this stack's label is put into the state under the field manager that made it, marked as not
initialised, so that the next ``up`` updates it and waits for it as for a new one; any other is refused.
What was being updated or deleted is refreshed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_kserve.live.cluster import Cluster, Json
from pulumi_kserve.live.helm_releases import RELEASE_TYPE
from pulumi_kserve.live.observation import dig
from pulumi_kserve.ownership import STACK_LABEL

__all__ = ["Resolution", "resolve", "resolved_state"]

_FIELD_MANAGER = "pulumi-kubernetes"
_FIELD_MANAGER_ANNOTATION = "pulumi.com/patchFieldManager"
_INTERRUPTED = "it was interrupted"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What becomes of one pending operation."""

    operation: Json
    does: str
    adopted: Json | None = None
    """The state's new entry for an object that exists and is ours."""
    refresh: bool = False
    refusal: str = ""
    kept: bool = False
    """It is not ours to judge; it stays pending."""

    @property
    def urn(self) -> str:
        """The resource."""
        return str(self.operation["resource"]["urn"])


def resolve(cluster: Cluster, operations: Sequence[Json], label: str) -> list[Resolution]:
    """What to do about each operation; nothing is changed yet.

    Args:
        cluster: Where Kubernetes objects are.
        operations: The state's ``pending_operations``.
        label: The stack's ownership label.

    Raises:
        ClusterUnreachable: the server does not answer, or refuses.
    """
    return [_resolve(cluster, operation, label) for operation in operations]


def resolved_state(deployment: Json, resolutions: Sequence[Resolution], unfinished: Collection[str] = ()) -> Json:
    """The deployment with its pending operations resolved; a new object.

    Args:
        deployment: The state as the engine exports it.
        resolutions: What becomes of each pending operation.
        unfinished: Resources that the next `up` must update even when the program has not changed.
    """
    adopted = {resolution.urn: resolution.adopted for resolution in resolutions if resolution.adopted}
    before: list[Json] = deployment.get("resources") or []
    resources: list[Json] = []
    for entry in before:
        resources += _with_replacement(entry, adopted.pop(entry["urn"], None))
    resources = [
        {**entry, "initErrors": [_INTERRUPTED]} if entry["urn"] in unfinished else entry
        for entry in [*resources, *adopted.values()]
    ]
    kept = [resolution.operation for resolution in resolutions if resolution.kept]
    rest = {key: value for key, value in deployment.items() if key != "pending_operations"}
    return {**rest, "resources": resources, **({"pending_operations": kept} if kept else {})}


def _with_replacement(entry: Json, adopted: Json | None) -> list[Json]:
    """The entry, or what was made to replace it; an older object that still exists stays to be deleted."""
    if adopted is None:
        return [entry]
    if entry.get("pendingReplacement") or entry.get("id") == adopted["id"]:
        return [adopted]
    return [adopted, {**entry, "delete": True}]


def _resolve(cluster: Cluster, operation: Json, label: str) -> Resolution:
    resource: Json = operation["resource"]
    name = f"{resource['type']} {str(resource['urn']).rpartition('::')[2]}"
    if operation["type"] in {"updating", "deleting"}:
        return Resolution(operation, f"{name}: was {operation['type']}; it is refreshed", refresh=True)
    if operation["type"] != "creating":
        return Resolution(operation, f"{name}: the interrupted {operation['type']} is forgotten; it changed nothing")
    return _resolve_create(cluster, operation, name, label)


def _resolve_create(cluster: Cluster, operation: Json, name: str, label: str) -> Resolution:
    resource: Json = operation["resource"]
    kind = str(resource["type"])
    if kind == RELEASE_TYPE:
        return Resolution(operation, f"{name}: its Helm records are put right, and it is installed again")
    if kind.startswith("pulumi:") or (kind.startswith("kubernetes:") and kind.endswith("Patch")):
        return Resolution(operation, f"{name}: owns no object; it is made again")
    if not kind.startswith("kubernetes:"):
        text = f"{name}: not a Kubernetes object; look whether it exists, then `pulumi refresh` clears it"
        return Resolution(operation, text, kept=True)
    return _resolve_object(cluster, operation, name, label)


def _resolve_object(cluster: Cluster, operation: Json, name: str, label: str) -> Resolution:
    inputs: Json = operation["resource"].get("inputs") or {}
    live = _find(cluster, inputs)
    if live is None:
        return Resolution(operation, f"{name}: was not created; the next up creates it")
    meta = live["metadata"]
    place = f"{live['kind']} {meta['name']}" + (f" in namespace {meta['namespace']}" if meta.get("namespace") else "")
    if dig(live, "metadata", "labels", STACK_LABEL) != label:
        refusal = (
            f"{place} exists but does not carry the label {STACK_LABEL}={label}. If it is this stack's, label it "
            f"(`kubectl label`); if it is not, rename the one in the program or delete it"
        )
        return Resolution(operation, f"{name}: {place} is not ours", refusal=refusal)
    return Resolution(operation, f"{name}: {place} exists and is ours; it is adopted", adopted=_entry(operation, live))


def _find(cluster: Cluster, inputs: Json) -> Json | None:
    name = dig(inputs, "metadata", "name")
    kind = cluster.kind(str(inputs.get("apiVersion")), str(inputs.get("kind")))
    if kind is None or not isinstance(name, str):
        return None
    namespace = (dig(inputs, "metadata", "namespace") or "default") if kind.namespaced else None
    return cluster.get(kind, name, namespace)


def _entry(operation: Json, live: Json) -> Json:
    """The state's entry for an object that exists, as the provider itself would have written it, but unfinished."""
    resource: Json = operation["resource"]
    inputs: Json = resource["inputs"]
    meta = live["metadata"]
    outputs: dict[str, Any] = {
        **inputs,
        "__inputs": inputs,
        "__initialApiVersion": inputs["apiVersion"],
        "__fieldManager": _manager(live),
    }
    identity = f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else str(meta["name"])
    return {**resource, "id": identity, "outputs": outputs, "initErrors": [_INTERRUPTED]}


def _manager(live: Json) -> str:
    """The field manager under which the provider made the object; conflicts would follow from another."""
    annotated = dig(live, "metadata", "annotations", _FIELD_MANAGER_ANNOTATION)
    if annotated:
        return str(annotated)
    entries: list[Json] = live["metadata"].get("managedFields") or []
    ours = [entry for entry in entries if str(entry.get("manager", "")).startswith(_FIELD_MANAGER)]
    newest = max(ours, key=lambda entry: str(entry.get("time", "")), default=None)
    return str(newest["manager"]) if newest else _FIELD_MANAGER
