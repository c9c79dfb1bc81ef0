"""Strategies for the typed spec, in the shape of a stack file: each field mostly right, and now and then wrong."""

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tools.oracle.judge import Mode

POOL: Final = "l4"
"""The name of the platform's pool of accelerators."""
Fields = SearchStrategy[dict[str, Any]]

NAMES: Final = st.from_regex(r"[a-z]([-a-z0-9]{0,24}[a-z0-9])?", fullmatch=True)
_TEXT: Final = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
_QUANTITIES: Final = st.sampled_from(("100m", "1.5", "512Mi", "3G", "1e3", "-1", "", "1 Gi", "1g"))
_KEYS: Final = st.from_regex(
    r"([a-z][a-z0-9-]{0,10}[a-z0-9]\.example/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?", fullmatch=True
)
_VALUES: Final = st.from_regex(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?)?", fullmatch=True)
_ENV_NAMES: Final = st.from_regex(r"[A-Z][A-Z0-9_]{0,12}", fullmatch=True)
LABELS: Final = st.dictionaries(_KEYS, _VALUES, max_size=2)
ANNOTATIONS: Final = st.dictionaries(_KEYS, _TEXT, max_size=2)
_IMAGE: Final = "registry.example/server:1"


def mostly(good: SearchStrategy[Any], bad: SearchStrategy[Any], *, one_in: int = 60) -> SearchStrategy[Any]:
    """Draw from `good`, and now and then from `bad`."""
    return st.integers(1, one_in).flatmap(lambda lot: bad if lot == one_in else good)


def given(required: Mapping[str, SearchStrategy[Any]], **optional: SearchStrategy[Any]) -> Fields:
    """Mappings that have the required keys, and some of the optional ones."""
    return st.fixed_dictionaries(dict(required), optional=optional)


def few(**optional: SearchStrategy[Any]) -> Fields:
    """Mappings that have at most two of the keys."""
    return st.sets(st.sampled_from(sorted(optional)), max_size=2).flatmap(
        lambda keys: st.fixed_dictionaries({key: optional[key] for key in sorted(keys)})
    )


def arm(name: str, fields: Fields) -> Fields:
    """One arm of a union."""
    return fields.map(lambda said: {name: said})


def both(*parts: Fields) -> Fields:
    """Mappings with the keys of all parts; later ones win."""
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


def one_of(*values: Any) -> SearchStrategy[Any]:
    return st.sampled_from(values)


_URIS: Final = mostly(
    one_of("s3://models/iris", "gs://models/iris", "pvc://claim/iris", "hf://org/model", "https://example/m.tgz"),
    st.one_of(one_of("ftp://a/b", "models/iris", "s3://", "s3://models", ""), _TEXT),
)
_FORMATS: Final = mostly(
    one_of(
        "sklearn", "xgboost", "lightgbm", "pytorch", "tensorflow", "onnx", "huggingface", "paddle", "pmml", "triton"
    ),
    one_of("SKLearn", "alibi", ""),
)


def _amounts(cpu: str, memory: str) -> Fields:
    return given({}, cpu=mostly(st.just(cpu), _QUANTITIES), memory=mostly(st.just(memory), _QUANTITIES))


