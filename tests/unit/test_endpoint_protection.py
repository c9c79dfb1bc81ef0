"""Network policy, disruption budget and labels: what each endpoint brings, and how it is switched off."""

from typing import Any

import pulumi_kserve as kserve
import pytest
from pulumi_kserve.contracts import FormatFacts, PlatformFacts, PlatformRef, RuntimeFacts
from pulumi_kserve.testing import Synthesis, manifest, synth

from tests.unit.programs import cluster, one_endpoint, predictor

SKLEARN = RuntimeFacts(
    name="sklearn", formats=(FormatFacts(name="sklearn", version="1", auto_select=True),), protocols=("v1", "v2")
)


def with_facts(spec: dict[str, Any], **said: Any) -> Synthesis:
    bare = {"name": "there", "release": "0.20", "mode": "Standard", "gateway": "cluster-local", "runtimes": (SKLEARN,)}

    def program() -> None:
        platform = PlatformRef("there", stack="o/p/s", facts=PlatformFacts.parse({**bare, **said}), cluster=cluster())
        team = kserve.ModelNamespace("team", {"owner": "fraud", "costCentre": "c-17"}, platform=platform)
        kserve.InferenceService("iris", spec, platform=platform, namespace=team)

    return synth(program, stack="test")


def peers(found: Synthesis) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = manifest(found, "NetworkPolicy", "iris")["spec"]["ingress"]
    return [peer for rule in rules for peer in rule["from"]]


def namespaces(found: Synthesis) -> list[str]:
    selected = [peer["namespaceSelector"]["matchLabels"] for peer in peers(found) if "namespaceSelector" in peer]
    return [labels["kubernetes.io/metadata.name"] for labels in selected]


def names(found: Synthesis, part: str) -> list[str]:
    return [each.name for each in found.resources if part in each.name]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, ["monitoring"]),
        ({"gateway": "envoy"}, ["envoy-gateway-system", "monitoring"]),
        ({"gateway": "istio"}, ["istio-system", "monitoring"]),
        ({"gateway": "kourier", "mode": "Knative"}, ["kourier-system", "knative-serving", "monitoring"]),
    ],
)
def test_the_gateway_and_the_monitor_are_admitted(said: dict[str, str], expected: list[str]) -> None:
    assert namespaces(with_facts(predictor(), **said)) == expected


def test_behind_a_gateway_other_pods_of_the_namespace_are_not_admitted() -> None:
    assert {"podSelector": {}} not in peers(with_facts(predictor(), gateway="envoy"))


def test_named_callers_are_admitted_too() -> None:
    callers = [{"namespace": "frontend", "podLabels": {"app": "web"}}]
    found = with_facts({**predictor(), "networkPolicy": {"callers": callers}}, gateway="envoy")
    assert peers(found)[-1]["podSelector"] == {"matchLabels": {"app": "web"}}


def test_the_network_policy_can_be_switched_off() -> None:
    assert names(with_facts({**predictor(), "networkPolicy": False}), "network-policy") == []


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        ({"noScaling": {"replicas": 1}}, []),
        ({"noScaling": {"replicas": 2}}, ["iris-predictor-disruption-budget"]),
        ({"external": {"minReplicas": 3}}, ["iris-predictor-disruption-budget"]),
        ({"external": {"minReplicas": 1, "maxReplicas": 5}}, []),
    ],
)
def test_a_disruption_budget_is_made_where_a_pod_can_be_spared(scaling: dict[str, Any], expected: list[str]) -> None:
    spec = {"predictor": {**predictor()["predictor"], "scaling": scaling}}
    assert names(with_facts(spec), "disruption-budget") == expected


def test_the_disruption_budget_can_be_switched_off() -> None:
    scaled = {**predictor()["predictor"], "scaling": {"noScaling": {"replicas": 2}}}
    assert names(with_facts({"predictor": scaled, "disruptionBudget": False}), "disruption-budget") == []


def test_a_stopped_endpoint_has_no_budget_and_no_gate() -> None:
    scaled = {**predictor()["predictor"], "scaling": {"noScaling": {"replicas": 2}}}
    found = with_facts({"predictor": scaled, "stopped": True})
    assert names(found, "disruption-budget") == names(found, "rollout") == []


def test_owner_and_cost_centre_of_the_namespace_are_labels_of_the_endpoint() -> None:
    labels = manifest(with_facts(predictor()), "InferenceService", "iris")["metadata"]["labels"]
    assert (labels["pulumi-kserve/owner"], labels["pulumi-kserve/cost-centre"]) == ("fraud", "c-17")


def test_the_teams_labels_can_be_switched_off() -> None:
    labels = manifest(with_facts({**predictor(), "teamLabels": False}), "InferenceService", "iris")["metadata"][
        "labels"
    ]
    assert not [key for key in labels if key.endswith(("/owner", "/cost-centre"))]


def test_each_component_has_a_gate_of_its_own() -> None:
    chain = {**predictor(), "transformer": {"containers": [{"image": "registry.example/transformer:1"}]}}
    assert names(one_endpoint(chain), "-rollout") == ["iris-predictor-rollout", "iris-transformer-rollout"]


def test_a_predictor_with_a_name_of_its_own_is_watched_under_it() -> None:
    found = one_endpoint({"predictor": {**predictor()["predictor"], "name": "v2"}})
    assert found.named("iris-predictor-rollout").inputs["metadata"]["name"] == "iris-v2-predictor"


def test_requests_enter_at_the_transformer() -> None:
    chain = {**predictor(), "transformer": {"containers": [{"image": "registry.example/transformer:1"}]}}
    assert one_endpoint(chain).component("iris").outputs["url"] == "http://iris-transformer.team.svc.cluster.local"


def test_the_openai_base_url_is_there_where_the_protocol_is_asked_for() -> None:
    seen: list[str | None] = []
    model = {"format": "huggingface", "uri": "hf://org/model", "protocol": "openai"}

    def program() -> None:
        platform = kserve.Platform("kserve", {"runtimes": ["kserve-huggingfaceserver"]}, cluster=cluster())
        for name, spec in {"qwen": {"model": model}, "plain": {"model": {**model, "protocol": "v2"}}}.items():
            endpoint = kserve.InferenceService(name, {"predictor": spec}, platform=platform, namespace="team")
            seen.append(endpoint.openai_base_url)

    synth(program)
    assert seen == ["http://qwen-predictor.team.svc.cluster.local/openai/v1", None]
