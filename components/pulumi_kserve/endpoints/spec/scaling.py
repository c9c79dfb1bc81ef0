"""How many replicas a component has, as a union that holds only what works.

The fields of an autoscaler that KServe accepts and ignores, such as behaviour of the HPA, have no place here.

https://kserve.github.io/website/docs/model-serving/predictive-inference/autoscaling/hpa-autoscaler
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from pulumi_kserve.amounts import INT32, Bytes, Duration, Whole, between
from pulumi_kserve.endpoints.admission.subject import CLASS_ANNOTATION
from pulumi_kserve.endpoints.spec.triggers import (
    CpuTrigger,
    MemoryTrigger,
    PodMetricTrigger,
    PrometheusTrigger,
    Trigger,
    trigger_fields,
)
from pulumi_kserve.models import OneOf, Spec

__all__ = [
    "KNATIVE_ANNOTATIONS",
    "SCALING_ARMS",
    "SCALING_FIELDS",
    "CpuTrigger",
    "External",
    "Hpa",
    "Keda",
    "Kpa",
    "MemoryTrigger",
    "NoScaling",
    "PodMetricTrigger",
    "PrometheusTrigger",
    "Scaling",
    "Trigger",
    "autoscaler_class",
    "fixed_replicas",
    "knative_annotations",
    "least_replicas",
    "most_replicas",
    "scaling_annotations",
    "scaling_fields",
]

_DEFAULT_PERCENT: Final = 80


class NoScaling(Spec):
    """A fixed number of replicas."""

    replicas: Whole = Field(default=1, ge=1, le=INT32)
    """How many pods run, at least 1."""


class Hpa(Spec):
    """A HorizontalPodAutoscaler on CPU, memory or both. Needs metrics-server, and Standard mode.

    With several targets the one that wants most pods wins. With none it is 80 % of CPU.
    """

    min_replicas: Whole = Field(default=1, ge=1, le=INT32)
    """The fewest pods. KServe raises 0 to 1 here, so 0 is refused."""
    max_replicas: Whole = Field(ge=1, le=INT32)
    """The most pods; not below `min_replicas`."""
    cpu_percent: Whole | None = Field(default=None, ge=1, le=100)
    """The mean CPU use, in percent of the request, that the autoscaler aims at."""
    memory_percent: Whole | None = Field(default=None, ge=1, le=100)
    """The mean memory use, in percent of the request, that it aims at."""
    memory_average: Bytes | None = None
    """The mean memory use in bytes, for example ``4Gi``, that it aims at; instead of `memory_percent`."""

    @model_validator(mode="after")
    def _memory_once(self) -> Self:
        if self.memory_percent is not None and self.memory_average is not None:
            raise ValueError("memoryPercent and memoryAverage exclude each other: keep one")
        return self


class Keda(Spec):
    """KEDA's ScaledObject, on CPU, memory, or metrics of other systems. Needs KEDA, and Standard mode."""

    min_replicas: Whole = Field(default=1, ge=0, le=INT32)
    """The fewest pods; 0 lets it sleep until a trigger that is not CPU or memory wakes it."""
    max_replicas: Whole = Field(ge=1, le=INT32)
    """The most pods; not below `min_replicas`."""
    triggers: tuple[Trigger, ...] = Field(min_length=1)
    """What it measures, at least one; the one that wants most pods wins."""
    scale_up_seconds: Whole | None = Field(default=None, ge=0, le=3600)
    """Seconds that a need for more pods must last before it acts, 0 to 3600; the platform's setting when unset."""
    scale_down_seconds: Whole | None = Field(default=None, ge=0, le=3600)
    """Seconds that a need for fewer pods must last before it acts, 0 to 3600; the platform's setting when unset."""


