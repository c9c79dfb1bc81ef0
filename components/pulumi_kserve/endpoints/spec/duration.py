"""Lengths of time as KServe and Knative write them.

https://pkg.go.dev/time#ParseDuration
"""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator

__all__ = ["Duration"]

_LENGTH: Final = re.compile(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+")


def _has_units(text: str) -> str:
    if _LENGTH.fullmatch(text):
        return text
    hint = f", for example '{text}s'" if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else ""
    raise ValueError(f"{text!r} is not a length of time: write numbers with the unit ms, s, m or h{hint}")


Duration: TypeAlias = Annotated[str, AfterValidator(_has_units)]
"""A length of time with its unit, for example ``500ms``, ``30s`` or ``1h30m``."""
