"""Canaries of KServe 0.20: what they say, and what they leave to the stable predictor."""

from typing import Any

from pulumi_kserve.endpoints.spec.canary import Canary, canary_fields

from tests.unit.kubernetes_fields import refusal
from tests.unit.whole_components import MODEL, rendering


def canary(**given: Any) -> dict[str, Any]:
    model = {"format": "sklearn", "uri": "s3://b/v2"}
    return canary_fields("next", Canary.parse({"trafficPercent": 10, "model": model, **given}), rendering())


def test_a_canary_that_says_little_leaves_the_rest_to_the_stable_predictor() -> None:
    assert canary() == {
        "predictor": {
            "name": "next",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://b/v2"},
        },
        "trafficPercent": 10,
    }


def test_a_canary_names_the_runtime_and_protocol_that_it_says() -> None:
    model = canary(model={**MODEL, "protocol": "openai"})["predictor"]["model"]
    assert (model["runtime"], model["protocolVersion"]) == ("kserve-sklearnserver", "v2")


def test_a_canary_can_run_on_another_pool() -> None:
    fields = canary(gpu={"pool": "l4"})["predictor"]
    assert fields["model"]["resources"]["limits"] == {"nvidia.com/gpu": "1"}
    assert fields["nodeSelector"] == {"pool": "l4"}


def test_a_canary_has_no_containers_of_its_own() -> None:
    found = refusal(Canary, {"trafficPercent": 10, "containers": [{"image": "i"}]})
    assert "containers" in found
    assert "required" in found["model"]


def test_a_canary_does_not_scale() -> None:
    found = refusal(Canary, {"trafficPercent": 10, "model": {"format": "x"}, "scaling": {"noScaling": {}}})
    assert "unknown key" in found["scaling"]
