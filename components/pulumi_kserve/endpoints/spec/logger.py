"""The payload logger: a sidecar that sends requests and answers to a sink, or stores them as objects.

https://kserve.github.io/website/docs/model-serving/predictive-inference/logger
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from pulumi_kserve.amounts import INT32, Duration, Whole
from pulumi_kserve.endpoints.spec.storage import hold_no_secrets
from pulumi_kserve.inputs import In
from pulumi_kserve.models import Spec, without_none

__all__ = ["Logger", "LoggerStorage", "logger_fields"]


def _have_no_format(parameters: dict[str, In[str]]) -> dict[str, In[str]]:
    if "format" in parameters:
        raise ValueError("format has a key of its own: write it beside the parameters")
    return parameters


class LoggerStorage(Spec):
    """Payloads as objects in a bucket: the logger's `url` is ``s3://``, ``gs://`` or ``abfs://`` then."""

    path: In[str]
    """The folder under the URL."""
    key: str = Field(default="credentials", min_length=1)
    """KServe demands a key and reads it nowhere: the Secrets of the service account open the bucket."""
    format: Literal["json", "csv", "parquet"] = "json"
    """How payloads are written."""
    parameters: Annotated[dict[str, In[str]], AfterValidator(hold_no_secrets), AfterValidator(_have_no_format)] = Field(
        default_factory=dict
    )
    """Further parameters. Secrets do not belong here: they would be readable in the object."""
    service_account_name: In[str] | None = None
    """The service account whose Secrets open the bucket, beside the pods' own; ``logger-sa`` when unset."""


class Logger(Spec):
    """What is logged, and where to.

    Of `storage`, `marshaller_url`, `batch_size` and `batch_interval` KServe reads only the predictor's, and uses them
    for the other components too.
    """

    url: In[str] | None = None
    """The sink: ``http(s)://`` for CloudEvents, or a bucket. The platform's default when unset."""
    mode: Literal["all", "request", "response"] = "all"
    """Whether requests, responses or both are logged."""
    metadata_headers: tuple[str, ...] = ()
    """Request headers that are passed on."""
    metadata_annotations: tuple[str, ...] = ()
    """Annotations of the pod that are passed on."""
    storage: LoggerStorage | None = None
    """Store payloads as objects; only the predictor's counts."""
    marshaller_url: In[str] | None = None
    """A service that turns payloads into what is stored; none when unset. Only the predictor's counts."""
    batch_size: Whole | None = Field(default=None, ge=1, le=INT32)
    """How many payloads are stored together; 1 when unset. Only the predictor's counts."""
    batch_interval: Duration | None = None
    """How long a batch waits at most, for example ``10s``; for ever when unset. Only the predictor's counts."""


def logger_fields(logger: Logger) -> dict[str, Any]:
    """``logger`` of a component. The mode is always there: KServe refuses a logger without one."""
    fields: dict[str, Any] = {
        "url": logger.url,
        "mode": logger.mode,
        "metadataHeaders": list(logger.metadata_headers) or None,
        "metadataAnnotations": list(logger.metadata_annotations) or None,
        "storage": _storage_fields(logger.storage) if logger.storage else None,
        "marshallerUrl": logger.marshaller_url,
        "batchSize": logger.batch_size,
        "batchInterval": logger.batch_interval,
    }
    return without_none(fields)


def _storage_fields(storage: LoggerStorage) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "path": storage.path,
        "key": storage.key,
        "parameters": {"format": storage.format, **storage.parameters},
        "serviceAccountName": storage.service_account_name,
    }
    return without_none(fields)
