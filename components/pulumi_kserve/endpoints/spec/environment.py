"""Environment variables: plain texts, or references to where the value lies.

https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Self, TypeAlias

import pulumi
from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from pulumi_kserve.amounts import Quantity, Truth
from pulumi_kserve.inputs import In
from pulumi_kserve.models import OneOf, Spec, wire

__all__ = [
    "ConfigMapKey",
    "Env",
    "EnvSource",
    "EnvValue",
    "ObjectName",
    "PodField",
    "ResourceField",
    "SecretKey",
    "env_fields",
    "env_from_fields",
]

ObjectName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]
"""The name of a Kubernetes object of the endpoint's namespace."""
DataKey: TypeAlias = Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]+$", max_length=253)]
"""A key of a Secret or ConfigMap."""


class SecretKey(Spec):
    """The value of one key of a Secret."""

    name: In[ObjectName]
    """The Secret."""
    key: DataKey
    """The key."""
    optional: Truth | None = None
    """Whether the pod starts without it; no when unset."""


class ConfigMapKey(Spec):
    """The value of one key of a ConfigMap."""

    name: In[ObjectName]
    """The ConfigMap."""
    key: DataKey
    """The key."""
    optional: Truth | None = None
    """Whether the pod starts without it; no when unset."""


class PodField(Spec):
    """What the pod knows of itself."""

    field_path: str = Field(
        pattern=r"^(metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])|spec\.(nodeName|serviceAccountName)"
        r"|status\.(hostIP|hostIPs|podIP|podIPs))$"
    )
    """``metadata.name``, ``metadata.labels['app']``, ``spec.nodeName``, ``status.podIP`` and the like."""


class ResourceField(Spec):
    """What a container asks for or may use at most."""

    resource: str = Field(pattern=r"^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-\w+)$")
    """For example ``limits.memory``."""
    container_name: str | None = None
    """The container; the variable's own when unset."""
    divisor: Quantity | None = None
    """The unit of the number, for example ``1Mi``; whole cores and bytes when unset."""


_REFERENCES: Final[Mapping[type[Spec], str]] = {
    SecretKey: "secretKeyRef",
    ConfigMapKey: "configMapKeyRef",
    PodField: "fieldRef",
    ResourceField: "resourceFieldRef",
}
_ARMS: Final = OneOf(fromSecret=SecretKey, fromConfigMap=ConfigMapKey, fromField=PodField, fromResource=ResourceField)
_Reference: TypeAlias = Annotated[SecretKey | ConfigMapKey | PodField | ResourceField, _ARMS]
_Text: TypeAlias = In[str]
_QUOTE_IT: Final = "expected a text or a reference: put the value in quotes"
_QUOTE_NOTHING: Final = "has no value: write '' for an empty text, or remove it"


class _TextOrReference:
    """Metadata of a value that is a text, an Output of one, or a reference; only the arm that was meant complains."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = SchemaValidator(handler.generate_schema(_Text))

        def choose(value: Any, reference: core_schema.ValidatorFunctionWrapHandler) -> Any:
            if isinstance(value, (str, pulumi.Output)):
                return text.validate_python(value)
            if value is None or isinstance(value, (bool, int, float)):
                raise ValueError(_QUOTE_IT if value is not None else _QUOTE_NOTHING)
            return reference(value)

        return core_schema.no_info_wrap_validator_function(choose, handler.generate_schema(_Reference))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        assert schema["type"] == "function-wrap"  # noqa: S101 -- made six lines above
        return {"anyOf": [{"type": "string"}, _ARMS.__get_pydantic_json_schema__(schema["schema"], handler)]}


EnvValue: TypeAlias = Annotated[
    In[str] | SecretKey | ConfigMapKey | PodField | ResourceField,
    _TextOrReference(),
]
"""A text; or ``fromSecret``, ``fromConfigMap``, ``fromField``, ``fromResource`` with what it names."""


def _are_names(env: dict[str, EnvValue]) -> dict[str, EnvValue]:
    wrong = [name for name in env if not re.fullmatch(r"[-._a-zA-Z][-._a-zA-Z0-9]*", name)]
    if wrong:
        raise ValueError(
            f"{', '.join(map(repr, wrong))} cannot name a variable: use letters, digits, '-', '_' and '.',"
            " and no digit first"
        )
    return env


Env: TypeAlias = Annotated[dict[str, EnvValue], AfterValidator(_are_names)]
"""Environment variables by name."""


class EnvSource(Spec):
    """A ConfigMap or a Secret of which every key becomes a variable: exactly one of the two."""

    config_map: In[ObjectName] | None = None
    """The ConfigMap's name."""
    secret: In[ObjectName] | None = None
    """The Secret's name."""
    prefix: str | None = Field(default=None, pattern=r"^[-._a-zA-Z][-._a-zA-Z0-9]*$")
    """What stands before every key; nothing when unset."""
    optional: Truth | None = None
    """Whether the pod starts without it; no when unset."""

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.config_map is None) == (self.secret is None):
            raise ValueError("expected exactly one of the keys configMap or secret")
        return self


def env_fields(env: Mapping[str, EnvValue]) -> list[dict[str, Any]]:
    """The variables as Kubernetes has them, sorted by name; but one that ``$(NAME)`` refers to stands before it.

    Kubernetes puts in only what stands further up, and leaves the text ``$(NAME)`` where it finds nothing.
    """
    placed: dict[str, dict[str, Any]] = {}
    for name in sorted(env):
        asking = {} if name in placed else {name: _referred_to(env[name])}
        while asking:
            last = next(reversed(asking))
            waits_for = (each for each in asking[last] if each in env and each not in placed and each not in asking)
            if (other := next(waits_for, None)) is not None:
                asking[other] = _referred_to(env[other])
            else:
                del asking[last]
                placed[last] = {"name": last, **_value(env[last])}
    return list(placed.values())


def _referred_to(value: EnvValue) -> Iterator[str]:
    return iter(sorted(re.findall(r"\$\(([^()]+)\)", value)) if isinstance(value, str) else ())


def _value(value: EnvValue) -> dict[str, Any]:
    if isinstance(value, Spec):
        return {"valueFrom": {_REFERENCES[type(value)]: wire(value)}}
    return {"value": value}


def env_from_fields(sources: Sequence[EnvSource]) -> list[dict[str, Any]]:
    """The sources as Kubernetes has them, in their order."""
    return [_source(source) for source in sources]


def _source(source: EnvSource) -> dict[str, Any]:
    key, name = ("secretRef", source.secret) if source.config_map is None else ("configMapRef", source.config_map)
    reference = {"name": name, **({} if source.optional is None else {"optional": source.optional})}
    return {**({"prefix": source.prefix} if source.prefix else {}), key: reference}
