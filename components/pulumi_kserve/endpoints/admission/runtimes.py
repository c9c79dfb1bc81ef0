"""Models that no serving runtime takes, or not a working one.

KServe checks these at reconcile, when the object is already stored. An object is judged against the platform's
runtimes; plain YAML, of which no platform is known, against those of KServe's own charts.

https://kserve.github.io/website/docs/concepts/resources/servingruntime
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pulumi_kserve.contracts import PlatformFacts, RuntimeFacts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.runtime_selection import (
    CHECKS,
    PROTOCOLS,
    Check,
    Need,
    Offer,
    Refusal,
    named_runtime,
    refusals,
    taken_runtime,
    usual_protocol,
)
from pulumi_kserve.endpoints.admission.subject import Component, Subject
from pulumi_kserve.endpoints.admission.values import fields, items, plain_text
from pulumi_kserve.errors import Problem

if TYPE_CHECKING:
    from pulumi_kserve.endpoints.spec.model import Model
    from pulumi_kserve.endpoints.spec.predictor import Predictor

__all__ = ["RULES", "chosen_runtime", "needs", "offered", "spoken_protocol"]

_OPENAI: Final = "openai"
_OBJECT_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "format": ("model", "modelFormat", "name"),
    "version": ("model", "modelFormat", "version"),
    "protocol": ("model", "protocolVersion"),
    "runtime": ("model", "runtime"),
    "worker": ("workerSpec",),
}
_SPEC_PATHS: Final = {
    "format": "predictor.model.format",
    "version": "predictor.model.version",
    "protocol": "predictor.model.protocol",
    "runtime": "predictor.model.runtime",
    "worker": "predictor.worker",
}


def chosen_runtime(
    predictor: Predictor, facts: PlatformFacts, *, namespace: str = ""
) -> tuple[RuntimeFacts | None, list[Problem]]:
    """The runtime that serves a typed predictor's model, and what is wrong with it.

    A model that names no protocol gets the first that some runtime speaks, in KServe's order; see `spoken_protocol`.

    Args:
        predictor: The predictor; one without a model needs no runtime.
        facts: The platform.
        namespace: The endpoint's namespace, whose own runtimes come first.

    Returns:
        The runtime, None where there is none; and the problems, with paths of the typed spec.

    """
    model = predictor.model
    if model is None:
        return None, []
    multi_node = predictor.worker is not None
    need = Need(model.format, model.version, None, model.runtime, namespace, multi_node=multi_node)
    offer = _offer_for(model, facts, need)
    asked = [replace(need, protocol=protocol) for protocol in _protocols(model, facts.release)]
    tried = ((each, refusals(offer, each)) for each in asked)
    best, refused = next((found for found in tried if not found[1]), (asked[0], None))
    found = taken_runtime(offer, best)
    refused = refusals(offer, best) if refused is None else refused
    problems = [_said(refusal, _SPEC_PATHS[refusal.about]) for refusal in refused]
    return found, [*problems, *_not_openai(model, found)]


def spoken_protocol(model: Model, runtime: RuntimeFacts | None, release: str) -> str:
    """What a typed model's `protocolVersion` says, which is always written.

    The protocol that the model names; OpenAI travels as v2, or as what its runtime lists. With none named it is the
    first of KServe's order that the runtime speaks.
    """
    asked = _protocols(model, release)
    return next((each for each in asked if runtime is None or runtime.speaks(each)), asked[0])


def _protocols(model: Model, release: str) -> tuple[str, ...]:
    if model.protocol == _OPENAI:
        return ("v2", "v1")
    if model.protocol is not None:
        return (model.protocol,)
    usual = usual_protocol(model.format, release)
    return (usual, *(protocol for protocol in PROTOCOLS if protocol != usual))


def _offer_for(model: Model, facts: PlatformFacts, need: Need) -> Offer:
    """The platform's runtimes; for OpenAI only those that speak it, unless none of them serves the format."""
    offer = Offer.of_platform(facts)
    if model.protocol != _OPENAI or model.runtime is not None:
        return offer
    able = tuple(runtime for runtime in facts.runtimes if runtime.speaks_openai)
    fitting = [each for each in able if each.serves(need.format, need.version, by_itself=True)]
    return replace(offer, runtimes=able) if fitting else offer


def _not_openai(model: Model, runtime: RuntimeFacts | None) -> Iterator[Problem]:
    if model.protocol == _OPENAI and runtime is not None and not runtime.speaks_openai:
        cure = "Use format huggingface or vLLM, or name another protocol"
        message = f"{runtime.name} does not speak {_OPENAI}"
        yield Problem(_SPEC_PATHS["protocol"], message, cure, "runtime-protocol")


