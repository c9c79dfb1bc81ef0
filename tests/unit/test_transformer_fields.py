"""Transformers and explainers: their containers, and what they take from the component."""

from typing import Any

from pulumi_kserve.endpoints.spec.explainer import Explainer, explainer_fields
from pulumi_kserve.endpoints.spec.transformer import Transformer, transformer_fields

from tests.unit.whole_components import CONTAINER, rendering

CLASS = "serving.kserve.io/autoscalerClass"


def transformer(**given: Any) -> dict[str, Any]:
    return transformer_fields(Transformer.parse({"containers": [CONTAINER], **given}), rendering())


def explainer(**given: Any) -> dict[str, Any]:
    return explainer_fields(Explainer.parse(given), rendering())


def test_the_first_container_is_kserves_and_restricted() -> None:
    container = transformer()["containers"][0]
    assert container["name"] == "kserve-container"
    assert container["securityContext"]["allowPrivilegeEscalation"] is False


def test_the_first_container_has_the_components_resources() -> None:
    sidecar = {**CONTAINER, "name": "sidecar"}
    containers = transformer(containers=[CONTAINER, sidecar], resources={"limits": {"cpu": "1"}})["containers"]
    assert [container.get("resources") for container in containers] == [{"limits": {"cpu": "1"}}, None]


def test_it_names_its_own_autoscaler() -> None:
    fields = transformer(scaling={"keda": {"maxReplicas": 2, "triggers": [{"cpu": {}}]}})
    assert fields["annotations"] == {CLASS: "keda"}


def test_a_tag_of_its_own_is_its_own_annotation() -> None:
    given = {"containers": [CONTAINER], "rollout": {"canary": {"trafficPercent": 10, "tag": True}}}
    fields = transformer_fields(Transformer.parse(given), rendering("Knative"))
    assert fields["annotations"] == {"serving.kserve.io/enable-tag-routing": "true"}


def test_art_is_an_explainer_without_containers() -> None:
    fields = explainer(art={"config": {"nb_classes": "10"}}, resources={"limits": {"cpu": "1"}})
    assert fields["art"] == {
        "type": "SquareAttack",
        "config": {"nb_classes": "10"},
        "resources": {"limits": {"cpu": "1"}},
    }


def test_an_explainer_of_ones_own_is_containers() -> None:
    fields = explainer(containers=[CONTAINER])
    assert (fields["containers"][0]["image"], "art" in fields) == ("registry/server:1", False)
