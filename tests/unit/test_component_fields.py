"""Whole components: what they render is what KServe's table knows, always the same, and never more than was said."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_kserve.endpoints.spec.canary import Canary, canary_fields
from pulumi_kserve.endpoints.spec.component import Rendering
from pulumi_kserve.endpoints.spec.explainer import Explainer, explainer_fields
from pulumi_kserve.endpoints.spec.predictor import Predictor, predictor_fields
from pulumi_kserve.endpoints.spec.transformer import Transformer, transformer_fields
from pulumi_kserve.errors import SpecError
from pulumi_kserve.models import Spec

from tests.unit.kubernetes_fields import refusal
from tests.unit.whole_components import (
    CANARY,
    CONTAINER,
    EXPLAINER,
    MODEL,
    NEW_IN_0_20,
    PREDICTOR,
    TRANSFORMER,
    problems_of,
    rendering,
    with_outputs,
)

Render = Callable[[Mapping[str, Any], Rendering], dict[str, Any]]


def as_predictor(given: Mapping[str, Any], place: Rendering) -> dict[str, Any]:
    return {"predictor": predictor_fields(Predictor.parse(given), place)}


def as_transformer(given: Mapping[str, Any], place: Rendering) -> dict[str, Any]:
    return {"predictor": {}, "transformer": transformer_fields(Transformer.parse(given), place)}


def as_explainer(given: Mapping[str, Any], place: Rendering) -> dict[str, Any]:
    return {"predictor": {}, "explainer": explainer_fields(Explainer.parse(given), place)}


def as_canary(given: Mapping[str, Any], place: Rendering) -> dict[str, Any]:
    return {"predictor": {}, "canary": [canary_fields("next", Canary.parse(given), place)]}


BOTH = ("0.19", "0.20")
WHOLE: list[tuple[str, Render, Mapping[str, Any], tuple[str, ...]]] = [
    ("a predictor with a model", as_predictor, PREDICTOR, BOTH),
    ("a predictor of 0.20", as_predictor, {**PREDICTOR, **NEW_IN_0_20}, ("0.20",)),
    ("a predictor of its own", as_predictor, {**TRANSFORMER, "worker": PREDICTOR["worker"]}, BOTH),
    ("a transformer", as_transformer, TRANSFORMER, BOTH),
    ("an explainer", as_explainer, EXPLAINER, BOTH),
    ("an explainer of its own", as_explainer, TRANSFORMER, BOTH),
    ("a canary", as_canary, CANARY, ("0.20",)),
]
SCALINGS: list[Mapping[str, Any]] = [
    {"noScaling": {"replicas": 2}},
    {"hpa": {"maxReplicas": 2, "memoryAverage": "4Gi"}},
    {
        "keda": {
            "minReplicas": 0,
            "maxReplicas": 5,
            "scaleUpSeconds": 1,
            "scaleDownSeconds": 300,
            "triggers": [
                {"cpu": {}},
                {"memory": {"average": "4Gi"}},
                {
                    "prometheus": {
                        "serverAddress": "http://prometheus:9090",
                        "query": "sum(queue)",
                        "threshold": 4,
                        "namespace": "tenant",
                        "authModes": "bearer",
                        "authentication": "prometheus",
                    }
                },
                {
                    "podMetric": {
                        "query": "running",
                        "threshold": "0.5",
                        "metricNames": ["running"],
                        "serverAddress": "scaler:4318",
                        "operationOverTime": "avg",
                    }
                },
            ],
        }
    },
    {"kpa": {"minReplicas": 0, "maxReplicas": 5, "metric": "rps", "target": 10, "initialScale": 2, "window": "30s"}},
    {"external": {"maxReplicas": 5}},
]
ROLLOUTS: list[Mapping[str, Any]] = [
    {"rolling": {}},
    {"recreate": {}},
    {"canary": {"trafficPercent": 10, "tag": True}},
    {"previous": {}},
    {"gradual": {"duration": "10m"}},
]


@pytest.mark.parametrize(
    ("render", "given", "release"),
    [(render, given, release) for _, render, given, releases in WHOLE for release in releases],
    ids=[f"{name} in {release}" for name, _, _, releases in WHOLE for release in releases],
)
@pytest.mark.parametrize("mode", ["Standard", "Knative"])
def test_a_component_that_says_everything_is_known_to_kserve(
    render: Render, given: Mapping[str, Any], release: str, mode: str
) -> None:
    assert problems_of(release, **render(given, rendering(mode, release=release))) == []


@pytest.mark.parametrize("changed", [*({"scaling": s} for s in SCALINGS), *({"rollout": r} for r in ROLLOUTS)])
@pytest.mark.parametrize("mode", ["Standard", "Knative"])
def test_every_scaling_and_rollout_is_known_to_kserve(changed: Mapping[str, Any], mode: str) -> None:
    fields = as_predictor({**PREDICTOR, **changed}, rendering(mode))
    assert [problem for release in BOTH for problem in problems_of(release, **fields)] == []


@given(st.sampled_from(WHOLE), st.data())
def test_whatever_is_left_out_the_rest_is_known_to_kserve(
    case: tuple[str, Render, Mapping[str, Any], tuple[str, ...]], data: st.DataObject
) -> None:
    _, render, given, releases = case
    kept = data.draw(st.sets(st.sampled_from(sorted(given))))
    part = {key: value for key, value in given.items() if key in kept}
    try:
        fields = render(part, rendering())
    except SpecError:
        return
    assert problems_of(releases[-1], **fields) == []


@pytest.mark.parametrize(("render", "given"), [case[1:3] for case in WHOLE], ids=[case[0] for case in WHOLE])
def test_the_same_component_renders_the_same_text(render: Render, given: Mapping[str, Any]) -> None:
    assert json.dumps(render(given, rendering())) == json.dumps(render(dict(given), rendering()))


@pytest.mark.parametrize(("render", "given"), [case[1:3] for case in WHOLE], ids=[case[0] for case in WHOLE])
def test_the_order_in_which_fields_are_given_does_not_matter(render: Render, given: Mapping[str, Any]) -> None:
    backwards = dict(reversed(list(given.items())))
    assert json.dumps(render(given, rendering())) == json.dumps(render(backwards, rendering()))


def test_a_small_predictor_renders_little() -> None:
    fields = as_predictor({"model": {"format": "sklearn", "uri": "s3://b/m"}}, Rendering("0.20", "Standard"))
    assert fields["predictor"] == {
        "minReplicas": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "model": {"modelFormat": {"name": "sklearn"}, "protocolVersion": "v1", "storageUri": "s3://b/m"},
    }


def test_outputs_stay_where_they_are() -> None:
    def rendered() -> dict[str, Any]:
        image, token = pulumi.Output.from_input("i"), pulumi.Output.from_input("t")
        return as_transformer({"containers": [{"image": image, "env": {"T": token}}]}, rendering())

    container = with_outputs(rendered)["transformer"]["containers"][0]
    assert [type(container["image"]), type(container["env"][0]["value"])] == [pulumi.Output, pulumi.Output]


def test_the_identity_labels_the_pods_and_the_users_labels_win() -> None:
    fields = as_predictor({"model": MODEL, "labels": {"identity": "mine"}}, rendering())
    assert fields["predictor"]["labels"] == {"identity": "mine"}


def test_a_service_account_of_the_users_own_wins() -> None:
    fields = as_predictor({"model": MODEL, "serviceAccountName": "theirs"}, rendering())
    assert fields["predictor"]["serviceAccountName"] == "theirs"


def test_knative_pods_have_no_security_context_of_ours() -> None:
    assert "securityContext" not in as_predictor({"model": MODEL}, rendering("Knative"))["predictor"]


def test_an_annotation_of_the_users_own_wins() -> None:
    key = "autoscaling.knative.dev/window"
    given = {"model": MODEL, "scaling": {"kpa": {"window": "30s"}}, "annotations": {key: "60s"}}
    assert as_predictor(given, rendering("Knative"))["predictor"]["annotations"][key] == "60s"


REFUSED: list[tuple[str, type[Spec], Mapping[str, Any], str, str]] = [
    ("a model and a server", Predictor, {"model": MODEL, "containers": [CONTAINER]}, "", "both serve"),
    ("nothing to serve", Predictor, {}, "", "model or containers"),
    (
        "resources twice",
        Predictor,
        {"containers": [{**CONTAINER, "resources": {"limits": {"cpu": "1"}}}], "resources": {"limits": {"cpu": "2"}}},
        "",
        "keep one",
    ),
    ("two explainers", Explainer, {"art": {}, "containers": [CONTAINER]}, "", "exactly one"),
    ("no explainer", Explainer, {}, "", "exactly one"),
    ("a transformer of nothing", Transformer, {"containers": []}, "containers", "at least 1 item"),
    (
        "accelerators twice",
        Predictor,
        {"model": MODEL, "gpu": {"pool": "l4"}, "resources": {"limits": {"nvidia.com/gpu": "1"}}},
        "",
        "remove nvidia.com/gpu",
    ),
    (
        "memory without a unit",
        Predictor,
        {"model": MODEL, "resources": {"limits": {"memory": "512"}}},
        "resources.limits",
        "'512Mi'",
    ),
    ("two places", Predictor, {"model": {**MODEL, "storage": {"path": "p"}}}, "model", "keep one"),
    ("an unknown key", Predictor, {"model": MODEL, "scalling": {}}, "scalling", "Did you mean 'scaling'?"),
    ("an unknown key of a model", Predictor, {"model": {**MODEL, "url": "x"}}, "model.url", "'uri'"),
    ("resources at the model", Predictor, {"model": {**MODEL, "resources": {}}}, "model.resources", "unknown key"),
    ("a canary's share above all", Canary, {"trafficPercent": 101, "model": MODEL}, "trafficPercent", "100"),
    ("an unknown attack", Explainer, {"art": {"type": "Square"}}, "art.type", "SquareAttack"),
    ("an unknown protocol", Predictor, {"model": {**MODEL, "protocol": "v3"}}, "model.protocol", "'grpc-v2'"),
    ("a wrong name", Predictor, {"model": MODEL, "name": "Blue"}, "name", "pattern"),
    ("a timeout of nothing", Predictor, {"model": MODEL, "requestTimeoutSeconds": 0}, "requestTimeoutSeconds", "1"),
]


@pytest.mark.parametrize(
    ("kind", "given", "path", "reason"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_a_wrong_component_is_refused_with_path_and_reason(
    kind: type[Spec], given: Mapping[str, Any], path: str, reason: str
) -> None:
    assert reason in refusal(kind, given)[path]
