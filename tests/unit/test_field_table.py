"""The field tables: what they refuse, what they let pass, and that our own objects pass."""

from typing import Any

import jsonschema
import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.field_table import check_fields, field_table
from pulumi_kserve.platform.catalogue import catalogue, runtime_manifest
from pulumi_kserve.platform.releases import RELEASES
from pulumi_kserve.testing import manifest

from tests.unit.programs import one_endpoint, predictor

RELEASE_NAMES = sorted(RELEASES)


def service(predictor_fields: Any) -> dict[str, Any]:
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "iris", "anything": 1},
        "spec": {"predictor": predictor_fields},
    }


def found(predictor_fields: Any, release: str = "0.20") -> list[Problem]:
    return check_fields(release, "InferenceService", service(predictor_fields))


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("an unknown key", {"tolerationz": []}, "tolerationz", "Did you mean 'tolerations'?"),
    ("an unknown key that is to be removed", {"tolerationz": None}, "tolerationz", "unknown key"),
    ("a key under a list", {"containers": [{"name": "a", "img": "b"}]}, "containers[0].img", "unknown key"),
    ("a missing key", {"containers": [{"image": "a"}]}, "containers[0].name", "Add it"),
    ("None for what must be there", {"containers": [{"name": None}]}, "containers[0].name", "Add it"),
    ("text for a number", {"minReplicas": "2"}, "minReplicas", "a whole number, got a text. Remove the quotes"),
    ("text for a mapping", {"model": "sklearn"}, "model", "expected a mapping, got a text"),
    ("a number for text", {"nodeName": 5}, "nodeName", "Put it in quotes"),
    ("truth for a number", {"minReplicas": True}, "minReplicas", "got true or false"),
    ("a mapping for a list", {"tolerations": {"key": "a"}}, "tolerations", "expected a list, got a mapping"),
    ("None in a list", {"tolerations": [None]}, "tolerations[0]", "expected a mapping"),
    (
        "a fraction for a quantity",
        {"model": {"modelFormat": {"name": "a"}, "resources": {"limits": {"cpu": 0.5}}}},
        "model.resources.limits.cpu",
        "Put it in quotes",
    ),
    (
        "a quantity with a line break",
        {"model": {"modelFormat": {"name": "a"}, "resources": {"limits": {"example.com/gpu": "1\n"}}}},
        'model.resources.limits["example.com/gpu"]',
        "Write a quantity",
    ),
    ("an unknown value", {"scaleMetric": "cpus"}, "scaleMetric", "Did you mean 'cpu'?"),
    ("a number too large for 32 bits", {"minReplicas": 2**31}, "minReplicas", "is more than the most, 2147483647"),
    ("an empty list", {"storageUris": []}, "storageUris", "is less than the least, 1"),
    ("an empty text", {"storageUris": [{"uri": ""}]}, "storageUris[0].uri", "0 characters is less than the least"),
    (
        "a relative path",
        {"storageUris": [{"uri": "s3://a/b", "mountPath": "models"}]},
        "storageUris[0].mountPath",
        "does not match ^/.*",
    ),
]


@pytest.mark.parametrize(
    ("fields", "path", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_the_crd_does_not_allow_is_refused_with_path_and_cure(
    fields: dict[str, Any], path: str, reason: str
) -> None:
    problems = found(fields)
    assert [problem.path for problem in problems] == [f"spec.predictor.{path}"]
    assert reason in problems[0].reason


ALLOWED: list[tuple[str, dict[str, Any]]] = [
    ("an empty mapping that means something", {"securityContext": {}}),
    ("None, which is no key", {"securityContext": None}),
    ("an Output", {"tolerations": pulumi.Output.from_input(5)}),
    ("an Output in a list", {"tolerations": [pulumi.Output.from_input(5)]}),
    ("a port by name", {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"port": "http"}}}]}),
    ("a port by number", {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"port": 80}}}]}),
    ("a key that the API server fills in", {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}),
    ("any label", {"labels": {"a.b/c": "d"}}),
    ("a tuple for a list", {"tolerations": ({"key": "a"},)}),
    ("a whole number with a point", {"minReplicas": 2.0}),
]