RESOURCES: Final = given({}, requests=_amounts("1", "2Gi"), limits=_amounts("2", "4Gi"))
_GPU: Final = mostly(st.just({"pool": POOL, "count": 1}), one_of({"pool": "l5"}, {"pool": POOL, "count": 9}))
_ENV: Final = mostly(
    st.dictionaries(
        _ENV_NAMES, st.one_of(_TEXT, st.just({"fromSecret": {"name": "token", "key": "value"}})), max_size=3
    ),
    one_of({"PYTHONPATH": "/mnt"}, {"A": {"fromSecret": {}}}),
)
_PROBES: Final = one_of({"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 5}, {"tcpSocket": {"port": 8080}})
_CONTAINER_FIELDS: Final[Mapping[str, SearchStrategy[Any]]] = {
    "args": st.lists(mostly(_TEXT.filter(lambda text: "{{" not in text), st.just("--chat={{ .Chat }}")), max_size=3),
    "command": st.just(["serve"]),
    "env": _ENV,
    "envFrom": st.just([{"secret": "settings"}]),
    "ports": mostly(st.just([{"containerPort": 8080}]), st.just([{"containerPort": 0}])),
    "readinessProbe": _PROBES,
    "livenessProbe": _PROBES,
    "imagePullPolicy": mostly(one_of("Always", "IfNotPresent"), st.just("Often")),
    "securityContext": st.just({"runAsUser": 1000}),
    "workingDir": st.just("/work"),
}
MODELS: Final = both(
    given({"format": st.just("sklearn"), "uri": _URIS}),
    few(
        format=_FORMATS,
        version=mostly(st.just("1"), one_of("1.0", "2"), one_in=10),
        runtime=mostly(st.just("kserve-sklearnserver"), st.just("torchserve"), one_in=10),
        runtimeVersion=st.just("v1"),
        protocol=mostly(one_of("v1", "v2"), one_of("grpc-v2", "openai", "v3"), one_in=10),
        storage=mostly(st.just({"key": "k"}), st.just({"path": "b"})),
        image=st.just(_IMAGE),
    ),
    few(**_CONTAINER_FIELDS),
)
_CONTAINERS: Final = both(given({"image": st.just(_IMAGE)}), few(**_CONTAINER_FIELDS))
_MEMORY: Final = mostly(st.just({"percent": 70}), one_of({"average": "2Gi"}, {"average": "1Ki"}, {}), one_in=5)
_TRIGGERS: Final = st.one_of(
    arm("cpu", given({}, percent=mostly(st.integers(1, 100), st.integers(-1, 0)))),
    arm("memory", _MEMORY),
    st.just({"prometheus": {"serverAddress": "http://prometheus", "query": "up", "threshold": 5}}),
    st.just({"podMetric": {"metricNames": ["up"], "query": "up", "threshold": "0.5"}}),
)
_BOUNDS: Final = given(
    {
        "minReplicas": mostly(st.integers(1, 8), st.integers(-1, 0)),
        "maxReplicas": mostly(st.integers(8, 50), st.integers(-1, 7), one_in=20),
    }
)
_FIXED: Final = arm("noScaling", given({}, replicas=mostly(st.integers(1, 50), st.integers(-5, 0))))
_HPA: Final = arm("hpa", both(_BOUNDS, few(cpuPercent=st.integers(1, 100), memoryPercent=st.integers(1, 100))))
_KEDA: Final = arm(
    "keda", both(_BOUNDS, given({"triggers": st.lists(_TRIGGERS, min_size=1, max_size=2)}, scaleUpSeconds=st.just(60)))
)
_KPA: Final = arm(
    "kpa", both(_BOUNDS, few(metric=one_of("concurrency", "rps"), target=st.integers(1, 200), initialScale=st.just(2)))
)
_EXTERNAL: Final = st.just({"external": {"minReplicas": 1, "maxReplicas": 5}})
_SCALING: Final[Mapping[Mode, SearchStrategy[Any]]] = {
    "Standard": mostly(st.one_of(_FIXED, _HPA, _KEDA, _EXTERNAL), _KPA),
    "Knative": mostly(st.one_of(_FIXED, _KPA), st.one_of(_HPA, _KEDA, _EXTERNAL)),
}
_ROLLING: Final = mostly(st.just({"rolling": {"maxSurge": 1}}), st.just({"rolling": {"maxUnavailable": "200%"}}))
_MOVING: Final = st.one_of(
    arm("canary", given({"trafficPercent": mostly(st.integers(0, 100), st.just(101))}, tag=st.booleans())),
    one_of({"previous": {}}, {"gradual": {"duration": "10m"}}),
)
_ROLLOUTS: Final[Mapping[Mode, SearchStrategy[Any]]] = {
    "Standard": mostly(st.one_of(_ROLLING, st.just({"recreate": {}})), _MOVING),
    "Knative": mostly(_MOVING, _ROLLING),
}
_LOGGERS: Final = both(
    given({}, url=st.just("http://sink")), few(mode=mostly(one_of("all", "request", "response"), st.just("none")))
)
_STORING: Final = st.just({"url": "s3://logs", "storage": {"path": "logs", "key": "sink"}, "batchSize": 8})
_POD: Final[Mapping[str, SearchStrategy[Any]]] = {
    "nodeSelector": LABELS,
    "tolerations": st.just([{"key": "gpu", "operator": "Exists"}]),
    "imagePullSecrets": st.just(["registry"]),
    "priorityClassName": st.just("models"),
    "volumes": st.just([{"name": "scratch", "source": {"emptyDir": {}}}]),
    "hostAliases": st.just([{"ip": "10.0.0.1", "hostnames": ["store"]}]),
    "topologySpreadConstraints": st.just(
        [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app": "isvc.iris-predictor"}},
            }
        ]
    ),
    "initContainers": st.just([{"name": "warm", "image": _IMAGE}]),
    "securityContext": st.just({"fsGroup": 1000}),
}


def _component(mode: Mode) -> Fields:
    """What every component has."""
    concurrency = mostly(st.integers(0, 8), st.just(-1), one_in=10) if mode == "Knative" else st.just(None)
    return both(
        few(scaling=_SCALING[mode], rollout=_ROLLOUTS[mode], containerConcurrency=concurrency),
        few(
            requestTimeoutSeconds=mostly(st.integers(1, 600), st.integers(-1, 0)),
            logger=_LOGGERS,
            labels=LABELS,
            annotations=ANNOTATIONS,
            resources=RESOURCES,
            gpu=_GPU,
        ),
        few(**_POD),
    )


def models_served(mode: Mode) -> Fields:
    """Predictors that serve one model on one node."""
    special = few(batcher=given({}, maxBatchSize=mostly(st.integers(1, 64), st.just(0))), logger=_STORING)
    return both(given({"model": MODELS}), _component(mode), special)


def predictors(mode: Mode, release: str) -> Fields:
    """Predictors: of a model, of a container of one's own, and of several nodes where they work."""
    model = models_served(mode)
    own = both(given({"containers": _CONTAINERS.map(lambda found: [found])}), _component(mode))
    if mode == "Knative" or release != "0.19":
        return st.one_of(model, model, model, own)
    nodes = st.just({"format": "huggingface", "uri": "pvc://claim/model"})
    workers = given({}, pipelineParallelSize=st.integers(1, 2), tensorParallelSize=st.just(1))
    return st.one_of(model, model, model, own, given({"model": nodes, "worker": workers}))


def transformers(mode: Mode) -> Fields:
    """Transformers; the sink of their logger is the predictor's."""
    logger = mostly(_LOGGERS, _STORING, one_in=5)
    return both(given({"containers": _CONTAINERS.map(lambda found: [found])}), _component(mode), few(logger=logger))


def explainers(mode: Mode) -> Fields:
    """Explainers: ART, or a container of one's own."""
    own = given({"containers": _CONTAINERS.map(lambda found: [found])})
    art = given({"art": few(uri=st.just("s3://a/b"), config=st.just({"nb_classes": "10"}))})
    return both(st.one_of(own, art), _component(mode), few(batcher=mostly(st.none(), st.just({}), one_in=10)))


def canaries() -> SearchStrategy[dict[str, Any]]:
    """Canaries by name, with shares that are mostly at most 100 together."""
    share = mostly(st.integers(0, 50), st.integers(51, 100), one_in=10)
    canary = both(given({"trafficPercent": share, "model": MODELS}), few(minReplicas=st.just(1), resources=RESOURCES))
    return st.dictionaries(NAMES, canary, min_size=1, max_size=2)
