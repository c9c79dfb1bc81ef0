"""Scaling by a HorizontalPodAutoscaler: what KServe refuses, ignores, or hands on to be refused.

https://kserve.github.io/website/docs/model-serving/predictive-inference/autoscaling/hpa-autoscaler
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pulumi_kserve.endpoints.admission.autoscalers import as_run, as_validated, metrics
from pulumi_kserve.endpoints.admission.metric_targets import BY_VALUE, MOST_PERCENT, targets
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import Component
from pulumi_kserve.endpoints.admission.values import fields, plain_text, whole_number

__all__ = ["CHECKS", "RULES"]

_DEFAULT_PERCENT: Final = 80
_Found = Iterator[tuple[str, str, str]]


def _metric(component: Component) -> _Found:
    metric = plain_text(component.fields.get("scaleMetric"))
    if metric is not None and metric not in {"cpu", "memory"}:
        cure = "Use cpu or memory; concurrency and rps need Knative's own autoscaler"
        yield component.at("scaleMetric"), f"an HPA cannot scale on {metric!r}", cure


def _target(component: Component) -> _Found:
    target, written = whole_number(component.fields.get("scaleTarget")), component.fields.get("scaleMetric")
    metric = "cpu" if written is None else plain_text(written)
    if target is not None and (target > MOST_PERCENT or (target < 1 and metric in {"cpu", "memory"})):
        cure = "Give a percentage of what the pods request, 1 to 100"
        yield component.at("scaleTarget"), f"{target} is no use of {metric} to aim at", cure


def _source(component: Component) -> _Found:
    for path, metric in metrics(component):
        kind = plain_text(metric.get("type"))
        if kind in {"External", "PodMetric"}:
            cure = "Use a Resource metric, or the autoscaler class keda"
            yield f"{path}.type", f"an HPA of KServe has no {kind} metrics", cure
        elif kind == "Resource" and metric.get("resource") is None:
            yield f"{path}.resource", "a Resource metric names no resource", "Add `resource` with a name and a target"


CHECKS: Final = (_metric, _target, _source)
"""All that KServe's webhook checks of a component that it takes for one with an HPA."""


def _behavior(component: Component) -> _Found:
    if fields(component.fields.get("autoScaling")).get("behavior") is not None:
        cure = "Leave it out, or use the autoscaler class keda, which takes the stabilization windows"
        yield component.at("autoScaling", "behavior"), "KServe gives the HPA no behavior", cure


def _shadowed(component: Component) -> _Found:
    if component.fields.get("autoScaling") is None:
        return
    for key in ("scaleMetric", "scaleTarget"):
        if component.fields.get(key) is not None:
            cure = f"Keep either {key} or autoScaling.metrics"
            yield component.at(key), "is not read where autoScaling is set", cure


def _no_metric(component: Component) -> _Found:
    if component.fields.get("autoScaling") is not None:
        if not list(metrics(component)):
            cure = "Name a metric in autoScaling.metrics, or leave autoScaling out and set scaleTarget"
            yield component.at("autoScaling"), f"no metric: Kubernetes scales on {_DEFAULT_PERCENT} % of the CPU", cure
    elif component.fields.get("scaleMetric") == "memory" and component.fields.get("scaleTarget") is None:
        cure = "Set scaleTarget to a percentage of the requested memory"
        yield component.at("scaleMetric"), "memory without scaleTarget: Kubernetes scales on the CPU instead", cure


def _cpu_by_value(component: Component) -> _Found:
    for found in targets(component):
        if found.measured == "cpu" and found.aim in BY_VALUE:
            cure = "Use the type Utilization with averageUtilization"
            text = f"KServe reads only averageUtilization of a CPU target, and takes {_DEFAULT_PERCENT} % here"
            yield found.at("type"), text, cure


def _incomplete(component: Component) -> _Found:
    for found in targets(component):
        if found.percent is not None and found.percent < 1:
            text = f"{found.percent} is below 1: Kubernetes refuses the HPA"
            yield found.at("averageUtilization"), text, "Give at least 1"
        elif found.measured == "memory" and found.aim == "Value":
            yield found.at("type"), "KServe drops it: Kubernetes refuses the HPA", "Use Utilization or AverageValue"
        elif found.measured == "memory" and found.number is not None and found.lacks_number:
            cure = "Give a percentage, 1 or more" if found.aim == "Utilization" else "Give a quantity such as 2Gi"
            yield found.at(found.number), "is missing: Kubernetes refuses the HPA", cure


RULES: Final[tuple[Rule, ...]] = (
    Rule("hpa-metric", as_validated("hpa-metric", "hpa", _metric), "kserve", "An HPA scales on cpu or memory only."),
    Rule("hpa-target", as_validated("hpa-target", "hpa", _target), "kserve", "The target is a percentage, 1 to 100."),
    Rule("hpa-source", as_validated("hpa-source", "hpa", _source), "kserve", "An HPA takes Resource metrics only."),
    Rule("hpa-behavior", as_run("hpa-behavior", "hpa", _behavior), "stricter", "KServe ignores it with an HPA."),
    Rule(
        "hpa-shadowed",
        as_run("hpa-shadowed", "hpa", _shadowed),
        "stricter",
        "With autoScaling set, KServe does not read scaleMetric and scaleTarget.",
    ),
    Rule(
        "hpa-no-metric",
        as_run("hpa-no-metric", "hpa", _no_metric),
        "stricter",
        "KServe makes an HPA without metrics, and Kubernetes then scales on 80 % of the CPU, whatever was meant.",
    ),
    Rule(
        "hpa-cpu-by-value",
        as_run("hpa-cpu-by-value", "hpa", _cpu_by_value),
        "stricter",
        "Of a CPU target KServe reads only averageUtilization, and takes 80 % where there is none.",
    ),
    Rule(
        "hpa-incomplete",
        as_run("hpa-incomplete", "hpa", _incomplete),
        "reconcile",
        "KServe writes an HPA whose target is empty, and Kubernetes refuses that HPA.",
    ),
)
