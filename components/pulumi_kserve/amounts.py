"""Numbers, quantities and lengths of time, as the API's fields take them.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ and
https://pkg.go.dev/time#ParseDuration
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, Field, Strict

__all__ = ["INT32", "Bytes", "Duration", "Quantity", "Truth", "Whole", "between", "in_bytes"]

INT32: Final = 2**31 - 1
"""The largest number that an int32 field can hold."""
Whole: TypeAlias = Annotated[int, Strict()]
"""A whole number; ``true`` and the text ``"2"`` are none."""
Truth: TypeAlias = Annotated[bool, Strict()]
"""``true`` or ``false``; the text ``"yes"`` and the number 1 are neither."""

_QUANTITY: Final = r"^[0-9]+(\.[0-9]+)?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"
_BYTES_WITHOUT_UNIT: Final = Decimal(1_000_000)
Quantity: TypeAlias = Annotated[str, Field(pattern=_QUANTITY)]
"""A Kubernetes quantity as text, for example ``500m`` or ``2Gi``. Numbers are refused: floats lose digits."""


def in_bytes(text: str, name: str = "") -> str:
    """`text`, a quantity of bytes; `name` is what messages call it.

    Raises:
        ValueError: it is so little that its unit was forgotten.

    """
    said = f"{name} {text!r}".strip()
    if text[-1] in "num":
        raise ValueError(f"{said} is a fraction of a byte: add the unit you mean, for example '{text[:-1]}Mi'")
    if text[-1].isdigit() and Decimal(text) < _BYTES_WITHOUT_UNIT:
        raise ValueError(f"{said} is less than a megabyte: add the unit you mean, for example '{text}Mi'")
    return text


Bytes: TypeAlias = Annotated[Quantity, AfterValidator(in_bytes)]
"""A quantity of bytes, a megabyte at least, for example ``2Gi``."""

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
