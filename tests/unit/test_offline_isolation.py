"""The offline evaluator: what it answers to the SDK, and what it leaves behind."""

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
from pulumi_kserve.offline import Secret, Synthesis, synth
from pulumi_kserve.offline.monitor import Monitor

from tests.unit.offline_programs import STACK, Cloud, DeclinedError, Group, Thing, of, raise_


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


@pytest.mark.parametrize("program", [lambda: Thing("a"), lambda: raise_(DeclinedError("no"))], ids=["fine", "fails"])
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
