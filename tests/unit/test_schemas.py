"""How a field table is made from a CRD."""

import json
from typing import Any

import jsonschema
import pytest

from tools.errors import ToolError
from tools.schemas.table import field_table

PORT: dict[str, Any] = {
    "description": "a port",
    "anyOf": [{"type": "integer"}, {"type": "string"}],
    "x-kubernetes-int-or-string": True,
}


def crd(**fields: dict[str, Any]) -> dict[str, Any]:
    """A CRD whose `spec` has these fields, and whose older version has none."""
    spec: dict[str, Any] = {"type": "object", "properties": fields, "required": sorted(fields)}
    top = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
    schema = {"type": "object", "properties": {**top, "spec": spec, "status": {"type": "object"}}}
    old = {"name": "v1alpha1", "storage": False, "schema": {"openAPIV3Schema": {"type": "object"}}}
    new = {"name": "v1", "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {"spec": {"group": "example.com", "names": {"kind": "Thing"}, "versions": [old, new]}}


def made(**fields: dict[str, Any]) -> dict[str, Any]:
    table: dict[str, Any] = json.loads(field_table(crd(**fields)))
    return table


def of_spec(**fields: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made(**fields)["properties"]["spec"]
    return found


def test_a_table_names_its_kind_and_version_and_leaves_metadata_open() -> None:
    top = made()
    assert top["properties"]["apiVersion"]["enum"] == ["example.com/v1"]
    assert top["properties"]["kind"]["enum"] == ["Thing"]
    assert top["properties"]["metadata"] == {"type": "object"}
    assert top["required"] == ["apiVersion", "kind", "metadata", "spec"]


def test_the_status_is_not_the_users() -> None:
    assert "status" not in made()["properties"]


def test_a_field_the_api_server_would_prune_is_refused() -> None:
    assert made()["additionalProperties"] is False
    assert of_spec()["additionalProperties"] is False


@pytest.mark.parametrize(
    ("node", "table"),
    [
        ({"type": "string", "description": "text", "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
        (PORT, {"type": ["integer", "string"]}),
        (
            {"type": "integer", "format": "int32", "minimum": 0},
            {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
        ),
        ({"type": "integer", "format": "int64"}, {"type": "integer"}),
        (
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"type": "object", "additionalProperties": {"type": "string"}},
        ),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, {"type": "object"}),
        (
            {"type": "array", "items": {"type": "string"}, "minItems": 1, "x-kubernetes-list-type": "set"},
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
        ),
    ],
    ids=["text", "integer or text", "32 bits", "64 bits", "a map", "kept unknown fields", "a list"],
)
def test_a_field_keeps_its_rules_and_nothing_else(node: dict[str, Any], table: dict[str, Any]) -> None:
    assert of_spec(field=node)["properties"]["field"] == table


def test_a_field_with_a_default_may_be_missing() -> None:
    assert of_spec(a={"type": "string"}, b={"type": "string", "default": "c"})["required"] == ["a"]


def test_parts_that_come_twice_are_written_once() -> None:
    part: dict[str, Any] = {"type": "object", "properties": {"some": {"type": "string"}, "more": {"type": "string"}}}
    table = made(a=part, b=part, c={"type": "array", "items": part})
    assert len(table["$defs"]) == 1
    assert table["properties"]["spec"]["properties"]["a"] == table["properties"]["spec"]["properties"]["c"]["items"]
    validator: Any = jsonschema.Draft202012Validator(table)
    top: dict[str, Any] = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {}}
    right: dict[str, Any] = {"a": {}, "b": {}, "c": [{"some": "text"}]}
    assert validator.is_valid(top | {"spec": right})
    assert not validator.is_valid(top | {"spec": right | {"c": [{"wrong": 1}]}})


def test_a_whole_table_keeps_what_a_validator_can_check_and_is_of_version_one_where_that_is_served() -> None:
    either: dict[str, Any] = {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}], "maxProperties": 2}
    given = crd(field={**either, "x-kubernetes-validations": [{"rule": "true"}]})
    older, newer = given["spec"]["versions"]
    newer["name"], older["name"] = "v1beta1", "v1"
    older |= {"served": True, "schema": newer["schema"]}
    table = json.loads(field_table(given, whole=True))
    assert table["properties"]["apiVersion"]["enum"] == ["example.com/v1"]
    field = table["properties"]["spec"]["properties"]["field"]
    assert {key: field[key] for key in either} == either


def test_the_order_of_a_crd_does_not_matter() -> None:
    a, b = {"type": "string"}, {"type": "integer"}
    assert field_table(crd(a=a, b=b)) == field_table(crd(b=b, a=a))


@pytest.mark.parametrize("node", [{"type": "string", "nullable": True}, {"anyOf": [{"required": ["a"]}]}])
def test_a_keyword_that_tables_do_not_know_is_refused_by_name(node: dict[str, Any]) -> None:
    with pytest.raises(ToolError, match=r"(nullable|anyOf) at Thing\.spec\.field"):
        made(field=node)
