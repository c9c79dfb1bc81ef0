"""Manifests of an offline evaluation, and their YAML."""

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pulumi_kserve import testing
from pulumi_kserve.errors import Problem, SpecError, input_properties_error
from pulumi_kserve.offline import manifests
from pulumi_kserve.resources import KubernetesObject


def thing(kind: str, name: str, namespace: str | None = None, **fields: Any) -> KubernetesObject:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    manifest = {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}
    return KubernetesObject(f"{kind}-{namespace}-{name}", manifest)


def unknown() -> pulumi.Output[Any]:
    return k8s.core.v1.Namespace("ns").status.phase


def one(program: Any, kind: str, name: str) -> dict[str, Any]:
    return testing.manifest(testing.synth(program), kind, name)


def test_manifests_are_sorted_by_namespace_kind_and_name() -> None:
    def program() -> None:
        for kind, name, namespace in [
            ("Pod", "a", "z"),
            ("Pod", "b", "a"),
            ("Pod", "a", "a"),
            ("Job", "z", "a"),
            ("Node", "n", None),
        ]:
            thing(kind, name, namespace)

    found = testing.manifests(testing.synth(program))
    assert [(each["metadata"].get("namespace"), each["kind"], each["metadata"]["name"]) for each in found] == [
        (None, "Node", "n"),
        ("a", "Job", "z"),
        ("a", "Pod", "a"),
        ("a", "Pod", "b"),
        ("z", "Pod", "a"),
    ]


def test_a_manifest_starts_with_what_it_is_and_has_no_status() -> None:
    found = one(lambda: thing("Pod", "a", spec={"x": 1}, data={"y": 2}), "Pod", "a")
    assert list(found) == ["apiVersion", "kind", "metadata", "data", "spec"]


def test_a_typed_object_is_a_manifest_too() -> None:
    found = one(lambda: k8s.core.v1.ConfigMap("c", metadata={"name": "c"}, data={"k": "v"}), "ConfigMap", "c")
    assert found == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "v"}}


def test_what_is_unknown_is_shown_as_such() -> None:
    assert one(lambda: thing("Pod", "a", spec={"phase": unknown()}), "Pod", "a")["spec"] == {"phase": "<unknown>"}


def test_a_secret_value_is_shown_as_such() -> None:
    found = one(lambda: thing("Pod", "a", spec={"key": pulumi.Output.secret("s3cret")}), "Pod", "a")
    assert found["spec"] == {"key": "<secret>"}


PLAIN = {"password": "s3cret"}
DATA: dict[str, tuple[Callable[[], Any], dict[str, str]]] = {
    "plain": (lambda: PLAIN, {"password": "<secret>"}),
    "secret": (lambda: pulumi.Output.secret(PLAIN), {"password": "<secret>"}),
    "partly unknown": (lambda: {**PLAIN, "more": unknown()}, {"password": "<secret>", "more": "<unknown>"}),
}


@pytest.mark.parametrize("case", DATA)
def test_a_secret_object_shows_its_keys_and_no_value(case: str) -> None:
    data, shown = DATA[case]
    assert one(lambda: thing("Secret", "s", stringData=data()), "Secret", "s")["stringData"] == shown


def test_a_helm_release_is_shown_as_chart_version_repository_and_values() -> None:
    def program() -> None:
        k8s.helm.v3.Release(
            "r",
            chart="cert-manager",
            version="1.2.3",
            name="cm",
            namespace="cert-manager",
            repository_opts={"repo": "https://charts.example", "password": "s3cret"},
            values={"crds": {"enabled": True}, "token": pulumi.Output.secret("s3cret")},
            timeout=600,
        )

    assert one(program, "HelmRelease", "cm") == {
        "apiVersion": "helm.pulumi-kserve/v1",
        "kind": "HelmRelease",
        "metadata": {"name": "cm", "namespace": "cert-manager"},
        "spec": {
            "chart": "cert-manager",
            "version": "1.2.3",
            "repository": "https://charts.example",
            "values": {"crds": {"enabled": True}, "token": "<secret>"},
            "options": {"timeout": 600},
        },
    }


def test_a_patch_is_shown_apart_from_whole_objects() -> None:
    def program() -> None:
        k8s.core.v1.ConfigMapPatch("p", metadata={"name": "c", "namespace": "n"}, data={"k": "v"})

    found = one(program, "ConfigMapPatch", "c")
    assert (found["apiVersion"], found["patch"]["data"]) == ("patch.pulumi-kserve/v1", {"k": "v"})


def test_providers_and_components_are_no_manifests() -> None:
    def program() -> None:
        k8s.Provider("k", kubeconfig="{}")
        pulumi.ComponentResource("kserve:index:Platform", "p")

    assert testing.manifests(testing.synth(program)) == []


def test_a_manifest_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(AssertionError, match="0 manifests are Pod b; the program has\n  Pod ns/a"):
        one(lambda: thing("Pod", "a", "ns"), "Pod", "b")


def test_a_name_in_two_namespaces_is_told_apart_by_namespace() -> None:
    found = testing.synth(lambda: [thing("Pod", "a", "one"), thing("Pod", "a", "two")])
    assert testing.manifest(found, "Pod", "a", "two")["metadata"]["namespace"] == "two"
    with pytest.raises(AssertionError, match="2 manifests"):
        testing.manifest(found, "Pod", "a")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=3))
def test_yaml_reads_back_as_what_was_written(documents: list[dict[str, Any]]) -> None:
    assert list(yaml.safe_load_all(manifests.to_yaml(documents))) == documents


@pytest.mark.parametrize(
    "text", ["1e3", "0o17", "y", "N", "+.5e1", "0x1f", "0b11", "true", "on", "12:30", "null", "1_000", "~"]
)
def test_a_text_that_some_yaml_library_reads_as_something_else_is_quoted(text: str) -> None:
    assert manifests.to_yaml([{"a": text}]) == f"---\na: '{text}'\n"


def test_a_text_of_several_lines_is_written_as_it_reads() -> None:
    assert manifests.to_yaml([{"a": "one\ntwo\n"}]) == "---\na: |\n  one\n  two\n"


def test_a_value_used_twice_is_written_twice() -> None:
    shared = {"x": [1]}
    assert "&" not in manifests.to_yaml([{"a": shared, "b": shared}])


def test_the_problems_of_a_refused_program_are_found_whichever_error_carries_them() -> None:
    problem = Problem("spec.x", "is wrong", "Mend it")

    def spec_error() -> None:
        raise SpecError("x", [problem])

    def engine_error() -> None:
        raise input_properties_error("x", [problem])

    assert testing.problems(spec_error) == (problem,)
    assert testing.problems(engine_error) == (Problem("spec.x", "is wrong. Mend it"),)
    assert testing.problems(lambda: None) == ()


def test_a_program_that_fails_otherwise_is_no_refusal() -> None:
    with pytest.raises(ZeroDivisionError):
        testing.problems(lambda: 1 / 0)
