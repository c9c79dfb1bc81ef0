"""The metrics of `autoScaling` and what each aims at, as both the HPA's rules and KEDA's read them.

https://kserve.github.io/website/docs/reference/crd-api#serving.kserve.io/v1beta1.MetricTarget
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pulumi_kserve.endpoints.admission.autoscalers import metrics
from pulumi_kserve.endpoints.admission.subject import Component
from pulumi_kserve.endpoints.admission.values import fields, joined, plain_text, whole_number

__all__ = ["BY_VALUE", "MOST_PERCENT", "SOURCES", "MetricTarget", "targets"]

SOURCES: Final = {"Resource": "resource", "External": "external", "PodMetric": "podmetric"}
"""The key of the source that each type of metric needs."""
MOST_PERCENT: Final = 100
BY_VALUE: Final = frozenset({"Value", "AverageValue"})
"""The types of targets that are amounts and no percentage, which no autoscaler of KServe takes for the CPU."""
_NUMBERS: Final[Mapping[str, str]] = {
    "Utilization": "averageUtilization",
    "AverageValue": "averageValue",
    "Value": "value",
}


@dataclass(frozen=True, slots=True)
class MetricTarget:
    """One metric whose type is known, and what it aims at."""

    path: str
    """The path of its source, for example `spec.predictor.autoScaling.metrics[0].resource`."""
    kind: str
    """Its type, a key of `SOURCES`."""
    source: Mapping[str, Any] | None
    """What it measures; None where it says nothing of that."""

    @property
    def measured(self) -> str | None:
        """The resource that it measures, `cpu` or `memory`, where it is known."""
        return plain_text(fields(self.source).get("name"))

    @property
    def target(self) -> Mapping[str, Any]:
        """What it aims at."""
        return fields(fields(self.source).get("target"))

    @property
    def aim(self) -> str | None:
        """The type of its target, where it is known."""
        return plain_text(self.target.get("type"))

    @property
    def number(self) -> str | None:
        """The key that a target of this type needs; None where the type is not known."""
        return _NUMBERS.get(self.aim or "")

    @property
    def lacks_number(self) -> bool:
        """Whether that key is missing."""
        return self.number is not None and self.target.get(self.number) is None

    @property
    def percent(self) -> int | None:
        """The percentage that it aims at, where it is one and is known."""
        return whole_number(self.target.get("averageUtilization")) if self.aim == "Utilization" else None

    def at(self, *steps: str) -> str:
        """The path of something below its target."""
        return joined(self.path, "target", *steps)


def targets(component: Component) -> Iterator[MetricTarget]:
    """Every metric of a component whose type is known."""
    for path, metric in metrics(component):
        kind = plain_text(metric.get("type"))
        if kind in SOURCES:
            source = metric.get(SOURCES[kind])
            yield MetricTarget(f"{path}.{SOURCES[kind]}", kind, None if source is None else fields(source))
