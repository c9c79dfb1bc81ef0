"""The model of a predictor: what it is, where it lies, and what serves it.

https://kserve.github.io/website/docs/reference/crd-api#serving.kserve.io/v1beta1.ModelSpec
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import pulumi
from pydantic import Field, GetPydanticSchema
from pydantic_core import core_schema

from pulumi_kserve.contracts import ModelUri
from pulumi_kserve.endpoints.spec.resources import Resources
from pulumi_kserve.inputs import In
from pulumi_kserve.models import Spec

__all__ = ["Model", "model_uri"]


def _passes(kind: type[Any]) -> GetPydanticSchema:
    return GetPydanticSchema(
        lambda _source, _handler: core_schema.is_instance_schema(kind),
        lambda _schema, _handler: {"type": "string"},
    )


Uri: TypeAlias = Annotated[ModelUri, _passes(ModelUri)] | In[str]


class Model(Spec):
    """One model."""

    format: str = Field(min_length=1)
    """KServe's name of the format, for example ``sklearn``."""
    uri: Uri
    """Where the model lies: ``store.uri(path)``, or a URI text such as ``s3://bucket/path``."""
    version: str | None = None
    """The format's version, an exact text as the runtime lists it."""
    runtime: str | None = None
    """The serving runtime; chosen as KServe does when unset."""
    protocol: Literal["v1", "v2", "grpc-v1", "grpc-v2"] = "v1"
    """The inference protocol."""
    args: tuple[str, ...] = ()
    """Further arguments of the runtime's container."""
    env: dict[str, In[str]] = Field(default_factory=dict)
    """Further environment variables. Secrets do not belong here: they would be readable in the object."""
    resources: Resources | None = None
    """CPU and memory of the model server."""


def model_uri(model: Model) -> ModelUri:
    """The model's place; scheme and path stay plain where they are known."""
    if isinstance(model.uri, ModelUri):
        return model.uri
    if isinstance(model.uri, pulumi.Output):
        return ModelUri("", "", model.uri)
    return ModelUri.of(model.uri)
