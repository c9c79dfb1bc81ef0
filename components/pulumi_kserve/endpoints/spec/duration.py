"""Lengths of time as KServe and Knative write them.

https://pkg.go.dev/time#ParseDuration
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator

__all__ = ["Duration", "between"]

_SECONDS: Final = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600)}
_LENGTH: Final = re.compile(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+")


def _has_units(text: str) -> str:
    if _LENGTH.fullmatch(text):
        return text
    hint = f", for example '{text}s'" if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else ""
    raise ValueError(f"{text!r} is not a length of time: write numbers with the unit ms, s, m or h{hint}")


Duration: TypeAlias = Annotated[str, AfterValidator(_has_units)]
"""A length of time with its unit, for example ``500ms``, ``30s`` or ``1h30m``."""


def between(least: str, most: str) -> AfterValidator:
    """A check that a Duration is a whole number of seconds, from `least` to `most`, as Knative demands.

    The check raises a ValueError that says which of the three it is not.
    """

    def check(text: str) -> str:
        if not _seconds(least) <= _seconds(text) <= _seconds(most):
            raise ValueError(f"{text!r} is not between {least} and {most}")
        if _seconds(text) % 1:
            raise ValueError(f"{text!r} is not a whole number of seconds")
        return text

    return AfterValidator(check)


def _seconds(text: str) -> Decimal:
    parts: list[tuple[str, str]] = re.findall(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)", text)
    return sum((Decimal(number) * _SECONDS[unit] for number, unit in parts), Decimal(0))
