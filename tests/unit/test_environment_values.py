"""Environment variables: texts and references, their order, and what cannot be one."""

from typing import Any

import pulumi
import pytest
from pulumi_kserve.endpoints.spec.container import Container
from pulumi_kserve.endpoints.spec.environment import (
    ConfigMapKey,
    EnvSource,
    EnvValue,
    PodField,
    ResourceField,
    SecretKey,
    env_fields,
    env_from_fields,
)
from pulumi_kserve.errors import SpecError
from pulumi_kserve.testing import synth
from pydantic import TypeAdapter

from tests.unit.kubernetes_fields import RELEASES, problems_of_predictor, refusal

ALL_KINDS: dict[str, EnvValue] = {
    "TEXT": "a",
    "SECRET": SecretKey(name="creds", key="token", optional=True),
    "CONFIG": ConfigMapKey(name="settings", key="level", optional=False),
    "POD": PodField(field_path="metadata.labels['app']"),
    "MEMORY": ResourceField(resource="limits.memory", container_name="kserve-container", divisor="1Mi"),
}


def container(env: Any) -> dict[str, str]:
    return refusal(Container, {"image": "a", "env": env})


@pytest.mark.parametrize("release", RELEASES)
def test_every_kind_of_value_is_one_that_the_crd_knows(release: str) -> None:
    sources = (EnvSource(config_map="settings", prefix="A_", optional=True), EnvSource.parse({"secret": "creds"}))
    fields = {"name": "a", "env": env_fields(ALL_KINDS), "envFrom": env_from_fields(sources)}
    assert problems_of_predictor(release, {"containers": [fields]}) == []


def test_variables_are_sorted_by_name() -> None:
    assert [each["name"] for each in env_fields(ALL_KINDS)] == ["CONFIG", "MEMORY", "POD", "SECRET", "TEXT"]


def test_a_variable_stands_after_those_it_refers_to() -> None:
    env: dict[str, EnvValue] = {"A": "$(Z)/$(M)", "M": "m", "Z": "$(Y)", "Y": "y"}
    assert [each["name"] for each in env_fields(env)] == ["M", "Y", "Z", "A"]


def test_variables_that_refer_to_each_other_are_each_there_once() -> None:
    assert [each["name"] for each in env_fields({"A": "$(B)", "B": "$(A)"})] == ["B", "A"]


def test_a_chain_of_references_may_be_as_long_as_it_likes() -> None:
    env: dict[str, EnvValue] = {f"V{number:05}": f"$(V{number + 1:05})" for number in range(5000)}
    assert [each["name"] for each in env_fields(env)] == sorted(env, reverse=True)


def test_a_secret_is_rendered_as_a_reference() -> None:
    assert env_fields({"T": SecretKey(name="creds", key="token")}) == [
        {"name": "T", "valueFrom": {"secretKeyRef": {"name": "creds", "key": "token"}}}
    ]


def test_the_yaml_form_and_the_python_form_of_a_reference_are_the_same() -> None:
    parsed = Container.parse({"image": "a", "env": {"T": {"fromSecret": {"name": "creds", "key": "token"}}, "U": "u"}})
    assert parsed == Container(image="a", env={"T": SecretKey(name="creds", key="token"), "U": "u"})


def test_a_source_is_rendered_with_its_prefix() -> None:
    assert env_from_fields([EnvSource(config_map="settings", prefix="A_")]) == [
        {"prefix": "A_", "configMapRef": {"name": "settings"}}
    ]


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        (8080, "env.A", "put the value in quotes"),
        (None, "env.A", "write '' for an empty text, or remove it"),
        ({}, "env.A", "exactly one of the keys fromSecret or fromConfigMap or fromField or fromResource"),
        (
            {"fromSecret": {"name": "a", "key": "b"}, "fromField": {"fieldPath": "metadata.name"}},
            "env.A",
            "exactly one of the keys",
        ),
        ({"fromSecret": {"name": "a", "kei": "b"}}, "env.A.fromSecret.kei", "Did you mean 'key'?"),
        ({"fromSecret": {"name": "A_B", "key": "b"}}, "env.A.fromSecret.name", "should match pattern"),
        ({"fromField": {"fieldPath": "metadata.labels"}}, "env.A.fromField.fieldPath", "should match pattern"),
        ({"fromResource": {"resource": "memory"}}, "env.A.fromResource.resource", "should match pattern"),
    ],
)
def test_a_value_of_no_known_kind_is_refused(value: Any, path: str, reason: str) -> None:
    assert reason in container({"A": value})[path]


def test_a_name_that_kubernetes_refuses_is_refused() -> None:
    assert "'1 A' cannot name a variable" in container({"1 A": "a"})["env"]


@pytest.mark.parametrize("source", [{}, {"configMap": "a", "secret": "b"}])
def test_a_source_names_exactly_one_object(source: Any) -> None:
    assert "exactly one of the keys configMap or secret" in refusal(EnvSource, source)[""]


def test_an_output_is_kept() -> None:
    seen: list[Any] = []

    def program() -> None:
        env = Container(image="a", env={"A": pulumi.Output.from_input("b")}).env
        pulumi.Output.all(env_fields(env)).apply(seen.append)

    synth(program)
    assert seen == [[[{"name": "A", "value": "b"}]]]


def test_an_output_that_is_no_text_is_refused_when_it_is_known() -> None:
    def program() -> None:
        number: Any = pulumi.Output.from_input(5)
        pulumi.export("value", Container(image="a", env={"A": number}).env["A"])

    with pytest.raises(SpecError, match="valid string"):
        synth(program)


def test_the_json_schema_of_a_value_is_a_text_or_a_reference() -> None:
    text, reference = TypeAdapter(EnvValue).json_schema()["anyOf"]
    assert text == {"type": "string"}
    assert [list(arm["properties"]) for arm in reference["oneOf"]] == [
        ["fromSecret"],
        ["fromConfigMap"],
        ["fromField"],
        ["fromResource"],
    ]
