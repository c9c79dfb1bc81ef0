"""Compares two InferenceServices, as KServe stores them, by what they mean and not by how they say it.

`ADDED` and `SAME` list every exception with its reason; anything else that differs is a difference.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from operator import itemgetter
from typing import Any, Final

from tests.conformance.reading import Fields, Mode, children

_MODE: Final = "serving.kserve.io/deploymentMode"
_CLASS: Final = "serving.kserve.io/autoscalerClass"
_COMPONENTS: Final = ("predictor", "transformer", "explainer")
_CPU_PERCENT: Final = 80
"""What KServe aims at when nothing is said."""
Path = tuple[str, ...]


@dataclass(frozen=True)
class Added:
    """What the library adds on purpose: everything below `path`, where the other object says nothing of it."""

    path: Path
    why: str


@dataclass(frozen=True)
class Same:
    """Two ways to say one thing: `apply` rewrites an object to the one way."""

    apply: Callable[[Fields, Mode], None]
    why: str


ADDED: Final = (
    Added(("metadata", "labels", "pulumi-kserve/*"), "say who owns the object"),
    Added(("metadata", "annotations", "pulumi.com/*"), "the rollout gate waits, not the provider"),
    Added(("spec", "*", "annotations", "pulumi-kserve/*"), "the rollout gate knows the new pods by it"),
    Added(("spec", "*", "serviceAccountName"), "each endpoint has a service account of its own"),
    Added(("spec", "*", "automountServiceAccountToken"), "model servers have no business with the API server"),
    Added(("spec", "*", "enableServiceLinks"), "variables for every Service of a namespace only slow starts"),
    Added(("spec", "*", "securityContext"), "pods are restricted by default"),
    Added(("spec", "*", "containers", "*", "securityContext"), "containers are restricted by default"),
    Added(("spec", "predictor", "model", "securityContext"), "containers are restricted by default"),
    Added(("spec", "explainer", "art", "securityContext"), "containers are restricted by default"),
    Added(("spec", "predictor", "model", "runtime"), "the runtime that KServe would choose is chosen at preview"),
    Added(("spec", "predictor", "model", "protocolVersion"), "KServe's controller gives it to a model with a runtime"),
    Added(("metadata", "annotations", _MODE), "a later default of the cluster shall not change the endpoint"),
)


def differences(theirs: Mapping[str, Any], ours: Mapping[str, Any], mode: Mode) -> dict[str, tuple[Any, Any]]:
    """What the two objects do not have in common, by path: their value and ours, None where there is none."""
    sample, made = _flat(_normal(theirs, mode)), _flat(_normal(ours, mode))
    made = {path: value for path, value in made.items() if path in sample or not _is_added(path)}
    paths = sorted({*sample, *made})
    return {" ".join(path): (sample.get(path), made.get(path)) for path in paths if sample.get(path) != made.get(path)}


def _is_added(path: Path) -> bool:
    return any(len(path) >= len(each.path) and all(map(fnmatchcase, path, each.path)) for each in ADDED)


def _flat(value: Any, path: Path = ()) -> dict[Path, Any]:
    below = children(value)
    if not below:
        return {} if value in ({}, []) else {path: value}
    return {key: leaf for name, item in below for key, leaf in _flat(item, (*path, name)).items()}


def _normal(stored: Mapping[str, Any], mode: Mode) -> Fields:
    found: Fields = {key: copy.deepcopy(stored[key]) for key in ("metadata", "spec")}
    found["metadata"].pop("creationTimestamp", None)
    for each in SAME:
        each.apply(found, mode)
    return found


def _components(found: Fields) -> Iterator[Fields]:
    return (found["spec"][name] for name in _COMPONENTS if name in found["spec"])


def _account(found: Fields, _: Mode) -> None:
    for component in _components(found):
        if "serviceAccount" in component:
            component["serviceAccountName"] = component.pop("serviceAccount")


def _protocol(found: Fields, _: Mode) -> None:
    model = found["spec"]["predictor"].get("model")
    if model is not None and "runtime" not in model:
        model.setdefault("protocolVersion", "v1")


def _requests(found: Fields, _: Mode) -> None:
    for container in _containers(found):
        resources: dict[str, Fields] = container.get("resources", {})
        extended = {name: value for name, value in resources.get("limits", {}).items() if "/" in name}
        if extended:
            resources["requests"] = {**extended, **resources.get("requests", {})}


def _fixed(found: Fields, mode: Mode) -> None:
    if mode != "Standard":
        return
    told = found["metadata"].get("annotations", {}).pop(_CLASS, "hpa")
    for component in _components(found):
        autoscaler = component.get("annotations", {}).pop(_CLASS, told)
        least = component.pop("minReplicas", None) or 1
        most = least if autoscaler == "none" else max(least, component.pop("maxReplicas", 0))
        target = (component.pop("scaleMetric", "cpu"), component.pop("scaleTarget", _CPU_PERCENT))
        component["replicas"] = [least, most, *target] if most > least else [least]


def _concurrency(found: Fields, mode: Mode) -> None:
    if mode != "Knative":
        return
    annotations = found["metadata"].get("annotations", {})
    target = annotations.pop("autoscaling.knative.dev/target", None)
    metric = annotations.pop("autoscaling.knative.dev/metric", "concurrency")
    for component in _components(found):
        least, most = component.pop("minReplicas", 1), component.pop("maxReplicas", 0)
        aim = str(component.pop("scaleTarget", target))
        component["replicas"] = [least, most, component.pop("scaleMetric", metric), aim]


def _environment(found: Fields, _: Mode) -> None:
    for container in _containers(found):
        container["env"] = sorted(container.get("env", ()), key=itemgetter("name"))


def _containers(found: Fields) -> list[Fields]:
    return [
        each
        for component in _components(found)
        for each in (component.get("model", {}), *component.get("containers", ()))
    ]


SAME: Final = (
    Same(_account, "serviceAccount is Kubernetes' old name of serviceAccountName"),
    Same(_protocol, "KServe takes a missing protocolVersion as v1 when it chooses the runtime"),
    Same(_environment, "the order of variables counts only for those that name others, which no sample has"),
    Same(_requests, "Kubernetes takes the limit of an extended resource as its request"),
    Same(_fixed, "in Standard mode no class means hpa, and hpa between n and n means n pods: no autoscaler"),
    Same(_concurrency, "KServe writes scaleTarget and scaleMetric into annotations; the metric is concurrency"),
)
