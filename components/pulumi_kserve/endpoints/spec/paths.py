"""From a path in the InferenceService object to the path in the user's spec, so that a problem names what they wrote.

``spec.predictor.minReplicas`` is ``predictor.scaling.hpa.minReplicas`` to them, ``spec.predictor.model.env[2].value``
is ``predictor.model.env.NAME``, and what came by an override is ``overrides.spec.predictor…``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pulumi_kserve.endpoints.admission.subject import MODE_ANNOTATION
from pulumi_kserve.endpoints.admission.values import fields, items, joined, plain_text
from pulumi_kserve.endpoints.spec.canary import Canary
from pulumi_kserve.endpoints.spec.component import Component
from pulumi_kserve.endpoints.spec.rollout import ROLLOUT_FIELDS
from pulumi_kserve.endpoints.spec.rollout_paths import annotation_of_rollout, rollout_steps
from pulumi_kserve.endpoints.spec.scaling import SCALING_FIELDS
from pulumi_kserve.endpoints.spec.scaling_paths import annotation_of_scaling, scaling_steps
from pulumi_kserve.endpoints.spec.workers import Worker
from pulumi_kserve.models import is_mapping

if TYPE_CHECKING:
    from pulumi_kserve.endpoints.spec.service import InferenceServiceSpec

__all__ = ["spec_path"]

_Steps: TypeAlias = tuple[str | int, ...]
_STEP: Final = re.compile(r"""\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|\['([^']*)'\]|([^.\[\]]+)""")
_RENAMED: Final[Mapping[_Steps, _Steps]] = {
    ("timeout",): ("requestTimeoutSeconds",),
    ("batcher", "maxLatency"): ("batcher", "maxLatencyMs"),
    ("logger", "storage", "parameters", "format"): ("logger", "storage", "format"),
    ("model", "modelFormat", "name"): ("model", "format"),
    ("model", "modelFormat", "version"): ("model", "version"),
    ("model", "modelFormat"): ("model", "format"),
    ("model", "storageUri"): ("model", "uri"),
    ("model", "protocolVersion"): ("model", "protocol"),
    ("model", "resources"): ("resources",),
    ("art", "storageUri"): ("art", "uri"),
    ("art", "resources"): ("resources",),
    ("workerSpec", "containers", 0, "resources"): ("worker", "resources"),
    ("workerSpec", "containers", 0): ("worker", "container"),
    ("workerSpec", "containers"): ("worker", "container"),
    ("workerSpec",): ("worker",),
}
"""What a component's fields are called in the spec; of two that fit, the longer comes first."""
_OF_METADATA: Final[Mapping[str, str]] = {
    MODE_ANNOTATION: "platform",
    "serving.kserve.io/stop": "stopped",
    "networking.kserve.io/visibility": "clusterLocal",
    "networking.knative.dev/visibility": "clusterLocal",
}


def spec_path(path: str, manifest: Mapping[str, Any], spec: InferenceServiceSpec) -> str:
    """The path in the user's spec of what `path` names in the object.

    Args:
        path: A path in the object, for example ``spec.predictor.model.storageUri``.
        manifest: The object, with the overrides in it.
        spec: What the user wrote.

    """
    steps = _steps_of(path)
    if _is_overridden(steps, manifest, spec.overrides):
        return joined("overrides", *steps)
    if steps[:1] == ("metadata",):
        return joined("", *_in_metadata(steps[1:], spec))
    if steps[:1] != ("spec",):
        return path
    return joined("", *_in_spec(_by_name(steps, manifest)[1:], manifest, spec))


def _steps_of(path: str) -> _Steps:
    return tuple(
        int(index) if index else json.loads(quoted) if quoted else single or name
        for index, quoted, single, name in _STEP.findall(path)
    )


def _at(value: Any, steps: _Steps) -> Any:
    for step in steps:
        if isinstance(step, int):
            found = items(value)
            value = found[step] if step < len(found) else None
        else:
            value = fields(value).get(step)
    return value


def _is_overridden(steps: _Steps, manifest: Mapping[str, Any], overrides: Mapping[str, Any]) -> bool:
    """Whether the user wrote that place in the overrides: the value itself, or something it lies in as a whole."""
    value: Any = overrides
    for step in steps:
        if not is_mapping(value):
            return True
        if step not in value:
            return False
        value = value[str(step)]
    return not is_mapping(value) or (bool(value) and value == _at(manifest, steps))


