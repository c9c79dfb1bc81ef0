"""`spec.canary`, new in KServe 0.20: what its webhook refuses, and what it overlooks.

https://github.com/kserve/kserve/pull/5672
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Refusal, Rule
from pulumi_kserve.endpoints.admission.subject import (
    CLASS_ANNOTATION,
    FRAMEWORKS,
    MAIN_CONTAINER,
    MODE_ANNOTATION,
    Canary,
    Component,
    Subject,
)
from pulumi_kserve.endpoints.admission.values import plain_text, whole_number
from pulumi_kserve.endpoints.admission.wording import in_both_words
from pulumi_kserve.errors import Problem

__all__ = ["RULES"]

_NEW: Final = ("0.20",)
_WHOLE: Final = 100
_VISIBILITY: Final = "networking.kserve.io/visibility"
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
_OF_ROLLOUT: Final = "`rollout.canary` of the predictor"
"""What the typed spec calls canaryTrafficPercent."""
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
        cure = in_both_words("Use canaryTrafficPercent of the predictor in Knative mode", _OF_ROLLOUT)
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
        cure = in_both_words("Use KServe 0.20, or canaryTrafficPercent in Knative mode", _OF_ROLLOUT)
        yield Problem("spec.canary", "KServe 0.19 has no canaries and drops them", cure, "canary-unknown")


def _refuse_unrouted(subject: Subject, context: Context) -> Iterator[Problem]:
    facts = context.facts
    if not subject.canaries or facts is None or facts.mode != "Standard":
        return
    text = "KServe 0.20.0 makes the canary's pods and sends them no traffic"
    if facts.route is None:
        cure = "Use a platform with a gateway of ours, envoy or istio, or Knative mode with canaryTrafficPercent"
        yield Problem("spec.canary", text, in_both_words(cure, _OF_ROLLOUT), "canary-unrouted")
    elif plain_text(subject.labels.get(_VISIBILITY)) == "cluster-local":
        cure = in_both_words("Let a route of ours lead to it: take out the label", "clusterLocal: false")
        yield Problem("spec.canary", f"{text}; no route of ours leads to what is kept inside", cure, "canary-unrouted")


def _refuse_chain(subject: Subject, _context: Context) -> Iterator[Problem]:
    beside = [found.name for found in (subject.transformer, subject.explainer) if found is not None]
    if subject.canaries and beside:
        text = f"the {' and the '.join(beside)} would ask the stable predictor only, whatever the canary's share"
        cure = f"Take out the {' and the '.join(beside)}, or make the second version an endpoint of its own"
        yield Problem("spec.canary", text, cure, "canary-chain")


def _refuse_keda(subject: Subject, _context: Context) -> Iterator[Problem]:
    if subject.canaries and subject.annotation(CLASS_ANNOTATION) == "keda":
        text = "KServe makes a ScaledObject without triggers for each canary, which KEDA refuses"
        cure = in_both_words(
            "Take the autoscaler class hpa or none", "`hpa` or `noScaling` as the predictor's `scaling`"
        )
        yield Problem("spec.canary", text, cure, "canary-keda")


def _refuse_no_pods(subject: Subject, _context: Context) -> Iterator[Problem]:
    for canary in subject.canaries:
        pods = whole_number(canary.predictor.fields.get("minReplicas"))
        percent = whole_number(canary.fields.get("trafficPercent")) or 0
        if pods == 0 and percent > 0 and subject.annotation(CLASS_ANNOTATION) == "none":
            text = f"{percent} % of the requests would go to no pod"
            cure = "Give it a pod, or leave minReplicas out: KServe then reckons it from the share"
            yield Problem(canary.predictor.at("minReplicas"), text, cure, "canary-pods")


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
        "canary-chain",
        _refuse_chain,
        "stricter",
        "Transformer and explainer ask the stable predictor by its name: no route shares their requests out.",
        _NEW,
    ),
    Rule(
        "canary-keda",
        _refuse_keda,
        "reconcile",
        "A canary's ScaledObject has no triggers: KEDA refuses it, and KServe's controller fails.",
        _NEW,
    ),
    Rule(
        "canary-pods",
        _refuse_no_pods,
        "stricter",
        "A canary without pods and with a share fails that share of the requests.",
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
