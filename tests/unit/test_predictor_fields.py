"""Predictors: models, runtimes, protocols and workers; and the digest that tells when pods change."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from pulumi_kserve.contracts import FormatFacts, ModelUri, RuntimeFacts
from pulumi_kserve.endpoints.spec.model import Model
from pulumi_kserve.endpoints.spec.predictor import Predictor, predictor_fields, revision
from pulumi_kserve.overrides import merged

from tests.unit.kubernetes_fields import refusal
from tests.unit.whole_components import CONTAINER, RUNTIME, WORKER, known, rendering, with_outputs

MODEL: Mapping[str, Any] = {"format": "sklearn", "uri": "s3://b/m"}
HUGGING_FACE = RuntimeFacts(
    name="hf", formats=(FormatFacts(name="huggingface"),), protocols=("v2", "v1"), server_type="huggingfaceserver"
)
VLLM = RuntimeFacts(name="vllm", formats=(FormatFacts(name="vLLM"),), server_type="vllmserver")
TRITON = RuntimeFacts(name="triton", formats=(FormatFacts(name="onnx"),), protocols=("v2", "grpc-v2"))


def model_of(given: Mapping[str, Any], runtime: RuntimeFacts | None = RUNTIME) -> dict[str, Any]:
    fields = predictor_fields(Predictor.parse({"model": given}), rendering(runtime=runtime))
    return dict(fields["model"])


def test_a_model_is_rendered_under_model_with_its_runtime() -> None:
    assert model_of({**MODEL, "version": "1"}) == {
        "modelFormat": {"name": "sklearn", "version": "1"},
        "runtime": "kserve-sklearnserver",
        "protocolVersion": "v1",
        "storageUri": "s3://b/m",
    }


def test_a_runtime_that_is_named_wins() -> None:
    assert model_of({**MODEL, "runtime": "mine"})["runtime"] == "mine"


def test_a_place_stays_as_it_is() -> None:
    place = with_outputs(lambda: ModelUri("s3", "iris/v1", pulumi.Output.from_input("bucket")))
    assert model_of({**MODEL, "uri": place})["storageUri"] is place


def test_a_model_without_a_place_renders_none() -> None:
    assert "storageUri" not in model_of({"format": "huggingface"})


@pytest.mark.parametrize(
    ("name", "protocol", "runtime", "rendered"),
    [
        ("sklearn", None, RUNTIME, "v1"),
        ("sklearn", "v2", RUNTIME, "v2"),
        ("onnx", None, TRITON, "v2"),
        ("onnx", "grpc-v2", TRITON, "grpc-v2"),
        ("vLLM", None, VLLM, "v2"),
        ("huggingface", None, HUGGING_FACE, "v1"),
        ("huggingface", "openai", HUGGING_FACE, "v2"),
        ("vLLM", "openai", VLLM, "v2"),
        ("sklearn", None, None, "v1"),
    ],
)
def test_the_protocol_is_always_rendered(
    name: str, protocol: str | None, runtime: RuntimeFacts | None, rendered: str
) -> None:
    model = {"format": name, **({} if protocol is None else {"protocol": protocol})}
    assert model_of(model, runtime)["protocolVersion"] == rendered


def test_variables_and_arguments_go_to_the_runtimes_container() -> None:
    fields = model_of({**MODEL, "args": ["--a"], "env": {"B": "b", "A": {"fromSecret": {"name": "s", "key": "k"}}}})
    assert fields["args"] == ["--a"]
    assert [entry["name"] for entry in fields["env"]] == ["A", "B"]
    assert fields["env"][0]["valueFrom"] == {"secretKeyRef": {"name": "s", "key": "k"}}


def test_the_components_resources_are_the_models() -> None:
    predictor = Predictor.parse({"model": MODEL, "resources": {"limits": {"cpu": "2"}}})
    assert predictor_fields(predictor, rendering())["model"]["resources"] == {"limits": {"cpu": "2"}}


def test_a_container_of_ones_own_keeps_its_resources() -> None:
    given = {"containers": [{**CONTAINER, "resources": {"limits": {"cpu": "2"}}}]}
    container = predictor_fields(Predictor.parse(given), rendering())["containers"][0]
    assert container["resources"] == {"limits": {"cpu": "2"}}


def test_a_transformer_can_stand_beside_the_model() -> None:
    given = {"model": MODEL, "containers": [{**CONTAINER, "name": "transformer-container"}]}
    fields = predictor_fields(Predictor.parse(given), rendering())
    assert [fields["model"]["modelFormat"]["name"], fields["containers"][0]["name"]] == [
        "sklearn",
        "transformer-container",
    ]


def test_workers_are_a_pod_of_their_own() -> None:
    fields = predictor_fields(Predictor.parse({"model": MODEL, "worker": WORKER}), rendering())["workerSpec"]
    assert (fields["pipelineParallelSize"], fields["serviceAccountName"]) == (2, "iris")
    assert fields["containers"][0]["resources"]["requests"] == {"cpu": "2", "nvidia.com/mig-1g.5gb": "1"}


def test_an_encrypted_model_says_so() -> None:
    assert model_of({**MODEL, "confidential": {}})["confidential"] == {"enabled": True}


@pytest.mark.parametrize(
    ("given", "path", "reason"),
    [
        ({"format": ""}, "format", "at least 1"),
        ({"format": "sklearn", "version": 1}, "version", "string"),
        ({"format": "sklearn", "uri": 5}, "uri", ""),
        ({"format": "sklearn", "protocol": "grpc"}, "protocol", "'openai'"),
        ({"format": "sklearn", "storageUri": "s3://b/m"}, "storageUri", "unknown key"),
        ({"format": "sklearn", "env": {"A": 1}}, "env.A", "quotes"),
    ],
)
def test_a_wrong_model_is_refused(given: Any, path: str, reason: str) -> None:
    found = refusal(Model, given)
    assert any(reason in said for at, said in found.items() if at.startswith(path))


WHOLE: Mapping[str, Any] = {
    "metadata": {"name": "iris", "labels": {"team": "a"}, "annotations": {"note": "n"}},
    "spec": {
        "predictor": {"minReplicas": 1, "name": "blue", "logger": {"mode": "all"}, "model": {"args": ["--a"]}},
        "transformer": {"minReplicas": 1, "containers": [{"image": "t"}], "logger": {"mode": "all"}},
        "explainer": {"minReplicas": 1, "containers": [{"image": "e"}]},
    },
}
PREDICTOR, TRANSFORMER, EXPLAINER = "predictor", "transformer", "explainer"


def digest(manifest: Mapping[str, Any], component: str, runtime: RuntimeFacts | None = RUNTIME) -> str | None:
    return known(lambda: revision(manifest, component, runtime))


CHANGES: list[tuple[str, Mapping[str, Any], set[str]]] = [
    ("an argument", {"spec": {"predictor": {"model": {"args": ["--b"]}}}}, {PREDICTOR}),
    ("replicas", {"spec": {"predictor": {"minReplicas": 2, "maxReplicas": 3, "autoScaling": {}}}}, set()),
    ("the old way to scale", {"spec": {"predictor": {"scaleMetric": "cpu", "scaleTarget": 1}}}, set()),
    ("the strategy", {"spec": {"predictor": {"deploymentStrategy": {"type": "Recreate"}}}}, set()),
    ("a share of requests", {"spec": {"predictor": {"canaryTrafficPercent": 10}}}, set()),
    ("a label of all", {"metadata": {"labels": {"team": "b"}}}, {PREDICTOR, TRANSFORMER, EXPLAINER}),
    ("an annotation of all", {"metadata": {"annotations": {"x": "y"}}}, {PREDICTOR, TRANSFORMER, EXPLAINER}),
    ("the transformer's image", {"spec": {"transformer": {"containers": [{"image": "u"}]}}}, {TRANSFORMER}),
    ("the predictor's name", {"spec": {"predictor": {"name": "green"}}}, {PREDICTOR, TRANSFORMER, EXPLAINER}),
    ("the predictor's sink", {"spec": {"predictor": {"logger": {"batchSize": 5}}}}, {PREDICTOR, TRANSFORMER}),
    ("a label of the predictor", {"spec": {"predictor": {"labels": {"a": "b"}}}}, {PREDICTOR}),
]


@pytest.mark.parametrize(("change", "rolled"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_a_change_rolls_the_pods_that_it_changes_and_no_others(change: Mapping[str, Any], rolled: set[str]) -> None:
    changed = merged(WHOLE, change)
    components = (PREDICTOR, TRANSFORMER, EXPLAINER)
    assert {each for each in components if digest(WHOLE, each) != digest(changed, each)} == rolled


def test_a_new_runtime_rolls_the_predictor_alone() -> None:
    newer = RuntimeFacts(name="r", formats=(), revision="2")
    assert [digest(WHOLE, each) == digest(WHOLE, each, newer) for each in (PREDICTOR, TRANSFORMER)] == [False, True]


def test_a_digest_comes_from_outputs_too() -> None:
    def with_uri(uri: pulumi.Input[str]) -> dict[str, Any]:
        return merged(WHOLE, {"spec": {"predictor": {"model": {"storageUri": uri}}}})

    later = known(lambda: revision(with_uri(pulumi.Output.from_input("s3://b/m")), PREDICTOR, RUNTIME))
    assert later == digest(with_uri("s3://b/m"), PREDICTOR)
