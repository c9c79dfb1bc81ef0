"""CPU and memory of a container.

https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from pulumi_kserve.models import Spec

__all__ = ["Quantity", "Resources", "amount"]

_UNITS: Final = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), start=1)},
    **{unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)},
}
_PATTERN: Final = r"^[0-9]+(\.[0-9]+)?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"
_BYTES_WITHOUT_UNIT: Final = Decimal(1_000_000)
Quantity = Annotated[str, Field(pattern=_PATTERN)]
"""A Kubernetes quantity as text, for example ``500m`` or ``2Gi``. Numbers are refused: floats lose digits."""


def amount(quantity: str) -> Decimal:
    """The number that a quantity means."""
    digits = quantity.rstrip("numkMGTPEi")
    return Decimal(digits) * _UNITS[quantity[len(digits) :]]


def _memory_has_a_unit(values: dict[str, str]) -> dict[str, str]:
    memory = values.get("memory")
    if memory is not None and amount(memory) < _BYTES_WITHOUT_UNIT:
        raise ValueError(f"memory {memory!r} is less than a megabyte: add the unit you mean, for example '{memory}Mi'")
    return values


ResourceList = Annotated[dict[str, Quantity], AfterValidator(_memory_has_a_unit)]
"""Quantities by resource name."""


class Resources(Spec):
    """What the container asks for and may use at most. Unset: the runtime's own."""

    requests: ResourceList | None = None
    """What the scheduler reserves."""
    limits: ResourceList | None = None
    """What the container may not exceed; it cannot be below the request."""
