"""What an endpoint brings unless it is switched off by ``false``."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

__all__ = ["OrFalse"]


class OrFalse:
    """Metadata of ``SomeSpec | Literal[False]``: what is not false is judged as the spec, and complained of once."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def choose(value: Any, spec: core_schema.ValidatorFunctionWrapHandler) -> Any:
            if value is False:
                return value
            if value is None or value is True:
                raise ValueError("expected a mapping, or false to do without: leave it out for the usual one")
            return spec(value)

        return core_schema.no_info_wrap_validator_function(choose, handler.generate_schema(get_args(source)[0]))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        assert schema["type"] == "function-wrap"  # noqa: S101 -- made six lines above
        return {"anyOf": [handler(schema["schema"]), {"type": "boolean", "const": False}]}
