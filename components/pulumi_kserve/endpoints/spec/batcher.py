"""Batching: a sidecar collects predictions and asks the model once for many.

KServe's own `timeout` is read by no code and so has no field here.
https://kserve.github.io/website/docs/model-serving/predictive-inference/batcher
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from pulumi_kserve.amounts import INT32, Whole
from pulumi_kserve.models import Spec, without_none

__all__ = ["Batcher", "batcher_fields"]


class Batcher(Spec):
    """When a batch goes to the model: when it is full, or when it has waited long enough."""

    max_batch_size: Whole | None = Field(default=None, ge=1, le=INT32)
    """How many instances fill a batch; 32 when unset."""
    max_latency_ms: Whole | None = Field(default=None, ge=1, le=INT32)
    """Milliseconds that a batch waits at most; 5000 when unset."""


def batcher_fields(batcher: Batcher) -> dict[str, Any]:
    """``batcher`` of a component; ``{}`` means KServe's own numbers."""
    fields = {"maxBatchSize": batcher.max_batch_size, "maxLatency": batcher.max_latency_ms}
    return without_none(fields)
