"""CPU and memory of a container.

https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from pulumi_kserve.models import Spec

__all__ = ["Bytes", "Quantity", "Resources"]

_PATTERN: Final = r"^[0-9]+(\.[0-9]+)?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"
_BYTES_WITHOUT_UNIT: Final = Decimal(1_000_000)
_IN_BYTES: Final = ("memory", "ephemeral-storage")
_NAME: Final = re.compile(r"cpu|memory|ephemeral-storage|hugepages-[A-Za-z0-9]+|[a-z0-9][-a-z0-9.]*/[-A-Za-z0-9_.]+")
Quantity = Annotated[str, Field(pattern=_PATTERN)]
"""A Kubernetes quantity as text, for example ``500m`` or ``2Gi``. Numbers are refused: floats lose digits."""


def _has_a_unit(text: str, name: str = "") -> str:
    said = f"{name} {text!r}".strip()
    if text[-1] in "num":
        raise ValueError(f"{said} is a fraction of a byte: add the unit you mean, for example '{text[:-1]}Mi'")
    if text[-1].isdigit() and Decimal(text) < _BYTES_WITHOUT_UNIT:
        raise ValueError(f"{said} is less than a megabyte: add the unit you mean, for example '{text}Mi'")
    return text


Bytes = Annotated[Quantity, AfterValidator(_has_a_unit)]
"""A quantity of bytes, a megabyte at least, for example ``2Gi``."""


def _bytes_have_units(values: dict[str, str]) -> dict[str, str]:
    for name in _IN_BYTES:
        if name in values:
            _has_a_unit(values[name], name)
    return values


def _are_resources(values: dict[str, str]) -> dict[str, str]:
    wrong = [name for name in values if not _NAME.fullmatch(name)]
    if wrong:
        raise ValueError(
            f"{', '.join(map(repr, wrong))} is no resource: use cpu, memory, ephemeral-storage, hugepages-SIZE,"
            " or a device as DOMAIN/NAME"
        )
    return values


ResourceList = Annotated[dict[str, Quantity], AfterValidator(_bytes_have_units), AfterValidator(_are_resources)]
"""Quantities by resource name."""


class Resources(Spec):
    """What the container asks for and may use at most. Unset: the runtime's own."""

    requests: ResourceList | None = None
    """What the scheduler reserves."""
    limits: ResourceList | None = None
    """What the container may not exceed; it cannot be below the request."""
