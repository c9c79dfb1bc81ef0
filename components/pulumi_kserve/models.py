"""The base of every spec: frozen, no unknown keys, snake_case in Python and camelCase in YAML.

A wrong model raises :class:`~pulumi_kserve.errors.SpecError` with all its problems at once, each with
its path, and the nearest known names for an unknown key. Unions are tagged by key
(``mode: {standard: {}}``) in YAML and are plain instances (``mode=Standard()``) in Python.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Self, TypeGuard, TypeVar, cast, dataclass_transform, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from pulumi_kserve.errors import Problem, SpecError

__all__ = ["OneOf", "Spec", "is_mapping", "nearest", "problems_of", "wire", "without_none"]

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

T = TypeVar("T")

_NO_MAPPINGS = (str, int, float, list, tuple, type(None))
"""What is told from a mapping faster than an abstract class can tell it."""
_OR: Final = " or "
_CURES: Final[Mapping[str, str]] = {
    "bool_type": "Write true or false, without quotes",
    "int_type": "Write a whole number, without quotes",
}
"""How to mend a value of the wrong type, by pydantic's name of the fault."""
_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "a mapping"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), "a list"),
}
"""What belongs where nothing stands, by pydantic's name of the fault; elsewhere it is a value."""
_SAYS_IT_ALL: Final = frozenset({"missing", "one_of", "value_error"})
"""The faults whose message fits where nothing stands, too."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
class _SpecMeta(ModelMetaclass):
    """Turns pydantic's ValidationError into our SpecError when a model is built by calling its class."""

    if not TYPE_CHECKING:

        def __call__(cls, *args: Any, **values: Any) -> Any:  # noqa: N805 -- a metaclass calls itself cls
            try:
                return super().__call__(*args, **values)
            except ValidationError as error:
                raise SpecError(cls.__name__, problems_of(cls, error, python=True)) from None


