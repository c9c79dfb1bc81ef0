"""The offline evaluator: what it records, what it refuses, and what it leaves behind."""

import asyncio
import contextlib
import gc
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from pulumi.runtime import resource as sdk_resource
from pulumi_kserve import offline
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.offline import UNKNOWN, Resource, Secret, Synthesis, Timeouts, synth
from pulumi_kserve.offline.monitor import Monitor

STACK = "urn:pulumi:dev::pulumi-kserve::pulumi:pulumi:Stack::pulumi-kserve-dev"


class Thing(pulumi.CustomResource):
    """A resource with one output of its own."""

    answer: pulumi.Output[str]

    def __init__(self, name: str, props: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__("t:index:Thing", name, {"answer": None, **(props or {})}, pulumi.ResourceOptions(**options))


class Group(pulumi.ComponentResource):
    def __init__(self, name: str, **options: Any) -> None:
        super().__init__("t:index:Group", name, {"size": 2}, pulumi.ResourceOptions(**options))
        self.child = Thing(f"{name}-child", parent=self)
        self.register_outputs({"child": self.child.urn})


class Cloud(pulumi.ProviderResource):
    def __init__(self, name: str) -> None:
        super().__init__("t", name, {"region": "here"})


def of(program: Callable[[], object], **options: Any) -> Synthesis:
    return synth(program, **options)


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


class DeclinedError(ValueError):
    """An error of a program's own."""


def _raise(error: Exception) -> Any:
    raise error


FAILING: dict[str, Callable[[Exception], Any]] = {
    "in the program's body": _raise,
    "in an apply nobody uses": lambda error: pulumi.Output.from_input(1).apply(lambda _: _raise(error)),
    "in an exported apply": lambda error: pulumi.export(
        "x", pulumi.Output.from_input(1).apply(lambda _: _raise(error))
    ),
    "in the apply of an input": lambda error: Thing(
        "a", {"x": pulumi.Output.from_input(1).apply(lambda _: _raise(error))}
    ),
    "in the input of a resource that others wait for": lambda error: Thing(
        "b", {"y": Thing("a", {"x": pulumi.Output.from_input(1).apply(lambda _: _raise(error))}).answer}
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


def test_a_provider_function_is_answered_from_the_stubs() -> None:
    def program() -> None:
        zones = pulumi.runtime.invoke_output("t:index:getZones", {"region": "here"})
        Thing("a", {"zones": zones["names"]})

    def zones_of(arguments: dict[str, Any]) -> Mapping[str, Any]:
        return {"names": [arguments["region"] + "-1"]}

    found = of(program, invokes={"t:index:getZones": zones_of})
    assert found.named("a").inputs == {"zones": ["here-1"]}


def test_a_provider_function_without_a_stub_is_refused_by_name() -> None:
    with pytest.raises(offline.UnstubbedInvoke, match="t:index:getZones"):
        of(lambda: pulumi.runtime.invoke_output("t:index:getZones", {}))


def test_configuration_reaches_the_program_with_or_without_the_projects_prefix() -> None:
    def program() -> None:
        config = pulumi.Config()
        pulumi.export("both", [config.require("short"), config.require_int("long"), pulumi.Config("aws").get("region")])

    config = {"short": "a", "pulumi-kserve:long": "3", "aws:region": "here"}
    assert of(program, config=config).outputs == {"both": ["a", 3, "here"]}


def test_a_secret_key_gives_a_secret() -> None:
    def program() -> None:
        pulumi.export("it", pulumi.Config().require_secret("password"))
        pulumi.export("is", pulumi.runtime.is_config_secret("pulumi-kserve:password"))

    found = of(program, config={"password": "p"}, secret_keys=["password"])
    assert found.outputs == {"is": True, "it": Secret("p")}


def test_project_stack_and_organization_are_as_given() -> None:
    def program() -> None:
        pulumi.export("it", [pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()])

    found = of(program, project="p", stack="s", organization="o")
    assert (found.project, found.stack, found.outputs) == ("p", "s", {"it": ["o", "p", "s"]})


def test_an_async_program_is_awaited() -> None:
    async def program() -> None:
        await asyncio.sleep(0)
        Thing("late")

    assert of(program).named("late").type == "t:index:Thing"


def test_what_a_component_registers_is_its_output() -> None:
    found = of(lambda: Group("g"))
    assert found.component("g").outputs == {"child": found.named("g-child").urn}
    assert found.component("g").inputs == {"size": 2}


def test_a_resource_that_is_only_read_is_external_and_no_manifest() -> None:
    def program() -> None:
        pulumi.CustomResource("kubernetes:core/v1:Secret", "s", {}, pulumi.ResourceOptions(id="ns/s"))

    found = of(program)
    assert (found.named("s").external, found.named("s").id) == (True, "ns/s")
    assert found.kubernetes() == ()


def test_a_component_that_a_plugin_expands_is_marked_remote() -> None:
    found = of(lambda: pulumi.ComponentResource("k:index:Chart", "c", {"chart": "x"}, None, remote=True))
    assert found.component("c").remote


def test_a_reference_to_a_resource_is_its_urn() -> None:
    found = of(lambda: Thing("b", {"it": Thing("a")}))
    assert found.named("b").inputs == {"it": found.named("a").urn}


def test_two_evaluations_give_the_same() -> None:
    def program() -> None:
        Group("g", providers=[Cloud("c")])
        Thing("a", {"m": {"b": 1, "a": [{"d": 1, "c": 2}]}}, depends_on=[Thing("b")])

    assert repr(of(program)) == repr(of(program))


MANY = """
import pulumi
from pulumi_kserve import testing

data = {f"k{n}": {f"v{m}": str(m) for m in range(9)} for n in range(9)}

def program():
    for n in range(9):
        metadata = {"name": f"c{n}", "labels": data["k1"]}
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        pulumi.CustomResource("kubernetes:core/v1:ConfigMap", f"c{n}", manifest)

print(testing.manifests_yaml(testing.synth(program)))
"""


def test_two_processes_give_the_same_bytes() -> None:
    def printed(seed: str) -> bytes:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run([sys.executable, "-c", MANY], env=environment, capture_output=True, check=True).stdout

    first = printed("1")
    assert first == printed("2")
    assert first.count(b"---") == 9


def test_code_can_tell_that_it_is_evaluated_offline() -> None:
    seen: list[bool] = []

    def program() -> None:
        seen.append(offline.active())
        pulumi.Output.from_input(1).apply(lambda _: seen.append(offline.active()))

    of(program)
    assert seen == [True, True]
    assert not offline.active()


def _state_of_the_sdk() -> list[object]:
    return [
        pulumi.get_project(),
        pulumi.get_stack(),
        pulumi.runtime.get_root_resource(),
        pulumi.runtime.is_dry_run(),
        pulumi.runtime.get_config("other:a"),
        vars(sdk_resource)["_get_stack_trace"],
        gc.isenabled(),
    ]


@pytest.mark.parametrize("program", [lambda: Thing("a"), lambda: _raise(DeclinedError("no"))], ids=["fine", "fails"])
def test_nothing_of_an_evaluation_stays_behind(program: Callable[[], object]) -> None:
    before = _state_of_the_sdk()
    with contextlib.suppress(DeclinedError):
        of(program, project="other", config={"a": "b"})
    assert _state_of_the_sdk() == before


def test_an_evaluation_inside_a_running_event_loop_is_refused_with_the_cure() -> None:
    async def inside() -> None:
        of(lambda: None)

    with pytest.raises(offline.OfflineError, match="to_thread"):
        asyncio.run(inside())


def test_an_evaluation_runs_in_a_thread_of_an_event_loop() -> None:
    async def outside() -> Synthesis:
        return await asyncio.to_thread(synth, lambda: Thing("a"))

    assert asyncio.run(outside()).named("a").type == "t:index:Thing"


def test_a_sdk_without_what_this_needs_is_refused_with_the_tested_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sdk_resource, "_get_stack_trace")
    with pytest.raises(offline.SdkChanged, match=r"tested with pulumi 3\.\d+"):
        of(lambda: None)


def test_a_question_of_a_newer_sdk_is_refused_with_the_tested_range() -> None:
    monitor: Any = Monitor(project="p", stack="s", preview=True, invokes={}, computed=None)
    with pytest.raises(offline.SdkChanged, match="asks the engine for RegisterMiracle"):
        monitor.RegisterMiracle()


def test_whether_something_exists_in_the_real_world_is_not_answered() -> None:
    monitor: Any = Monitor(project="p", stack="s", preview=True, invokes={}, computed=None)

    class Request:
        type, id = "t:index:Thing", "x"

    with pytest.raises(offline.OfflineError, match="not known offline"):
        monitor.ExistsResource(Request())


def test_a_look_for_a_name_that_is_not_there_lists_the_names_that_are() -> None:
    with pytest.raises(LookupError, match="names in this program: a, b"):
        of(lambda: [Thing("a"), Thing("b")]).named("c")


def test_a_look_for_a_name_that_several_have_lists_their_urns() -> None:
    found = of(lambda: [Thing("x"), Thing("x", parent=Group("g"))])
    with pytest.raises(LookupError, match="2 resources named 'x'"):
        found.named("x")


def test_resources_are_found_by_type_and_urn() -> None:
    found = of(lambda: [Thing("a"), Thing("b"), Group("g")])
    assert [each.name for each in found.of_type("t:index:Thing")] == ["g-child", "a", "b"]
    assert found.resource(STACK).type == "pulumi:pulumi:Stack"