class Kpa(Spec):
    """Knative's own autoscaler, on requests. Needs Knative mode."""

    min_replicas: Whole = Field(default=1, ge=0, le=INT32)
    """The fewest pods; 0 lets it sleep until a request comes."""
    max_replicas: Whole | None = Field(default=None, ge=1, le=INT32)
    """The most pods, not below `min_replicas`; no bound but Knative's own when unset."""
    metric: Literal["concurrency", "rps"] = "concurrency"
    """Requests at the same time, or requests per second."""
    target: Whole | None = Field(default=None, ge=1, le=INT32)
    """How much of the metric one pod should carry; Knative's own number, 100 or 200, when unset."""
    target_percent: Whole | None = Field(default=None, ge=1, le=100)
    """Percent of the target at which further pods start; 70 when unset."""
    initial_scale: Whole | None = Field(default=None, ge=1, le=INT32)
    """Pods that a new revision must reach before it serves; 1 when unset."""
    activation_scale: Whole | None = Field(default=None, ge=2, le=INT32)
    """The fewest pods to wake up with from 0, at least 2 and from `min_replicas` to `max_replicas`; 1 when unset."""
    window: Annotated[Duration, between("6s", "1h")] | None = None
    """The time over which the metric is averaged, 6s to 1h; ``60s`` when unset."""
    scale_down_delay: Annotated[Duration, between("0s", "1h")] | None = None
    """How long a need for fewer pods must last before it acts, at most 1h; at once when unset."""
    zero_retention: Annotated[Duration, between("0s", "1h")] | None = None
    """How long the last pod stays after there was nothing to do, at most 1h; at once when unset."""

    @model_validator(mode="after")
    def _wakes_within_its_bounds(self) -> Self:
        _refuse_activation(self)
        return self


def _refuse_activation(kpa: Kpa) -> None:
    wakes = kpa.activation_scale
    if wakes is None:
        return
    if wakes < kpa.min_replicas:
        raise ValueError(f"activationScale {wakes} is below minReplicas {kpa.min_replicas}")
    if kpa.max_replicas is not None and wakes > kpa.max_replicas:
        raise ValueError(f"activationScale {wakes} is above maxReplicas {kpa.max_replicas}")


class External(Spec):
    """An autoscaler that is not KServe's looks after the Deployment. Needs Standard mode.

    KServe makes nothing for it. The bounds are what you promise of it, for the disruption budget and the pools' room.
    """

    min_replicas: Whole = Field(default=1, ge=0, le=INT32)
    """The fewest pods that it keeps."""
    max_replicas: Whole | None = Field(default=None, ge=1, le=INT32)
    """The most pods that it makes, not below `min_replicas`; not known when unset."""

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.max_replicas is not None and self.max_replicas < self.min_replicas:
            raise ValueError(f"maxReplicas {self.max_replicas} is below minReplicas {self.min_replicas}")
        return self


SCALING_ARMS: Final[Mapping[type[Spec], str]] = {
    NoScaling: "noScaling",
    Hpa: "hpa",
    Keda: "keda",
    Kpa: "kpa",
    External: "external",
}
"""The key of each kind of scaling."""
Scaling: TypeAlias = Annotated[
    NoScaling | Hpa | Keda | Kpa | External,
    OneOf(**{key: kind for kind, key in SCALING_ARMS.items()}),
]

SCALING_FIELDS = ("autoScaling", "maxReplicas", "minReplicas", "scaleMetric", "scaleMetricType", "scaleTarget")
"""The component's fields that say how many pods there are, and nothing of what they are."""

KNATIVE_ANNOTATIONS: Final[Mapping[str, str]] = {
    "autoscaling.knative.dev/activation-scale": "activation_scale",
    "autoscaling.knative.dev/initial-scale": "initial_scale",
    "autoscaling.knative.dev/scale-down-delay": "scale_down_delay",
    "autoscaling.knative.dev/scale-to-zero-pod-retention-period": "zero_retention",
    "autoscaling.knative.dev/target-utilization-percentage": "target_percent",
    "autoscaling.knative.dev/window": "window",
}
"""The annotations of Knative's autoscaler that KServe has no field for, and the fields of `Kpa` that they stand for."""


