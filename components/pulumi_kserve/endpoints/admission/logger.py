"""Rules about the payload logger.

https://kserve.github.io/website/docs/model-serving/predictive-inference/logger
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import Subject
from pulumi_kserve.endpoints.admission.values import fields, plain_text
from pulumi_kserve.errors import Problem
from pulumi_kserve.models import is_mapping

__all__ = ["RULES"]

_OF_STORAGE: Final = ("path", "parameters", "key")
_SINKS: Final = ("http://", "https://", "s3://", "s3a://", "gs://", "abfs://", "abfss://")
_OF_BUCKETS: Final = ("storage", "batchSize", "batchInterval", "marshallerUrl")


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


def _refuse_url(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        url = plain_text(fields(component.fields.get("logger")).get("url"))
        if url and not url.startswith(_SINKS):
            message = "KServe's agent can send events to http and https, and files to s3, gs and abfs"
            yield Problem(component.at("logger", "url"), message, f"Begin it with {' or '.join(_SINKS)}", "logger-url")
        elif (
            url and not url.startswith("http") and fields(subject.predictor.fields.get("logger")).get("storage") is None
        ):
            message = "a bucket's url needs a storage that says where in it the files go"
            cure = "Give the predictor's logger a storage with a path"
            yield Problem(component.at("logger", "url"), message, cure, "logger-url")


def _refuse_ignored_storage(subject: Subject, _context: Context) -> Iterator[Problem]:
    logger = fields(subject.predictor.fields.get("logger"))
    url = plain_text(logger.get("url"))
    for key in _OF_BUCKETS:
        if url and url.startswith("http") and logger.get(key) is not None:
            message = "is not read: the url is a server's, which gets each event at once"
            cure = "Leave it out, or give the url of a bucket, s3://, gs:// or abfs://"
            yield Problem(subject.predictor.at("logger", key), message, cure, "logger-storage-ignored")


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
        "logger-url",
        _refuse_url,
        "stricter",
        "KServe's agent logs to http and https, and with a storage to s3, gs and abfs: anything else goes nowhere.",
    ),
    Rule(
        "logger-storage-ignored",
        _refuse_ignored_storage,
        "stricter",
        "A logger with a server's URL sends each event at once: storage and batches belong to buckets.",
    ),
    Rule(
        "logger-with-batcher",
        _refuse_beside_batcher,
        "stricter",
        "KServe's agent sends no answers to the sink where a batcher gives them: they carry no status.",
    ),
)
