"""Deployment modes in which an endpoint cannot be made."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_kserve.contracts import PlatformFacts
from pulumi_kserve.errors import Problem

__all__ = ["refuse_mode"]


def refuse_mode(facts: PlatformFacts) -> Iterator[Problem]:
    """A mode whose rollouts the gate cannot tell the truth about yet."""
    if facts.mode != "Standard":
        cure = "Use a platform in Standard mode; a mode of an existing endpoint cannot change in place"
        yield Problem("platform", f"{facts.name} runs KServe in {facts.mode} mode", cure, "mode")
