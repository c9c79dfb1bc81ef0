"""Readers of values that may be missing, of the wrong type, or not known before the program runs.

A program's object may hold a `pulumi.Output` wherever a leaf stands, and a `ModelUri` where a URI stands. A reader
gives None, or an empty collection, for what it cannot read: a rule never fails on a value and never guesses one.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, cast

import pulumi

from pulumi_kserve.contracts import ModelUri
from pulumi_kserve.models import is_mapping

__all__ = [
    "checkable",
    "fields",
    "is_unknown",
    "items",
    "joined",
    "place",
    "plain_text",
    "quantity",
    "texts",
    "whole_number",
]

_PLAIN_KEY: Final = re.compile(r"[\w-]+")
_QUANTITY: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?\d{1,3}))?")
_UNITS: Final[Mapping[str, Decimal]] = {
    **{unit: Decimal(10) ** power for unit, power in {"": 0, "n": -9, "u": -6, "m": -3}.items()},
    **{unit: Decimal(1000) ** power for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), start=1)},
    **{unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)},
}


def is_unknown(value: Any) -> bool:
    """Whether the value is known only when the program runs. A `ModelUri` counts as known: its scheme is."""
    return isinstance(value, (pulumi.Output, Awaitable))


def fields(value: Any) -> Mapping[str, Any]:
    """The mapping, or an empty one where there is none."""
    return cast("dict[str, Any]", value) if type(value) is dict else value if is_mapping(value) else {}


def items(value: Any) -> Sequence[Any]:
    """The list, or an empty one where there is none."""
    return cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else ()


def plain_text(value: Any) -> str | None:
    """The text, where it is known."""
    return value if isinstance(value, str) else None


def whole_number(value: Any) -> int | None:
    """The whole number, where it is known; `true` is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None


def quantity(value: Any) -> Decimal | None:
    """The number that a Kubernetes quantity means, where it is known and is one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Decimal(str(value)) if math.isfinite(value) else None
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    digits, unit, exponent = match.groups()
    return Decimal(digits) * (Decimal(10) ** int(exponent) if exponent else _UNITS[unit or ""])


def place(value: Any) -> ModelUri | None:
    """The parts of a URI: scheme and path are plain, the bucket may be an Output. None: nothing of it is known."""
    if isinstance(value, ModelUri):
        return value
    return ModelUri.of(value) if isinstance(value, str) else None


def texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every known text in `value`, at any depth, with its path."""
    if isinstance(value, str):
        yield path, value
    elif is_mapping(value):
        for key, item in value.items():
            yield from texts(item, joined(path, key))
    else:
        for index, item in enumerate(items(value)):
            yield from texts(item, joined(path, index))


def checkable(value: Any) -> Any:
    """`value` with each `ModelUri` in it as a text, or as its bucket where that is an Output, for checks of types."""
    if isinstance(value, ModelUri):
        return value.value if isinstance(value.bucket, str) else value.bucket
    if is_mapping(value):
        return {key: checkable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [checkable(item) for item in items(cast("Any", value))]
    return value


def joined(path: str, *steps: Any) -> str:
    """`path` and further steps below it: `joined("spec", "env", 0, "a/b")` is `spec.env[0]["a/b"]`."""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif (isinstance(step, str) and step.isidentifier()) or _PLAIN_KEY.fullmatch(str(step)):
            path += f".{step}" if path else str(step)
        else:
            path += f"[{json.dumps(str(step))}]"
    return path
