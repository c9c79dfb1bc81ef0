"""Checks raw objects against the field tables: what a KServe release's CRDs say of names, types, enums and bounds.

A table is a small JSON Schema, made by `make schemas` and kept in `_data/fields/<release>/<Kind>.json`. It is read
when a raw object is first checked. CEL rules and what only KServe's webhooks know are not in it; and it is stricter
than they are where a webhook fills in what is missing or turns a number into a quantity.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, TypeGuard

import pulumi

from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.models import is_mapping, nearest

__all__ = ["check_fields", "field_table"]

_TABLES: Final = Path(__file__).parent / "_data" / "fields"
_PLAIN_KEY: Final = re.compile(r"[\w-]+")
_Schema = Mapping[str, Any]


def check_fields(release: str, kind: str, manifest: Mapping[str, Any]) -> list[Problem]:
    """Everything that the CRD of `kind` in a KServe release does not allow in `manifest`.

    Outputs and awaitables pass unchecked, because what they hold is not known yet. A key whose value is None counts
    as missing, but its name must be known. `metadata` is not looked into.

    Raises:
        SpecError: there is no table for that release and kind.

    """
    table = field_table(release, kind)
    found: list[Problem] = []
    _look(manifest, table, "", table["$defs"], found)
    return found


@cache
def field_table(release: str, kind: str) -> Mapping[str, Any]:
    """The table of `kind` in a KServe release, a JSON Schema.

    Raises:
        SpecError: there is no such table.

    """
    file = _TABLES / release / f"{kind}.json"
    try:
        table: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        known = sorted(f"{path.stem} of {path.parent.name}" for path in _TABLES.glob("*/*.json"))
        message = f"there is no field table for {kind} of KServe {release}"
        raise SpecError("field table", [Problem("", message, f"Known: {', '.join(known)}", "no-field-table")]) from None
    return table


def _look(value: Any, schema: _Schema, path: str, parts: _Schema, found: list[Problem]) -> None:
    """Add what is wrong with `value` to `found`. Every object of a program goes through here, so it is kept quick."""
    if "$ref" in schema:
        schema = parts[schema["$ref"].rpartition("/")[2]]
    allowed: str | list[str] = schema["type"]
    if not (_IS[allowed](value) if isinstance(allowed, str) else any(_IS[name](value) for name in allowed)):
        if not isinstance(value, (pulumi.Output, Awaitable)):
            found.append(_wrong_type(value, [allowed] if isinstance(allowed, str) else allowed, path))
        return
    if is_mapping(value):
        _look_at_fields(value, schema, path, parts, found)
    elif len(schema) > 1:
        found += _broken_bounds(value, schema, path)
        if _is_list(value):
            for position, item in enumerate(value):
                _look(item, schema["items"], f"{path}[{position}]", parts, found)


def _look_at_fields(value: Mapping[str, Any], schema: _Schema, path: str, parts: _Schema, found: list[Problem]) -> None:
    fields: _Schema = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for key, item in value.items():
        below = fields.get(key, others)
        if below is False:
            cure = nearest(str(key), list(fields))
            found.append(Problem(_joined(path, key), f"unknown key {key!r}", cure, "unknown-key"))
        elif below is not True and item is not None:
            _look(item, below, _joined(path, key), parts, found)
    missing = [key for key in schema.get("required", ()) if value.get(key) is None]
    found += [Problem(_joined(path, key), f"the key {key!r} is missing", "Add it", "missing") for key in missing]


def _joined(path: str, key: Any) -> str:
    if not _is_plain(str(key)):
        return f"{path}[{json.dumps(str(key))}]"
    return f"{path}.{key}" if path else str(key)


@lru_cache(maxsize=4096)
def _is_plain(key: str) -> bool:
    return _PLAIN_KEY.fullmatch(key) is not None


def _is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, (list, tuple))


def _is_whole(value: Any) -> bool:
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


_IS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "array": _is_list,
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_whole,
    "object": is_mapping,
    "string": lambda value: isinstance(value, str),
}
_SAID: Final = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "object": "a mapping",
    "string": "a text",
}


def _wrong_type(value: Any, names: Sequence[str], path: str) -> Problem:
    """The value itself is not shown: a text in the wrong place may be a secret."""
    wanted = " or ".join(_SAID[name] for name in names)
    given = next((said for name, said in _SAID.items() if _IS[name](value)), None)
    given = given or ("a number with a fraction" if isinstance(value, float) else type(value).__name__)
    if "string" in names and isinstance(value, (bool, int, float)):
        cure = "Put it in quotes"
    elif isinstance(value, str) and "object" not in names and "array" not in names:
        cure = "Remove the quotes" if _reads_as(value, names) else f"Give {wanted}"
    else:
        cure = f"Give {wanted}"
    return Problem(path, f"expected {wanted}, got {given}", cure, "wrong-type")


def _reads_as(text: str, names: Sequence[str]) -> bool:
    return bool(re.fullmatch(r"[+-]?\d+" if "integer" in names else "true|false", text))


def _broken_bounds(value: Any, schema: _Schema, path: str) -> Iterator[Problem]:
    known: list[Any] = schema.get("enum", [])
    if known and value not in known:
        yield Problem(path, f"unknown value {value!r}", nearest(str(value), [str(each) for each in known]), "enum")
    if isinstance(value, str):
        pattern = schema.get("pattern")
        if pattern and not _matches(pattern, value):
            yield Problem(path, f"{value!r} does not match {pattern}", _cure(pattern), "pattern")
        yield from _outside(len(value), schema.get("minLength"), schema.get("maxLength"), path, "characters")
    elif _is_list(value):
        yield from _outside(len(value), schema.get("minItems"), None, path, "items")
    elif isinstance(value, (int, float)):
        yield from _outside(value, schema.get("minimum"), schema.get("maximum"), path, "")


def _cure(pattern: str) -> str:
    quantity = "[KMGTPE]i" in pattern
    return "Write a quantity, for example '500m' or '2Gi'" if quantity else "Change it so that it does"


def _matches(pattern: str, text: str) -> bool:
    """Whether `text` matches as Go matches, where `$` is the very end, not also before a last line break."""
    return re.search(re.sub(r"\$$", r"\\Z", pattern), text) is not None


def _outside(found: float, least: float | None, most: float | None, path: str, unit: str) -> Iterator[Problem]:
    shown = f"{found} {unit}".strip()
    if least is not None and found < least:
        yield Problem(path, f"{shown} is less than the least, {least}", "Give more", "bounds")
    if most is not None and found > most:
        yield Problem(path, f"{shown} is more than the most, {most}", "Give less", "bounds")
