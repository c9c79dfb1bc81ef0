"""The transformer of an InferenceService: it changes requests before, and answers after, the predictor.

KServe gives its first container the arguments ``--model_name``, ``--predictor_host`` and ``--http_port``.
https://kserve.github.io/website/docs/model-serving/predictive-inference/transformers/custom-transformer
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from pulumi_kserve.endpoints.spec.component import (
    Component,
    Rendering,
    component_fields,
    containers_fields,
    refuse_resources_twice,
)
from pulumi_kserve.endpoints.spec.container import Container

__all__ = ["Transformer", "transformer_fields"]


class Transformer(Component):
    """What stands before the predictor, in pods of its own."""

    containers: tuple[Container, ...] = Field(min_length=1)
    """Its container first, then sidecars. KServe names the first ``kserve-container``."""

    @model_validator(mode="after")
    def _says_resources_once(self) -> Self:
        refuse_resources_twice(self.containers, self)
        return self


def transformer_fields(transformer: Transformer, rendering: Rendering) -> dict[str, Any]:
    """``spec.transformer`` of the InferenceService."""
    return {
        **component_fields(transformer, rendering, main=False),
        "containers": containers_fields(transformer.containers, transformer, rendering, main=True),
    }
