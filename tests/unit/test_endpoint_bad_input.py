"""Wrong endpoints that a user writes: each is refused once, at the path and with the words that the user knows."""

from typing import Any

import pulumi_kserve as kserve
import pytest
from pulumi_kserve.endpoints.spec.logger import LoggerStorage
from pulumi_kserve.endpoints.spec.resources import Resources
from pulumi_kserve.endpoints.spec.scaling import External, Kpa
from pulumi_kserve.endpoints.spec.storage import WorkloadIdentityCredentials
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.models import Spec
from pulumi_kserve.testing import problems

from tests.unit.programs import cluster, predictor


def endpoint(spec: dict[str, Any], release: str) -> None:
    platform = kserve.Platform("kserve", {"release": release}, cluster=cluster())
    kserve.InferenceService("iris", spec, platform=platform, namespace="team")


def refused(spec: dict[str, Any]) -> list[Problem]:
    return list(problems(lambda: endpoint(spec, "0.20")))


def refused_by_019(spec: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.path, each.message) for each in problems(lambda: endpoint(spec, "0.19"))]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"networkPolicy": True}, "networkPolicy"),
        ({"networkPolicy": None}, "networkPolicy"),
        ({"networkPolicy": {"callers": [{"namespac": "x", "namespace": "y"}]}}, "networkPolicy.callers[0].namespac"),
        ({"disruptionBudget": "no"}, "disruptionBudget"),
        ({"disruptionBudget": {"maxUnavailable": 0}}, "disruptionBudget.maxUnavailable"),
        ({"disruptionBudget": {"maxUnavailable": "50"}}, "disruptionBudget.maxUnavailable"),
        (predictor(uri=5), "predictor.model.uri"),
    ],
)
def test_a_field_of_several_types_complains_once_and_at_its_own_path(said: dict[str, Any], path: str) -> None:
    assert [problem.path for problem in refused({**predictor(), **said})] == [path]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"predictor": {**predictor()["predictor"], "name": "blue"}}, "predictor.name"),
        (predictor(confidential={}), "predictor.model.confidential"),
    ],
)
def test_a_field_that_the_release_has_not_is_said_so_in_the_users_words(said: dict[str, Any], path: str) -> None:
    assert refused_by_019(said) == [(path, "KServe 0.19 has no such field. Leave it out, or use a newer KServe")]


@pytest.mark.parametrize(
    ("said", "path", "cure"),
    [
        ({"labels": None}, "labels", "Write a mapping, or remove it"),
        ({"predictor": None}, "predictor", "Write a mapping, or remove it"),
        (predictor(args=None), "predictor.model.args", "Write a list, or remove it"),
        (predictor(env={"A": None}), "predictor.model.env.A", "write '' for an empty text, or remove it"),
    ],
)
def test_a_key_with_nothing_under_it_is_answered_with_the_cure(said: dict[str, Any], path: str, cure: str) -> None:
    (problem,) = refused({**predictor(), **said})
    assert problem.path == path
    assert "has no value" in problem.message
    assert problem.message.endswith(cure)


def test_an_unknown_way_of_scaling_is_answered_with_the_nearest() -> None:
    (problem,) = refused({"predictor": {**predictor()["predictor"], "scaling": {"hpaa": {"maxReplicas": 2}}}})
    assert problem.path == "predictor.scaling"
    assert problem.message.endswith("got 'hpaa'. Did you mean 'hpa'?")


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"stopped": "yes"}, "stopped"),
        ({"teamLabels": 0}, "teamLabels"),
        (predictor(stdin="true"), "predictor.model.stdin"),
        ({"predictor": {**predictor()["predictor"], "hostNetwork": "on"}}, "predictor.hostNetwork"),
    ],
)
def test_what_is_no_truth_value_is_not_taken_for_one(said: dict[str, Any], path: str) -> None:
    (problem,) = refused({**predictor(), **said})
    assert problem.path == path
    assert problem.message.endswith("Write true or false, without quotes")


