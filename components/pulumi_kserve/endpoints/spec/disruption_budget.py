"""How many pods of a component a node drain may take away at once.

https://kubernetes.io/docs/tasks/run-application/configure-pdb/
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from pulumi_kserve.models import Spec

__all__ = ["DisruptionBudget", "disruption_budget_manifest"]

_LEAST_REPLICAS: Final = 2
_PERCENT: Final = r"^[1-9][0-9]?%$"


def _is_a_number_or_a_share(value: Any) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, str) and re.fullmatch(_PERCENT, value):
        return value
    raise ValueError(f"expected a number of pods, at least 1, or a share from '1%' to '99%' (got {value!r})")


Share: TypeAlias = Annotated[
    int | str,
    BeforeValidator(_is_a_number_or_a_share),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": _PERCENT}]}),
]
"""A number of pods, or a share of them such as ``25%``."""


class DisruptionBudget(Spec):
    """A PodDisruptionBudget for each component that never runs fewer than two pods."""

    max_unavailable: Share = 1
    """How many pods, or what share of them (``"25%"``), may be away at a time, at least one."""


def disruption_budget_manifest(
    budget: DisruptionBudget,
    component: str,
    *,
    least_replicas: int,
    name: str,
    namespace: str,
    labels: dict[str, str],
) -> dict[str, Any] | None:
    """The budget of one component, or None where one pod is all there is: it would block every drain."""
    if least_replicas < _LEAST_REPLICAS:
        return None
    pods = {"serving.kserve.io/inferenceservice": name, "component": component}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": f"{name}-{component}", "namespace": namespace, "labels": labels},
        "spec": {"maxUnavailable": budget.max_unavailable, "selector": {"matchLabels": pods}},
    }
