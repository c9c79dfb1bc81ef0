"""Scaling by KEDA: what KServe refuses, ignores, or hands on to be refused.

https://kserve.github.io/website/docs/model-serving/predictive-inference/autoscaling/keda-autoscaler
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pulumi_kserve.endpoints.admission.autoscalers import as_run, as_validated, metrics
from pulumi_kserve.endpoints.admission.metric_targets import BY_VALUE, MOST_PERCENT, SOURCES, targets
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import Component
from pulumi_kserve.endpoints.admission.values import fields, joined, plain_text, quantity, whole_number
from pulumi_kserve.endpoints.admission.wording import in_both_words

__all__ = ["CHECKS", "RULES"]

_LEAST_MEMORY: Final = 1024**2
_WINDOW: Final = "stabilizationWindowSeconds"
_Found = Iterator[tuple[str, str, str]]


def _scale_metric(component: Component) -> _Found:
    if component.fields.get("scaleMetric") is not None:
        cure = "Leave it out and name the metric in autoScaling.metrics"
        yield component.at("scaleMetric"), "KEDA does not scale by it", cure


def _empty(component: Component) -> _Found:
    for found in targets(component):
        if found.source is None:
            yield found.path, f"a {found.kind} metric has no source", f"Add `{SOURCES[found.kind]}`"
        elif found.kind != "Resource":
            if not _given(fields(found.source.get("metric")).get("query")):
                yield f"{found.path}.metric.query", "there is no query", "Give the query whose value KEDA compares"
            if found.target.get("value") is None:
                yield found.at("value"), "there is no threshold", "Give the value at which one more pod is needed"


def _given(value: Any) -> bool:
    return value is not None and plain_text(value) != ""


def _resource(component: Component) -> _Found:
    for found in targets(component):
        if found.kind != "Resource":
            continue
        least = quantity(found.target.get("averageValue"))
        if found.measured == "cpu" and found.aim in BY_VALUE:
            yield found.at("type"), f"KEDA aims at no {found.aim} of the CPU", "Use Utilization"
        elif found.measured == "memory" and found.aim == "Value":
            yield found.at("type"), "KEDA aims at no Value of memory", "Use Utilization or AverageValue"
        elif found.measured == "memory" and found.aim == "AverageValue" and least is not None and least < _LEAST_MEMORY:
            yield found.at("averageValue"), "is less than 1Mi", "Give a quantity such as 2Gi"


def _target(component: Component) -> _Found:
    for found in targets(component):
        if found.number is not None and found.lacks_number:
            yield found.at(found.number), f"is missing for a target of type {found.aim}", "Add it"
        elif found.percent is not None and not 1 <= found.percent <= MOST_PERCENT:
            yield found.at("averageUtilization"), f"{found.percent} is no percentage", "Give 1 to 100"


CHECKS: Final = (_scale_metric, _empty, _resource, _target)
"""All that KServe's webhook checks of a component that it takes for one with KEDA."""


def _behavior(component: Component) -> _Found:
    behavior = fields(fields(component.fields.get("autoScaling")).get("behavior"))
    for direction in ("scaleUp", "scaleDown"):
        for key, value in fields(behavior.get(direction)).items():
            if key != _WINDOW and value is not None:
                cure = f"Leave it out; only {_WINDOW} reaches KEDA"
                yield component.at("autoScaling", "behavior", direction, key), "KServe does not pass it on", cure


def _scale_target(component: Component) -> _Found:
    if component.fields.get("scaleTarget") is not None:
        cure = "Leave it out and give each metric of autoScaling.metrics its target"
        yield component.at("scaleTarget"), "is not read with KEDA", cure


def _unread_target(component: Component) -> _Found:
    for found in targets(component):
        for key in ("averageValue", "averageUtilization"):
            if found.kind != "Resource" and found.target.get(key) is not None:
                cure = "Leave it out; `value` alone is the threshold, with the type Value"
                yield found.at(key), f"is not read of a metric of type {found.kind}", cure


def _no_trigger(component: Component) -> _Found:
    if not list(metrics(component)):
        cure = "Name at least one metric in autoScaling.metrics"
        yield component.at("autoScaling", "metrics"), "a ScaledObject without triggers is refused", cure


def _zero(component: Component) -> _Found:
    kinds = {found.kind for found in targets(component)}
    if whole_number(component.fields.get("minReplicas")) == 0 and kinds == {"Resource"}:
        cure = "Set minReplicas to 1, or add an External metric that shows when requests wait"
        cure = in_both_words(cure, "a `prometheus` trigger")
        yield component.at("minReplicas"), "with no pods there is no CPU or memory use to scale by", cure


def _graphite(component: Component) -> _Found:
    for found in targets(component):
        if fields(fields(found.source).get("metric")).get("backend") == "graphite":
            cure = "Use prometheus, or the class external with a ScaledObject of your own"
            text = "KEDA's graphite trigger needs a queryTime, which KServe cannot give it"
            yield joined(found.path, "metric", "backend"), text, cure


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "keda-scale-metric",
        as_validated("keda-scale-metric", "keda", _scale_metric),
        "kserve",
        "KEDA scales by autoScaling.metrics, not by scaleMetric.",
    ),
    Rule("keda-empty", as_validated("keda-empty", "keda", _empty), "kserve", "A metric needs source, query, value."),
    Rule(
        "keda-resource",
        as_validated("keda-resource", "keda", _resource),
        "kserve",
        "KEDA aims at the utilization of the CPU, and at the utilization or average value of memory.",
    ),
    Rule("keda-target", as_validated("keda-target", "keda", _target), "kserve", "A target needs what its type says."),
    Rule(
        "keda-behavior",
        as_run("keda-behavior", "keda", _behavior),
        "stricter",
        "KServe passes only the stabilization windows on to KEDA.",
    ),
    Rule(
        "keda-scale-target",
        as_run("keda-scale-target", "keda", _scale_target),
        "stricter",
        "With KEDA, KServe does not read scaleTarget.",
    ),
    Rule(
        "keda-unread-target",
        as_run("keda-unread-target", "keda", _unread_target),
        "stricter",
        "Of an External or PodMetric target KServe passes only `value` on.",
    ),
    Rule(
        "keda-no-trigger",
        as_run("keda-no-trigger", "keda", _no_trigger),
        "reconcile",
        "KServe makes a ScaledObject without triggers, which the API server refuses.",
    ),
    Rule(
        "keda-zero",
        as_run("keda-zero", "keda", _zero),
        "reconcile",
        "KEDA does not scale to zero by CPU or memory alone: its webhook refuses the ScaledObject.",
    ),
    Rule(
        "keda-graphite",
        as_run("keda-graphite", "keda", _graphite),
        "reconcile",
        "KEDA's graphite trigger needs a queryTime, which KServe does not write.",
    ),
)
