"""What KEDA measures: CPU and memory of the pods, and metrics of Prometheus or OpenTelemetry.

KServe has Graphite too, but does not write all that KEDA's Graphite trigger needs, so it is not here.

https://kserve.github.io/website/docs/model-serving/predictive-inference/autoscaling/keda-autoscaler
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from pulumi_kserve.amounts import Bytes, Quantity, Whole
from pulumi_kserve.endpoints.spec.environment import ObjectName
from pulumi_kserve.inputs import In
from pulumi_kserve.models import OneOf, Spec, without_none

__all__ = [
    "TRIGGER_ARMS",
    "CpuTrigger",
    "MemoryTrigger",
    "PodMetricTrigger",
    "PrometheusTrigger",
    "Trigger",
    "trigger_fields",
]


def _whole_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Threshold: TypeAlias = Annotated[Quantity, BeforeValidator(_whole_as_text, json_schema_input_type=int | str)]
"""A number: whole, or as text such as ``"0.5"`` or ``500m``."""
Text: TypeAlias = Annotated[str, Field(min_length=1)]


class CpuTrigger(Spec):
    """CPU use of the pods. It cannot wake a component from 0."""

    percent: Whole = Field(default=80, ge=1, le=100)
    """The mean use, in percent of the request, to aim at."""


class MemoryTrigger(Spec):
    """Memory use of the pods: exactly one of the two. It cannot wake a component from 0."""

    percent: Whole | None = Field(default=None, ge=1, le=100)
    """The mean use, in percent of the request, to aim at."""
    average: Bytes | None = None
    """The mean use in bytes, for example ``4Gi``, to aim at."""

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if (self.percent is None) == (self.average is None):
            raise ValueError("expected exactly one of the keys percent or average")
        return self


class PrometheusTrigger(Spec):
    """The answer to a Prometheus query."""

    server_address: In[Text]
    """The server's URL."""
    query: In[Text]
    """The query; its answer is one number."""
    threshold: Threshold
    """How much of it one pod should carry."""
    namespace: str | None = None
    """The tenant of the query, where the server has several."""
    auth_modes: str | None = None
    """How to log in, as KEDA names it: ``bearer``, ``basic``, ``tls`` and others; not at all when unset."""
    authentication: In[ObjectName] | None = None
    """The TriggerAuthentication that holds what `auth_modes` needs."""

    @model_validator(mode="after")
    def _modes_have_secrets(self) -> Self:
        if self.auth_modes is not None and self.authentication is None:
            raise ValueError("authModes needs authentication, the name of a TriggerAuthentication")
        return self


class PodMetricTrigger(Spec):
    """Metrics that OpenTelemetry collects from the pods themselves."""

    query: In[Text]
    """The metric; KServe adds the component's pods to it."""
    threshold: Threshold
    """How much of it one pod should carry."""
    metric_names: tuple[Text, ...] = Field(min_length=1)
    """The metrics that the collector passes on, at least one."""
    server_address: In[Text] | None = None
    """The scaler's address; the platform's when unset."""
    operation_over_time: Literal["avg", "count", "last_one", "max", "min", "rate", "sum"] | None = None
    """What is made of the values over time; ``last_one`` when unset."""


TRIGGER_ARMS: Final[Mapping[type[Spec], str]] = {
    CpuTrigger: "cpu",
    MemoryTrigger: "memory",
    PrometheusTrigger: "prometheus",
    PodMetricTrigger: "podMetric",
}
"""The key of each kind of trigger."""
Trigger: TypeAlias = Annotated[
    CpuTrigger | MemoryTrigger | PrometheusTrigger | PodMetricTrigger,
    OneOf(**{key: kind for kind, key in TRIGGER_ARMS.items()}),
]


def trigger_fields(trigger: Trigger) -> dict[str, Any]:
    """The trigger as one of KServe's ``autoScaling.metrics``."""
    if isinstance(trigger, CpuTrigger):
        return _resource("cpu", percent=trigger.percent)
    if isinstance(trigger, MemoryTrigger):
        return _resource("memory", percent=trigger.percent, average=trigger.average)
    target = {"type": "Value", "value": trigger.threshold}
    if isinstance(trigger, PodMetricTrigger):
        return {"type": "PodMetric", "podmetric": {"metric": _pod_metric(trigger), "target": target}}
    return {"type": "External", "external": {**_external(trigger), "target": target}}


def _resource(name: str, *, percent: int | None = None, average: str | None = None) -> dict[str, Any]:
    if average is not None:
        target: dict[str, Any] = {"type": "AverageValue", "averageValue": average}
    else:
        target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def _external(trigger: PrometheusTrigger) -> dict[str, Any]:
    metric: dict[str, Any] = {
        "backend": "prometheus",
        "serverAddress": trigger.server_address,
        "query": trigger.query,
        "namespace": trigger.namespace,
    }
    fields: dict[str, Any] = {"metric": without_none(metric)}
    if trigger.authentication is not None:
        modes = {} if trigger.auth_modes is None else {"authModes": trigger.auth_modes}
        fields["authenticationRef"] = {**modes, "authenticationRef": {"name": trigger.authentication}}
    return fields


def _pod_metric(trigger: PodMetricTrigger) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "backend": "opentelemetry",
        "serverAddress": trigger.server_address,
        "metricNames": list(trigger.metric_names),
        "query": trigger.query,
        "operationOverTime": trigger.operation_over_time,
    }
    return without_none(fields)
