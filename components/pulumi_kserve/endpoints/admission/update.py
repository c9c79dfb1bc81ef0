"""What KServe refuses of a change to an InferenceService that exists.

https://github.com/kserve/kserve/blob/master/pkg/apis/serving/v1beta1/inference_service_validation.go
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pulumi_kserve.contracts import ModelUri
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import MAIN_CONTAINER, MODE_ANNOTATION, OLD_MODES, Component, Subject
from pulumi_kserve.endpoints.admission.values import fields, is_unknown, plain_text
from pulumi_kserve.errors import Problem

__all__ = ["RULES"]


def _refuse_mode_change(subject: Subject, context: Context) -> Iterator[Problem]:
    if context.previous is None:
        return
    running = plain_text(fields(context.previous.get("status")).get("deploymentMode")) or ""
    if not running and context.release == "0.19":
        running = "Standard"  # what 0.19 takes an empty status for
    running = OLD_MODES.get(running, running)
    wanted = _written_mode(subject, context)
    if running and wanted is not None and wanted != running:
        cure = f"Keep {running}, or delete the endpoint and make it again: it answers nothing in between"
        text = f"KServe does not change the mode from {running} to {wanted}"
        yield Problem(subject.annotation_path(MODE_ANNOTATION), text, cure, "mode-change")


def _written_mode(subject: Subject, context: Context) -> str | None:
    """The annotation as the webhook leaves it; None where there is none, or it is not known."""
    if subject.annotations.get(MODE_ANNOTATION) is None:
        return "Standard" if context.mode == "Standard" else None
    return subject.annotation(MODE_ANNOTATION)


def _refuse_renaming(subject: Subject, context: Context) -> Iterator[Problem]:
    if context.previous is None:
        return
    before = Subject.of(context.previous).predictor
    names = [_name(before), _name(subject.predictor)]
    places = [_place(before), _place(subject.predictor)]
    if None in names or None in places or names[0] == names[1] or places[0] != places[1]:
        return
    cure = f"Keep the name {names[0]!r}" if names[0] else "Leave the name out"
    text = "a new name needs a new model: KServe takes it for a new version of the old one"
    yield Problem(subject.predictor.at("name"), text, f"{cure}, or change the model's URI too", "predictor-renamed")


def _name(component: Component) -> str | None:
    written = component.fields.get("name")
    return "" if written is None else plain_text(written)


def _place(component: Component) -> str | None:
    """Where the model lies, "" for nowhere; None where that is not known."""
    if component.model is not None:
        return _text(component.model.get("storageUri"))
    main = next((container for container in component.containers if container.name == MAIN_CONTAINER), None)
    return _text(next((entry.value for entry in main.env() if entry.name == "STORAGE_URI"), None)) if main else ""


def _text(uri: Any) -> str | None:
    plain = uri.value if isinstance(uri, ModelUri) else uri
    return None if is_unknown(plain) else plain_text(plain) or ""


RULES: Final[tuple[Rule, ...]] = (
    Rule("mode-change", _refuse_mode_change, "kserve", "The mode of an endpoint that exists cannot change."),
    Rule(
        "predictor-renamed",
        _refuse_renaming,
        "kserve",
        "The predictor's name changes only together with the model.",
        ("0.20",),
    ),
)
