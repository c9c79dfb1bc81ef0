"""What predictor, transformer and explainer have in common, and how a component is rendered.

https://kserve.github.io/website/docs/reference/crd-api#serving.kserve.io/v1beta1.ComponentExtensionSpec
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

import pulumi
from pydantic import Field, model_validator

from pulumi_kserve.amounts import Whole
from pulumi_kserve.contracts import PlatformFacts, PoolFacts, RuntimeFacts
from pulumi_kserve.endpoints.spec.accelerators import (
    GpuFields,
    Gpus,
    container_on_gpus,
    gpu_fields,
    pod_on_gpus,
    refuse_both,
)
from pulumi_kserve.endpoints.spec.batcher import Batcher, batcher_fields
from pulumi_kserve.endpoints.spec.container import Container, container_fields
from pulumi_kserve.endpoints.spec.logger import Logger, logger_fields
from pulumi_kserve.endpoints.spec.pod import PodFields, pod_fields
from pulumi_kserve.endpoints.spec.resources import Resources
from pulumi_kserve.endpoints.spec.rollout import Rollout, gradual_annotations, rollout_annotations, rollout_fields
from pulumi_kserve.endpoints.spec.scaling import (
    NoScaling,
    Scaling,
    knative_annotations,
    scaling_annotations,
    scaling_fields,
)
from pulumi_kserve.endpoints.spec.storage import StorageUri, storage_uri_fields
from pulumi_kserve.models import without_none

if TYPE_CHECKING:
    from pulumi_kserve.endpoints.spec.model import Model

__all__ = [
    "Component",
    "Rendering",
    "component_fields",
    "containers_fields",
    "pod_on_pool",
    "refuse_resources_twice",
]


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a component's form depends on besides what the user says of it."""

    release: str
    """KServe's release, for example ``0.20``."""
    mode: Literal["Standard", "Knative"]
    """The platform's deployment mode."""
    pools: tuple[PoolFacts, ...] = ()
    """The platform's node pools."""
    runtime: RuntimeFacts | None = None
    """The serving runtime of the predictor's model; None where there is none, or none fits."""
    service_account: pulumi.Input[str] | None = None
    """The endpoint's service account."""
    pod_labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Labels that the endpoint's identity needs on its pods."""

    @classmethod
    def of(
        cls,
        facts: PlatformFacts,
        *,
        runtime: RuntimeFacts | None = None,
        service_account: pulumi.Input[str] | None = None,
        pod_labels: Mapping[str, str] | None = None,
    ) -> Self:
        """The rendering for a platform."""
        return cls(facts.release, facts.mode, facts.pools, runtime, service_account, pod_labels or {})

    def runtime_of(self, model: Model) -> str | None:
        """The name of the runtime: the one that the model names, else the chosen one."""
        return model.runtime or (self.runtime.name if self.runtime else None)

    def protocol_of(self, model: Model | None) -> str:
        """KServe's name of the protocol that the model is asked by; ``v1`` where a container of one's own decides.

        Where the model names none it is v1 (v2 for Triton and vLLM), or the first that the runtime has. KServe has no
        name for OpenAI's; runtimes answer it beside v2 or v1.
        """
        from pulumi_kserve.endpoints.admission.runtimes import spoken_protocol  # noqa: PLC0415 -- it reads predictors

        return "v1" if model is None else spoken_protocol(model, self.runtime, self.release)


class Component(PodFields):
    """A part of an endpoint that runs pods of its own."""

    scaling: Scaling = Field(default_factory=NoScaling)
    """How many pods; one by default."""
    resources: Resources | None = None
    """CPU, memory and devices of the main container; the runtime's own when unset."""
    gpu: Gpus | None = None
    """Accelerators of the main container, from one of the platform's pools: ``pool.gpus(2)``."""
    container_concurrency: Whole | None = Field(default=None, ge=0)
    """How many requests one pod takes at a time, 0 for no limit, in Knative mode. KServe also makes it the number of a
    transformer's or explainer's workers."""
    request_timeout_seconds: Whole | None = Field(default=None, ge=1)
    """Seconds after which a request is given up; the platform's own when unset."""
    logger: Logger | None = None
    """Log requests and answers."""
    batcher: Batcher | None = None
    """Collect requests into batches."""
    rollout: Rollout | None = None
    """How a new version takes over; a rolling update, or all requests at once in Knative mode, when unset."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels for the pods."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations for the pods. They win over those that other fields here stand for."""
    storage_uris: tuple[StorageUri, ...] = ()
    """Several places to download into the pods; of a predictor instead of the model's `uri`."""

    @model_validator(mode="after")
    def _accelerators_once(self) -> Self:
        refuse_both(self.gpu, self.resources)
        return self


def component_fields(component: Component, rendering: Rendering, *, main: bool) -> dict[str, Any]:
    """A component without its model or containers.

    Args:
        component: The component.
        rendering: What its form depends on.
        main: Whether it is the predictor, whose autoscaler and tag the object names for it.

    """
    gpus = gpu_fields(component.gpu, rendering.pools)
    labels = {**rendering.pod_labels, **component.labels}
    annotations = {**_annotations(component, rendering, main=main), **component.annotations}
    return {
        **scaling_fields(component.scaling, rendering.mode),
        **rollout_fields(component.rollout),
        **_extension(component),
        **pod_on_pool(component, rendering, gpus),
        **({"labels": labels} if labels else {}),
        **({"annotations": annotations} if annotations else {}),
    }


def pod_on_pool(fields: PodFields, rendering: Rendering, gpus: GpuFields) -> dict[str, Any]:
    """The pod's fields, on the pool of its accelerators, with the endpoint's service account."""
    account = {} if rendering.service_account is None else {"serviceAccountName": rendering.service_account}
    own = pod_fields(fields, restricted=rendering.mode == "Standard")
    return {**account, **pod_on_gpus(own, gpus)}


def containers_fields(
    containers: Sequence[Container], component: Component, rendering: Rendering, *, main: bool
) -> list[dict[str, Any]]:
    """``containers`` of a component.

    Args:
        containers: The containers.
        component: Their component.
        rendering: What its form depends on.
        main: Whether the first of them is the main one, and so has the component's resources and accelerators.

    """
    found = [container_fields(container) for container in containers]
    if main:
        gpus = gpu_fields(component.gpu, rendering.pools)
        found[0] = container_on_gpus(found[0], component.resources, gpus)
    return found


def refuse_resources_twice(containers: Sequence[Container], component: Component) -> None:
    """Refuse a main container whose resources the component says too.

    Raises:
        ValueError: both say something.

    """
    first = containers[0].resources
    if first is not None and component.resources is not None:
        raise ValueError("resources of the component and of its first container are the same thing: keep one")
    refuse_both(component.gpu, first)


def _annotations(component: Component, rendering: Rendering, *, main: bool) -> dict[str, str]:
    named = {**scaling_annotations(component.scaling, rendering.mode), **rollout_annotations(component.rollout)}
    own = {**knative_annotations(component.scaling), **gradual_annotations(component.rollout)}
    return own if main else {**named, **own}


def _extension(component: Component) -> dict[str, Any]:
    return without_none(
        {
            "containerConcurrency": component.container_concurrency,
            "timeout": component.request_timeout_seconds,
            "logger": logger_fields(component.logger) if component.logger else None,
            "batcher": batcher_fields(component.batcher) if component.batcher else None,
            "storageUris": storage_uri_fields(component.storage_uris) or None,
        }
    )
