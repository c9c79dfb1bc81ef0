"""`overrides`: a raw mapping merged deeply into a rendered object, for what has no field of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_kserve.models import is_mapping

__all__ = ["merged"]


def merged(base: Mapping[str, Any], over: Mapping[str, Any], *, keep_none: bool = False) -> dict[str, Any]:
    """`base` with `over` laid on top: mappings merge, anything else replaces; None removes a key.

    Args:
        base: The rendered object.
        over: What is laid on top.
        keep_none: Leave the Nones in the result, so that a check sees the keys they stand under.
    """
    result = dict(base)
    for key, value in over.items():
        if is_mapping(value):
            below = result.get(key)
            result[key] = merged(below if is_mapping(below) else {}, value, keep_none=keep_none)
        elif value is None and not keep_none:
            result.pop(key, None)
        else:
            result[key] = value
    return result
