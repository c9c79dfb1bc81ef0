"""What the API server says of an object's shape, and what it forgives and we do not.

The field table is stricter than KServe: before the schema looks at an object, fields that it does not know are dropped,
and the mutating webhook writes the object anew, so that missing texts become empty and floats become quantities. Such
problems are rules of their own here.
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import Component, Subject
from pulumi_kserve.endpoints.admission.values import fields, items, joined
from pulumi_kserve.errors import Problem
from pulumi_kserve.models import is_mapping

__all__ = ["RULES"]

_NOT_FORGIVEN: Final = re.compile(
    r"\.metrics\[\d+\]\.(type|(resource|external|podmetric)\.(name|target|metric))"
    r"|\.storageUris\[\d+\]\.uri|\.nodeSelectorTerms$|\.monitors$|\.scaleIO\.secretRef$|^(apiVersion|kind|metadata)$"
)
"""Missing keys for which the webhook's empty value is no value: a kind of metric, an empty URI, a null list."""
_NOT_FORGIVEN_EMPTY: Final = re.compile(r"\.(metrics|storageUris)\[\d+\]$")
"""Items of lists that cannot be empty either."""
_NO_QUANTITY: Final = re.compile(r"(.*\.)?(port|maxSurge|maxUnavailable|value|averageValue)")
"""Keys that take a whole number or a text, but no quantity: a number with a fraction does not fit them."""
_EMPTY_IS_NONE: Final = re.compile(r"\.(logger\.mode|storageUris)$")
_DROPPING_WHAT_IS_EMPTY: Final = ("0.19",)
"""The releases whose webhook drops what is empty before the schema sees it."""
_SPOKEN_OF_ELSEWHERE: Final = re.compile(
    r"spec|spec\.predictor|.*[cC]ontainers\[\d+\]\.name|spec\.canary\[\d+\]\.predictor\.[a-z]+\.name"
)
"""Missing keys that have rules of their own, and the name of a canary's model, which only the schema wants."""
_LARGEST: Final = 2**63 - 1
_LARGEST_HALF: Final = 2**31 - 1
_LARGEST_OF_KEY: Final[Mapping[str, int]] = dict.fromkeys(("port", "maxSurge", "maxUnavailable"), _LARGEST_HALF)
"""Keys that take a number or a text: the schema has no bounds for them, but KServe reads 32 bits."""
_QUANTITIES: Final = ("limits", "requests")
_BROKEN_EXPONENT: Final = re.compile(r"[eE][+-]?\d*\.")
_KEYED: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("env", ("name",)),
    ("ports", ("containerPort", "protocol")),
    ("volumeDevices", ("devicePath",)),
    ("volumeMounts", ("mountPath",)),
)
"""A container's lists whose items must differ in these keys."""
_KEYED_OF_PODS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("resourceClaims", ("name",)),
    ("schedulingGates", ("name",)),
    ("topologySpreadConstraints", ("topologyKey", "whenUnsatisfiable")),
)
_DEFAULTS: Final = {"protocol": "TCP"}


def _refuse_shape(subject: Subject, context: Context) -> Iterator[Problem]:
    dropped: set[str] = set()
    for problem in subject.shape(context.release):
        rule = _rule_of(problem)
        if rule == "unknown-key":
            dropped.add(problem.path)
        elif rule == "schema" and not _is_empty_and_dropped(problem, context.release):
            yield replace(problem, rule="schema")
    if _holds_a_large_number(subject.spec):
        yield from _too_large(subject.spec, "spec", dropped)
    for component in subject.validated(context.release):
        yield from _metrics_without_a_kind(component)
        yield from _broken_quantities(component)
        yield from _projections_of_nothing(component)


def _rule_of(problem: Problem) -> str:
    """The rule that a problem of the field table belongs to."""
    if problem.rule == "unknown-key":
        return "unknown-key"
    if problem.rule == "missing":
        return "schema" if _NOT_FORGIVEN.search(problem.path) else "missing-key"
    if problem.message.endswith("got NoneType"):
        return "schema" if _NOT_FORGIVEN_EMPTY.search(problem.path) else "missing-key"
    fraction = problem.rule == "wrong-type" and problem.message.endswith("got a number with a fraction")
    if fraction and "or a text" in problem.message and not _NO_QUANTITY.fullmatch(problem.path):
        return "float-quantity"
    return "schema"


def _is_empty_and_dropped(problem: Problem, release: str) -> bool:
    empty = problem.message.startswith(("unknown value ''", "0 items"))
    return empty and release in _DROPPING_WHAT_IS_EMPTY and _EMPTY_IS_NONE.search(problem.path) is not None


def _holds_a_large_number(value: Any) -> bool:
    if is_mapping(value):
        return any(map(_holds_a_large_number, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_a_large_number, items(cast("Any", value))))
    return isinstance(value, int) and abs(value) > _LARGEST_HALF


