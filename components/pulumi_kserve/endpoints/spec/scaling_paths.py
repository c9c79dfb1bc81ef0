"""Which part of `scaling` a field or annotation of a component comes from."""

from __future__ import annotations

from typing import Final, TypeAlias

from pydantic.alias_generators import to_camel

from pulumi_kserve.endpoints.admission.subject import CLASS_ANNOTATION
from pulumi_kserve.endpoints.spec.scaling import (
    KNATIVE_ANNOTATIONS,
    SCALING_ARMS,
    Hpa,
    Keda,
    Kpa,
    NoScaling,
    Scaling,
)
from pulumi_kserve.endpoints.spec.triggers import TRIGGER_ARMS, CpuTrigger, MemoryTrigger, Trigger

__all__ = ["annotation_of_scaling", "scaling_steps"]

_Steps: TypeAlias = tuple[str | int, ...]
_OF_KPA: Final = {"scaleMetric": "metric", "scaleTarget": "target"}
_OF_BEHAVIOR: Final = {"scaleDown": "scaleDownSeconds", "scaleUp": "scaleUpSeconds"}
_OF_METRIC: Final = ("metricNames", "namespace", "operationOverTime", "query", "serverAddress")


def annotation_of_scaling(scaling: Scaling, key: str) -> _Steps:
    """The steps of what an annotation stands for; none where scaling does not write it."""
    here: _Steps = ("scaling", SCALING_ARMS[type(scaling)])
    if key == CLASS_ANNOTATION:
        return here
    if isinstance(scaling, Kpa) and key in KNATIVE_ANNOTATIONS:
        return (*here, to_camel(KNATIVE_ANNOTATIONS[key]))
    return ()


def scaling_steps(scaling: Scaling, steps: _Steps) -> _Steps:
    """The steps, from the component, of what one of its scaling fields stands for."""
    here: _Steps = ("scaling", SCALING_ARMS[type(scaling)])
    first = str(steps[0])
    if isinstance(scaling, NoScaling):
        return (*here, "replicas")
    if first in ("minReplicas", "maxReplicas"):
        return (*here, first)
    if isinstance(scaling, Kpa) and first in _OF_KPA:
        return (*here, _OF_KPA[first])
    if isinstance(scaling, Hpa):
        return (*here, *_in_hpa(scaling, steps[1:]))
    return (*here, *_in_keda(scaling, steps[1:])) if isinstance(scaling, Keda) else here


def _in_hpa(hpa: Hpa, steps: _Steps) -> _Steps:
    on_memory = "memoryPercent" if hpa.memory_percent is not None else "memoryAverage" if hpa.memory_average else ""
    said = [*(["cpuPercent"] if hpa.cpu_percent is not None or not on_memory else []), on_memory]
    index = _index(steps)
    return (said[index],) if index is not None and index < len(said) and said[index] else ()


def _in_keda(keda: Keda, steps: _Steps) -> _Steps:
    if len(steps) > 1 and steps[0] == "behavior" and steps[1] in _OF_BEHAVIOR:
        return (_OF_BEHAVIOR[str(steps[1])],)
    index = _index(steps)
    if index is None or index >= len(keda.triggers):
        return ("triggers",) if steps[:1] == ("metrics",) else ()
    trigger = keda.triggers[index]
    return ("triggers", index, TRIGGER_ARMS[type(trigger)], *_in_trigger(trigger, steps[3:]))


def _index(steps: _Steps) -> int | None:
    """The place in ``metrics``."""
    return steps[1] if len(steps) > 1 and steps[0] == "metrics" and isinstance(steps[1], int) else None


def _in_trigger(trigger: Trigger, steps: _Steps) -> _Steps:
    if steps[:1] == ("target",):
        if isinstance(trigger, (CpuTrigger, MemoryTrigger)):
            return ("average",) if isinstance(trigger, MemoryTrigger) and trigger.percent is None else ("percent",)
        return ("threshold",)
    if len(steps) > 1 and steps[0] == "metric" and steps[1] in _OF_METRIC:
        return (steps[1],)
    return ("authentication",) if steps[:1] == ("authenticationRef",) else ()
