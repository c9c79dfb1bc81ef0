"""Knative mode: what KServe refuses in it, ignores in it, or cannot start in it.

https://kserve.github.io/website/docs/admin-guide/kubernetes-deployment#deployment-modes
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pulumi_kserve.contracts import Feature
from pulumi_kserve.endpoints.admission.autoscalers import as_validated, validated_as
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import CLASS_ANNOTATION, MODE_ANNOTATION, Component, Container, Subject
from pulumi_kserve.endpoints.admission.values import fields, is_unknown, plain_text, whole_number
from pulumi_kserve.endpoints.admission.wording import in_both_words
from pulumi_kserve.errors import Problem
from pulumi_kserve.platform.releases import release_row

__all__ = ["RULES"]

_BOUNDS: Final = {
    "autoscaling.knative.dev/min-scale": "minReplicas",
    "autoscaling.knative.dev/max-scale": "maxReplicas",
    "autoscaling.knative.dev/minScale": "minReplicas",
}
"""Annotations that never reach Knative as they were written, and the field that does instead."""
_AIMS: Final = {"autoscaling.knative.dev/target": "scaleTarget", "autoscaling.knative.dev/metric": "scaleMetric"}
"""Annotations that a field overwrites where it is set."""
_OF_KPA: Final = {"scaleTarget": "target", "scaleMetric": "metric"}
_NOT_OF_PODS: Final = (
    "activeDeadlineSeconds",
    "automountServiceAccountToken",
    "hostUsers",
    "hostname",
    "nodeName",
    "os",
    "overhead",
    "preemptionPolicy",
    "priority",
    "readinessGates",
    "resourceClaims",
    "schedulingGates",
    "setHostnameAsFQDN",
    "subdomain",
    "terminationGracePeriodSeconds",
)
_NOT_OF_CONTAINERS: Final = ("lifecycle", "resizePolicy", "restartPolicy", "stdin", "stdinOnce", "tty", "volumeDevices")
"""Fields that no setting of Knative allows; the token of the service account can only be switched off."""
_WHOLE: Final = 100
_Found = Iterator[tuple[str, str, str]]


def _strategy(component: Component) -> _Found:
    if component.fields.get("deploymentStrategy") is not None:
        cure = "Leave it out; Knative shifts traffic between revisions, see canaryTrafficPercent"
        cure = in_both_words(cure, "`rollout.canary` or `rollout.gradual`")
        yield component.at("deploymentStrategy"), "there is no Deployment of KServe's in Knative mode", cure


def _metric(component: Component) -> _Found:
    metric = plain_text(component.fields.get("scaleMetric"))
    if metric is not None and metric not in {"concurrency", "rps"}:
        cure = "Use concurrency or rps, or the annotation autoscaling.knative.dev/class with Knative's HPA"
        yield component.at("scaleMetric"), f"Knative's own autoscaler does not scale on {metric!r}", cure


def _requests(component: Component) -> _Found:
    target = whole_number(component.fields.get("scaleTarget"))
    if component.fields.get("scaleMetric") == "rps" and target is not None and target < 1:
        yield component.at("scaleTarget"), f"{target} requests per second are no target", "Give 1 or more"


def _refuse_ignored_strategy(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.mode(context.mode) == "Knative" and validated_as(subject, context) == "hpa":
        for component in subject.components:
            for path, message, cure in _strategy(component):
                yield Problem(path, message, cure, "strategy-ignored")


def _refuse_auto_scaling(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.mode(context.mode) != "Knative":
        return
    for component in subject.components:
        if component.fields.get("autoScaling") is not None and not _names_its_class(subject, component):
            cure = in_both_words("Use scaleMetric and scaleTarget, or Standard mode", "`scaling.kpa`")
            yield Problem(component.at("autoScaling"), "is not read in Knative mode", cure, "auto-scaling-in-knative")


def _names_its_class(subject: Subject, component: Component) -> bool:
    """Whether an annotation names its autoscaler, which `other-mode` then refuses, autoScaling and all."""
    return CLASS_ANNOTATION in {**subject.annotations, **fields(component.fields.get("annotations"))}


def _refuse_explicit_mode(subject: Subject, context: Context) -> Iterator[Problem]:
    bad = next(
        (bad for bad in release_row(context.release, allow_untested=True).known_bad if bad.mode == "Knative"), None
    )
    if bad is not None and subject.annotation(MODE_ANNOTATION) == "Knative":
        cure = f"Leave the annotation out on a cluster whose mode is Knative, or use a newer KServe ({bad.issue})"
        yield Problem(subject.annotation_path(MODE_ANNOTATION), bad.reason, cure, "explicit-knative")


def _refuse_without_knative(subject: Subject, context: Context) -> Iterator[Problem]:
    facts = context.facts
    if facts is None or facts.mode == "Knative" or facts.has(Feature.KNATIVE):
        return
    if subject.mode(context.mode) == "Knative":
        cure = "Leave the annotation out, or add knative to the cluster's `provides`"
        text = "needs Knative, which neither the cluster nor the platform brings"
        yield Problem(subject.annotation_path(MODE_ANNOTATION), text, cure, "knative-missing")


def _refuse_overwritten(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.mode(context.mode) != "Knative":
        return
    for key in subject.annotations:
        if key in _BOUNDS:
            yield _overwritten(subject.annotation_path(key), _BOUNDS[key])
    for component in subject.components:
        own = fields(component.fields.get("annotations"))
        for key in own:
            if key in _BOUNDS:
                yield _overwritten(component.at("annotations", key), _BOUNDS[key])
        for key, field in _AIMS.items():
            if component.fields.get(field) is not None and (key in own or key in subject.annotations):
                path = component.at("annotations", key) if key in own else subject.annotation_path(key)
                yield _overwritten(path, field)


def _overwritten(path: str, field: str) -> Problem:
    cure = in_both_words(f"Say it with {field}", f"`scaling.kpa.{_OF_KPA.get(field, field)}`")
    return Problem(path, f"KServe writes it from {field}", cure, "overwritten-annotation")


def _refuse_percent(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.mode(context.mode) != "Knative":
        return
    for component in subject.components:
        percent = whole_number(component.fields.get("canaryTrafficPercent"))
        if percent is not None and not 0 <= percent <= _WHOLE:
            text = f"{percent} is no percentage"
            yield Problem(component.at("canaryTrafficPercent"), text, "Give 0 to 100", "canary-percent-range")


def _refuse_fields(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.mode(context.mode) != "Knative":
        return
    for component in subject.components:
        yield from _not_allowed(component, _NOT_OF_PODS)
        for container in component.all_containers:
            if container.role in {"model", "art", "container"}:
                yield from _not_allowed(container, _NOT_OF_CONTAINERS)


def _not_allowed(holder: Component | Container, keys: tuple[str, ...]) -> Iterator[Problem]:
    for key in keys:
        value = holder.fields.get(key)
        if value is not None and value is not False and value != "" and not is_unknown(value):
            yield Problem(holder.at(key), "Knative allows no such field", "Leave it out", "knative-field")


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "strategy-in-knative",
        as_validated("strategy-in-knative", "kpa", _strategy),
        "kserve",
        "A deployment strategy belongs to Standard mode.",
    ),
    Rule("kpa-metric", as_validated("kpa-metric", "kpa", _metric), "kserve", "Knative scales on concurrency or rps."),
    Rule("rps-target", as_validated("rps-target", "kpa", _requests), "kserve", "A target of rps is 1 or more."),
    Rule(
        "strategy-ignored",
        _refuse_ignored_strategy,
        "stricter",
        "With Knative's HPA class the webhook lets a deployment strategy pass, and nothing reads it.",
    ),
    Rule("auto-scaling-in-knative", _refuse_auto_scaling, "stricter", "KServe does not read autoScaling in this mode."),
    Rule(
        "explicit-knative",
        _refuse_explicit_mode,
        "reconcile",
        "KServe 0.19.0 refuses its own first patch of an object with the mode annotation Knative.",
        releases=("0.19",),
    ),
    Rule(
        "knative-missing",
        _refuse_without_knative,
        "reconcile",
        "Without Knative's CRDs the controller gives up with the event ServerlessModeRejected.",
    ),
    Rule(
        "overwritten-annotation",
        _refuse_overwritten,
        "stricter",
        "KServe writes these annotations of Knative's autoscaler from its own fields.",
    ),
    Rule(
        "knative-field",
        _refuse_fields,
        "reconcile",
        "Knative's webhook refuses such a field of pods and containers, and KServe's controller gets no further.",
    ),
    Rule(
        "canary-percent-range",
        _refuse_percent,
        "reconcile",
        "Knative refuses a share of traffic below 0 or above 100; KServe's webhook does not look.",
    ),
)
