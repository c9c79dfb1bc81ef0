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

_LAID_OVER = 0.4
_SLIPS = 0.2
_GOOD_NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,24}[a-z0-9])?", fullmatch=True)
_BAD_NAMES = st.sampled_from(("Iris", "1iris", "iris-", "iris.v1", "iris_v1", "ïris", "", "i" * 60))
_NAMESPACES = st.sampled_from(("team", "fraud-detection", "team-" + "x" * 45, "kube-system", "default"))
_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
_QUANTITIES = st.sampled_from(("100m", "1", "1.5", "2", "512Mi", "1Gi", "3G", "1e3", "-1", "", "1 Gi", "1g"))
_KEYS = st.from_regex(
    r"([a-z][a-z0-9-]{0,10}[a-z0-9]\.example/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?", fullmatch=True
)
_VALUES = st.from_regex(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?)?", fullmatch=True)
_ENV_NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,12}", fullmatch=True)


@dataclass(frozen=True)
class Case:
    """An endpoint as a user writes it: its name, its namespace, and its spec in the shape of a stack file."""

    name: str
    namespace: str
    spec: Mapping[str, Any]


def _mostly(good: SearchStrategy[Any], bad: SearchStrategy[Any], *, one_in: int = 40) -> SearchStrategy[Any]:
    """Draw from `good`, and now and then from `bad`."""
    return st.integers(1, one_in).flatmap(lambda lot: bad if lot == one_in else good)


def _given(required: Mapping[str, SearchStrategy[Any]], **optional: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.fixed_dictionaries(dict(required), optional=optional)


_URIS = _mostly(
    st.sampled_from(
        ("s3://models/iris", "gs://models/iris", "pvc://claim/iris", "hf://org/model", "https://example/m")
    ),
    st.one_of(st.sampled_from(("ftp://a/b", "models/iris", "s3://", "s3://models", "")), _TEXT),
)
_RESOURCES = _given(
    {},
    requests=st.dictionaries(st.sampled_from(("cpu", "memory")), _mostly(st.sampled_from(("1", "2Gi")), _QUANTITIES)),
    limits=st.dictionaries(
        st.sampled_from(("cpu", "memory", "nvidia.com/gpu")), _mostly(st.sampled_from(("2", "4Gi")), _QUANTITIES)
    ),
)
_MODELS = _given(
    {"format": _mostly(st.just("sklearn"), st.sampled_from(("onnx", "SKLearn", ""))), "uri": _URIS},
    version=_mostly(st.just("1"), st.sampled_from(("1.0", "2"))),
    runtime=_mostly(st.just("kserve-sklearnserver"), st.just("torchserve")),
    protocol=_mostly(st.sampled_from(("v1", "v2")), st.sampled_from(("grpc-v2", "v3"))),
    args=st.lists(_mostly(_TEXT, st.just("--template={{ .Name }}")), max_size=3),
    env=_mostly(st.dictionaries(_ENV_NAMES, _TEXT, max_size=3), st.just({"PYTHONPATH": "/mnt"}), one_in=10),
    resources=_RESOURCES,
)
_SCALING = st.one_of(
    _given({}, replicas=_mostly(st.integers(1, 50), st.integers(-5, 0))).map(lambda fields: {"noScaling": fields}),
    _given(
        {
            "minReplicas": _mostly(st.integers(1, 8), st.integers(-1, 0)),
            "maxReplicas": _mostly(st.integers(9, 50), st.integers(-1, 8), one_in=3),
        },
        cpuPercent=_mostly(st.integers(1, 100), st.sampled_from((-1, 0, 101, 2**40))),
    ).map(lambda fields: {"hpa": fields}),
)
_LABELS = st.dictionaries(_KEYS, _VALUES, max_size=2)
_ANNOTATIONS = st.dictionaries(_KEYS, _TEXT, max_size=2)
_OVERRIDES = st.sampled_from(
    (
        {},
        {"spec": {"predictor": {"timeout": 30}}},
        {"spec": {"predictor": {"containerConcurrency": 4}}},
        {"spec": {"predictor": {"logger": {"mode": "all", "url": "http://sink"}}}},
        {"spec": {"predictor": {"batcher": {"maxBatchSize": 8, "maxLatency": 50}}}},
        {"spec": {"predictor": {"nodeSelector": {"pool": "models"}}}},
        {"spec": {"predictor": {"tolerations": [{"key": "gpu", "operator": "Exists"}]}}},
        {"spec": {"transformer": {"containers": [{"name": "kserve-container", "image": "registry.example/t:1"}]}}},
    )
)
_SPECS = _given(
    {"predictor": _given({"model": _MODELS, "scaling": _SCALING}, labels=_LABELS, annotations=_ANNOTATIONS)},
    labels=_LABELS,
    annotations=_ANNOTATIONS,
    timeoutSeconds=_mostly(st.integers(1, 3600), st.integers(-1, 0)),
    overrides=_OVERRIDES,
)


def cases() -> SearchStrategy[Case]:
    """Endpoints as users write them; most are right, and each field is wrong now and then."""
    return st.builds(Case, _mostly(_GOOD_NAMES, _BAD_NAMES, one_in=10), _mostly(st.just("team"), _NAMESPACES), _SPECS)


def broken_objects(rule: Rule, starts: Sequence[Mapping[str, Any]]) -> SearchStrategy[dict[str, Any]]:
    """Objects around a rule: they break it or keep it, alone or laid over one of `starts`; some have a slip more."""

    @st.composite
    def build(draw: DrawFn) -> dict[str, Any]:
        lot = draw(st.randoms(use_true_random=True))
        over = lot.choice((rule.broken, rule.sound))
        made = _laid_over(lot.choice(starts), over) if lot.random() < _LAID_OVER else copy.deepcopy(dict(over))
        if lot.random() < _SLIPS:
            _slip(lot, made)
        return made

    return build()


def _laid_over(start: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    laid = {**over, "metadata": {key: value for key, value in over["metadata"].items() if value != "iris"}}
    made = copy.deepcopy(merged(start, laid))
    if "model" not in over["spec"]["predictor"]:
        del made["spec"]["predictor"]["model"]
    return made


def _slip(lot: Random, made: dict[str, Any]) -> None:
    """Change one place of the spec as a slip of the pen would: a key gone, another type, a sign, a key too many."""
    holder, key = lot.choice([*_spots(made)])
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
