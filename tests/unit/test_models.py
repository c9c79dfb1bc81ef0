"""Specs: every problem at once, with its path and the nearest known names."""

from typing import Annotated

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_kserve.errors import SpecError
from pulumi_kserve.inputs import In
from pulumi_kserve.models import OneOf, Spec, wire
from pulumi_kserve.testing import synth
from pydantic import Field


class Left(Spec):
    min_replicas: int = Field(ge=1)


class Right(Spec):
    name: In[Annotated[str, Field(min_length=2)]] = "xy"


class Both(Spec):
    side: Annotated[Left | Right, OneOf(left=Left, right=Right)]
    things: tuple[Right, ...] = ()


def problems(value: object) -> dict[str, str]:
    with pytest.raises(SpecError) as refused:
        Both.parse(value)
    return {problem.path: problem.reason for problem in refused.value.problems}


def test_all_problems_come_at_once_with_their_paths() -> None:
    found = problems({"side": {"left": {"minReplicas": 0}}, "things": [{"name": "a"}, {"nam": "ab"}], "other": 1})
    assert set(found) == {"side.left.minReplicas", "things[0].name", "things[1].nam", "other"}


def test_an_unknown_key_is_answered_with_the_nearest_names() -> None:
    assert "Did you mean 'minReplicas'?" in problems({"side": {"left": {"minReplica": 1}}})["side.left.minReplica"]


def test_a_key_that_is_near_to_nothing_is_answered_with_all_known_names() -> None:
    assert "Known: side, things" in problems({"side": {"right": {}}, "zzz": 1})["zzz"]


@pytest.mark.parametrize("wrong", [{}, {"left": {"minReplicas": 1}, "right": {}}, {"up": {}}, "left", None])
def test_a_union_takes_exactly_one_of_its_keys(wrong: object) -> None:
    assert "exactly one of the keys left or right" in problems({"side": wrong})["side"]


def test_paths_are_in_snake_case_for_a_model_built_in_python() -> None:
    with pytest.raises(SpecError) as refused:
        Left(min_replicas=0)
    assert [problem.path for problem in refused.value.problems] == ["min_replicas"]


def test_the_yaml_form_and_the_python_form_give_the_same_model() -> None:
    assert Both.parse({"side": {"left": {"minReplicas": 2}}}) == Both(side=Left(min_replicas=2))


def test_a_union_arm_without_values_may_be_left_empty_in_yaml() -> None:
    assert Both.parse({"side": {"right": None}}) == Both(side=Right())


def test_a_model_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Left(min_replicas=1).min_replicas = 2  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]


@given(st.integers(min_value=1, max_value=10**6))
def test_wire_gives_back_what_parse_took(replicas: int) -> None:
    assert wire(Left.parse({"minReplicas": replicas})) == {"minReplicas": replicas}


def test_an_output_passes_and_keeps_its_value() -> None:
    seen: list[str] = []

    def program() -> None:
        name = Right(name=pulumi.Output.from_input("good")).name
        pulumi.Output.from_input(name).apply(seen.append)

    synth(program)
    assert seen == ["good"]


def test_an_output_that_turns_out_wrong_is_refused_by_the_same_rule() -> None:
    def program() -> None:
        pulumi.export("name", Right(name=pulumi.Output.from_input("x")).name)

    with pytest.raises(SpecError, match="the Output given for name"):
        synth(program)


def test_a_model_that_holds_an_output_is_never_dumped() -> None:
    def program() -> None:
        Right(name=pulumi.Output.from_input("good")).model_dump()

    with pytest.raises(Exception, match="rendered, never dumped"):
        synth(program)