@pytest.mark.parametrize("fields", [case[1] for case in ALLOWED], ids=[case[0] for case in ALLOWED])
def test_what_the_crd_allows_passes(fields: dict[str, Any]) -> None:
    assert found(fields) == []


def test_a_value_of_the_wrong_type_is_not_shown() -> None:
    assert "hunter2" not in str(found({"minReplicas": "hunter2"})[0])


def test_the_status_and_another_kind_are_refused() -> None:
    problems = check_fields("0.20", "InferenceService", service({}) | {"status": {}, "kind": "InferenceGraph"})
    assert sorted(problem.path for problem in problems) == ["kind", "status"]


def test_a_field_of_a_later_release_is_unknown_to_an_earlier_one() -> None:
    fields = {"name": "a"}
    assert found(fields, "0.20") == []
    assert [problem.rule for problem in found(fields, "0.19")] == ["unknown-key"]


def test_a_release_without_tables_is_named() -> None:
    with pytest.raises(SpecError, match=r"no field table for TrainedModel of KServe 0\.1"):
        check_fields("0.1", "TrainedModel", {})


@pytest.mark.parametrize("release", RELEASE_NAMES)
@pytest.mark.parametrize(
    "spec",
    [
        predictor(),
        predictor(version="1", runtime="sklearn", protocol="v2", args=["--a"], env={"A": "b"}),
        {
            "predictor": {
                **predictor()["predictor"],
                "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
            }
        },
        {"predictor": {**predictor()["predictor"], "scaling": {"hpa": {"maxReplicas": 3}}, "labels": {"a": "b"}}},
        {**predictor(), "labels": {"a": "b"}, "annotations": {"a": "b"}},
    ],
    ids=["plain", "model", "resources", "scaling", "labels"],
)
def test_an_inference_service_of_ours_passes(spec: dict[str, Any], release: str) -> None:
    synthesis = one_endpoint(spec, platform={"release": release}, provides=("metrics-server",))
    assert check_fields(release, "InferenceService", manifest(synthesis, "InferenceService", "iris")) == []


@pytest.mark.parametrize("release", RELEASE_NAMES)
@pytest.mark.parametrize("runtime", sorted(catalogue()))
def test_a_runtime_of_the_catalogue_passes(runtime: str, release: str) -> None:
    rendered = runtime_manifest(catalogue()[runtime], RELEASES[release].image_tag)
    assert check_fields(release, rendered["kind"], rendered) == []


WORDS = st.sampled_from(["", "a", "1Gi", "cpu", "/a"])
ANYTHING: st.SearchStrategy[Any] = st.booleans() | st.integers(-3, 3) | WORDS | st.lists(WORDS, max_size=1)
PREDICTORS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "minReplicas": st.integers(-(2**32), 2**32) | ANYTHING,
        "scaleMetric": WORDS | ANYTHING,
        "labels": st.dictionaries(WORDS, WORDS | ANYTHING),
        "storageUris": st.lists(
            st.fixed_dictionaries({"uri": WORDS}, optional={"mountPath": WORDS, "uris": WORDS}), max_size=2
        ),
        "model": st.fixed_dictionaries(
            {}, optional={"modelFormat": st.dictionaries(st.just("name"), WORDS), "args": st.lists(WORDS | ANYTHING)}
        ),
    },
)


@settings(deadline=None)
@given(PREDICTORS)
def test_the_verdict_is_that_of_the_table_read_as_a_json_schema(fields: dict[str, Any]) -> None:
    validator: Any = jsonschema.Draft202012Validator(field_table("0.20", "InferenceService"))
    assert (found(fields) == []) == validator.is_valid(service(fields))
