"""The payload logger and the batcher."""

from typing import Any

import pytest
from pulumi_kserve.endpoints.spec.batcher import Batcher, batcher_fields
from pulumi_kserve.endpoints.spec.logger import Logger, LoggerStorage, logger_fields
from pulumi_kserve.models import Spec

from tests.unit.kubernetes_fields import refusal


def test_a_logger_always_names_its_mode() -> None:
    assert logger_fields(Logger(url="http://sink")) == {"url": "http://sink", "mode": "all"}


def test_a_logger_may_leave_the_sink_to_the_platform() -> None:
    assert logger_fields(Logger(mode="response")) == {"mode": "response"}


def test_storage_has_all_that_kserve_demands_of_it() -> None:
    fields = logger_fields(Logger(url="s3://logs", storage=LoggerStorage(path="iris")))
    assert fields["storage"] == {"path": "iris", "key": "credentials", "parameters": {"format": "json"}}


def test_further_parameters_go_beside_the_format() -> None:
    storage = LoggerStorage(path="iris", format="parquet", parameters={"region": "eu"})
    assert logger_fields(Logger(storage=storage))["storage"]["parameters"] == {"format": "parquet", "region": "eu"}


def test_a_batcher_counts_in_milliseconds() -> None:
    assert batcher_fields(Batcher(max_batch_size=8, max_latency_ms=50)) == {"maxBatchSize": 8, "maxLatency": 50}


def test_an_empty_batcher_means_kserves_own_numbers() -> None:
    assert batcher_fields(Batcher()) == {}


@pytest.mark.parametrize(
    ("kind", "given", "path", "reason"),
    [
        (Logger, {"mode": "both"}, "mode", "'response'"),
        (Logger, {"batchInterval": "5"}, "batchInterval", "'5s'"),
        (Logger, {"batchSize": 0}, "batchSize", "equal to 1"),
        (Logger, {"storage": {}}, "storage.path", "required"),
        (Logger, {"storage": {"path": "p", "format": "xml"}}, "storage.format", "'parquet'"),
        (Logger, {"uri": "http://sink"}, "uri", "'url'"),
        (Batcher, {"timeout": 60}, "timeout", "unknown key"),
        (Batcher, {"maxLatency": 60}, "maxLatency", "'maxLatencyMs'"),
        (Batcher, {"maxBatchSize": 0}, "maxBatchSize", "equal to 1"),
    ],
)
def test_a_wrong_logger_or_batcher_is_refused(kind: type[Spec], given: Any, path: str, reason: str) -> None:
    assert reason in refusal(kind, given)[path]