def _by_name(steps: _Steps, manifest: Mapping[str, Any]) -> _Steps:
    """The steps with variables by their names: what is below a variable is its value."""
    for place, step in enumerate(steps[:-1]):
        if step == "env" and isinstance(steps[place + 1], int):
            name = plain_text(fields(_at(manifest, steps[: place + 2])).get("name"))
            return steps if name is None else (*steps[: place + 1], name)
    return steps


def _in_metadata(steps: _Steps, spec: InferenceServiceSpec) -> _Steps:
    if len(steps) < 2 or steps[0] not in ("annotations", "labels"):  # noqa: PLR2004 -- a kind and a key
        return steps
    kind, key = str(steps[0]), str(steps[1])
    own = spec.annotations if kind == "annotations" else spec.labels
    if key in own:
        return steps
    scaling = annotation_of_scaling(spec.predictor.scaling, key)
    rollout = annotation_of_rollout(spec.predictor.rollout, key)
    if scaling or rollout:
        return ("predictor", *(scaling or rollout))
    return (_OF_METADATA[key],) if key in _OF_METADATA else steps


def _in_spec(steps: _Steps, manifest: Mapping[str, Any], spec: InferenceServiceSpec) -> _Steps:
    if steps[:1] == ("canary",):
        return _in_canary(steps[1:], manifest, spec)
    found = {"predictor": spec.predictor, "transformer": spec.transformer, "explainer": spec.explainer}
    component = found.get(str(steps[0])) if steps else None
    return steps if component is None else (steps[0], *_in_component(steps[1:], component))


def _in_canary(steps: _Steps, manifest: Mapping[str, Any], spec: InferenceServiceSpec) -> _Steps:
    if not steps:
        return ("canaries",)
    name = plain_text(_at(manifest, ("spec", "canary", steps[0], "predictor", "name")))
    if name is None or name not in spec.canaries:
        return ("canaries", *steps)
    below = steps[2:] if steps[1:2] == ("predictor",) else steps[1:]
    return ("canaries", name, *_in_pods(below, spec.canaries[name]))


def _in_component(steps: _Steps, component: Component) -> _Steps:
    first = steps[0] if steps else ""
    if first in SCALING_FIELDS:
        return scaling_steps(component.scaling, steps)
    if first in ROLLOUT_FIELDS:
        return rollout_steps(component.rollout, steps)
    if first == "annotations" and len(steps) > 1 and steps[1] not in component.annotations:
        key = str(steps[1])
        of_fields = annotation_of_scaling(component.scaling, key) or annotation_of_rollout(component.rollout, key)
        return of_fields or steps
    if steps[:3] == ("containers", 0, "resources") and _says_resources(component):
        return _accelerators(steps[2:], component)
    return _in_pods(steps, component)


def _says_resources(component: Component) -> bool:
    return component.resources is not None or component.gpu is not None


def _in_pods(steps: _Steps, pods: Component | Canary) -> _Steps:
    for written, said in _RENAMED.items():
        if steps[: len(written)] == written:
            steps = (*said, *steps[len(written) :])
            break
    if steps[:1] == ("worker",):
        worker = getattr(pods, "worker", None)
        return steps if worker is None else ("worker", *_accelerators(_flat(steps[1:]), worker))
    return _accelerators(_flat(steps), pods)


def _flat(steps: _Steps) -> _Steps:
    """The steps of what Kubernetes wraps once more than the spec does."""
    if steps[:1] == ("imagePullSecrets",):
        return steps[:2]
    if steps[:1] == ("volumes",) and len(steps) > 2 and steps[2] != "name":  # noqa: PLR2004 -- volumes[0].emptyDir
        return (*steps[:2], "source", *steps[2:])
    return steps


def _accelerators(steps: _Steps, pods: Component | Canary | Worker) -> _Steps:
    """The steps, or ``gpu`` for what only the accelerators brought there."""
    if pods.gpu is None:
        return steps
    if steps[:1] == ("resources",) and len(steps) > 2:  # noqa: PLR2004 -- resources.limits.name
        said = fields(getattr(pods.resources, str(steps[1]), None))
        return steps if steps[2] in said else ("gpu", "count")
    own: Mapping[str | int, Sequence[Any] | Mapping[str, Any]] = {
        "tolerations": range(len(pods.tolerations)),
        "nodeSelector": pods.node_selector,
    }
    if len(steps) > 1 and steps[0] in own and steps[1] not in own[steps[0]]:
        return ("gpu", "pool")
    return steps
