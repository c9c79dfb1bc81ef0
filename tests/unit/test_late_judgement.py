"""Outputs that turn out wrong: refused when they are known, by the rules of preview, before the object is made."""

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kserve as kserve
import pytest
from pulumi_kserve.endpoints.late_judgement import with_late_judgement
from pulumi_kserve.resources import KubernetesObject
from pulumi_kserve.testing import Synthesis, manifest, synth

from tests.unit.programs import cluster, predictor

WRONG = [
    ("a scheme that KServe does not read", {"uri": "ftp://models/iris"}, "predictor.model.uri"),
    ("a bucket without a path", {"uri": "s3://models"}, "predictor.model.uri"),
    ("a template in an argument", {"args": ["{{ secret }}"]}, "predictor.model.args[0]"),
    ("a template in a variable", {"env": {"LEVEL": "{{ secret }}"}}, "predictor.model.env.LEVEL"),
]


def late(value: str | list[str] | dict[str, str]) -> Any:
    if isinstance(value, str):
        return pulumi.Output.secret(value)
    if isinstance(value, list):
        return [late(item) for item in value]
    return {key: late(item) for key, item in value.items()}


def with_outputs(model: dict[str, Any]) -> Synthesis:
    def program() -> None:
        platform = kserve.Platform("kserve", {}, cluster=cluster())
        spec = predictor(**{key: late(value) for key, value in model.items()})
        kserve.InferenceService("iris", spec, platform=platform, namespace="team")

    return synth(program, stack="test")


@pytest.mark.parametrize(("model", "path"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_an_output_that_turns_out_wrong_is_refused_with_its_path(model: dict[str, Any], path: str) -> None:
    with pytest.raises(kserve.SpecError) as refused:
        with_outputs(model)
    assert [problem.path for problem in refused.value.problems] == [path]
    assert "the Output's value is refused: " in refused.value.problems[0].message


def endpoint(spec: dict[str, Any]) -> None:
    """One endpoint, in a program that runs."""
    platform = kserve.Platform("kserve", {}, cluster=cluster())
    kserve.InferenceService("iris", spec, platform=platform, namespace="team")


def known(value: Any) -> Any:
    return pulumi.Output.from_input(value)


def unknown() -> Any:
    """What only an update tells."""
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}}
    return KubernetesObject("other", config).id


def memory(request: Any, limit: Any) -> dict[str, Any]:
    resources = {"requests": {"memory": request}, "limits": {"memory": limit}}
    return {"overrides": {"spec": {"predictor": {"model": {"resources": resources}}}}}


def images(*uris: Any) -> dict[str, Any]:
    places = [{"uri": uri, "mountPath": f"/mnt/{number}"} for number, uri in enumerate(uris)]
    return {"predictor": {"model": {"format": "sklearn"}, "storageUris": places}}


def refused(make: Callable[[], dict[str, Any]], *, preview: bool = True) -> dict[str, str]:
    """What the endpoint that `make` describes is refused for, by path: one error."""
    with pytest.raises(kserve.SpecError) as caught:
        synth(lambda: endpoint(make()), stack="test", preview=preview)
    assert caught.value.subject == "InferenceService 'iris'"
    return {problem.path: problem.message for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda: predictor(env={"LEVEL": known(5)}), "predictor.model.env.LEVEL"),
        (
            lambda: predictor(env={"LEVEL": {"fromSecret": {"name": known("A_B"), "key": "k"}}}),
            "predictor.model.env.LEVEL",
        ),
        (lambda: predictor(args=["a", known(5)]), "predictor.model.args[1]"),
        (lambda: predictor(uri=known(5)), "predictor.model.uri"),
        (
            lambda: {"predictor": {**predictor()["predictor"], "imagePullSecrets": [known("A_B")]}},
            "predictor.imagePullSecrets[0]",
        ),
        (
            lambda: {"predictor": {"containers": [{"image": "a", "env": {"A": known([])}}]}},
            "predictor.containers[0].env.A",
        ),
        (lambda: {**predictor(), "credentials": {"secret": {"name": known("A_B")}}}, "credentials.secret.name"),
        (
            lambda: {**predictor(), "credentials": {"workloadIdentity": {"annotations": {"a/b": known(5)}}}},
            'credentials.workloadIdentity.annotations["a/b"]',
        ),
    ],
)
@pytest.mark.parametrize("preview", [True, False])
def test_an_output_of_the_wrong_type_is_refused_with_its_whole_path(
    make: Callable[[], dict[str, Any]], path: str, *, preview: bool
) -> None:
    found = refused(make, preview=preview)
    assert list(found) == [path]
    assert "the Output's value is refused: " in found[path]


