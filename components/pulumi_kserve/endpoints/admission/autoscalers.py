"""Which autoscaler KServe's webhook believes in, and which one really runs: they are not always the same.

https://kserve.github.io/website/docs/model-serving/predictive-inference/autoscaling/kpa-autoscaler
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Refusal
from pulumi_kserve.endpoints.admission.subject import CLASS_ANNOTATION, MODE_ANNOTATION, Component, Subject
from pulumi_kserve.endpoints.admission.values import fields, is_unknown, items, plain_text
from pulumi_kserve.errors import Problem

__all__ = [
    "CLASSES",
    "KNATIVE_CLASS",
    "KNATIVE_HPA",
    "Check",
    "annotated",
    "as_run",
    "as_validated",
    "metrics",
    "refusing",
    "running",
    "validated_as",
]

CLASSES: Final = ("hpa", "keda", "external", "none")
"""What the autoscalerClass annotation may say."""
KNATIVE_CLASS: Final = "autoscaling.knative.dev/class"
KNATIVE_HPA: Final = "hpa.autoscaling.knative.dev"

_MISSING: Final = object()

Check = Callable[[Component], Iterator[tuple[str, str, str]]]
"""Yields path, message and cure of what is wrong with one component."""
Autoscaler = Literal["hpa", "keda", "kpa", "external", "none"]


def validated_as(subject: Subject, context: Context) -> Autoscaler | None:
    """The autoscaler whose rules KServe's webhook applies; None where it applies none, or that is not known."""
    return subject.once(_validated_as, context)


def _validated_as(subject: Subject, context: Context) -> Autoscaler | None:
    mode, named, of_knative = (annotated(subject, key) for key in (MODE_ANNOTATION, CLASS_ANNOTATION, KNATIVE_CLASS))
    if any(is_unknown(subject.annotations.get(key)) for key in (MODE_ANNOTATION, CLASS_ANNOTATION, KNATIVE_CLASS)):
        return None
    if (context.mode if mode is None else mode) != "Standard":
        return "hpa" if of_knative == KNATIVE_HPA else "kpa"
    return _known(named, ("hpa", "keda"))


def annotated(subject: Subject, key: str) -> str | None:
    """An annotation of the object as the API server reads it, null as an empty text; None: it is missing or unknown."""
    value = subject.annotations.get(key, _MISSING)
    return "" if value is None else plain_text(value)


def running(subject: Subject, component: Component, context: Context) -> Autoscaler | None:
    """The autoscaler that a component gets; None where that is not known.

    An annotation of the component wins over the object's. In Standard mode, none at all means an HPA.
    """
    annotations = {**subject.annotations, **fields(component.fields.get("annotations"))}
    if subject.mode(context.mode) == "Knative":
        return "hpa" if plain_text(annotations.get(KNATIVE_CLASS)) == KNATIVE_HPA else "kpa"
    if annotations.get(CLASS_ANNOTATION) is None:
        return "hpa"
    return _known(plain_text(annotations[CLASS_ANNOTATION]), ("hpa", "keda", "external", "none"))


def _known(text: str | None, among: tuple[Autoscaler, ...]) -> Autoscaler | None:
    return next((each for each in among if each == text), None)


def metrics(component: Component) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every entry of `autoScaling.metrics`, with its path."""
    listed = items(fields(component.fields.get("autoScaling")).get("metrics"))
    for index, metric in enumerate(listed):
        yield component.at("autoScaling", "metrics", index), dict(fields(metric))


def as_validated(name: str, autoscaler: Autoscaler, check: Check) -> Refusal:
    """A refusal that holds where KServe's webhook applies the rules of `autoscaler`."""

    def refuse(subject: Subject, context: Context) -> Iterator[Problem]:
        if validated_as(subject, context) == autoscaler:
            for component in subject.components:
                yield from refusing(name, check(component))

    return refuse


def as_run(name: str, autoscaler: Autoscaler, check: Check) -> Refusal:
    """A refusal that holds for each component that `autoscaler` scales in Standard mode."""

    def refuse(subject: Subject, context: Context) -> Iterator[Problem]:
        if subject.mode(context.mode) == "Standard":
            for component in subject.components:
                if running(subject, component, context) == autoscaler:
                    yield from refusing(name, check(component))

    return refuse


def refusing(name: str, found: Iterator[tuple[str, str, str]]) -> Iterator[Problem]:
    """The problems of the rule `name` that a check found."""
    for path, message, cure in found:
        yield Problem(path, message, cure, name)
