"""Keys that are not the user's to write: this package's own, and those that KServe's parts use among themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import Subject
from pulumi_kserve.endpoints.admission.values import fields, joined
from pulumi_kserve.endpoints.spec.scaling import SCALING_FIELDS
from pulumi_kserve.errors import Problem
from pulumi_kserve.models import is_mapping

__all__ = ["RULES", "refuse_reserved_keys", "refuse_reserved_overrides"]

_OURS: Final = ("pulumi-kserve/", "pulumi.com/")
_INTERNAL: Final = "internal.serving.kserve.io/"
_CURES: Final = {
    "serving.kserve.io/deploymentMode": "The platform's mode decides it",
    "serving.kserve.io/autoscalerClass": "Say it with `scaling`",
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
    for key in _METADATA:
        yield from refuse_reserved_keys(_below(metadata, key), f"{path}.metadata.{key}")
    spec = _below(overrides, "spec")
    for name in ("predictor", "transformer", "explainer"):
        component, here = _below(spec, name), f"{path}.spec.{name}"
        for key in component:
            if key in SCALING_FIELDS:
                yield Problem(f"{here}.{key}", "has a field of its own", "Say it with `scaling`", "reserved-key")
        for key in _METADATA:
            yield from refuse_reserved_keys(_below(component, key), f"{here}.{key}")


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
