"""Reads an InferenceService as KServe's users write it into our typed spec, in the shape of a stack file.

What has no typed field travels in `overrides`. The legacy framework keys (`sklearn: …`) become `model`, as KServe's
own webhook has it.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from pulumi_kserve.contracts import PoolFacts
from pulumi_kserve.models import is_mapping

Fields = dict[str, Any]
Mode = Literal["Standard", "Knative"]

_GPU: Final = "nvidia.com/gpu"
POOL: Final = PoolFacts(name="gpu", accelerator="nvidia-l4", accelerators_per_node=8, resource=_GPU, max_nodes=4)
"""The pool that a sample with a GPU gets its GPU from."""
_MODES: Final = {"RawDeployment": "Standard", "Standard": "Standard", "Serverless": "Knative", "Knative": "Knative"}
_MODE: Final = "serving.kserve.io/deploymentMode"
_KNATIVE: Final = ("autoscaling.knative.dev/", "networking.knative.dev/", "serving.kserve.io/enable-tag-routing")
_LEGACY: Final = (
    "sklearn",
    "tensorflow",
    "xgboost",
    "pytorch",
    "triton",
    "onnx",
    "huggingface",
    "pmml",
    "lightgbm",
    "paddle",
)
"""KServe's framework keys, in the order in which its webhook looks for them."""
_SPEAKS_V2: Final = ("triton", "onnx", "huggingface")
_OF_POD: Final = {name: name for name in ("nodeSelector", "serviceAccountName", "nodeName", "tolerations", "affinity")}
_OF_COMPONENT: Final = {
    **_OF_POD,
    "serviceAccount": "serviceAccountName",
    "labels": "labels",
    "annotations": "annotations",
    "containerConcurrency": "containerConcurrency",
    "timeout": "requestTimeoutSeconds",
    "logger": "logger",
}
_OF_CONTAINER: Final = {
    name: name
    for name in ("name", "image", "command", "args", "ports", "imagePullPolicy", "livenessProbe", "readinessProbe")
}
_OF_MODEL: Final = {
    **{name: name for name in _OF_CONTAINER if name != "name"},
    "storageUri": "uri",
    "storage": "storage",
    "runtime": "runtime",
    "runtimeVersion": "runtimeVersion",
    "protocolVersion": "protocol",
}


@dataclass(frozen=True)
class Reading:
    """One endpoint in our words, and how much of it has a typed field."""

    name: str
    namespace: str
    mode: Mode
    spec: Fields
    leaves: int
    untyped: int

    @property
    def share(self) -> float:
        """How much of what the object says has a typed field, from 0 to 1."""
        return 1 - self.untyped / self.leaves


def read(manifest: Mapping[str, Any]) -> Reading:
    """Our spec of a KServe object.

    A namespace that is missing, or that `kubectl` uses anyway, says nothing: the endpoint gets one of its own.
    """
    mode = wanted_mode(manifest)
    metadata: Fields = copy.deepcopy(dict(manifest["metadata"]))
    fields: Fields = copy.deepcopy(dict(manifest["spec"]))
    told = {key: metadata[key] for key in ("labels", "annotations") if key in metadata}
    leaves = count_leaves({**told, "spec": fields})
    spec = _service(fields, metadata, mode)
    return Reading(
        name=str(metadata["name"]),
        namespace=place_of(manifest),
        mode=mode,
        spec=spec,
        leaves=leaves,
        untyped=count_leaves(spec["overrides"]) if "overrides" in spec else 0,
    )


def place_of(manifest: Mapping[str, Any]) -> str:
    """The namespace of the endpoint."""
    said = str(manifest["metadata"].get("namespace", "default"))
    return "team" if said == "default" else said


def wanted_mode(manifest: Mapping[str, Any]) -> Mode:
    """The mode that the object names or, where it names none, the one in which all that it says has an effect."""
    metadata: Fields = manifest["metadata"]
    predictor: Fields = manifest["spec"]["predictor"]
    said = _MODES.get(metadata.get("annotations", {}).get(_MODE, ""))
    if said:
        return "Knative" if said == "Knative" else "Standard"
    keys = [*metadata.get("annotations", {}), *metadata.get("labels", {})]
    of_knative = any(key.startswith(_KNATIVE) for key in keys)
    to_zero = predictor.get("minReplicas") == 0
    only_there = any(key in predictor for key in ("canaryTrafficPercent", "containerConcurrency", "timeout"))
    return "Knative" if of_knative or to_zero or only_there else "Standard"


def count_leaves(value: Any) -> int:
    """How many values there are below; an empty mapping or list is one."""
    below = children(value)
    return sum(count_leaves(item) for _, item in below) if below else 1


def children(value: Any) -> list[tuple[str, Any]]:
    """What lies directly below a mapping or list, with its key or position."""
    if is_mapping(value):
        return list(value.items())
    if isinstance(value, (list, tuple)):
        return [(str(position), item) for position, item in enumerate(cast("Sequence[Any]", value))]
    return []


