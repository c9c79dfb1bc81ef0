"""A rule of admission: a name, where it comes from, and the function that yields what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.subject import Subject
from pulumi_kserve.errors import Problem
from pulumi_kserve.platform.releases import RELEASES

__all__ = ["Refusal", "Rule", "Source"]

Source = Literal["kserve", "reconcile", "stricter"]
"""Who else refuses the object.

``kserve``: KServe's own admission does, which the oracle proves. ``reconcile``: KServe stores the object and then fails
to make it run, or its pods never start. ``stricter``: nobody, but what was asked for is ignored or does harm. The last
two are listed in ``docs/stricter-than-kserve.md``.
"""

Refusal = Callable[[Subject, Context], Iterator[Problem]]
"""Yields every problem of one kind that an object has. It never raises, and it skips values that are not known yet."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule about an InferenceService."""

    name: str
    """Its stable name, which is also `Problem.rule` of everything it yields."""
    refuse: Refusal
    """What it refuses."""
    source: Source
    """Who else refuses it."""
    why: str
    """One line for the reader of the documentation: why it is refused."""
    releases: tuple[str, ...] = tuple(RELEASES)
    """The KServe releases it holds for."""
