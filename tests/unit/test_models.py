"""Specs: every problem at once, with its path and the nearest known names."""

from typing import Annotated, Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_kserve.amounts import Truth, Whole
from pulumi_kserve.errors import SpecError
from pulumi_kserve.inputs import In, locate
from pulumi_kserve.models import OneOf, Spec, wire, without_none
from pulumi_kserve.testing import synth
from pydantic import Field


class Left(Spec):
    min_replicas: int = Field(ge=1)


class Right(Spec):
    name: In[Annotated[str, Field(min_length=2)]] = "xy"


class Both(Spec):
    side: Annotated[Left | Right, OneOf(left=Left, right=Right)]
    things: tuple[Right, ...] = ()
    names: dict[str, str] = Field(default_factory=dict)
    open: Truth = False
    size: Whole = 1


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
    assert "Known: names, open, side, size, things" in problems({"side": {"right": {}}, "zzz": 1})["zzz"]


@pytest.mark.parametrize("wrong", [{}, {"left": {"minReplicas": 1}, "right": {}}, {"up": {}}, "left", None])
def test_a_union_takes_exactly_one_of_its_keys(wrong: object) -> None:
    assert "exactly one of the keys left or right" in problems({"side": wrong})["side"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"lefft": {"minReplicas": 1}}, "got 'lefft'. Did you mean 'left'?"),
        ({"up": {}}, "got 'up'"),
        ({"left": {"minReplicas": 1}, "right": {}}, "got 'left' and 'right'. Keep one of them"),
        ({}, "got none of them. Write one of them, or remove it"),
        (None, "left or right. Write one of them, or remove it"),
        ("right", "(got 'right'). Write it as a key, 'right: {}'"),
        ("rihgt", "(got 'rihgt'). Did you mean 'right'?"),
        (3, "(got 3). Write one of them, or remove it"),
    ],
)
def test_a_union_says_what_it_got_and_which_key_was_probably_meant(wrong: object, words: str) -> None:
    assert problems({"side": wrong})["side"].endswith(words)


@pytest.mark.parametrize(
    ("key", "cure"),
    [
        ("names", "Write a mapping, or remove it"),
        ("things", "Write a list, or remove it"),
        ("open", "Write a value, or remove it"),
    ],
)
def test_a_key_with_nothing_under_it_is_answered_with_what_belongs_there(key: str, cure: str) -> None:
    assert problems({"side": {"right": {}}, key: None}) == {key: f"has no value. {cure}"}


@pytest.mark.parametrize("wrong", ["yes", "true", "false", 1, 0, "on"])
def test_what_is_no_truth_value_is_not_taken_for_one(wrong: object) -> None:
    reason = problems({"side": {"right": {}}, "open": wrong})["open"]
    assert reason.endswith(f"(got {wrong!r}). Write true or false, without quotes")


def test_a_number_in_quotes_is_answered_with_the_cure() -> None:
    reason = problems({"side": {"right": {}}, "size": "2"})["size"]
    assert reason.endswith("(got '2'). Write a whole number, without quotes")


def test_fields_that_are_not_set_are_left_out() -> None:
    assert without_none({"a": None, "b": 0, "c": "", "d": {}}) == {"b": 0, "c": "", "d": {}}


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


def test_an_output_whose_place_is_known_is_refused_with_its_whole_path() -> None:
    def program() -> None:
        name: Any = Right(name=pulumi.Output.from_input("x")).name
        locate(name, "things[0].name", "a shop")
        pulumi.export("name", name)

    with pytest.raises(SpecError) as refused:
        synth(program)
    assert refused.value.subject == "a shop"
    assert [problem.path for problem in refused.value.problems] == ["things[0].name"]


def test_an_output_that_is_no_fields_has_no_place_to_be_told() -> None:
    def program() -> None:
        locate(pulumi.Output.from_input("x"), "things[0].name", "a shop")

    assert synth(program).outputs == {}


def test_a_model_that_holds_an_output_is_never_dumped() -> None:
    def program() -> None:
        Right(name=pulumi.Output.from_input("good")).model_dump()

    with pytest.raises(Exception, match="rendered, never dumped"):
        synth(program)