class Spec(BaseModel, metaclass=_SpecMeta):
    """Base of all specs. See the module."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
        validate_default=True,
    )

    @classmethod
    def parse(cls, value: Any, *, subject: str = "") -> Self:
        """A model from a mapping of the YAML shape, or the model itself when it is one already."""
        if isinstance(value, cls):
            return value
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise SpecError(subject or cls.__name__, problems_of(cls, error, python=False)) from None


class OneOf:
    """Metadata of a union whose YAML form is a mapping with one key, the arm's name."""

    def __init__(self, **arms: type[Spec]) -> None:
        self.arms = arms

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        names = {arm: name for name, arm in self.arms.items()}

        def tag(value: Any) -> str | None:
            if is_mapping(value):
                keys = list(value)
                return keys[0] if len(keys) == 1 else None
            return names.get(cast("type[Spec]", type(value)))

        choices: dict[Any, CoreSchema] = {
            name: core_schema.no_info_before_validator_function(_unwrap(name), handler.generate_schema(arm))
            for name, arm in self.arms.items()
        }
        return core_schema.tagged_union_schema(
            choices,
            tag,
            custom_error_type="one_of",
            custom_error_message="expected exactly one of the keys {arms}",
            custom_error_context={"arms": _OR.join(self.arms)},
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        assert schema["type"] == "tagged-union"  # noqa: S101 -- made four lines above
        return {
            "oneOf": [
                {
                    "type": "object",
                    "properties": {str(name): handler(_inner(arm))},
                    "required": [str(name)],
                    "additionalProperties": False,
                }
                for name, arm in schema["choices"].items()
            ]
        }


def _inner(schema: CoreSchema) -> CoreSchema:
    return schema["schema"] if schema["type"] == "function-before" else schema


def _unwrap(name: str) -> Any:
    def unwrap(value: Any) -> Any:
        if is_mapping(value):
            inner = value[name]
            return {} if inner is None else inner
        return value

    return unwrap


def is_mapping(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Whether `value` is a mapping, as type checkers want to be told."""
    return isinstance(value, dict) or (not isinstance(value, _NO_MAPPINGS) and isinstance(value, Mapping))


def wire(value: Any) -> Any:
    """`value` in the shape of the API: camelCase keys, no unset fields, Outputs as they are.

    A field set to an empty mapping stays, because ``{}`` can mean something to Kubernetes.
    """
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return {
            (field.serialization_alias or name): wire(item)
            for name, field in fields.items()
            if (item := getattr(value, name)) is not None
        }
    if is_mapping(value):
        return {key: wire(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [wire(item) for item in cast("Sequence[Any]", value)]
    return value


def without_none(fields: Mapping[str, T | None]) -> dict[str, T]:
    """The fields that are set."""
    return {key: value for key, value in fields.items() if value is not None}


def problems_of(model: type[BaseModel], error: ValidationError, *, python: bool) -> Iterator[Problem]:
    """The problems of a failed validation, with paths in Python's or in YAML's spelling."""
    details = error.errors(include_url=False)
    for detail in details:
        if detail["type"] == "too_short" and any(_below(other["loc"], detail["loc"]) for other in details):
            continue  # pydantic leaves out what is wrong, and then counts
        path = _path(detail["loc"], python=python)
        if detail["type"] == "extra_forbidden":
            key = str(detail["loc"][-1])
            known = [_spelling(name, python=python) for name in _keys_at(model, detail["loc"][:-1])]
            yield Problem(path, f"unknown key {key!r}", nearest(key, known), "unknown-key")
        else:
            yield Problem(path, _message(detail), _cure(detail), detail["type"])


def _below(loc: Sequence[int | str], above: Sequence[int | str]) -> bool:
    return len(loc) > len(above) and tuple(loc[: len(above)]) == tuple(above)


def nearest(word: str, known: Sequence[str]) -> str:
    """A sentence that offers the known words nearest to `word`, or all of them when none is near."""
    if not known:
        return "No key is allowed here"
    return _near(word, known) or f"Known: {', '.join(sorted(known))}"


def _near(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.6)
    return f"Did you mean {_OR.join(map(repr, near))}?" if near else ""


def _message(detail: ErrorDetails) -> str:
    value = detail["input"]
    if _is_empty(detail):
        return "has no value"
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "one_of" and is_mapping(value):
        return f"{message}, got {' and '.join(repr(str(key)) for key in value) or 'none of them'}"
    plain = isinstance(value, (str, int, float, bool)) and detail["type"] not in {"missing", "value_error"}
    return f"{message} (got {value!r})" if plain else message


def _cure(detail: ErrorDetails) -> str:
    if _is_empty(detail):
        return f"Write {_KINDS.get(detail['type'], 'a value')}, or remove it"
    if detail["type"] == "one_of":
        return _cure_of_union(detail["input"], detail.get("ctx", {})["arms"].split(_OR))
    return _CURES.get(detail["type"], "")


def _is_empty(detail: ErrorDetails) -> bool:
    return detail["input"] is None and detail["type"] not in _SAYS_IT_ALL


def _cure_of_union(value: Any, arms: Sequence[str]) -> str:
    if value in arms:
        return f"Write it as a key, '{value}: {{}}'"
    keys = [str(key) for key in value] if is_mapping(value) else [value] if isinstance(value, str) else []
    if len(keys) > 1:
        return "Keep one of them"
    return _near(keys[0], arms) if keys else "Write one of them, or remove it"


def _path(loc: Sequence[int | str], *, python: bool) -> str:
    parts: list[str] = []
    for item in loc:
        if isinstance(item, int):
            parts.append(f"[{item}]")
        else:
            parts.append(("." if parts else "") + _spelling(item, python=python))
    return "".join(parts)


def _spelling(name: str, *, python: bool) -> str:
    if not python:
        return name if "_" not in name else to_camel(name)
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: "_" + match[1].lower(), name)


def _keys_at(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """The keys that the model reached from `model` along `loc` knows, in YAML's spelling."""
    here: list[type[BaseModel]] = [model]
    for step in loc:
        following: list[type[BaseModel]] = []
        for candidate in here:
            for name, field in candidate.model_fields.items():
                if step in (name, field.alias):
                    following += _models_in(field.annotation)
        here = following or here
    return sorted({field.alias or name for candidate in here for name, field in candidate.model_fields.items()})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in get_args(annotation) for found in _models_in(argument)]
