"""A further version of the model beside the stable one, with a share of the requests: ``spec.canary`` of KServe 0.20.

KServe lays a canary over the stable predictor: what it leaves unset comes from there, lists and maps as a whole. That
is why it has no containers of its own: the stable predictor's model would stay beside them.

https://github.com/kserve/kserve/pull/5672
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from pulumi_kserve.endpoints.spec.accelerators import Gpus, gpu_fields, pod_on_gpus, refuse_both
from pulumi_kserve.endpoints.spec.bounds import INT32, Whole
from pulumi_kserve.endpoints.spec.component import Rendering, without_none
from pulumi_kserve.endpoints.spec.model import Model, model_fields
from pulumi_kserve.endpoints.spec.pod import PodFields, pod_fields
from pulumi_kserve.endpoints.spec.resources import Resources

__all__ = ["Canary", "canary_fields"]


class Canary(PodFields):
    """One canary. Unset fields are the stable predictor's."""

    traffic_percent: Whole = Field(ge=0, le=100)
    """Its share of the requests, in percent; all canaries together at most 100."""
    model: Model
    """Its model. The runtime and the protocol are the stable model's when unset."""
    min_replicas: Whole | None = Field(default=None, ge=0, le=INT32)
    """How many pods it has; its share of the stable predictor's, rounded up, when unset."""
    resources: Resources | None = None
    """CPU, memory and devices of the model server."""
    gpu: Gpus | None = None
    """Accelerators of the model server."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels for its pods."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations for its pods."""
    storage_container_name: str | None = None
    """The ClusterStorageContainer that downloads the model."""

    @model_validator(mode="after")
    def _accelerators_once(self) -> Self:
        refuse_both(self.gpu, self.resources)
        return self


def canary_fields(name: str, canary: Canary, rendering: Rendering) -> dict[str, Any]:
    """One entry of ``spec.canary`` of the InferenceService; a ModelUri stays in it as it is."""
    model, gpus = canary.model, gpu_fields(canary.gpu, rendering.pools)
    protocol = None if model.protocol is None else rendering.protocol_of(model)
    predictor = {
        "name": name,
        "minReplicas": canary.min_replicas,
        **pod_on_gpus(pod_fields(canary, restricted=False), gpus),
        "labels": dict(canary.labels) or None,
        "annotations": dict(canary.annotations) or None,
        "storageContainerName": canary.storage_container_name,
        "model": model_fields(model, canary.resources, gpus, runtime=model.runtime, protocol=protocol),
    }
    return {"predictor": without_none(predictor), "trafficPercent": canary.traffic_percent}
