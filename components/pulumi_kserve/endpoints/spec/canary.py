"""A further version of the model beside the stable one, with a share of the requests: ``spec.canary`` of KServe 0.20.

KServe lays a canary over the stable predictor: what it leaves unset comes from there, of maps each key, of lists the
whole. That is why it has no containers of its own: the stable predictor's model would stay beside them.

https://github.com/kserve/kserve/pull/5672
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import pulumi
from pydantic import Field, model_validator

from pulumi_kserve.amounts import INT32, Whole
from pulumi_kserve.contracts import PlatformFacts, RuntimeFacts
from pulumi_kserve.endpoints.admission.values import fields, items, plain_text, whole_number
from pulumi_kserve.endpoints.spec.accelerators import Gpus, gpu_fields, pod_on_gpus, refuse_both
from pulumi_kserve.endpoints.spec.component import Rendering
from pulumi_kserve.endpoints.spec.model import Model, model_fields
from pulumi_kserve.endpoints.spec.pod import PodFields, pod_fields
from pulumi_kserve.endpoints.spec.predictor import revision
from pulumi_kserve.endpoints.spec.resources import Resources
from pulumi_kserve.models import without_none
from pulumi_kserve.overrides import merged

__all__ = [
    "Canary",
    "CanaryShare",
    "canary_fields",
    "canary_revision",
    "canary_shares",
    "marked_canaries",
    "stable_replicas",
]

_WHOLE: Final = 100


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


@dataclass(frozen=True, slots=True)
class CanaryShare:
    """One canary of an object, as KServe and its route see it."""

    name: str
    """Its name."""
    percent: int
    """Its share of the requests."""
    replicas: int
    """How many pods KServe gives it."""

    def workload(self, endpoint: str) -> str:
        """What KServe calls its Deployment and its Service."""
        return f"{endpoint}-{self.name}-predictor"


def canary_shares(manifest: Mapping[str, Any]) -> list[CanaryShare]:
    """The canaries of an InferenceService, with the overrides in it."""
    stable = _replicas_said(fields(manifest["spec"]["predictor"]), 1)
    return [
        CanaryShare(name, percent, _replicas_said(predictor, math.ceil(stable * percent / _WHOLE)))
        for name, predictor, percent in _canaries(manifest)
    ]


def stable_replicas(fixed: int | None, shares: list[CanaryShare]) -> int | None:
    """What KServe leaves of the stable predictor's fixed number of pods beside its canaries, at least one."""
    if fixed is None or not shares:
        return fixed
    return max(fixed - sum(share.replicas for share in shares), 1)


def canary_revision(
    manifest: Mapping[str, Any], name: str, facts: PlatformFacts, runtime: RuntimeFacts | None
) -> str | pulumi.Output[str]:
    """A digest of all that decides what the pods of canary `name` are.

    Args:
        manifest: The whole InferenceService, with the overrides in it.
        name: The canary's.
        facts: The platform.
        runtime: The serving runtime of the stable predictor.

    """
    own = next(predictor for each, predictor, _ in _canaries(manifest) if each == name)
    named = plain_text(fields(own.get("model")).get("runtime"))
    laid = {**manifest["spec"], "predictor": merged(manifest["spec"]["predictor"], own)}
    return revision({**manifest, "spec": laid}, "predictor", facts.runtime(named) if named else runtime)


def marked_canaries(
    manifest: Mapping[str, Any], annotation: str, values: Mapping[str, pulumi.Input[str]]
) -> dict[str, Any]:
    """``canary`` of the object's spec, each with an annotation for its pods, by its name; nothing without canaries."""
    found = [
        merged(entry, {"predictor": {"annotations": {annotation: values[entry["predictor"]["name"]]}}})
        for entry in items(manifest["spec"].get("canary"))
        if plain_text(entry["predictor"].get("name")) in values
    ]
    return {"canary": found} if found else {}


def _canaries(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], int]]:
    for entry in items(manifest["spec"].get("canary")):
        predictor = fields(fields(entry).get("predictor"))
        name = plain_text(predictor.get("name"))
        if name:
            yield name, predictor, whole_number(fields(entry).get("trafficPercent")) or 0


def _replicas_said(predictor: Mapping[str, Any], otherwise: int) -> int:
    said = whole_number(predictor.get("minReplicas"))
    return otherwise if said is None else said
