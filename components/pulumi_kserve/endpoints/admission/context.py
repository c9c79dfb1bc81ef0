"""What an InferenceService is judged for: a KServe release, a deployment mode, and what is known of the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pulumi_kserve.contracts import PlatformFacts

__all__ = ["Context", "Mode"]

Mode = Literal["Standard", "Knative"]


@dataclass(frozen=True, slots=True)
class Context:
    """Where the object is going to live."""

    release: str
    """KServe's release, for example ``0.20``."""
    mode: Mode
    """The cluster's own deployment mode: it counts where the object has no annotation of its own."""
    facts: PlatformFacts | None = None
    """The platform. None for plain YAML: rules that need facts are then silent."""
    previous: Mapping[str, Any] | None = None
    """The object as it is stored now, for rules about updates. None: it is being made."""
