"""How many pods of a component a node drain may take away at once.

https://kubernetes.io/docs/tasks/run-application/configure-pdb/
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from pulumi_kserve.models import Spec

__all__ = ["DisruptionBudget", "disruption_budget_manifest"]

_LEAST_REPLICAS: Final = 2
Percent = Annotated[str, Field(pattern=r"^[1-9][0-9]?%$")]


class DisruptionBudget(Spec):
    """A PodDisruptionBudget for each component that never runs fewer than two pods."""

    max_unavailable: Annotated[int, Field(ge=1)] | Percent = 1
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
