"""Names, labels and annotations, and how long a name may be before what KServe derives from it overflows."""

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_kserve.contracts import PlatformFacts
from pulumi_kserve.endpoints.admission.context import Context, Mode
from pulumi_kserve.endpoints.admission.metadata import refuse_annotations, refuse_labels
from pulumi_kserve.endpoints.admission.names import refuse_name, refuse_namespace
from pulumi_kserve.endpoints.admission.registry import judge

from tests.conformance.objects import NO_SCALING, OWN, canary, model, service, worker

FACTS = PlatformFacts(name="kserve", release="0.20", mode="Standard", gateway="cluster-local")


def rules(manifest: Mapping[str, Any], mode: Mode = "Standard", facts: PlatformFacts | None = None) -> set[str]:
    return {problem.rule for problem in judge(manifest, Context("0.20", mode, facts))}


def named(name: str, namespace: str = "team", **parts: Any) -> dict[str, Any]:
    manifest = service(name=name, **parts)
    manifest["metadata"]["namespace"] = namespace
    return manifest


@pytest.mark.parametrize(
    ("longest", "mode", "parts"),
    [
        (48, "Standard", {}),
        (46, "Standard", {"transformer": OWN}),
        (48, "Standard", {"explainer": OWN}),
        (41, "Standard", {"predictor": worker(), "annotations": NO_SCALING}),
        (43, "Standard", {"predictor": model(name="blue")}),
        (43, "Standard", {"canary": [canary("next")]}),
        (53, "Knative", {}),
        (51, "Knative", {"transformer": OWN}),
    ],
)
def test_a_name_is_as_long_as_the_longest_workload_allows(longest: int, mode: Mode, parts: Mapping[str, Any]) -> None:
    assert "name-length" not in rules(named("i" * longest, **parts), mode)
    assert "name-length" in rules(named("i" * (longest + 1), **parts), mode)


def test_name_and_namespace_together_fit_into_one_label_of_the_host() -> None:
    assert "host-length" not in rules(named("i" * 30, "t" * 22))
    assert "host-length" in rules(named("i" * 30, "t" * 23))
    assert "host-length" in rules(named("i" * 30, "t" * 22, transformer=OWN))


def test_in_knative_mode_the_host_has_a_label_for_each() -> None:
    assert "host-length" not in rules(named("i" * 40, "t" * 40), "Knative")


@pytest.mark.parametrize("name", ["Iris", "1iris", "iris-", "iris.v1", "iris_v1", "ïris", "", "iris\n"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    assert "name-pattern" in {problem.rule for problem in refuse_name(name)}


def test_a_generated_name_is_judged_by_its_beginning() -> None:
    manifest = {**service(), "metadata": {"generateName": "Iris-"}}
    assert "name-pattern" in rules(manifest)
    assert rules({**service(), "metadata": {"generateName": "iris-"}}).isdisjoint({"name-pattern", "metadata"})


def test_an_object_without_a_name_is_refused() -> None:
    assert "metadata" in rules({**service(), "metadata": {"namespace": "team"}})


@pytest.mark.parametrize("namespace", ["default", "kube-system", "kserve", "istio-system"])
def test_a_namespace_of_the_system_is_refused_on_a_platform(namespace: str) -> None:
    assert "system-namespace" in {problem.rule for problem in refuse_namespace(namespace, FACTS)}
    assert "system-namespace" in rules(named("iris", namespace), facts=FACTS)
    assert "system-namespace" not in rules(named("iris", namespace))


@pytest.mark.parametrize("labels", [{"a b": "x"}, {"a/b/c": "x"}, {"A.B/c": "x"}, {"a": "x y"}, {"a": "-x"}, {"a": 1}])
def test_a_label_that_is_none_is_refused(labels: Mapping[str, Any]) -> None:
    assert [problem.rule for problem in refuse_labels(labels, "labels")] == ["labels"]


def test_the_workers_node_selector_is_made_of_labels_too() -> None:
    manifest = service(worker(nodeSelector={"zone": "a b"}), annotations=NO_SCALING)
    problems = [each for each in judge(manifest, Context("0.19", "Standard")) if each.rule == "pod-labels"]
    assert [each.path for each in problems] == ["spec.predictor.workerSpec.nodeSelector.zone"]


@pytest.mark.parametrize("labels", [{}, {"a": ""}, {"example.com/a_b.c": "x" * 63}, {"a": None}])
def test_a_label_is_accepted(labels: Mapping[str, Any]) -> None:
    assert list(refuse_labels(labels, "labels")) == []


def test_annotations_are_256_kibibytes_at_most() -> None:
    assert list(refuse_annotations({"a": "x" * (256 * 1024 - 1)}, "annotations")) == []
    assert [problem.path for problem in refuse_annotations({"a": "x" * (256 * 1024)}, "annotations")] == ["annotations"]


def test_an_unknown_key_of_metadata_offers_the_nearest() -> None:
    manifest: dict[str, Any] = {**service(), "metadata": {"name": "iris", "anotations": {}}}
    found = next(problem for problem in judge(manifest, Context("0.20", "Standard")) if problem.rule == "metadata-key")
    assert (found.path, found.cure) == ("metadata.anotations", "Did you mean 'annotations'?")
