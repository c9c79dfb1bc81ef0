"""What a plan is made of: changes between two evaluations, downtime, fields, and facts in another release."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_kserve as kserve
import pytest
from pulumi_kserve.contracts import FormatFacts, PlatformFacts, RuntimeFacts
from pulumi_kserve.offline import Resource
from pulumi_kserve.platform.chart_runtimes import chart_runtimes
from pulumi_kserve.platform.releases import RELEASES
from pulumi_kserve.platform.upgrade_changes import Change, differing, resource_changes
from pulumi_kserve.platform.upgrade_effects import endpoint_changes
from pulumi_kserve.platform.upgrade_fields import field_changes
from pulumi_kserve.platform.upgrade_platforms import with_release
from pulumi_kserve.testing import Synthesis, synth

from tests.unit.programs import cluster

METADATA = {"name": "one", "namespace": "team"}
Program = Callable[[], object]


def thing(
    token: str, *, mutable: bool | None = None, options: Mapping[str, Any] | None = None, **inputs: Any
) -> Program:
    """A program of one object."""

    def program() -> None:
        settings = {} if mutable is None else {"enableConfigMapMutable": mutable, "enableSecretMutable": mutable}
        provider = pulumi.ProviderResource("kubernetes", "k", settings)
        chosen = pulumi.ResourceOptions(provider=provider, **(options or {}))
        pulumi.CustomResource(f"kubernetes:{token}", "one", {"metadata": METADATA, **inputs}, chosen)

    return program


def changed(before: Program, after: Program) -> list[Change]:
    return [each for each in resource_changes(synth(before), synth(after)) if each.name != "k"]


def action(before: Program, after: Program) -> str:
    (change,) = changed(before, after)
    return change.action


CONFIG_MAP, SECRET, JOB = "core/v1:ConfigMap", "core/v1:Secret", "batch/v1:Job"
OUTCOMES: dict[str, tuple[Program, Program, str]] = {
    "a plain input": (
        thing("apps/v1:Deployment", spec={"replicas": 1}),
        thing("apps/v1:Deployment", spec={}),
        "update",
    ),
    "a selector": (
        thing("apps/v1:Deployment", spec={"selector": {"matchLabels": {"a": "b"}}}),
        thing("apps/v1:Deployment", spec={"selector": {"matchLabels": {"a": "c"}}}),
        "replace",
    ),
    "a Job's template": (thing(JOB, spec={"template": {"a": 1}}), thing(JOB, spec={"template": {"a": 2}}), "replace"),
    "a ConfigMap's data": (thing(CONFIG_MAP, data={"a": "b"}), thing(CONFIG_MAP, data={"a": "c"}), "replace"),
    "a ConfigMap's data where that is allowed": (
        thing(CONFIG_MAP, mutable=True, data={"a": "b"}),
        thing(CONFIG_MAP, mutable=True, data={"a": "c"}),
        "update",
    ),
    "an immutable ConfigMap's data": (
        thing(CONFIG_MAP, mutable=True, data={"a": "b"}, immutable=True),
        thing(CONFIG_MAP, mutable=True, data={"a": "c"}, immutable=True),
        "replace",
    ),
    "a Secret's data": (thing(SECRET, stringData={"a": "b"}), thing(SECRET, stringData={"a": "c"}), "replace"),
    "a name": (thing(CONFIG_MAP, metadata={"name": "a"}), thing(CONFIG_MAP, metadata={"name": "b"}), "replace"),
    "a Helm release's namespace": (
        thing("helm.sh/v3:Release", namespace="a"),
        thing("helm.sh/v3:Release", namespace="b"),
        "replace",
    ),
    "a Helm release's version": (
        thing("helm.sh/v3:Release", version="1"),
        thing("helm.sh/v3:Release", version="2"),
        "update",
    ),
    "an input of replace_on_changes": (
        thing("a/v1:B", spec={"c": 1}, options={"replace_on_changes": ["spec"]}),
        thing("a/v1:B", spec={"c": 2}, options={"replace_on_changes": ["spec"]}),
        "replace",
    ),
    "a trigger": (
        thing("a/v1:B", options={"replacement_trigger": "a"}),
        thing("a/v1:B", options={"replacement_trigger": "b"}),
        "replace",
    ),
    "another API version": (thing("a/v1:B"), lambda: None, "delete"),
    "a new object": (lambda: None, thing("a/v1:B"), "create"),
}


@pytest.mark.parametrize(("before", "after", "outcome"), OUTCOMES.values(), ids=OUTCOMES)
def test_a_change_has_the_outcome_that_the_provider_gives_it(before: Program, after: Program, outcome: str) -> None:
    assert action(before, after) == outcome


def test_the_same_program_changes_nothing() -> None:
    assert changed(thing(CONFIG_MAP, data={"a": "b"}), thing(CONFIG_MAP, data={"a": "b"})) == []


def test_an_ignored_input_changes_nothing() -> None:
    ignoring = {"ignore_changes": ["spec.replicas"]}
    before, after = (thing("a/v1:B", spec={"replicas": number}, options=ignoring) for number in (1, 2))
    assert changed(before, after) == []


def test_a_replacement_names_what_forces_it() -> None:
    (change,) = changed(thing(JOB, spec={"template": {"a": 1}}), thing(JOB, spec={"template": {"a": 2}}))
    assert change.forced_by == ("spec.template.a",)


def test_what_is_retained_is_not_lost_when_its_resource_goes() -> None:
    (change,) = changed(thing("a/v1:B", options={"retain_on_delete": True}), lambda: None)
    assert (change.action, change.loses) == ("delete", False)


def test_deletions_come_last() -> None:
    found = changed(thing("a/v1:A"), thing("a/v1:B"))
    assert [each.action for each in found] == ["create", "delete"]


def test_what_waits_comes_after_what_it_waits_for() -> None:
    def chain(version: int) -> Program:
        def program() -> None:
            first = pulumi.CustomResource("a:b:Z", "first", {"v": version})
            pulumi.CustomResource("a:b:A", "second", {"v": version}, pulumi.ResourceOptions(depends_on=[first]))

        return program

    assert [each.name for each in changed(chain(1), chain(2))] == ["first", "second"]


def test_a_secret_is_a_path_and_its_value_is_nowhere() -> None:
    def holding(value: str) -> Program:
        return lambda: pulumi.CustomResource("a:b:C", "c", {"key": pulumi.Output.secret(value)})

    (change,) = changed(holding("planted-one"), holding("planted-two"))
    assert change.paths == ("key",)
    assert "planted" not in repr(change)


@pytest.mark.parametrize(
    ("one", "other", "paths"),
    [
        ({"a": None}, {}, []),
        ({"a": True}, {"a": 1}, ["a"]),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, ["a[2]"]),
        ({"a": {"b/c": 1, "d": 2}}, {"a": {"b/c": 2, "d": 3}}, ['a["b/c"]', "a.d"]),
        ({"a": {"b": {"c": 1}}}, {"a": {}}, ["a.b"]),
        ({"a": {"b": 1}}, {"a": "b"}, ["a"]),
        ({"a": []}, {"a": None}, ["a"]),
    ],
)
def test_two_values_differ_at_their_shortest_paths(one: Any, other: Any, paths: list[str]) -> None:
    assert list(differing(one, other)) == paths


ROLLOUTS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing said": ({}, "may fail while its only pod"),
    "two pods": ({"minReplicas": 2}, ""),
    "scaled to zero": ({"minReplicas": 0}, "may fail while its only pod"),
    "recreated": ({"minReplicas": 2, "deploymentStrategy": {"type": "Recreate"}}, "down: all old pods"),
    "all may be missing": (
        {"minReplicas": 2, "deploymentStrategy": {"rollingUpdate": {"maxUnavailable": "100%"}}},
        "down: its rollout",
    ),
    "one of one may be missing": (
        {"minReplicas": 1, "deploymentStrategy": {"rollingUpdate": {"maxUnavailable": 1}}},
        "down: its rollout",
    ),
    "a share that rounds to none": (
        {"minReplicas": 3, "deploymentStrategy": {"rollingUpdate": {"maxUnavailable": "30%"}}},
        "",
    ),
    "no number at all": ({"minReplicas": 2, "deploymentStrategy": {"rollingUpdate": {"maxUnavailable": "?"}}}, ""),
}


def service(predictor: Mapping[str, Any], annotations: Mapping[str, str] | None = None) -> Resource:
    spec = {"predictor": {"model": {"runtime": "sklearn"}, **predictor}}
    metadata = {"name": "iris", "namespace": "team", "annotations": annotations or {}}
    return Resource(urn="u", type="t", name="n", custom=True, inputs={"metadata": metadata, "spec": spec})


@pytest.mark.parametrize(("fields", "words"), ROLLOUTS.values(), ids=ROLLOUTS)
def test_downtime_follows_from_replicas_and_strategy(fields: dict[str, Any], words: str) -> None:
    (part,) = endpoint_changes(service(fields), None, ["sklearn"]).parts
    assert part.rolls
    assert part.interruption.startswith(words)
    assert bool(part.interruption) is bool(words)


def test_an_autoscaler_of_others_leaves_the_number_of_pods_open() -> None:
    (part,) = endpoint_changes(service({}, {"serving.kserve.io/autoscalerClass": "external"}), None, ["sklearn"]).parts
    assert (part.replicas, part.interruption) == (None, "may fail where its autoscaler runs fewer than 2 pods")


def test_a_stopped_endpoint_has_no_pods_to_exchange() -> None:
    found = endpoint_changes(service({}, {"serving.kserve.io/stop": "true"}), None, ["sklearn"])
    assert (found.rolls, found.parts[0].replicas) == (False, 0)


def test_in_knative_mode_requests_wait_for_the_new_pods() -> None:
    (part,) = endpoint_changes(service({}), None, ["sklearn"], "Knative").parts
    assert (part.rolls, part.interruption) == (True, "")


def test_an_object_without_a_revision_rolls_when_what_it_says_of_its_pods_changes() -> None:
    other = service({"containerConcurrency": 3})
    assert endpoint_changes(service({}), other, []).rolls
    assert not endpoint_changes(service({}), service({}), []).rolls


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_a_release_has_the_fields_that_it_has(release: str) -> None:
    assert list(field_changes(release, release)) == []


def test_fields_that_come_in_one_direction_go_in_the_other() -> None:
    (there,), (back,) = field_changes("0.19", "0.20"), field_changes("0.20", "0.19")
    assert (there.added, there.dropped) == (back.dropped, back.added)


def of_runtimes(*runtimes: RuntimeFacts, release: str) -> PlatformFacts:
    return PlatformFacts(name="p", release=release, mode="Standard", gateway="envoy", runtimes=runtimes)


def test_a_runtime_that_the_other_release_has_not_is_left_out_of_the_facts() -> None:
    new = next(each for each in chart_runtimes("0.20") if each.name not in {old.name for old in chart_runtimes("0.19")})
    assert with_release(of_runtimes(new, release="0.20"), RELEASES["0.19"]).runtimes == ()


def test_a_runtime_of_others_stays_in_the_facts() -> None:
    foreign = RuntimeFacts(name="of-mine", formats=(FormatFacts(name="onnx"),))
    assert with_release(of_runtimes(foreign, release="0.19"), RELEASES["0.20"]).runtimes == (foreign,)


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_facts_in_another_release_are_those_that_its_platform_has(release: str) -> None:
    names = {"runtimes": ["sklearn", "kserve-huggingfaceserver"]}

    def facts(wanted: str) -> PlatformFacts:
        found: list[PlatformFacts] = []
        synth(lambda: found.append(kserve.Platform("p", {"release": wanted, **names}, cluster=cluster()).facts))
        return found[0]

    assert with_release(facts("0.19"), RELEASES[release]) == facts(release)


def test_a_program_without_resources_has_no_changes() -> None:
    nothing: Synthesis = synth(lambda: None)
    assert resource_changes(nothing, nothing) == ()