def _too_large(value: Any, path: str, dropped: set[str], largest: int = _LARGEST) -> Iterator[Problem]:
    if is_mapping(value):
        for key, item in value.items():
            below = joined(path, key)
            if key not in _QUANTITIES and below not in dropped:
                yield from _too_large(item, below, dropped, _LARGEST_OF_KEY.get(key, _LARGEST))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(items(cast("Any", value))):
            yield from _too_large(item, joined(path, index), dropped)
    elif isinstance(value, int) and abs(value) > largest:
        yield Problem(path, f"{value} does not fit into {largest.bit_length() + 1} bits", "Give less", "schema")


def _metrics_without_a_kind(component: Component) -> Iterator[Problem]:
    """The webhook writes a missing kind as an empty text, which the schema then refuses."""
    for index, found in enumerate(items(fields(component.fields.get("autoScaling")).get("metrics"))):
        for key in ("resource", "external", "podmetric"):
            source = fields(fields(found).get(key))
            for part, kind in (("target", "type"), ("metric", "backend")):
                if is_mapping(source.get(part)) and source[part].get(kind) is None:
                    path = component.at("autoScaling", "metrics", index, key, part, kind)
                    yield Problem(path, f"the key {kind!r} is missing", "Add it", "schema")


def _broken_quantities(component: Component) -> Iterator[Problem]:
    """The schema lets a fraction pass as an exponent, which KServe cannot read."""
    for container in component.all_containers:
        resources = fields(container.fields.get("resources"))
        for kind in _QUANTITIES:
            for name, value in fields(resources.get(kind)).items():
                if isinstance(value, str) and _BROKEN_EXPONENT.search(value):
                    path = container.at("resources", kind, name)
                    yield Problem(path, f"{value!r} is no quantity", "Write for example '500m' or '2Gi'", "schema")


def _projections_of_nothing(component: Component) -> Iterator[Problem]:
    """The webhook writes missing sources as null, which the schema refuses."""
    for steps, holder in (((), component.fields), (("workerSpec",), component.worker or {})):
        for index, volume in enumerate(items(holder.get("volumes"))):
            projected = fields(volume).get("projected")
            if is_mapping(projected) and projected.get("sources") is None:
                path = component.at(*steps, "volumes", index, "projected", "sources")
                yield Problem(path, "the key 'sources' is missing", "Add it", "schema")


def _refuse_unknown_keys(subject: Subject, context: Context) -> Iterator[Problem]:
    for problem in subject.shape(context.release):
        if problem.path == "status":
            yield replace(problem, message="the status is KServe's to write", cure="Leave it out")
        elif _rule_of(problem) == "unknown-key":
            yield problem


def _refuse_missing_keys(subject: Subject, context: Context) -> Iterator[Problem]:
    for problem in subject.shape(context.release):
        if _rule_of(problem) == "missing-key" and not _SPOKEN_OF_ELSEWHERE.fullmatch(problem.path):
            yield replace(problem, rule="missing-key")


def _refuse_floats(subject: Subject, context: Context) -> Iterator[Problem]:
    for problem in subject.shape(context.release):
        if _rule_of(problem) == "float-quantity":
            yield replace(problem, rule="float-quantity")


def _refuse_duplicates(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        for container in component.all_containers:
            for key, by in _KEYED:
                yield from _duplicates(container.fields.get(key), by, container.at(key))
            claims = fields(container.fields.get("resources")).get("claims")
            yield from _duplicates(claims, ("name",), container.at("resources", "claims"))
        for key, by in _KEYED_OF_PODS:
            yield from _duplicates(component.fields.get(key), by, component.at(key))
            yield from _duplicates((component.worker or {}).get(key), by, component.at("workerSpec", key))


def _duplicates(listed: Any, by: Sequence[str], path: str) -> Iterator[Problem]:
    seen: dict[tuple[Any, ...], int] = {}
    for index, item in enumerate(items(listed)):
        key = tuple(_identity(fields(item).get(name), name) for name in by)
        if any(isinstance(part, _Unreadable) for part in key):
            continue
        first = seen.setdefault(key, index)
        if first != index:
            shown = ", ".join(repr(part) for part in key)
            message = f"{shown} stands here and at [{first}]"
            yield Problem(joined(path, index), message, "Keep one of them", "duplicate-item")


class _Unreadable:
    """Stands for what is not known, or is no plain value."""


def _identity(value: Any, name: str) -> Any:
    if value is None:
        return _DEFAULTS.get(name, "")
    return value if isinstance(value, (str, int)) else _Unreadable()


RULES: Final[tuple[Rule, ...]] = (
    Rule("schema", _refuse_shape, "kserve", "The schema of the release does not allow the value."),
    Rule(
        "duplicate-item",
        _refuse_duplicates,
        "kserve",
        "The API server wants the items of the list to differ in their name, port or path.",
    ),
    Rule(
        "unknown-key",
        _refuse_unknown_keys,
        "stricter",
        "The release has no such field; the API server drops it, and only kubectl shows the warning.",
    ),
    Rule(
        "missing-key",
        _refuse_missing_keys,
        "stricter",
        "The schema requires the key; KServe's webhook writes an empty value in its place.",
    ),
    Rule(
        "float-quantity",
        _refuse_floats,
        "stricter",
        "KServe's webhook rewrites a quantity that is a float: the stored object never equals the declared one.",
    ),
)
