"""How many pods there are: the autoscaler's class, bounds, and what no autoscaler reads.

https://kserve.github.io/website/docs/reference/crd-api#serving.kserve.io/v1beta1.ComponentExtensionSpec
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pulumi_kserve.contracts import Feature
from pulumi_kserve.endpoints.admission import hpa, keda
from pulumi_kserve.endpoints.admission.autoscalers import CLASSES, annotated, metrics, refusing, running, validated_as
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import CLASS_ANNOTATION, Component, Subject
from pulumi_kserve.endpoints.admission.values import fields, plain_text, whole_number
from pulumi_kserve.endpoints.admission.wording import in_both_words
from pulumi_kserve.errors import Problem

__all__ = ["RULES"]

_DEFAULT_LEAST: Final = 1
_CHECKS: Final = {"hpa": hpa.CHECKS, "keda": keda.CHECKS}
_CURE_OF_KPA: Final = in_both_words(
    "Leave the annotation out: Knative's own autoscaler is what Knative mode uses by itself",
    "`scaling.kpa` needs Knative mode; use `scaling.hpa` or `scaling.keda` in Standard mode",
)


def _refuse_class(subject: Subject, _context: Context) -> Iterator[Problem]:
    written = annotated(subject, CLASS_ANNOTATION)
    if written is not None and written not in CLASSES:
        cure = _CURE_OF_KPA if written == "kpa" else f"Use one of {', '.join(CLASSES)}"
        yield Problem(
            subject.annotation_path(CLASS_ANNOTATION), f"KServe has no class {written!r}", cure, "autoscaler-class"
        )


def _refuse_negative_concurrency(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        wanted = whole_number(component.fields.get("containerConcurrency"))
        if wanted is not None and wanted < 0:
            cure = "Give 0 for no limit, or more"
            yield Problem(
                component.at("containerConcurrency"), f"{wanted} is less than 0", cure, "negative-concurrency"
            )


def _refuse_negative_replicas(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        for key in ("minReplicas", "maxReplicas"):
            wanted = whole_number(component.fields.get(key))
            if wanted is not None and wanted < 0:
                yield Problem(component.at(key), f"{wanted} is less than 0", "Give 0 or more", "negative-replicas")


def _refuse_max_below_min(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        least, most = _least(component), whole_number(component.fields.get("maxReplicas"))
        if least is not None and most is not None and 0 < most < least:
            cure = "Raise maxReplicas or lower minReplicas"
            yield Problem(component.at("maxReplicas"), f"{most} is below minReplicas {least}", cure, "max-below-min")


def _least(component: Component) -> int | None:
    """The fewest pods; None where that is not known."""
    written = component.fields.get("minReplicas")
    return _DEFAULT_LEAST if written is None else whole_number(written)


def _refuse_unchecked(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.mode(context.mode) != "Standard":
        return
    checked = validated_as(subject, context)
    for component in subject.components:
        autoscaler = running(subject, component, context)
        if autoscaler != checked:
            for check in _CHECKS.get(autoscaler or "", ()):
                yield from refusing("unchecked-scaling", check(component))


def _refuse_class_of_component(subject: Subject, _context: Context) -> Iterator[Problem]:
    for component in subject.components:
        written = plain_text(fields(component.fields.get("annotations")).get(CLASS_ANNOTATION))
        if written is not None and written not in CLASSES:
            cure = _CURE_OF_KPA if written == "kpa" else f"Use one of {', '.join(CLASSES)}"
            path = component.at("annotations", CLASS_ANNOTATION)
            yield Problem(path, f"KServe has no class {written!r}", cure, "component-autoscaler-class")


def _refuse_zero(subject: Subject, context: Context) -> Iterator[Problem]:
    said = {
        "hpa": ("an HPA keeps at least one pod", "Give 1 or more; KEDA and Knative can scale to 0"),
        "none": ("no pod would ever run", "Give 1 or more, or stop the endpoint instead"),
    }
    for component in subject.components:
        autoscaler = running(subject, component, context)
        if autoscaler in said and whole_number(component.fields.get("minReplicas")) == 0:
            message, cure = said[autoscaler]
            yield Problem(component.at("minReplicas"), message, cure, "zero-replicas")


def _refuse_unused(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.components:
        autoscaler = running(subject, component, context)
        if autoscaler not in {"none", "external"}:
            continue
        for key in ("scaleMetric", "scaleTarget", "autoScaling"):
            if component.fields.get(key) is not None:
                cure = "Leave it out, or use the autoscaler class hpa or keda"
                yield Problem(component.at(key), f"is not read with the class {autoscaler}", cure, "unused-scaling")
        most = whole_number(component.fields.get("maxReplicas"))
        if autoscaler == "none" and most and most != _least(component):
            cure = "Leave it out: minReplicas is the number of pods"
            yield Problem(component.at("maxReplicas"), "is not read with the class none", cure, "unused-scaling")


def _refuse_without_metrics_server(subject: Subject, context: Context) -> Iterator[Problem]:
    if context.facts is None or context.facts.has(Feature.METRICS_SERVER):
        return
    for component in subject.components:
        if _measures_pods(subject, component, context):
            cure = "Add metrics-server to the cluster's `provides`, or use a fixed number of replicas"
            text = "needs metrics-server, which neither the cluster nor the platform brings"
            yield Problem(component.at("maxReplicas"), text, cure, "metrics-server")


def _measures_pods(subject: Subject, component: Component, context: Context) -> bool:
    most, autoscaler = whole_number(component.fields.get("maxReplicas")), running(subject, component, context)
    if most is None or most <= (_least(component) or 0):
        return False
    return autoscaler == "hpa" or (
        autoscaler == "keda" and any(metric.get("type") == "Resource" for _, metric in metrics(component))
    )


def _refuse_without_keda(subject: Subject, context: Context) -> Iterator[Problem]:
    if context.facts is None or context.facts.has(Feature.KEDA):
        return
    for component in subject.components:
        if running(subject, component, context) == "keda":
            cure = "Add keda to the cluster's `provides`, or use another autoscaler"
            text = "needs KEDA, which neither the cluster nor the platform brings"
            yield Problem(component.at("autoScaling"), text, cure, "keda-missing")


RULES: Final[tuple[Rule, ...]] = (
    Rule("autoscaler-class", _refuse_class, "kserve", "KServe knows the classes hpa, keda, external and none."),
    Rule("negative-concurrency", _refuse_negative_concurrency, "kserve", "Concurrency is 0 or more."),
    Rule("negative-replicas", _refuse_negative_replicas, "kserve", "Numbers of pods are 0 or more."),
    Rule("max-below-min", _refuse_max_below_min, "kserve", "The most pods are not fewer than the fewest."),
    *hpa.RULES,
    *keda.RULES,
    Rule(
        "unchecked-scaling",
        _refuse_unchecked,
        "stricter",
        "Without the autoscalerClass annotation (or with one on the component only) KServe scales, but checks nothing.",
    ),
    Rule(
        "component-autoscaler-class",
        _refuse_class_of_component,
        "reconcile",
        "The controller stops at an autoscaler class that it does not know; the webhook does not look at components.",
    ),
    Rule(
        "zero-replicas",
        _refuse_zero,
        "stricter",
        "An HPA keeps at least one pod whatever minReplicas says, and without autoscaler 0 is for ever.",
    ),
    Rule(
        "unused-scaling",
        _refuse_unused,
        "stricter",
        "With the class none or external KServe does not read the other scaling fields.",
    ),
    Rule(
        "metrics-server",
        _refuse_without_metrics_server,
        "reconcile",
        "Without metrics-server the autoscaler never learns what the pods use, and never scales.",
    ),
    Rule(
        "keda-missing",
        _refuse_without_keda,
        "reconcile",
        "Without KEDA's CRDs the controller cannot make the ScaledObject.",
    ),
)