def _service(fields: Fields, metadata: Fields, mode: Mode) -> Fields:
    labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
    if annotations.get(_MODE) in _MODES:
        del annotations[_MODE]
    spec: Fields = {}
    if labels.pop("networking.knative.dev/visibility", None) == "cluster-local":
        spec["clusterLocal"] = True
    for name, of_kind in (("predictor", _predictor), ("transformer", _own), ("explainer", _explainer)):
        if name in fields:
            spec[name] = _component(name, of_kind, fields, annotations, mode)
    spec |= {key: value for key, value in (("labels", labels), ("annotations", annotations)) if value}
    rest = {key: value for key, value in fields.items() if value != {}}
    return spec | ({"overrides": {"spec": rest}} if rest else {})


def _component(name: str, of_kind: Any, fields: Fields, annotations: Fields, mode: Mode) -> Fields:
    """The component, taken out of `fields`; what is left there has no typed field."""
    component: Fields = fields[name]
    made: Fields = {}
    _move(component, made, _OF_COMPONENT)
    batcher = component.pop("batcher", None)
    if batcher:
        made["batcher"] = {"maxLatencyMs" if key == "maxLatency" else key: value for key, value in batcher.items()}
    made |= _scaling(component, annotations if name == "predictor" else {}, mode)
    made |= _rollout(component, annotations if name == "predictor" else {})
    made |= of_kind(component)
    return made


def _scaling(component: Fields, annotations: Fields, mode: Mode) -> Fields:
    """Without a class KServe scales on CPU between minReplicas and maxReplicas, or not at all where there is none."""
    least, most = component.pop("minReplicas", None), component.pop("maxReplicas", None)
    if mode == "Knative":
        target = annotations.pop("autoscaling.knative.dev/target", None)
        told = {"minReplicas": least, "maxReplicas": most, "target": None if target is None else int(target)}
        return {"scaling": {"kpa": {key: value for key, value in told.items() if value is not None}}}
    if most is not None and most > (least or 1):
        return {"scaling": {"hpa": {"minReplicas": least or 1, "maxReplicas": most}}}
    return {} if least is None else {"scaling": {"noScaling": {"replicas": least}}}


def _rollout(component: Fields, annotations: Fields) -> Fields:
    percent = component.pop("canaryTrafficPercent", None)
    if percent is not None:
        tag = annotations.pop("serving.kserve.io/enable-tag-routing", None) == "true"
        tagged: Fields = {"tag": True} if tag else {}
        return {"rollout": {"canary": {"trafficPercent": percent, **tagged}} if percent else {"previous": tagged}}
    strategy = component.pop("deploymentStrategy", None)
    if strategy is None:
        return {}
    return {"rollout": {"recreate": {}} if strategy["type"] == "Recreate" else {"rolling": strategy["rollingUpdate"]}}


def _predictor(component: Fields) -> Fields:
    key = next((key for key in _LEGACY if key in component), None)
    if key is not None:
        legacy: Fields = component.pop(key)
        protocol = {"protocolVersion": "v2"} if key in _SPEAKS_V2 else {}
        component["model"] = {**protocol, **legacy, "modelFormat": {"name": key}}
    made = _own(component)
    if "model" in component:
        made |= _model(component["model"])
        _drop_empty(component, "model")
    return made


def _model(fields: Fields) -> Fields:
    """`model` and what of it belongs to the component: the resources and the GPUs."""
    kind = fields.pop("modelFormat", {})
    made: Fields = {"format": kind.get("name")}
    if "version" in kind:
        made["version"] = kind["version"]
    _move(fields, made, _OF_MODEL)
    made |= _env(fields)
    resources = _texts(fields.pop("resources", {}))
    count = resources.get("limits", {}).get(_GPU)
    if count is not None:
        resources = {key: {name: value for name, value in quantities.items() if name != _GPU}
                     for key, quantities in resources.items()}  # fmt: skip
    beside: Fields = {} if count is None else {"gpu": {"pool": POOL.name, "count": int(count)}}
    resources = {key: quantities for key, quantities in resources.items() if quantities}
    return {"model": made, **({"resources": resources} if resources else {}), **beside}


def _own(component: Fields) -> Fields:
    if "containers" not in component:
        return {}
    whole = copy.deepcopy(component["containers"])
    made = [_container(each) for each in component["containers"]]
    if any(component["containers"]):
        component["containers"] = whole  # a list is overridden as a whole
    else:
        del component["containers"]
    return {"containers": made}


def _explainer(component: Fields) -> Fields:
    art: Fields | None = component.get("art")
    if art is None:
        return _own(component)
    made: Fields = {}
    _move(art, made, {name: name for name in ("type", "config", "runtimeVersion", "storage")} | {"storageUri": "uri"})
    _drop_empty(component, "art")
    return {"art": made}


def _container(fields: Fields) -> Fields:
    made: Fields = {}
    _move(fields, made, _OF_CONTAINER)
    made |= _env(fields)
    if "resources" in fields:
        made["resources"] = _texts(fields.pop("resources"))
    return made


def _env(fields: Fields) -> Fields:
    given = fields.pop("env", None)
    return {} if given is None else {"env": {each["name"]: each["value"] for each in given}}


def _texts(resources: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Quantities as text: samples write numbers too."""
    return {kind: {name: str(value) for name, value in each.items()} for kind, each in resources.items()}


def _drop_empty(fields: Fields, name: str) -> None:
    if not fields[name]:
        del fields[name]


def _move(source: Fields, to: Fields, names: Mapping[str, str]) -> None:
    for old, new in names.items():
        if old in source:
            to[new] = source.pop(old)
