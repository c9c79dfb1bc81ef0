"""CPU and memory of a container.

https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from pulumi_kserve.amounts import Quantity, in_bytes
from pulumi_kserve.models import Spec

__all__ = ["Resources"]

_IN_BYTES: Final = ("memory", "ephemeral-storage")
_NAME: Final = re.compile(r"cpu|memory|ephemeral-storage|hugepages-[A-Za-z0-9]+|[a-z0-9][-a-z0-9.]*/[-A-Za-z0-9_.]+")


def _bytes_have_units(values: dict[str, str]) -> dict[str, str]:
    for name in _IN_BYTES:
        if name in values:
            in_bytes(values[name], name)
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
