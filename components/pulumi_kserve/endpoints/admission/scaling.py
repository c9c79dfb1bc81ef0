"""Scaling that KServe refuses, or accepts and then ignores."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_kserve.contracts import Feature, PlatformFacts
from pulumi_kserve.endpoints.spec.scaling import Hpa, NoScaling
from pulumi_kserve.errors import Problem

__all__ = ["refuse_max_below_min", "refuse_missing_metrics"]


def refuse_max_below_min(scaling: NoScaling | Hpa, path: str) -> Iterator[Problem]:
    """KServe: 'MinReplicas' cannot be greater than MaxReplicas."""
    if isinstance(scaling, Hpa) and scaling.max_replicas < scaling.min_replicas:
        yield Problem(
            f"{path}.maxReplicas",
            f"{scaling.max_replicas} is below minReplicas {scaling.min_replicas}",
            "Raise maxReplicas or lower minReplicas",
            "max-below-min",
        )


def refuse_missing_metrics(scaling: NoScaling | Hpa, facts: PlatformFacts, path: str) -> Iterator[Problem]:
    """Without metrics-server the autoscaler's target stays <unknown> and nothing ever scales."""
    if isinstance(scaling, Hpa) and not facts.has(Feature.METRICS_SERVER):
        yield Problem(
            path,
            "hpa needs metrics-server, which neither the cluster nor the platform brings",
            "Add metrics-server to the cluster's `provides`, or use noScaling",
            "metrics-server",
        )
