"""`spec.canary`, new in KServe 0.20: what its webhook refuses, and what it overlooks.

https://github.com/kserve/kserve/pull/5672
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Refusal, Rule
from pulumi_kserve.endpoints.admission.subject import (
    FRAMEWORKS,
    MAIN_CONTAINER,
    MODE_ANNOTATION,
    Canary,
    Component,
    Subject,
)
from pulumi_kserve.endpoints.admission.values import plain_text, whole_number
from pulumi_kserve.errors import Problem

__all__ = ["RULES"]

_NEW: Final = ("0.20",)
_WHOLE: Final = 100
_STORAGE_URI: Final = "STORAGE_URI"
_FIXED: Final = ("scaleTarget", "scaleMetric", "autoScaling")
_UNREAD: Final = (
    "storageUris",
    "deploymentStrategy",
    "containerConcurrency",
    "timeout",
    "canaryTrafficPercent",
    "scaleMetricType",
    "logger",
    "batcher",
)
_Found = Iterator[tuple[str, str, str]]


def _each(name: str, check: Callable[[Canary], _Found]) -> Refusal:
    """A refusal that looks at one canary after the other."""

    def refuse(subject: Subject, _context: Context) -> Iterator[Problem]:
        for canary in subject.canaries:
            for path, message, cure in check(canary):
                yield Problem(path, message, cure, name)

    return refuse


def _refuse_mode(subject: Subject, context: Context) -> Iterator[Problem]:
    known = MODE_ANNOTATION not in subject.annotations or subject.annotation(MODE_ANNOTATION) is not None
    if subject.canaries and known and subject.admission_mode(context.mode) != "Standard":
        cure = "Use canaryTrafficPercent of the predictor in Knative mode"
        yield Problem("spec.canary", "there are no canaries outside Standard mode", cure, "canary-mode")


def _refuse_stable(subject: Subject, _context: Context) -> Iterator[Problem]:
    stable = subject.predictor
    if subject.canaries and stable.model is None and not _says_its_uri(stable):
        cure = "Serve a model, or give the stable container the variable STORAGE_URI"
        yield Problem("spec.canary", "KServe wants a stable predictor with a model", cure, "canary-stable")


def _says_its_uri(component: Component) -> bool:
    main = next((container for container in component.containers if container.name == MAIN_CONTAINER), None)
    return main is not None and any(entry.name == _STORAGE_URI for entry in main.env())


def _refuse_names(subject: Subject, _context: Context) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    stable = plain_text(subject.predictor.fields.get("name"))
    if stable:
        taken[stable] = "the stable predictor"
    for canary in subject.canaries:
        written, path = canary.predictor.fields.get("name"), canary.predictor.at("name")
        name = plain_text(written)
        if written is None or name == "":
            yield Problem(path, "a canary needs a name", "Add it; it is part of the Deployment's name", "canary-name")
        elif name in taken:
            text = f"{name!r} is the name of {taken[name]} already"
            yield Problem(path, text, "Choose another", "canary-name")
        elif name is not None:
            taken[name] = "another canary"


def _implementations(canary: Canary) -> _Found:
    found = canary.predictor.implementations
    if len(found) != 1:
        said = " and ".join(found) or "nothing"
        yield canary.predictor.path, f"a canary serves exactly one thing, here {said}", "Give exactly one model"


def _workers(canary: Canary) -> _Found:
    if canary.predictor.worker is not None:
        yield canary.predictor.at("workerSpec"), "a canary cannot run on several nodes", "Leave it out"


def _scaling(canary: Canary) -> _Found:
    most = whole_number(canary.predictor.fields.get("maxReplicas"))
    cure = "Leave it out: a canary has a fixed number of pods, minReplicas"
    if most is not None and most > 0:
        yield canary.predictor.at("maxReplicas"), "a canary does not scale", cure
    for key in _FIXED:
        if canary.predictor.fields.get(key) is not None:
            yield canary.predictor.at(key), "a canary does not scale", cure


def _refuse_replicas(subject: Subject, _context: Context) -> Iterator[Problem]:
    written = subject.predictor.fields.get("minReplicas")
    stable = 1 if written is None else whole_number(written)
    for canary in subject.canaries:
        wanted = whole_number(canary.predictor.fields.get("minReplicas"))
        if stable is not None and wanted is not None and wanted > stable:
            text = f"{wanted} is above the stable predictor's {stable}"
            cure = "Lower it, or raise the stable predictor's"
            yield Problem(canary.predictor.at("minReplicas"), text, cure, "canary-replicas")


def _refuse_sum(subject: Subject, _context: Context) -> Iterator[Problem]:
    shares = [whole_number(canary.fields.get("trafficPercent")) or 0 for canary in subject.canaries]
    if sum(shares) > _WHOLE:
        text = f"the canaries' shares are {sum(shares)} % together"
        yield Problem("spec.canary", text, "Give at most 100 in all", "canary-sum")


def _refuse_old_release(subject: Subject, _context: Context) -> Iterator[Problem]:
    if subject.spec.get("canary") is not None:
        cure = "Use KServe 0.20, or canaryTrafficPercent in Knative mode"
        yield Problem("spec.canary", "KServe 0.19 has no canaries and drops them", cure, "canary-unknown")


def _refuse_unrouted(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.canaries and context.facts is not None and context.facts.gateway == "cluster-local":
        text = "KServe 0.20.0 makes the canary's pods and sends them no traffic"
        cure = "Use a platform with a gateway of ours, or Knative mode with canaryTrafficPercent"
        yield Problem("spec.canary", text, cure, "canary-unrouted")


def _ignored(canary: Canary) -> _Found:
    for key in _UNREAD:
        if canary.predictor.fields.get(key) is not None:
            yield canary.predictor.at(key), "KServe does not read it of a canary", "Leave it out"


def _legacy(canary: Canary) -> _Found:
    for key in FRAMEWORKS:
        if canary.predictor.written.get(key) is not None:
            cure = f"Write model with the modelFormat {key}"
            yield f"{canary.predictor.path}.{key}", "is laid beside the stable model, not in its place", cure


def _refuse_other_kind(subject: Subject, _context: Context) -> Iterator[Problem]:
    for canary in subject.canaries:
        other = (subject.predictor.model is None) != (canary.predictor.model is None)
        if canary.predictor.implementations and other:
            text = "KServe lays it over the stable predictor, and both would stand in one pod"
            cure = "Give the canary what the stable predictor has: a model or containers"
            yield Problem(canary.predictor.path, text, cure, "canary-kind")


def _environment(canary: Canary) -> _Found:
    for container in canary.predictor.all_containers:
        for entry in container.env():
            if entry.name == "PYTHONPATH":
                yield (
                    entry.path,
                    "KServe forbids PYTHONPATH, and forgets to look here",
                    "Build the module into the image",
                )


def _model_name(canary: Canary) -> _Found:
    if plain_text((canary.predictor.model or {}).get("name")):
        cure = "Leave it out; the canary's own name is predictor.name"
        yield canary.predictor.at("model", "name"), "KServe forbids a name here, and forgets to look", cure


RULES: Final[tuple[Rule, ...]] = (
    Rule("canary-mode", _refuse_mode, "kserve", "Canaries belong to Standard mode.", _NEW),
    Rule("canary-stable", _refuse_stable, "kserve", "A canary needs a stable predictor with a model.", _NEW),
    Rule("canary-name", _refuse_names, "kserve", "Each canary has a name of its own.", _NEW),
    Rule(
        "canary-implementations",
        _each("canary-implementations", _implementations),
        "kserve",
        "A canary serves exactly one thing.",
        _NEW,
    ),
    Rule("canary-workers", _each("canary-workers", _workers), "kserve", "A canary runs on one node.", _NEW),
    Rule("canary-scaling", _each("canary-scaling", _scaling), "kserve", "A canary's replicas are fixed.", _NEW),
    Rule(
        "canary-replicas",
        _refuse_replicas,
        "kserve",
        "A canary has no more pods than the stable predictor.",
        _NEW,
    ),
    Rule("canary-sum", _refuse_sum, "kserve", "The canaries' shares are at most 100 % together.", _NEW),
    Rule(
        "canary-unknown",
        _refuse_old_release,
        "stricter",
        "KServe 0.19 does not know spec.canary: the API server drops it with a warning.",
        ("0.19",),
    ),
    Rule(
        "canary-unrouted",
        _refuse_unrouted,
        "stricter",
        "KServe 0.20.0 makes canary pods but sends them no traffic; only a gateway of ours would.",
        _NEW,
    ),
    Rule(
        "canary-field-ignored",
        _each("canary-field-ignored", _ignored),
        "stricter",
        "Of a canary KServe does not read storageUris, timeouts, strategy, logger and batcher.",
        _NEW,
    ),
    Rule(
        "canary-legacy-key",
        _each("canary-legacy-key", _legacy),
        "stricter",
        "The webhook turns no legacy framework key of a canary into a model: the pod would get two.",
        _NEW,
    ),
    Rule(
        "canary-kind",
        _refuse_other_kind,
        "stricter",
        "KServe merges a canary over the stable predictor, so that a model and containers would stand in one pod.",
        _NEW,
    ),
    Rule(
        "canary-python-path",
        _each("canary-python-path", _environment),
        "stricter",
        "KServe forbids PYTHONPATH for security everywhere but in canaries.",
        _NEW,
    ),
    Rule(
        "canary-model-name",
        _each("canary-model-name", _model_name),
        "stricter",
        "KServe forbids a name of the model's container everywhere but in canaries.",
        _NEW,
    ),
)