def test_a_model_of_python_that_was_made_before_knows_its_outputs_whole_path_too() -> None:
    def make() -> dict[str, Any]:
        value: Any = known(5)
        return {"predictor": kserve.Predictor(model=kserve.Model(format="sklearn", uri="s3://a/b", env={"A": value}))}

    assert list(refused(make)) == ["predictor.model.env.A"]


def test_everything_that_is_wrong_with_several_outputs_is_one_message() -> None:
    def make() -> dict[str, Any]:
        env = {"A": known(5), "B": known("{{ b }}")}
        wrong = predictor(uri=known("ftp://models/iris"), args=[known("{{ a }}")], env=env)
        return {**wrong, **memory(known("4Gi"), known("2Gi"))}

    assert set(refused(make)) == {
        "predictor.model.uri",
        "predictor.model.args[0]",
        "predictor.model.env.A",
        "predictor.model.env.B",
        "overrides.spec.predictor.model.resources.limits.memory",
    }


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("make", "path"),
    [
        (
            lambda: {**predictor(), **memory(known("4Gi"), known("2Gi"))},
            "overrides.spec.predictor.model.resources.limits.memory",
        ),
        (lambda: images(known("oci://a/b"), known("oci://a/c")), "predictor.storageUris[1].mountPath"),
    ],
)
def test_outputs_that_are_wrong_only_together_are_refused(
    make: Callable[[], dict[str, Any]], path: str, *, preview: bool
) -> None:
    ((found, message),) = refused(make, preview=preview).items()
    assert found == path
    assert message.startswith("the values of several Outputs are refused together: ")


def test_an_output_that_is_wrong_beside_a_plain_value_is_the_one_that_is_named() -> None:
    found = refused(lambda: {**predictor(), **memory(known("4Gi"), "2Gi")})
    assert list(found) == ["overrides.spec.predictor.model.resources.requests.memory"]


def test_what_is_known_is_judged_while_another_is_still_unknown() -> None:
    assert list(refused(lambda: predictor(uri=unknown(), args=[known("{{ a }}")]))) == ["predictor.model.args[0]"]


def test_each_output_that_passes_stays_what_it_was_alone() -> None:
    def program() -> None:
        endpoint(predictor(args=[unknown(), pulumi.Output.secret("a"), known("b")]))

    found = synth(program, stack="test")
    assert manifest(found, "InferenceService", "iris")["spec"]["predictor"]["model"]["args"] == [
        "<unknown>",
        "<secret>",
        "b",
    ]
    service, other = found.named("iris-inference-service"), found.named("other")
    assert service.property_dependencies["spec"] == (other.urn,)


def test_an_error_of_the_users_own_is_told_as_it_is() -> None:
    def fail(_: str) -> str:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        synth(lambda: endpoint(predictor(args=[known("a").apply(fail), known("{{ b }}")])), stack="test")


def test_a_spec_without_outputs_stays_the_object_that_it_was() -> None:
    given = {"metadata": {"name": "iris"}, "spec": {"predictor": {"minReplicas": 1}}}
    facts = kserve.PlatformFacts(name="k", release="0.20", mode="Standard", gateway="envoy")
    found = with_late_judgement(given, "it", kserve.InferenceServiceSpec.parse(predictor()), facts)
    assert [found[key] is value for key, value in given.items()] == [True, True]


@pytest.mark.parametrize("model", [case[1] for case in WRONG], ids=[case[0] for case in WRONG])
def test_the_message_does_not_show_what_may_be_a_secret(model: dict[str, Any]) -> None:
    with pytest.raises(kserve.SpecError) as refused:
        with_outputs(model)
    texts = [model["uri"]] if "uri" in model else ["{{ secret }}"]
    assert not [text for text in texts if text in str(refused.value)]


def test_an_output_that_turns_out_right_passes_and_stays_a_secret() -> None:
    found = with_outputs({"uri": "s3://models/iris/v1"})
    assert manifest(found, "InferenceService", "iris")["spec"]["predictor"]["model"]["storageUri"] == "<secret>"
