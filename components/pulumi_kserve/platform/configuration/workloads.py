"""How endpoints run: their defaults, rollouts, scaling, telemetry and names.

https://kserve.github.io/website/docs/admin-guide/configurations
"""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from pulumi_kserve.amounts import Bytes, Duration, Quantity, Truth, Whole
from pulumi_kserve.models import Spec
from pulumi_kserve.platform.configuration.sections import ContainerResources
from pulumi_kserve.platform.configuration.texts import Plain
from pulumi_kserve.platform.exposure import HostName
from pulumi_kserve.platform_facts import HOST_PLACEHOLDER

__all__ = [
    "ArtExplainer",
    "Autoscaler",
    "DefaultResources",
    "InferenceServices",
    "Ingress",
    "Metrics",
    "MultiNode",
    "OpenTelemetry",
    "Rollout",
    "Security",
]


def _names_each_once(template: str) -> str:
    rest = HOST_PLACEHOLDER.sub("", template)
    if "{" in rest or "}" in rest:
        raise ValueError("only {{ .Name }}, {{ .Namespace }} and {{ .IngressDomain }} are known before the cluster is")
    missing = {"Name", "Namespace"} - set(HOST_PLACEHOLDER.findall(template))
    if missing:
        raise ValueError(f"without {{{{ .{min(missing)} }}}} two endpoints would share a name")
    return template


def _is_percentage(text: str) -> str:
    if not re.fullmatch(r"[0-9]+%", text):
        raise ValueError(
            f"{text!r} is no percentage: KServe writes it into Deployments as text, and the API server takes no text"
            " but percentages; write for example '25%', or set the number in the endpoint's own rollout"
        )
    return text


Percentage = Annotated[str, AfterValidator(_is_percentage)]
Template = Annotated[Plain, AfterValidator(_names_each_once)]


class Ingress(Spec):
    """The names of endpoints where KServe itself writes their routes. The gateway decides the rest."""

    domain_template: Template | None = None
    """Host names, of ``{{ .Name }}``, ``{{ .Namespace }}`` and ``{{ .IngressDomain }}``;
    ``{{ .Name }}-{{ .Namespace }}.{{ .IngressDomain }}`` when unset."""
    path_template: Template | None = None
    """Paths below the domain, of ``{{ .Name }}`` and ``{{ .Namespace }}``; none when unset."""
    additional_domains: tuple[HostName, ...] | None = None
    """Further domains that endpoints answer under."""
    disable_route_timeouts: Truth | None = None
    """Write HTTPRoutes without timeouts, for gateways that know none. False when unset."""


class Rollout(Spec):
    """How Deployments of endpoints without a rollout of their own replace their pods."""

    max_surge: Percentage
    """Pods above the wanted number, in percent of it."""
    max_unavailable: Percentage
    """Pods that may be missing, in percent of the wanted number."""

    @model_validator(mode="after")
    def _one_moves(self) -> Self:
        if int(self.max_surge[:-1]) == int(self.max_unavailable[:-1]) == 0:
            raise ValueError("maxSurge and maxUnavailable are both 0%, so that no pod could ever be replaced")
        return self


class DefaultResources(Spec):
    """Requests and limits of model containers that have none; an empty text means none at all."""

    cpu_request: Annotated[str, Field(pattern="^$")] | Quantity | None = None
    """CPUs that are reserved; 1 when unset."""
    cpu_limit: Annotated[str, Field(pattern="^$")] | Quantity | None = None
    """CPUs that are never exceeded; 1 when unset."""
    memory_request: Annotated[str, Field(pattern="^$")] | Bytes | None = None
    """Memory that is reserved; ``2Gi`` when unset."""
    memory_limit: Annotated[str, Field(pattern="^$")] | Bytes | None = None
    """Memory that is never exceeded; ``2Gi`` when unset."""


class InferenceServices(Spec):
    """What KServe does to every endpoint."""

    resources: DefaultResources = Field(default_factory=DefaultResources)
    """Requests and limits where an endpoint and its runtime say nothing."""
    kept_annotations: tuple[Plain, ...] | None = None
    """Annotations that stay on the InferenceService and do not reach its pods, beside KServe's own list."""
    kept_labels: tuple[Plain, ...] | None = None
    """Labels that stay on the InferenceService, likewise."""


class ArtExplainer(Spec):
    """The explainer that KServe brings."""

    image: Annotated[str, Field(pattern=r"^[a-z0-9][-a-z0-9._/]*(:[0-9]+/[-a-z0-9._/]+)?$")] | None = None
    """Its image without tag; ``kserve/art-explainer`` when unset."""
    version: Plain | None = None
    """Its tag; the release's own when unset."""


class Autoscaler(Spec):
    """Stabilization of KEDA's scaling where an endpoint says nothing."""

    scale_up_seconds: Annotated[Whole, Field(ge=0, le=3600)] | None = None
    """Seconds for which more pods must be wanted before there are more; 0 when unset."""
    scale_down_seconds: Annotated[Whole, Field(ge=0, le=3600)] | None = None
    """Seconds for which fewer pods must be wanted before there are fewer; 300 when unset."""


class OpenTelemetry(Spec):
    """The collector beside endpoints that scale on metrics of their own pods."""

    scrape_interval: Duration | None = None
    """How often metrics are read; ``5s`` when unset."""
    receiver_endpoint: Plain | None = None
    """Where the collector sends them, host and port; KEDA's add-on in namespace ``keda`` when unset."""
    scaler_endpoint: Plain | None = None
    """Where KEDA reads them, host and port; the same add-on when unset."""
    resources: ContainerResources = Field(default_factory=ContainerResources)
    """The collector's requests and limits; 200m to 1 CPU and 512Mi to 2Gi by default."""


class Metrics(Spec):
    """Metrics of the server and of Knative's queue proxy under one port."""

    aggregate: Truth | None = None
    """Collect both under the proxy's port; false when unset."""
    scrape: Truth | None = None
    """Annotate pods for Prometheus with the proxy's port; false when unset."""


class Security(Spec):
    """What pods of endpoints may do."""

    automount_service_account_token: Truth | None = None
    """Mount the token of the service account where an endpoint says nothing; true when unset. Endpoints of this
    package always say something."""


class MultiNode(Spec):
    """Models over several nodes."""

    gpu_resource_types: tuple[Annotated[str, Field(pattern=r"^[a-z0-9][-a-z0-9.]*/[-A-Za-z0-9_.]+$")], ...] = Field(
        min_length=1
    )
    """Resources that count as GPUs beside those that KServe knows, as DOMAIN/NAME. The controller reads them when it
    starts; a change restarts it."""
