"""How the fields of KServe's kinds differ between two releases, from the field tables.

A table is made from the release's CRDs: https://github.com/kserve/kserve/tree/v0.20.0/config/crd/full
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_kserve.errors import SpecError
from pulumi_kserve.field_table import field_table
from pulumi_kserve.models import is_mapping
from pulumi_kserve.platform.releases import RELEASES

__all__ = ["FieldChanges", "field_changes"]


@dataclass(frozen=True, slots=True)
class FieldChanges:
    """How the fields of one kind differ; of a field with fields below it only the field itself is named."""

    kind: str
    """The kind."""
    added: tuple[str, ...]
    """The fields that the new release brings, sorted."""
    dropped: tuple[str, ...]
    """The fields that it no longer has, sorted."""


def field_changes(before: str, after: str) -> Iterator[FieldChanges]:
    """How the fields of KServe's kinds differ between two releases; kinds without a field table are left out."""
    for kind in sorted({*RELEASES[before].api_versions} & {*RELEASES[after].api_versions}):
        try:
            old, new = field_table(before, kind), field_table(after, kind)
        except SpecError:
            continue
        pairs = (old["$defs"], new["$defs"])
        added, dropped = (
            tuple(sorted(_only_in_first(one, other, defs, "")))
            for one, other, defs in ((new, old, pairs[::-1]), (old, new, pairs))
        )
        if added or dropped:
            yield FieldChanges(kind, added, dropped)


def _only_in_first(one: Any, other: Any, defs: tuple[Mapping[str, Any], Mapping[str, Any]], path: str) -> Iterator[str]:
    """Paths of properties that only the first schema has. A part is named by its content: equal names, equal parts."""
    if not (is_mapping(one) and is_mapping(other)) or one.get("$ref", 0) == other.get("$ref", 1):
        return
    one, other = (_resolved(schema, parts) for schema, parts in zip((one, other), defs, strict=True))
    fields, others = _mapping(one, "properties"), _mapping(other, "properties")
    for key in fields:
        here = f"{path}.{key}" if path else key
        if key in others:
            yield from _only_in_first(fields[key], others[key], defs, here)
        elif others:
            yield here
    for key, step in (("items", "[]"), ("additionalProperties", ".*")):
        yield from _only_in_first(one.get(key), other.get(key), defs, path + step)


def _resolved(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    return parts[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _mapping(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = schema.get(key)
    return found if is_mapping(found) else {}