def test_thousands_of_variables_that_refer_to_each_other_make_an_endpoint() -> None:
    chain = {f"V{number:05}": f"$(V{number + 1:05})" for number in range(5000)}
    assert refused(predictor(env=chain)) == []


def test_canaries_of_a_release_without_them_are_refused_once() -> None:
    canaries = {"next": {"trafficPercent": 10, "model": predictor()["predictor"]["model"]}}
    assert [path for path, _ in refused_by_019({**predictor(), "canaries": canaries})] == ["canaries"]


@pytest.mark.parametrize(
    ("overrides", "path"),
    [
        ({"metadata": {"annotations": None}}, "overrides.metadata.annotations"),
        ({"metadata": {"labels": None}}, "overrides.metadata.labels"),
        ({"spec": {"predictor": {"annotations": None}}}, "overrides.spec.predictor.annotations"),
        ({"spec": {"predictor": {"name": "blue"}}}, "overrides.spec.predictor.name"),
        (
            {"metadata": {"annotations": {"serving.kserve.io/stop": "true"}}},
            "overrides.metadata.annotations['serving.kserve.io/stop']",
        ),
    ],
)
def test_no_override_takes_away_or_contradicts_what_this_package_relies_on(
    overrides: dict[str, Any], path: str
) -> None:
    assert path in [problem.path for problem in refused({**predictor(), "overrides": overrides})]


def test_labels_that_a_workload_identity_brings_are_judged_like_any_other() -> None:
    identity = {"workloadIdentity": {"podLabels": {"a b": "c"}, "annotations": {"d e": "f"}}}
    assert [problem.path for problem in refused({**predictor(), "credentials": identity})] == [
        'credentials.workloadIdentity.annotations["d e"]',
        'credentials.workloadIdentity.podLabels["a b"]',
    ]


@pytest.mark.parametrize(
    ("kind", "said", "reason"),
    [
        (LoggerStorage, {"path": "x", "parameters": {"secret_access_key": "k"}}, "secret_access_key"),
        (LoggerStorage, {"path": "x", "parameters": {"format": "csv"}}, "a key of its own"),
        (Resources, {"limits": {"cpus": "2"}}, "'cpus' is no resource"),
        (Resources, {"limits": {"memory": "512m"}}, "'512Mi'"),
        (Kpa, {"window": "1s"}, "between 6s and 1h"),
        (Kpa, {"window": "6500ms"}, "whole number of seconds"),
        (Kpa, {"scaleDownDelay": "2h"}, "between 0s and 1h"),
        (Kpa, {"zeroRetention": "1h1s"}, "between 0s and 1h"),
        (Kpa, {"activationScale": 1}, "greater than or equal to 2"),
        (Kpa, {"activationScale": 3, "maxReplicas": 2}, "above maxReplicas 2"),
        (Kpa, {"activationScale": 3, "minReplicas": 4}, "below minReplicas 4"),
        (External, {"minReplicas": 3, "maxReplicas": 2}, "below minReplicas 3"),
        (WorkloadIdentityCredentials, {}, "annotations, podLabels or both"),
    ],
)
def test_a_value_that_would_be_stored_and_then_fail_or_mean_nothing_is_refused(
    kind: type[Spec], said: dict[str, Any], reason: str
) -> None:
    with pytest.raises(SpecError) as refusal:
        kind.parse(said)
    assert [reason in problem.message for problem in refusal.value.problems] == [True]


@pytest.mark.parametrize("resource", ["hugepages-2Mi", "nvidia.com/mig-1g.5gb", "gpu.intel.com/i915"])
def test_devices_and_huge_pages_are_resources(resource: str) -> None:
    assert Resources.parse({"limits": {resource: "1"}}).limits == {resource: "1"}


@pytest.mark.parametrize("value", [True, "2", 2.0])
def test_what_is_no_whole_number_is_none_of_replicas_either(value: object) -> None:
    with pytest.raises(kserve.SpecError) as refused:
        kserve.NoScaling.parse({"replicas": value})
    assert [(problem.path, problem.rule) for problem in refused.value.problems] == [("replicas", "int_type")]
