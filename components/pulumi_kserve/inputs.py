"""`In[T]`: a field that takes a plain value or a `pulumi.Output` of one.

A plain value is checked by pydantic when the model is built. An Output is kept, and the value it
turns out to hold is checked by the same rules in `apply`, so that nothing downstream sees an
unchecked value. https://www.pulumi.com/docs/iac/concepts/inputs-outputs/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeGuard, TypeVar
from weakref import WeakKeyDictionary

import pulumi
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, SchemaValidator, core_schema

from pulumi_kserve.errors import Problem, SpecError

__all__ = ["In", "is_output", "locate"]

T = TypeVar("T")


class _OutputOrChecked:
    """Lets Outputs through a field and checks what they hold once it is known."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = handler(source)
        late: list[SchemaValidator] = []

        def pass_output(
            value: Any, plain: core_schema.ValidatorFunctionWrapHandler, info: core_schema.ValidationInfo
        ) -> Any:
            if not is_output(value):
                return plain(value)
            if not late:
                late.append(SchemaValidator(inner))
            return _checked(value, late[0], info.field_name or "value")

        return core_schema.with_info_wrap_validator_function(
            pass_output, inner, serialization=core_schema.plain_serializer_function_ser_schema(_refuse_to_dump)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        inner = schema["schema"] if schema["type"] == "function-wrap" else schema
        return handler(inner)


def is_output(value: Any) -> TypeGuard[pulumi.Output[Any]]:
    """Whether `value` is known only when the program runs."""
    return isinstance(value, pulumi.Output)


class _Check:
    """Checks the value that an Output turns out to hold; it can be told where in a spec the Output stands."""

    def __init__(self, validator: SchemaValidator, field: str) -> None:
        self.subject, self.path = f"the Output given for {field}", field
        self._validator = validator

    def __call__(self, known: Any) -> Any:
        try:
            return self._validator.validate_python(known)
        except ValidationError as error:
            raise SpecError(self.subject, map(self._said, error.errors(include_input=False))) from None

    def _said(self, detail: ErrorDetails) -> Problem:
        message = f"the Output's value is refused: {detail['msg']}"
        return Problem(self.path, message, "Mend the program that computes this value", detail["type"])


_CHECKS: Final[WeakKeyDictionary[pulumi.Output[Any], _Check]] = WeakKeyDictionary()
"""The check of each Output that a field let through."""


def _checked(value: pulumi.Output[Any], validator: SchemaValidator, field: str) -> pulumi.Output[Any]:
    check = _Check(validator, field)
    found: pulumi.Output[Any] = value.apply(check)
    _CHECKS[found] = check
    return found


def locate(value: pulumi.Output[Any], path: str, subject: str) -> None:
    """Say where the Output of a field stands, so that the error names that if its value turns out wrong.

    A field knows its own name only. It has to be said before the value is known: where the model is used at first. Of
    an Output that is no field's it means nothing.

    Args:
        value: The Output, as the model holds it.
        path: Its path in the user's whole spec.
        subject: What the error is about.

    """
    if value in _CHECKS:
        check = _CHECKS[value]
        check.path, check.subject = path, subject


def _refuse_to_dump(value: Any) -> Any:
    if isinstance(value, pulumi.Output):
        raise TypeError("a model that holds Outputs is rendered, never dumped: use pulumi_kserve.models.wire")
    return value


if TYPE_CHECKING:
    In: TypeAlias = T | pulumi.Output[T]
else:

    class In:
        """`In[T]` at run time: T with Outputs let through."""

        def __class_getitem__(cls, item: Any) -> Any:
            return Annotated[item, _OutputOrChecked()]
