"""Fields and annotations that KServe accepts and then does not read, by release and mode.

https://kserve.github.io/website/docs/reference/crd-api#serving.kserve.io/v1beta1.ComponentExtensionSpec
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumi_kserve.endpoints.admission.autoscalers import KNATIVE_CLASS
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import CLASS_ANNOTATION, Subject
from pulumi_kserve.endpoints.admission.values import fields, joined
from pulumi_kserve.endpoints.admission.wording import in_both_words
from pulumi_kserve.errors import Problem
from pulumi_kserve.platform.releases import release_row

__all__ = ["RULES"]

_TAGS: Final = "serving.kserve.io/enable-tag-routing"
_KNATIVE_KEYS: Final = ("autoscaling.knative.dev/", "serving.knative.dev/", "networking.knative.dev/")
_KSERVE_VISIBILITY: Final = "networking.kserve.io/visibility"
_UNREAD: Final = {
    "serving.kserve.io/metrics": in_both_words("Use scaleMetric", "`scaling.hpa` or `scaling.kpa.metric`"),
    "serving.kserve.io/targetUtilizationPercentage": in_both_words(
        "Use scaleTarget", "`scaling.hpa.cpuPercent` or `scaling.kpa.target`"
    ),
    "serving.kserve.io/logger-secret-name": "Use logger.storage.key",
    "serving.kserve.io/logger-secret-path": "Use logger.storage.path",
    "serving.kserve.io/logger-secret-file": "Use logger.storage.key",
}
"""Annotations that KServe defines and no code of it reads, and what does the same."""
_SINK: Final = ("storage", "marshallerUrl", "batchSize", "batchInterval")
_BARE_GATEWAYS: Final = ("cluster-local", "ingress")


def _refuse_canary_percent(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.mode(context.mode) != "Standard":
        return
    cure = "Use Knative mode"
    if context.release != "0.19":
        cure = in_both_words("Use `canary` of the service, or Knative mode", "`canaries`")
    for component in subject.components:
        if component.fields.get("canaryTrafficPercent") is not None:
            path = component.at("canaryTrafficPercent")
            yield Problem(path, "splits no traffic in Standard mode", cure, "canary-percent-ignored")


def _refuse_other_mode(subject: Subject, context: Context) -> Iterator[Problem]:
    mode = subject.mode(context.mode)
    for path, keys in _metadata(subject):
        for key in keys:
            if mode == "Standard" and (key == _TAGS or key.startswith(_KNATIVE_KEYS)):
                yield Problem(joined(path, key), "only Knative mode reads it", _other_cure(key), "other-mode")
            if mode == "Knative" and key in {CLASS_ANNOTATION, _KSERVE_VISIBILITY}:
                yield Problem(joined(path, key), "only Standard mode reads it", _other_cure(key), "other-mode")


def _other_cure(key: str) -> str:
    if key == CLASS_ANNOTATION:
        cure = f"Leave it out, and autoScaling too: Knative mode reads scaleMetric, scaleTarget and {KNATIVE_CLASS}"
        return in_both_words(cure, "`scaling.kpa`")
    if key.endswith("/visibility"):
        return "Use the label networking.kserve.io/visibility in Standard mode, networking.knative.dev/ in Knative"
    return "Leave it out, or use a platform in Knative mode"


def _metadata(subject: Subject) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The annotations and labels of the object and of its components, with their paths."""
    yield "metadata.annotations", subject.annotations
    yield "metadata.labels", subject.labels
    for component in subject.components:
        for key in ("annotations", "labels"):
            yield component.at(key), fields(component.fields.get(key))


def _refuse_unread(subject: Subject, _context: Context) -> Iterator[Problem]:
    for path, keys in _metadata(subject):
        for key in keys:
            if key in _UNREAD:
                yield Problem(joined(path, key), "no code of KServe reads it", _UNREAD[key], "unread-annotation")


def _refuse_metric_type(subject: Subject, _context: Context) -> Iterator[Problem]:
    for component in subject.components:
        if component.fields.get("scaleMetricType") is not None:
            cure = "Leave it out, and give the type with a target of autoScaling.metrics"
            yield Problem(component.at("scaleMetricType"), "no code of KServe reads it", cure, "metric-type-ignored")