def autoscaler_class(scaling: Scaling) -> str:
    """The value of KServe's autoscalerClass annotation. KServe knows no ``kpa``: Knative's is there by itself."""
    return "none" if isinstance(scaling, NoScaling) else SCALING_ARMS[type(scaling)]


def scaling_annotations(scaling: Scaling, mode: str) -> dict[str, str]:
    """The annotation that names the autoscaler.

    In Knative mode there is none. An autoscaler that the mode does not have is named all the same, and so refused.
    """
    named = not isinstance(scaling, (NoScaling, Kpa)) if mode == "Knative" else True
    return {CLASS_ANNOTATION: autoscaler_class(scaling)} if named else {}


def knative_annotations(scaling: Scaling) -> dict[str, str]:
    """The component's annotations for what Knative's autoscaler knows and KServe has no field for."""
    if not isinstance(scaling, Kpa):
        return {}
    said = {key: getattr(scaling, name) for key, name in KNATIVE_ANNOTATIONS.items()}
    return {key: str(value) for key, value in said.items() if value is not None}


def fixed_replicas(scaling: Scaling) -> int | None:
    """The number of pods, where it is fixed."""
    return scaling.replicas if isinstance(scaling, NoScaling) else None


def least_replicas(scaling: Scaling) -> int:
    """The fewest pods that run."""
    return scaling.replicas if isinstance(scaling, NoScaling) else scaling.min_replicas


def most_replicas(scaling: Scaling) -> int | None:
    """The most pods that run; None where that is not known."""
    return scaling.replicas if isinstance(scaling, NoScaling) else scaling.max_replicas


def scaling_fields(scaling: Scaling, mode: str) -> dict[str, Any]:
    """The component's fields that KServe reads for scaling."""
    if isinstance(scaling, NoScaling):
        most = {"maxReplicas": scaling.replicas} if mode == "Knative" else {}
        return {"minReplicas": scaling.replicas, **most}
    if isinstance(scaling, External):
        return {}
    bounds = {"minReplicas": scaling.min_replicas, "maxReplicas": scaling.max_replicas}
    fields: dict[str, Any] = {key: value for key, value in bounds.items() if value is not None}
    if isinstance(scaling, Hpa):
        return {**fields, **_hpa_fields(scaling)}
    return {**fields, **(_kpa_fields(scaling) if isinstance(scaling, Kpa) else {"autoScaling": _keda_fields(scaling)})}


def _hpa_fields(hpa: Hpa) -> dict[str, Any]:
    """As metrics, and not by scaleMetric: KServe takes these beside a component with KEDA too."""
    cpu, percent, average = hpa.cpu_percent, hpa.memory_percent, hpa.memory_average
    on_memory = percent is not None or average is not None
    triggers: list[Trigger] = []
    if cpu is not None or not on_memory:
        triggers.append(CpuTrigger(percent=_DEFAULT_PERCENT if cpu is None else cpu))
    if on_memory:
        triggers.append(MemoryTrigger(percent=percent, average=average))
    return {"autoScaling": {"metrics": [trigger_fields(trigger) for trigger in triggers]}}


def _keda_fields(keda: Keda) -> dict[str, Any]:
    windows = {"scaleUp": keda.scale_up_seconds, "scaleDown": keda.scale_down_seconds}
    behavior = {key: {"stabilizationWindowSeconds": value} for key, value in windows.items() if value is not None}
    metrics = [trigger_fields(trigger) for trigger in keda.triggers]
    return {"metrics": metrics, **({"behavior": behavior} if behavior else {})}


def _kpa_fields(kpa: Kpa) -> dict[str, Any]:
    return {"scaleMetric": kpa.metric, **({} if kpa.target is None else {"scaleTarget": kpa.target})}
