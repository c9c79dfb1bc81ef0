"""The offline evaluator: what it records, what it refuses, and what it leaves behind."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from pulumi_kserve import offline
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.offline import UNKNOWN, Resource, Secret, Timeouts

from tests.unit.offline_programs import STACK, Cloud, DeclinedError, Group, Thing, of, raise_


def test_every_resource_is_recorded_in_urn_order() -> None:
    found = of(lambda: [Thing("b"), Thing("a"), Group("g")])
    assert [each.name for each in found.resources] == ["pulumi-kserve-dev", "g-child", "g", "a", "b"]
    assert [each.urn for each in found.resources] == sorted(each.urn for each in found.resources)


def test_a_urn_has_the_types_of_all_parents_but_the_stack_and_no_parents_name() -> None:
    def program() -> None:
        outer = Group("outer")
        Thing("x", parent=Group("inner", parent=outer))

    chain = "t:index:Group$t:index:Group$t:index:Thing"
    assert of(program).named("x").urn == f"urn:pulumi:dev::pulumi-kserve::{chain}::x"


def test_a_duplicate_urn_is_refused_by_name() -> None:
    with pytest.raises(offline.DuplicateUrn, match="another name") as caught:
        of(lambda: [Thing("a"), Thing("a")])
    assert caught.value.urn.endswith("t:index:Thing::a")


def test_one_name_under_two_parents_of_one_type_is_a_duplicate_too() -> None:
    with pytest.raises(offline.DuplicateUrn):
        of(lambda: [Thing("x", parent=Group("one")), Thing("x", parent=Group("two"))])


def test_secrets_stay_where_the_program_put_them() -> None:
    inputs = of(lambda: Thing("a", {"spec": {"open": 1, "list": [pulumi.Output.secret("s")]}})).named("a").inputs
    assert inputs == {"spec": {"open": 1, "list": [Secret("s")]}}


def test_the_repr_of_a_secret_does_not_show_it() -> None:
    assert "s3cret" not in repr(of(lambda: Thing("a", {"key": pulumi.Output.secret("s3cret")})))


def test_what_only_a_provider_knows_is_unknown_and_applies_on_it_do_not_run() -> None:
    ran: list[str] = []

    def program() -> None:
        answer = Thing("a").answer
        Thing("b", {"from": answer.apply(ran.append)})

    assert of(program).named("b").inputs == {"from": UNKNOWN}
    assert ran == []


def test_a_secret_of_something_unknown_is_unknown() -> None:
    found = of(lambda: Thing("b", {"from": pulumi.Output.secret(Thing("a").answer)}))
    assert found.named("b").inputs["from"] in (Secret(UNKNOWN), UNKNOWN)  # older SDKs forget that it is secret


def test_applies_on_what_is_known_run() -> None:
    found = of(lambda: Thing("a", {"from": pulumi.Output.from_input(20).apply(lambda number: number + 1)}))
    assert found.named("a").inputs == {"from": 21}


def _answer_of_a(resource: Resource) -> Mapping[str, Any]:
    return {"answer": f"of {resource.name}"} if resource.name == "a" else {}


def test_computed_outputs_are_known_to_the_program() -> None:
    found = of(
        lambda: Thing("b", {"from": Thing("a").answer}),
        computed=_answer_of_a,
    )
    assert found.named("b").inputs == {"from": "of a"}
    assert found.named("a").outputs == {"answer": "of a"}


def test_without_preview_every_custom_resource_has_an_id() -> None:
    assert of(lambda: Thing("b", {"from": Thing("a").id}), preview=False).named("b").inputs == {"from": "a-id"}


FAILING: dict[str, Callable[[Exception], Any]] = {
    "in the program's body": raise_,
    "in an apply nobody uses": lambda error: pulumi.Output.from_input(1).apply(lambda _: raise_(error)),
    "in an exported apply": lambda error: pulumi.export(
        "x", pulumi.Output.from_input(1).apply(lambda _: raise_(error))
    ),
    "in the apply of an input": lambda error: Thing(
        "a", {"x": pulumi.Output.from_input(1).apply(lambda _: raise_(error))}
    ),
    "in the input of a resource that others wait for": lambda error: Thing(
        "b", {"y": Thing("a", {"x": pulumi.Output.from_input(1).apply(lambda _: raise_(error))}).answer}
    ),
}


@pytest.mark.parametrize("place", FAILING)
@pytest.mark.parametrize(
    "error",
    [DeclinedError("no"), KeyError("k"), SpecError("x", [Problem("a.b", "is wrong")])],
    ids=lambda e: type(e).__name__,
)
def test_an_error_comes_out_as_the_program_raised_it(place: str, error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        of(lambda: FAILING[place](error))
    assert caught.value is error


def test_a_value_that_cannot_be_an_input_is_refused_with_its_resource_and_without_the_value() -> None:
    with pytest.raises(ValueError, match="unexpected input of type set") as caught:
        of(lambda: Thing("a", {"x": {"s3cret"}}))
    notes = "\n".join(caught.value.__notes__)
    assert "'a', type: 't:index:Thing'" in notes
    assert "input: 'x'" in notes
    assert "s3cret" not in notes


def test_an_error_keeps_the_cause_that_the_program_gave_it() -> None:
    cause = KeyError("first")

    def program() -> None:
        raise DeclinedError("second") from cause

    with pytest.raises(DeclinedError) as caught:
        of(program)
    assert caught.value.__cause__ is cause


def test_parents_and_providers_are_recorded() -> None:
    def program() -> None:
        Group("g", providers=[Cloud("c")])

    found = of(program)
    cloud, group, child = found.named("c"), found.component("g"), found.named("g-child")
    assert (child.parent, child.provider) == (group.urn, cloud.urn)
    assert group.providers == {"t": cloud.urn}
    assert group.parent == STACK


def test_dependencies_are_recorded_in_all_and_by_property() -> None:
    def program() -> None:
        first, second = Thing("a"), Thing("b")
        Thing("c", {"name": first.answer}, depends_on=[second])

    found = of(program)
    a, b, c = (found.named(name) for name in "abc")
    assert c.dependencies == (a.urn, b.urn)
    assert c.property_dependencies == {"name": (a.urn,)}


def test_options_are_recorded() -> None:
    options: dict[str, Any] = {
        "protect": True,
        "retain_on_delete": True,
        "delete_before_replace": True,
        "ignore_changes": ["spec.x"],
        "replace_on_changes": ["metadata.name"],
        "additional_secret_outputs": ["answer"],
        "custom_timeouts": pulumi.CustomTimeouts(create="5m"),
        "aliases": [pulumi.Alias(name="old"), "urn:pulumi:dev::p::t:index:Thing::older"],
        "version": "1.2.3",
    }
    found = of(lambda: Thing("a", **options)).named("a")
    assert found.protect
    assert found.retain_on_delete
    assert found.delete_before_replace is True
    assert found.ignore_changes == ("spec.x",)
    assert found.replace_on_changes == ("metadata.name",)
    assert found.additional_secret_outputs == ("answer",)
    assert found.custom_timeouts == Timeouts(create="5m")
    assert [alias.name or alias.urn for alias in found.aliases] == ["old", "urn:pulumi:dev::p::t:index:Thing::older"]
    assert found.version == "1.2.3"


def test_an_option_that_is_not_given_is_left_to_the_provider() -> None:
    found = of(lambda: Thing("a")).named("a")
    assert found.delete_before_replace is None
    assert found.custom_timeouts == Timeouts()
    assert found.hooks == {}


def test_hooks_are_recorded_and_not_run() -> None:
    ran: list[str] = []

    def after(args: pulumi.ResourceHookArgs) -> None:
        ran.append(args.name)

    def retry(args: pulumi.ErrorHookArgs) -> bool:
        ran.append(args.name)
        return True

    def program() -> None:
        gate = pulumi.ResourceHook("gate", after)
        Thing(
            "a",
            hooks=pulumi.ResourceHookBinding(after_create=[gate, after], on_error=[pulumi.ErrorHook("retry", retry)]),
        )

    found = of(program)
    assert found.named("a").hooks == {
        "after_create": ("gate", "t:index:Thing_a_after_create_1"),
        "on_error": ("retry",),
    }
    assert sorted(found.hooks) == ["gate", "retry", "t:index:Thing_a_after_create_1"]
    assert ran == []


def test_a_recorded_hook_can_be_called_by_a_test() -> None:
    def retry(args: pulumi.ErrorHookArgs) -> bool:
        return "webhook" in args.errors[0]

    found = of(lambda: Thing("a", hooks=pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook("retry", retry)])))
    hook = found.hooks["retry"]
    assert isinstance(hook, pulumi.ErrorHook)
    assert hook(pulumi.ErrorHookArgs(urn="u", id="", name="a", type="t", errors=["calling webhook failed"]))


def test_two_hooks_of_one_name_are_refused() -> None:
    def nothing(_: pulumi.ResourceHookArgs) -> None: ...

    def program() -> None:
        for name in "ab":
            hook = pulumi.ResourceHook("same", nothing)
            Thing(name, hooks=pulumi.ResourceHookBinding(after_create=[hook]))

    with pytest.raises(offline.OfflineError, match="'same' is registered already"):
        of(program)


def test_transforms_are_accepted_and_not_run() -> None:
    def transform(_: pulumi.ResourceTransformArgs) -> None:
        raise DeclinedError

    def program() -> None:
        pulumi.runtime.register_resource_transform(transform)
        Thing("a", transforms=[transform])

    assert of(program).named("a").inputs == {}
