"""Canaries of KServe 0.20: what they say, and what they leave to the stable predictor."""

from typing import Any

import pytest
from pulumi_kserve.endpoints.spec.canary import Canary, canary_fields, canary_shares, stable_replicas
from pulumi_kserve.ownership import REPLICAS_ANNOTATION, REVISION_ANNOTATION
from pulumi_kserve.testing import Synthesis, manifest

from tests.unit.kubernetes_fields import refusal
from tests.unit.routed import canaries, routed
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


def gate(found: Synthesis, name: str = "next-canary") -> dict[str, Any]:
    metadata: dict[str, Any] = found.named(f"iris-{name}-rollout").inputs["metadata"]
    return metadata


def revision(found: Synthesis, name: str = "next-canary") -> str:
    return str(gate(found, name)["annotations"][REVISION_ANNOTATION])


def pods(stable: int, percent: int, least: int | None = None) -> int:
    """How many pods the one canary has."""
    own = {"name": "next"} if least is None else {"name": "next", "minReplicas": least}
    spec = {"predictor": {"minReplicas": stable}, "canary": [{"predictor": own, "trafficPercent": percent}]}
    return canary_shares({"spec": spec})[0].replicas


@pytest.mark.parametrize(
    ("stable", "percent", "least", "expected"),
    [(3, 10, None, 1), (10, 25, None, 3), (10, 7, None, 1), (4, 50, None, 2), (3, 0, None, 0), (3, 10, 2, 2)],
)
def test_a_canary_has_its_share_of_the_pods_rounded_up_unless_it_says_its_own(
    stable: int, percent: int, least: int | None, expected: int
) -> None:
    assert pods(stable, percent, least) == expected


def test_a_predictor_that_says_no_number_counts_as_one_pod() -> None:
    spec: dict[str, Any] = {"predictor": {}, "canary": [{"predictor": {"name": "next"}, "trafficPercent": 60}]}
    assert canary_shares({"spec": spec})[0].replicas == 1


@pytest.mark.parametrize(("fixed", "expected"), [(3, 2), (1, 1), (None, None)])
def test_the_stable_predictor_keeps_what_its_canaries_leave_at_least_one(
    fixed: int | None, expected: int | None
) -> None:
    spec = {"predictor": {"minReplicas": 3}, "canary": [{"predictor": {"name": "next"}, "trafficPercent": 10}]}
    assert stable_replicas(fixed, canary_shares({"spec": spec})) == expected


def test_without_canaries_the_predictor_has_all_its_pods() -> None:
    assert stable_replicas(3, []) == 3


def test_the_pods_of_a_canary_have_a_gate_of_their_own() -> None:
    metadata = gate(routed(canaries(next=10)))
    assert (metadata["name"], metadata["annotations"][REPLICAS_ANNOTATION]) == ("iris-next-predictor", "1")


def test_the_gate_of_the_stable_pods_expects_those_that_canaries_leave() -> None:
    found = routed(canaries(replicas=5, next=40))
    assert gate(found, "predictor")["annotations"][REPLICAS_ANNOTATION] == "3"
    assert gate(found)["annotations"][REPLICAS_ANNOTATION] == "2"


def test_the_revision_of_a_canarys_pods_travels_in_its_annotations() -> None:
    found = routed(canaries(next=10))
    service = manifest(found, "InferenceService", "iris")
    annotations = service["spec"]["canary"][0]["predictor"]["annotations"]
    assert annotations == {REVISION_ANNOTATION: revision(found)}
    assert revision(found) != revision(found, "predictor")


def test_a_canary_keeps_its_own_annotations() -> None:
    spec = canaries(next=10)
    spec["canaries"]["next"]["annotations"] = {"team": "fraud"}
    service = manifest(routed(spec), "InferenceService", "iris")
    assert service["spec"]["canary"][0]["predictor"]["annotations"]["team"] == "fraud"


def test_a_change_of_its_share_keeps_a_canarys_pods() -> None:
    assert revision(routed(canaries(next=10))) == revision(routed(canaries(next=20)))


def test_a_change_that_a_canary_says_otherwise_keeps_its_pods() -> None:
    changed = canaries(next=10)
    changed["predictor"]["model"]["uri"] = "s3://models/iris/v3"
    assert revision(routed(changed)) == revision(routed(canaries(next=10)))
    assert revision(routed(changed), "predictor") != revision(routed(canaries(next=10)), "predictor")


def test_a_change_of_what_a_canary_leaves_to_the_stable_predictor_rolls_its_pods() -> None:
    changed = canaries(next=10)
    changed["predictor"]["model"]["args"] = ["--workers=2"]
    assert revision(routed(changed)) != revision(routed(canaries(next=10)))


def test_a_change_of_a_canary_leaves_the_stable_pods_alone() -> None:
    changed = canaries(next=10)
    changed["canaries"]["next"]["model"] = {"format": "sklearn", "uri": "s3://models/iris/v3"}
    assert revision(routed(changed), "predictor") == revision(routed(canaries(next=10)), "predictor")
    assert revision(routed(changed)) != revision(routed(canaries(next=10)))
