"""From the engine's protocol to records.

Decoded by hand, because the SDK's decoder lifts a secret inside a value to the value's top key, and
here it matters where the program put it. Mappings come out sorted: protobuf's own order is random.
"""

from __future__ import annotations

from typing import Any, Final

from pulumi.runtime import rpc

from pulumi_kserve.offline.errors import SdkChanged
from pulumi_kserve.offline.records import UNKNOWN, Alias, Resource, Secret, Timeouts

__all__ = ["read_resource", "registered_resource", "values"]

HOOK_EVENTS: Final = (
    "before_create",
    "after_create",
    "before_update",
    "after_update",
    "before_delete",
    "after_delete",
    "on_error",
)


def _constant(name: str) -> str:
    """A constant of the wire format, which the SDK keeps private."""
    value = getattr(rpc, name, None)
    if not isinstance(value, str):
        raise SdkChanged(f"pulumi.runtime.rpc.{name} is missing")
    return value


_SIGNATURE: Final = _constant("_special_sig_key")
_SECRET: Final = _constant("_special_secret_sig")
_REFERENCE: Final = _constant("_special_resource_sig")
_UNKNOWN_TEXT: Final = _constant("UNKNOWN")


def values(struct: Any) -> dict[str, Any]:
    """A protobuf Struct as plain values with `Secret` and `UNKNOWN` in place."""
    return _object(struct.fields)


def registered_resource(urn: str, request: Any) -> Resource:
    """The record of a RegisterResourceRequest."""
    inputs = values(request.object)
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        custom=request.custom,
        remote=request.remote,
        id=request.importId,
        parent=request.parent,
        provider=_provider_urn(request.provider),
        providers={key: _provider_urn(request.providers[key]) for key in sorted(request.providers)},
        dependencies=tuple(sorted(request.dependencies)),
        property_dependencies={
            key: tuple(sorted(request.propertyDependencies[key].urns)) for key in sorted(request.propertyDependencies)
        },
        inputs=inputs,
        outputs=inputs if request.custom else {},
        aliases=tuple(_alias(each) for each in request.aliases),
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        deleted_with=request.deletedWith,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        replacement_trigger=_value(request.replacement_trigger) if request.HasField("replacement_trigger") else None,
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        custom_timeouts=_timeouts(request.customTimeouts),
        hooks={event: names for event in HOOK_EVENTS if (names := tuple(getattr(request.hooks, event)))},
        version=request.version,
    )


def read_resource(urn: str, request: Any) -> Resource:
    """The record of a ReadResourceRequest: a resource that exists already and is not managed here."""
    state = values(request.properties)
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        custom=True,
        external=True,
        id=request.id,
        parent=request.parent,
        provider=_provider_urn(request.provider),
        dependencies=tuple(sorted(request.dependencies)),
        inputs=state,
        outputs=state,
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        version=request.version,
    )


def _value(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text == _UNKNOWN_TEXT else text
    if kind == "struct_value":
        return _signed(value.struct_value.fields)
    if kind == "list_value":
        return [_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def _signed(fields: Any) -> Any:
    """An object, or what its signature says it stands for; assets and archives stay objects."""
    if _SIGNATURE not in fields:
        return _object(fields)
    signature = fields[_SIGNATURE].string_value
    if signature == _SECRET:
        return Secret(_value(fields["value"]))
    if signature == _REFERENCE:
        return _value(fields["urn"])
    return {key: _value(fields[key]) for key in sorted(fields) if key != _SIGNATURE}


def _object(fields: Any) -> dict[str, Any]:
    return {key: _value(fields[key]) for key in sorted(fields)}


def _provider_urn(reference: str) -> str:
    """The URN in a provider reference, which ends with the provider's id."""
    return reference.rpartition("::")[0]


def _alias(alias: Any) -> Alias:
    spec = alias.spec
    return Alias(
        urn=alias.urn,
        name=spec.name,
        type=spec.type,
        stack=spec.stack,
        project=spec.project,
        parent=spec.parentUrn,
        no_parent=spec.noParent,
    )


def _timeouts(timeouts: Any) -> Timeouts:
    return Timeouts(create=timeouts.create, update=timeouts.update, delete=timeouts.delete)