def _refuse_batcher_timeout(subject: Subject, _context: Context) -> Iterator[Problem]:
    for component in subject.all_components:
        if fields(component.fields.get("batcher")).get("timeout") is not None:
            cure = "Use maxLatency, the milliseconds after which an unfilled batch goes"
            yield Problem(component.at("batcher", "timeout"), "is not read", cure, "batcher-timeout")


def _refuse_explainer_batcher(subject: Subject, _context: Context) -> Iterator[Problem]:
    explainer = subject.explainer
    if explainer is not None and explainer.fields.get("batcher") is not None:
        cure = "Batch at the predictor"
        yield Problem(explainer.at("batcher"), "KServe gives an explainer no batcher", cure, "explainer-batcher")


def _refuse_logger_sink(subject: Subject, _context: Context) -> Iterator[Problem]:
    for component in (subject.transformer, subject.explainer):
        if component is None:
            continue
        for key in _SINK:
            if fields(component.fields.get("logger")).get(key) is not None:
                cure = "Set it at the predictor's logger: its sink is taken for every component"
                yield Problem(component.at("logger", key), "only the predictor's is read", cure, "logger-sink-ignored")


def _refuse_concurrency(subject: Subject, context: Context) -> Iterator[Problem]:
    limit = subject.predictor.fields.get("containerConcurrency")
    if limit is not None and subject.mode(context.mode) == "Standard":
        cure = "Leave it out, or limit the workers by an argument of the runtime"
        path = subject.predictor.at("containerConcurrency")
        yield Problem(path, "limits nothing in Standard mode", cure, "concurrency-ignored")


def _refuse_timeout(subject: Subject, context: Context) -> Iterator[Problem]:
    if context.facts is None or context.facts.gateway not in _BARE_GATEWAYS or subject.mode(context.mode) != "Standard":
        return
    for component in subject.components:
        if component.fields.get("timeout") is not None:
            cure = "Leave it out, or use a platform with a Gateway API gateway"
            text = f"nothing ends a request early behind the gateway {context.facts.gateway}"
            yield Problem(component.at("timeout"), text, cure, "timeout-ignored")


def _refuse_workers(subject: Subject, context: Context) -> Iterator[Problem]:
    bad = next(
        (bad for bad in release_row(context.release, allow_untested=True).known_bad if bad.feature == "workerSpec"),
        None,
    )
    if bad is not None and subject.mode(context.mode) == bad.mode and subject.predictor.worker is not None:
        cure = f"Use KServe 0.19 for several nodes, or one node ({bad.issue})"
        yield Problem(subject.predictor.at("workerSpec"), bad.reason, cure, "known-bad-workers")


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "canary-percent-ignored",
        _refuse_canary_percent,
        "stricter",
        "canaryTrafficPercent splits traffic in Knative mode only; in Standard mode nothing reads it.",
    ),
    Rule(
        "other-mode",
        _refuse_other_mode,
        "stricter",
        "An annotation or label of Knative's does nothing in Standard mode, nor one of Standard mode in Knative mode.",
    ),
    Rule("unread-annotation", _refuse_unread, "stricter", "KServe defines the annotation, but no code reads it."),
    Rule("metric-type-ignored", _refuse_metric_type, "stricter", "No code of KServe reads scaleMetricType."),
    Rule("batcher-timeout", _refuse_batcher_timeout, "stricter", "No code of KServe reads the batcher's timeout."),
    Rule(
        "explainer-batcher",
        _refuse_explainer_batcher,
        "stricter",
        "KServe adds no batcher to explainers, and in Standard mode their Service then points at a port without it.",
    ),
    Rule(
        "logger-sink-ignored",
        _refuse_logger_sink,
        "stricter",
        "Storage, batching and marshaller of the logger are read from the predictor only, for all components.",
    ),
    Rule(
        "concurrency-ignored",
        _refuse_concurrency,
        "stricter",
        "In Standard mode nothing limits a predictor's concurrency; transformers and explainers take it as workers.",
    ),
    Rule(
        "timeout-ignored",
        _refuse_timeout,
        "stricter",
        "In Standard mode only the routes of a Gateway API gateway carry the timeout.",
    ),
    Rule(
        "known-bad-workers",
        _refuse_workers,
        "reconcile",
        "KServe 0.20.0 deletes the worker pods whenever it reconciles.",
        releases=("0.20",),
    ),
)
