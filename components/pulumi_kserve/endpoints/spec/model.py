"""The model of a predictor: what it is, where it lies, and what serves it.

https://kserve.github.io/website/docs/reference/crd-api#serving.kserve.io/v1beta1.ModelSpec
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from pulumi_kserve.amounts import Truth
from pulumi_kserve.contracts import ModelUri
from pulumi_kserve.endpoints.spec.accelerators import GpuFields, container_on_gpus
from pulumi_kserve.endpoints.spec.container import ContainerFields, ImageReference, container_fields
from pulumi_kserve.endpoints.spec.resources import Resources
from pulumi_kserve.endpoints.spec.storage import StorageSpec, Uri, place_of, storage_fields
from pulumi_kserve.inputs import In
from pulumi_kserve.models import Spec, without_none

__all__ = ["Confidential", "Model", "model_fields"]


class Confidential(Spec):
    """The model is encrypted, and opened in a trusted environment. KServe 0.20."""

    enabled: Truth = True
    """Whether it is; yes."""
    resource_id: str | None = None
    """The key, ``kbs:///repository/type/tag``; found by the model itself when unset."""


class Model(ContainerFields):
    """One model, and what its runtime's container gets besides.

    CPU, memory and accelerators are the component's. A variable with a token here does not reach the download: see
    `pulumi_kserve.endpoints.spec.storage`.
    """

    format: str = Field(min_length=1)
    """KServe's name of the format, for example ``sklearn``. The spelling counts: it is ``vLLM``."""
    version: str | None = None
    """The format's version, an exact text as the runtime lists it; any when unset."""
    uri: Uri | None = None
    """Where the model lies: ``store.uri(path)``, or a URI text such as ``s3://bucket/path``."""
    storage: StorageSpec | None = None
    """Where the model lies, by an entry of the storage Secret; its `path` instead of `uri`."""
    runtime: str | None = None
    """The serving runtime; chosen as KServe does when unset."""
    runtime_version: str | None = Field(default=None, min_length=1)
    """The tag of the runtime's image; the runtime's own when unset. It does not move an image pinned by digest."""
    image: In[ImageReference] | None = None
    """An image instead of the runtime's."""
    protocol: Literal["v1", "v2", "grpc-v1", "grpc-v2", "openai"] | None = None
    """The inference protocol; v1, or what the runtime speaks, when unset.

    ``openai`` needs a runtime that serves it (Hugging Face, vLLM): the endpoint then also offers `openai_base_url`.
    """
    confidential: Confidential | None = None
    """An encrypted model; KServe 0.20."""

    @model_validator(mode="after")
    def _lies_in_one_place(self) -> Self:
        if self.uri is not None and self.storage is not None and self.storage.path is not None:
            raise ValueError("uri and storage.path both say where the model lies: keep one")
        return self

    @property
    def place(self) -> ModelUri | None:
        """The parts of its URI, where it has one."""
        return None if self.uri is None else place_of(self.uri)


def model_fields(
    model: Model, resources: Resources | None, gpus: GpuFields, *, runtime: str | None, protocol: str | None
) -> dict[str, Any]:
    """``model`` of a predictor; a ModelUri stays in it as it is.

    Args:
        model: The model.
        resources: The component's resources.
        gpus: The component's accelerators.
        runtime: The name of the runtime; KServe chooses when None.
        protocol: KServe's name of the protocol; left to KServe when None.

    """
    version = {} if model.version is None else {"version": model.version}
    fields: dict[str, Any] = {
        "modelFormat": {"name": model.format, **version},
        "runtime": runtime,
        "runtimeVersion": model.runtime_version,
        "protocolVersion": protocol,
        "storageUri": model.uri,
        "storage": storage_fields(model.storage) if model.storage else None,
        "image": model.image,
        "confidential": _confidential_fields(model.confidential),
    }
    return {
        **without_none(fields),
        **container_on_gpus(container_fields(model), resources, gpus),
    }


def _confidential_fields(confidential: Confidential | None) -> dict[str, Any] | None:
    if confidential is None:
        return None
    named = {} if confidential.resource_id is None else {"resourceId": confidential.resource_id}
    return {"enabled": confidential.enabled, **named}
