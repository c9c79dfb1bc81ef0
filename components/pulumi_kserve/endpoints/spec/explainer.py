"""The explainer of an InferenceService: it answers ``:explain``, and asks the predictor to do so.

KServe ships ART's; Alibi is gone from it. Explainers of your own, with SHAP for example, are containers.
https://kserve.github.io/website/docs/model-serving/predictive-inference/explainers/overview
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from pulumi_kserve.endpoints.spec.accelerators import container_on_gpus, gpu_fields
from pulumi_kserve.endpoints.spec.component import (
    Component,
    Rendering,
    component_fields,
    containers_fields,
    refuse_resources_twice,
)
from pulumi_kserve.endpoints.spec.container import Container, ContainerFields, ImageReference, container_fields
from pulumi_kserve.endpoints.spec.storage import StorageSpec, Uri, storage_fields
from pulumi_kserve.inputs import In
from pulumi_kserve.models import without_none

__all__ = ["ArtExplainer", "Explainer", "explainer_fields"]


class ArtExplainer(ContainerFields):
    """Adversarial examples by the Adversarial Robustness Toolbox. KServe gives its container `args` twice."""

    type: Literal["SquareAttack"] = "SquareAttack"
    """The attack; KServe knows this one."""
    uri: Uri | None = None
    """Where a stored explainer lies."""
    storage: StorageSpec | None = None
    """Where it lies, by an entry of the storage Secret."""
    config: dict[str, In[str]] = Field(default_factory=dict)
    """Settings of the attack: each becomes an argument ``--key value``."""
    runtime_version: str | None = Field(default=None, min_length=1)
    """The tag of the explainer's image; the platform's when unset."""
    image: In[ImageReference] | None = None
    """An image instead of the platform's."""


class Explainer(Component):
    """What explains predictions: ART, or a container of your own."""

    art: ArtExplainer | None = None
    """The Adversarial Robustness Toolbox."""
    containers: tuple[Container, ...] = ()
    """A container of your own first, then sidecars. KServe names the first ``kserve-container``."""

    @model_validator(mode="after")
    def _explains_one_way(self) -> Self:
        if (self.art is None) == (not self.containers):
            raise ValueError("expected exactly one of the keys art or containers")
        if self.containers:
            refuse_resources_twice(self.containers, self)
        return self


def explainer_fields(explainer: Explainer, rendering: Rendering) -> dict[str, Any]:
    """``spec.explainer`` of the InferenceService; a ModelUri stays in it as it is."""
    fields = component_fields(explainer, rendering, main=False)
    if explainer.art is None:
        return {**fields, "containers": containers_fields(explainer.containers, explainer, rendering, main=True)}
    container = {**_art_fields(explainer.art), **container_fields(explainer.art)}
    gpus = gpu_fields(explainer.gpu, rendering.pools)
    return {**fields, "art": container_on_gpus(container, explainer.resources, gpus)}


def _art_fields(art: ArtExplainer) -> dict[str, Any]:
    return without_none(
        {
            "type": art.type,
            "storageUri": art.uri,
            "storage": storage_fields(art.storage) if art.storage else None,
            "config": dict(art.config) or None,
            "runtimeVersion": art.runtime_version,
            "image": art.image,
        }
    )
