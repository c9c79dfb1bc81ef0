"""The predictor of an InferenceService: its model or containers, its replicas, its pods.

https://kserve.github.io/website/docs/reference/crd-api#serving.kserve.io/v1beta1.PredictorSpec
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, Self

import pulumi
from pydantic import Field, model_validator

from pulumi_kserve.contracts import RuntimeFacts
from pulumi_kserve.endpoints.spec.accelerators import gpu_fields
from pulumi_kserve.endpoints.spec.component import (
    Component,
    Rendering,
    component_fields,
    containers_fields,
    refuse_resources_twice,
)
from pulumi_kserve.endpoints.spec.container import Container
from pulumi_kserve.endpoints.spec.model import Model, model_fields
from pulumi_kserve.endpoints.spec.rollout import ROLLOUT_FIELDS
from pulumi_kserve.endpoints.spec.scaling import SCALING_FIELDS
from pulumi_kserve.endpoints.spec.security import restricted_container
from pulumi_kserve.endpoints.spec.workers import Worker, worker_fields
from pulumi_kserve.models import without_none

__all__ = ["Predictor", "predictor_fields", "revision"]

_MAIN: Final = "kserve-container"
_NOT_THE_PODS: Final = frozenset({*SCALING_FIELDS, *ROLLOUT_FIELDS})


class Predictor(Component):
    """What answers predictions: a model, or containers of your own."""

    model: Model | None = None
    """The model, served by a runtime."""
    containers: tuple[Container, ...] = ()
    """A server of your own, ``kserve-container``, first, and sidecars. Beside a model: sidecars only, of which
    ``transformer-container`` gets the requests first."""
    worker: Worker | None = None
    """Further nodes for a model that one node cannot hold."""
    name: str | None = Field(default=None, pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
    """A name for this version, part of the Deployment's; KServe 0.20."""
    storage_container_name: str | None = None
    """The ClusterStorageContainer that downloads the model; the one that fits the URI when unset. KServe 0.20."""

    @model_validator(mode="after")
    def _serves_one_thing(self) -> Self:
        if self.model is None and not self.containers:
            raise ValueError("expected a model or containers: there is nothing to serve")
        if self.model is None:
            refuse_resources_twice(self.containers, self)
        elif _MAIN in [container.name for container in self.containers]:
            raise ValueError(
                f"model and a container named {_MAIN!r} both serve: keep one, or name the container"
                " 'transformer-container' or otherwise"
            )
        return self


def predictor_fields(predictor: Predictor, rendering: Rendering) -> dict[str, Any]:
    """``spec.predictor`` of the InferenceService; only ``model:``, never the legacy framework keys."""
    containers = containers_fields(predictor.containers, predictor, rendering, main=predictor.model is None)
    return {
        **component_fields(predictor, rendering, main=True),
        **without_none(
            {
                "name": predictor.name,
                "storageContainerName": predictor.storage_container_name,
                "model": _model_fields(predictor, rendering),
                "containers": containers or None,
                "workerSpec": worker_fields(predictor.worker, rendering) if predictor.worker else None,
            }
        ),
    }


def revision(manifest: Mapping[str, Any], component: str, runtime: RuntimeFacts | None) -> str | pulumi.Output[str]:
    """A digest of all that decides what a component's pods are: a change of it, and only that, rolls them.

    Labels and annotations of the object count, because KServe passes them on to the pods. So do the name of the
    predictor, which transformer and explainer call, and its logger, whose sink is taken for theirs. How many pods
    there are, and how they are exchanged, does not.

    Args:
        manifest: The whole InferenceService, with the overrides in it.
        component: ``predictor``, ``transformer`` or ``explainer``.
        runtime: The serving runtime of the predictor's model.

    """
    metadata, spec = manifest["metadata"], manifest["spec"]
    parts = {
        component: {key: value for key, value in spec[component].items() if key not in _NOT_THE_PODS},
        "passedOn": {key: metadata.get(key, {}) for key in ("annotations", "labels")},
        **_of_predictor(spec, component, runtime),
    }
    try:
        return _digest(json.dumps(parts, sort_keys=True))
    except TypeError:  # an Output is among them
        return pulumi.Output.json_dumps(parts, sort_keys=True).apply(_digest)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _of_predictor(spec: Mapping[str, Any], component: str, runtime: RuntimeFacts | None) -> dict[str, Any]:
    if component == "predictor":
        return {"runtime": runtime.revision if runtime else ""}
    logger = spec["predictor"].get("logger") if "logger" in spec[component] else None
    return without_none({"predictorName": spec["predictor"].get("name"), "predictorLogger": logger})


def _model_fields(predictor: Predictor, rendering: Rendering) -> dict[str, Any] | None:
    if predictor.model is None:
        return None
    fields = model_fields(
        predictor.model,
        predictor.resources,
        gpu_fields(predictor.gpu, rendering.pools),
        runtime=rendering.runtime_of(predictor.model),
        protocol=rendering.protocol_of(predictor.model),
    )
    if rendering.mode == "Knative":  # whose pods have no security context of their own
        fields["securityContext"] = restricted_container(predictor.model.security_context)
    return fields
