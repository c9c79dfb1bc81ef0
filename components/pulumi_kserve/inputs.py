"""`In[T]`: a field that takes a plain value or a `pulumi.Output` of one.

A plain value is checked by pydantic when the model is built. An Output is kept, and the value it
turns out to hold is checked by the same rules in `apply`, so that nothing downstream sees an
unchecked value. https://www.pulumi.com/docs/iac/concepts/inputs-outputs/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeGuard, TypeVar

import pulumi
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from pulumi_kserve.errors import Problem, SpecError

__all__ = ["In", "is_output"]

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


def _checked(value: pulumi.Output[Any], validator: SchemaValidator, field: str) -> pulumi.Output[Any]:
    def check(known: Any) -> Any:
        try:
            return validator.validate_python(known)
        except ValidationError as error:
            raise SpecError(
                f"the Output given for {field}",
                [
                    Problem(field, detail["msg"], "Mend the program that computes this value")
                    for detail in error.errors()
                ],
            ) from None

    return value.apply(check)


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
