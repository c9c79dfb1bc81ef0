"""Keys that are not the user's to write: this package's own, and those that KServe's parts use among themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import CLASS_ANNOTATION, MODE_ANNOTATION, Subject
from pulumi_kserve.endpoints.admission.values import fields, items, joined
from pulumi_kserve.endpoints.spec.scaling import SCALING_FIELDS
from pulumi_kserve.errors import Problem
from pulumi_kserve.models import is_mapping

__all__ = ["RULES", "refuse_reserved_keys", "refuse_reserved_overrides"]

_OURS: Final = ("pulumi-kserve/", "pulumi.com/")
_INTERNAL: Final = "internal.serving.kserve.io/"
_CURES: Final = {
    MODE_ANNOTATION: "The platform's mode decides it",
    CLASS_ANNOTATION: "Say it with `scaling`",
    "serving.kserve.io/stop": "Say it with `stopped`",
}
_METADATA: Final = ("labels", "annotations")


def refuse_reserved_keys(values: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """A label or annotation that this package writes itself."""
    for key in values:
        if key in _CURES or key.startswith(_OURS):
            cure = _CURES.get(key, "Leave it out: it tells this package which objects and which pods are whose")
            yield Problem(f"{path}[{key!r}]", "is written by this package", cure, "reserved-key")


def refuse_reserved_overrides(overrides: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """Overrides of the object's identity, of reserved keys, or of how many pods there are."""
    metadata = _below(overrides, "metadata")
    for key in metadata:
        if key not in _METADATA:
            cure = "Only labels and annotations can be overridden here"
            yield Problem(f"{path}.metadata.{key}", "is decided by the component", cure, "reserved-key")
    yield from _refuse_written_metadata(metadata, f"{path}.metadata")
    spec = _below(overrides, "spec")
    places = [(_below(spec, name), f"{path}.spec.{name}") for name in ("predictor", "transformer", "explainer")]
    places += [
        (_below(fields(canary), "predictor"), f"{path}.spec.canary[{index}].predictor")
        for index, canary in enumerate(items(spec.get("canary")))
    ]
    for component, here in places:
        for key in component:
            if key in SCALING_FIELDS or (key == "name" and here.endswith("spec.predictor")):
                cure = f"Say it with `{'predictor.name' if key == 'name' else 'scaling'}`"
                yield Problem(f"{here}.{key}", "has a field of its own", cure, "reserved-key")
        yield from _refuse_written_metadata(component, here)


def _refuse_written_metadata(holder: Mapping[str, Any], path: str) -> Iterator[Problem]:
    for key in _METADATA:
        if key in holder and holder[key] is None:
            message = f"would remove the {key} that this package writes"
            yield Problem(f"{path}.{key}", message, "Set to null the single keys that you mean", "reserved-key")
        yield from refuse_reserved_keys(_below(holder, key), f"{path}.{key}")


def _below(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found: Any = value.get(key)
    return found if is_mapping(found) else {}


def _refuse_internal_keys(subject: Subject, context: Context) -> Iterator[Problem]:
    places = [("metadata.annotations", subject.annotations), ("metadata.labels", subject.labels)]
    for component in subject.validated(context.release):
        places += [(component.at(key), fields(component.fields.get(key))) for key in _METADATA]
    for path, found in places:
        for key in found:
            if str(key).startswith(_INTERNAL):
                message = "KServe's controller and webhooks talk to each other by it"
                yield Problem(joined(path, key), message, "Leave it out", "internal-key")


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "internal-key",
        _refuse_internal_keys,
        "stricter",
        "KServe's controller and webhooks talk by such keys: a foreign value is overwritten, or misleads them.",
    ),
)
