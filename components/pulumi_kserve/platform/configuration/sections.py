"""The parts of KServe's configuration that several keys of it share, and those of its sidecars.

https://github.com/kserve/kserve/blob/v0.20.0/charts/kserve-resources/files/common/configmap.yaml
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pulumi_kserve.amounts import Bytes, Duration, Quantity, Truth, Whole
from pulumi_kserve.models import Spec
from pulumi_kserve.platform.configuration.texts import Image, Plain, Text
from pulumi_kserve.platform_facts import DnsLabel

__all__ = ["Agent", "ContainerResources", "Logger", "LoggerStorage", "Router"]


class ContainerResources(Spec):
    """Requests and limits of one container; what is unset stays as the chart has it."""

    cpu_request: Quantity | None = None
    """CPUs that are reserved, for example ``100m``."""
    cpu_limit: Quantity | None = None
    """CPUs that are never exceeded."""
    memory_request: Bytes | None = None
    """Memory that is reserved, for example ``100Mi``."""
    memory_limit: Bytes | None = None
    """Memory that is never exceeded."""


class Agent(Spec):
    """The sidecar that logs, batches, and pulls models of multi-model servers."""

    image: Image | None = None
    """Its image with tag or digest; ``kserve/agent`` of the release when unset."""
    resources: ContainerResources = Field(default_factory=ContainerResources)
    """Its requests and limits; 100m to 1 CPU and 100Mi to 1Gi by default."""


class LoggerStorage(Spec):
    """Where payloads are stored when the predictor of an endpoint has no logger of its own."""

    path: Plain
    """The folder under the logger's URL."""
    format: Literal["json", "csv", "parquet"] = "json"
    """How payloads are written."""
    key: Plain = "credentials"
    """KServe demands a key and reads it nowhere: the Secrets of the service account open the bucket."""
    service_account_name: DnsLabel | None = None
    """The service account whose Secrets open the bucket; ``logger-sa`` when unset."""


class Logger(Spec):
    """What a logger does unless its endpoint says otherwise. Its image and resources are the agent's."""

    default_url: Plain | None = None
    """The sink of loggers without a `url`; ``http://default-broker`` when unset."""
    ca_bundle_config_map: DnsLabel | None = None
    """A ConfigMap in the endpoint's namespace with the certificates that the sink is checked by."""
    ca_file: Plain | None = None
    """The file in that ConfigMap; ``service-ca.crt`` when unset."""
    skip_tls_verification: Truth | None = None
    """Send to sinks whose certificate is not checked. False when unset."""
    storage: LoggerStorage | None = None
    """Store payloads as objects."""
    marshaller_url: Plain | None = None
    """A service that turns payloads into what is stored; none when unset."""
    batch_size: Annotated[Whole, Field(ge=1, le=2**31 - 1)] | None = None
    """How many payloads are stored together; 1 when unset."""
    batch_interval: Duration | None = None
    """How long a batch waits at most, for example ``10s``; for ever when unset."""

    @model_validator(mode="after")
    def _file_needs_bundle(self) -> Self:
        if self.ca_file is not None and self.ca_bundle_config_map is None:
            raise ValueError("caFile is a file of caBundleConfigMap (Python: ca_bundle_config_map): name that too")
        return self


class Router(Spec):
    """The server of InferenceGraphs."""

    image: Image | None = None
    """Its image with tag or digest; ``kserve/router`` of the release when unset."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """When its image is pulled; ``IfNotPresent`` when unset."""
    image_pull_secrets: tuple[DnsLabel, ...] | None = None
    """Secrets of the graph's namespace that open the registry; none when unset."""
    resources: ContainerResources = Field(default_factory=ContainerResources)
    """Its requests and limits; 100m to 1 CPU and 100Mi to 1Gi by default."""
    propagated_headers: tuple[Annotated[Text, Field(min_length=1, pattern="^[^,]+$")], ...] | None = None
    """Names, or Go regular expressions of names, of headers that reach every step of a graph; none when unset."""
