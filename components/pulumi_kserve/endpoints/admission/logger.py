"""Rules about the payload logger.

https://kserve.github.io/website/docs/model-serving/predictive-inference/logger
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import Subject
from pulumi_kserve.endpoints.admission.values import fields
from pulumi_kserve.errors import Problem
from pulumi_kserve.models import is_mapping

__all__ = ["RULES"]

_OF_STORAGE: Final = ("path", "parameters", "key")


def _refuse_missing_mode(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        logger = component.fields.get("logger")
        if is_mapping(logger) and logger.get("mode") in (None, ""):
            message = "KServe's documentation calls all the default, but it refuses a logger without a mode"
            yield Problem(component.at("logger", "mode"), message, "Write all, request or response", "logger-mode")


def _refuse_half_a_storage(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        storage = fields(component.fields.get("logger")).get("storage")
        missing = [key for key in _OF_STORAGE if is_mapping(storage) and storage.get(key) is None]
        if missing:
            message = f"the logger's storage has no {' and no '.join(missing)}"
            cure = "Give path, parameters and key, or log to a url"
            yield Problem(component.at("logger", "storage", missing[0]), message, cure, "logger-storage")


def _refuse_beside_batcher(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        mode = fields(component.fields.get("logger")).get("mode")
        if component.fields.get("batcher") is not None and mode in ("all", "response"):
            message = "with a batcher the agent sends requests only: the batcher's answers have no status"
            cure = "Log requests (mode request), leave the batcher out, or let another component log"
            yield Problem(component.at("logger", "mode"), message, cure, "logger-with-batcher")


RULES: Final[tuple[Rule, ...]] = (
    Rule("logger-mode", _refuse_missing_mode, "kserve", "A logger must say what it logs."),
    Rule("logger-storage", _refuse_half_a_storage, "kserve", "A logger's storage needs path, parameters and key."),
    Rule(
        "logger-with-batcher",
        _refuse_beside_batcher,
        "stricter",
        "KServe's agent sends no answers to the sink where a batcher gives them: they carry no status.",
    ),
)