def offered(context: Context) -> Offer:
    """The runtimes that an object is judged against."""
    return Offer.of_platform(context.facts) if context.facts is not None else Offer.of_charts(context.release)


def needs(subject: Subject, context: Context) -> tuple[tuple[Component, Need], ...]:
    """Every predictor that has a model whose format is known, with what it asks for.

    KServe lays a canary's predictor over the stable one after it chose that one's runtime, so that a canary which names
    none gets the same.
    """
    return subject.once(_needs, context)


def _needs(subject: Subject, context: Context) -> tuple[tuple[Component, Need], ...]:
    return tuple(_each_need(subject, context))


def _each_need(subject: Subject, context: Context) -> Iterator[tuple[Component, Need]]:
    stable = _need(subject, subject.predictor, context, {})
    if stable is None:
        return
    yield subject.predictor, stable
    if not subject.canaries:
        return
    taken = taken_runtime(offered(context), stable)
    inherited = {"runtime": stable.runtime or (taken.name if taken else None), "protocolVersion": stable.protocol}
    for canary in subject.canaries:
        if canary.predictor.model is not None and canary.predictor.model_key == "model":
            found = _need(subject, canary.predictor, context, {**fields(subject.predictor.model), **inherited})
            if found is not None:
                yield canary.predictor, found


def _need(subject: Subject, component: Component, context: Context, below: Mapping[str, Any]) -> Need | None:
    """What the model asks for; None where that is not known."""
    if component.model is None:
        return None
    model = {**below, **{key: value for key, value in component.model.items() if value is not None}}
    described = {**fields(below.get("modelFormat")), **fields(component.model.get("modelFormat"))}
    texts = {
        "format": described.get("name"),
        "version": described.get("version"),
        "protocol": model.get("protocolVersion"),
        "runtime": model.get("runtime"),
    }
    unknown = [key for key, value in texts.items() if value is not None and plain_text(value) is None]
    name = plain_text(texts["format"])
    if unknown or not name:
        return None
    protocol = plain_text(texts["protocol"])
    if protocol is None and usual_protocol(name, context.release) != PROTOCOLS[0]:
        protocol = usual_protocol(name, context.release)
    return Need(
        name,
        plain_text(texts["version"]),
        protocol,
        plain_text(texts["runtime"]),
        subject.namespace or "",
        multi_node=component.worker is not None,
    )


def _said(refusal: Refusal, path: str) -> Problem:
    return Problem(path, refusal.message, refusal.cure, refusal.rule)


def _refusing(check: Check) -> Callable[[Subject, Context], Iterator[Problem]]:
    def refuse(subject: Subject, context: Context) -> Iterator[Problem]:
        offer = offered(context)
        for component, need in needs(subject, context):
            refusal = check(offer, need)
            if refusal is not None:
                yield _said(refusal, component.at(*_OBJECT_PATHS[refusal.about]))

    return refuse


def _refuse_no_place(subject: Subject, context: Context) -> Iterator[Problem]:
    """A model without a place, by which KServe takes the endpoint for a server of many models."""
    predictor = subject.predictor
    need = next((need for _, need in needs(subject, context)), None)
    if need is None or need.format == "huggingface" or items(predictor.fields.get("containers")):
        return
    runtime = named_runtime(offered(context), need)
    model = fields(predictor.model)
    uris = predictor.fields.get("storageUris")
    placed = any(place is not None for place in (model.get("storageUri"), model.get("storage"))) or not _empty(uris)
    if not placed and not (runtime is not None and runtime.multi_model):
        cure = "Say where the model lies; only format huggingface may get it from its arguments alone"
        message = f"a {need.format} model has no place: KServe takes its pods for servers of TrainedModels"
        yield Problem(predictor.at("model", "storageUri"), message, cure, "model-place")


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, (list, tuple)) and not items(value))


def _rule(name: str, why: str) -> Rule:
    return Rule(name, _refusing(CHECKS[name]), "reconcile", why)


RULES: Final[tuple[Rule, ...]] = (
    _rule("runtime-missing", "the named runtime does not exist: no pod is ever made"),
    _rule("runtime-disabled", "the named runtime is disabled: no pod is ever made"),
    _rule("runtime-protocol", "the named runtime does not speak the protocol: no pod is ever made"),
    _rule("runtime-format", "the named runtime does not serve the format in that version: no pod is ever made"),
    _rule("runtime-without-worker", "a worker for a runtime that has none crashes KServe's controller"),
    _rule("runtime-needs-worker", "a multi-node runtime without a worker waits for nodes that never come"),
    _rule("no-runtime", "no runtime serves the format, version and protocol: no pod is ever made"),
    Rule(
        "model-place",
        _refuse_no_place,
        "stricter",
        "a model without a place makes KServe add an agent that waits for TrainedModels",
    ),
)
