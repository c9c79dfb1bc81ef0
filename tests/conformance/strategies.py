"""What hypothesis builds: specs of ours, good and bad, and KServe objects laid over, broken and mended."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from pulumi_kserve.overrides import merged

from tests.conformance.rule import Rule
from tests.conformance.specs import (
    ANNOTATIONS,
    LABELS,
    NAMES,
    both,
    canaries,
    explainers,
    few,
    given,
    models_served,
    mostly,
    predictors,
    transformers,
)
from tools.oracle.judge import Mode

_LAID_OVER = 0.4
_SLIPS = 0.2
_BAD_NAMES = st.sampled_from(("Iris", "1iris", "iris-", "iris.v1", "iris_v1", "ïris", "", "i" * 60))
_NAMESPACES = st.sampled_from(("team", "fraud-detection", "team-" + "x" * 45, "kube-system", "default"))


@dataclass(frozen=True)
class Case:
    """An endpoint as a user writes it: its name, its namespace, and its spec in the shape of a stack file."""

    name: str
    namespace: str
    spec: Mapping[str, Any]


_MODEL = {"format": "sklearn", "uri": "s3://models/iris"}
STARTS = (
    Case("iris", "team", {"predictor": {"model": _MODEL}}),
    Case("iris", "team", {"predictor": {"model": _MODEL, "scaling": {"hpa": {"minReplicas": 1, "maxReplicas": 3}}}}),
    Case(
        "iris",
        "team",
        {
            "predictor": {
                "model": {**_MODEL, "version": "1", "env": {"A": "b"}},
                "resources": {"limits": {"cpu": "1"}},
                "labels": {"tier": "gold"},
            },
            "transformer": {"containers": [{"image": "registry.example/transformer:1"}]},
            "overrides": {"spec": {"predictor": {"timeout": 30}}},
        },
    ),
)
"""Endpoints of which the broken objects are made."""
_OVERRIDES = mostly(
    st.sampled_from(
        (
            {"spec": {"predictor": {"timeout": 30}}},
            {"spec": {"predictor": {"logger": {"mode": "all", "url": "http://sink"}}}},
            {"spec": {"predictor": {"nodeSelector": {"pool": "models"}}}},
            {"spec": {"predictor": {"tolerations": [{"key": "gpu", "operator": "Exists"}]}}},
            {"spec": {"transformer": {"containers": [{"name": "kserve-container", "image": "registry.example/t:1"}]}}},
        )
    ),
    st.sampled_from(
        (
            {"spec": {"predictor": {"containerConcurrency": -1}}},
            {"spec": {"predictor": {"logger": {"url": "http://sink"}}}},
            {"spec": {"predictor": {"modell": {}}}},
            {"metadata": {"name": "other"}},
        )
    ),
    one_in=10,
)


def _specs(mode: Mode, release: str) -> SearchStrategy[dict[str, Any]]:
    shared = few(
        labels=LABELS,
        annotations=ANNOTATIONS,
        timeoutSeconds=mostly(st.integers(1, 3600), st.integers(-1, 0)),
        stopped=st.booleans(),
        clusterLocal=st.booleans(),
        overrides=_OVERRIDES,
        credentials=st.just({"secret": {"name": "store"}}),
    )
    others = few(transformer=transformers(mode), explainer=explainers(mode))
    whole = both(given({"predictor": predictors(mode, release)}), others, shared)
    if mode == "Knative" or release == "0.19":
        return whole
    stable = given({"predictor": models_served(mode), "canaries": canaries()})
    return st.one_of(whole, whole, both(stable, mostly(st.just({}), others, one_in=10), shared))


def cases(mode: Mode, release: str) -> SearchStrategy[Case]:
    """Endpoints as users write them for that mode and release; most are right, and each field is wrong now and then."""
    names = mostly(NAMES, _BAD_NAMES, one_in=20)
    return st.builds(Case, names, mostly(st.just("team"), _NAMESPACES), _specs(mode, release))


def broken_objects(rule: Rule, starts: Sequence[Mapping[str, Any]]) -> SearchStrategy[dict[str, Any]]:
    """Objects around a rule: they break it or keep it, alone or laid over one of `starts`; some have a slip more."""

    @st.composite
    def build(draw: DrawFn) -> dict[str, Any]:
        lot = draw(st.randoms(use_true_random=True))
        over = lot.choice((rule.broken, rule.sound))
        made = _laid_over(lot.choice(starts), over) if lot.random() < _LAID_OVER else copy.deepcopy(dict(over))
        if lot.random() < _SLIPS:
            _slip(lot, made, of_metadata=rule.previous is None)
        return made

    return build()


def _laid_over(start: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    laid = {**over, "metadata": {key: value for key, value in over["metadata"].items() if value != "iris"}}
    made = copy.deepcopy(merged(start, laid))
    if "model" not in over["spec"]["predictor"]:
        del made["spec"]["predictor"]["model"]
    return made


def _slip(lot: Random, made: dict[str, Any], *, of_metadata: bool) -> None:
    """Change one place as a slip of the pen would: a key gone, another type, a sign, a key too many.

    An object with another name is not an update of the one that is stored, so an update keeps its metadata.
    """
    keys = ("spec", "metadata") if of_metadata else ("spec",)
    holder, key = lot.choice([place for each in keys for place in ((made, each), *_spots(made[each]))])
    match lot.choice(("drop", "text", "number", "null", "list", "unknown")):
        case "drop":
            del holder[key]
        case "text":
            holder[key] = ""
        case "number":
            holder[key] = lot.choice((-1, 0, 1.5, 2**40))
        case "null":
            holder[key] = None
        case "list":
            holder[key] = [holder[key]]
        case _:
            holder[f"{key}s"] = holder[key]


def _spots(value: object) -> Iterator[tuple[dict[str, Any], str]]:
    """Every key of every mapping in `value`, in order."""
    if isinstance(value, dict):
        mapping = cast("dict[str, Any]", value)
        for key, inner in mapping.items():
            yield mapping, key
            yield from _spots(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _spots(inner)
