"""Where the typed Kubernetes structures stand in an InferenceService, and the tables that know those places."""

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.field_table import check_fields, field_table
from pulumi_kserve.models import Spec

RELEASES = ("0.19", "0.20")


def problems_of_predictor(release: str, predictor: Mapping[str, Any]) -> list[Problem]:
    """What the field table says of an InferenceService with this predictor."""
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "iris"},
        "spec": {"predictor": predictor},
    }
    return check_fields(release, "InferenceService", service)


def keys_at(release: str, place: str) -> set[str]:
    """The keys that the table knows at a place under ``spec.predictor``; lists are looked into."""
    table = field_table(release, "InferenceService")
    schema: Mapping[str, Any] = table
    for step in ("spec", "predictor", *filter(None, place.split("."))):
        schema = _inside(_resolved(schema["properties"][step], table), table)
    return set(schema["properties"])


def _inside(schema: Mapping[str, Any], table: Mapping[str, Any]) -> Mapping[str, Any]:
    return _resolved(schema["items"], table) if "items" in schema else schema


def _resolved(schema: Mapping[str, Any], table: Mapping[str, Any]) -> Mapping[str, Any]:
    return table["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def keys_of(kind: type[Spec]) -> set[str]:
    """The keys that a class writes."""
    return {str(field.serialization_alias) for field in kind.model_fields.values()}


def refusal(kind: type[Spec], value: Any) -> dict[str, str]:
    """Why `kind` refuses a value of the YAML shape, by path."""
    with pytest.raises(SpecError) as refused:
        kind.parse(value)
    return {problem.path: problem.reason for problem in refused.value.problems}
