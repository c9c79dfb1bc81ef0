"""Who reaches an endpoint's pods: the tables of what its NetworkPolicy allows and denies."""

from typing import Any

import pytest
from pulumi_kserve.contracts import PlatformFacts
from pulumi_kserve.endpoints.spec.network_policy import NetworkPolicy, network_policy_manifest

from tests.unit.network_policies import Pod, allowed
from tests.unit.routed import FACTS

ENDPOINT = {"serving.kserve.io/inferenceservice": "iris"}
SERVER = Pod("team", {**ENDPOINT, "component": "predictor"})
CANARY = Pod("team", {**ENDPOINT, "app": "isvc.iris-next-predictor"})
TRANSFORMER = Pod("team", {**ENDPOINT, "component": "transformer"})
ENVOY = Pod("envoy-gateway-system", {"app.kubernetes.io/name": "envoy"})
ISTIO = Pod("ingress", {"istio": "gateway"})
MONITOR = Pod("monitoring", {"app": "prometheus"})
NEIGHBOUR = Pod("team", {"app": "notebook"})
OTHER_ENDPOINT = Pod("team", {"serving.kserve.io/inferenceservice": "other"})
STRANGER = Pod("other", {"app": "web"})
NAMESAKE = Pod("other", ENDPOINT)
PRETENDER = Pod("other", {}, {"name": "envoy-gateway-system"})
WEB = Pod("frontend", {"app": "web"})
BATCH = Pod("frontend", {"app": "batch"})
KNATIVE = Pod("knative-serving", {"app": "activator"})

CLUSTER_LOCAL = FACTS.model_copy(update={"gateway": "cluster-local", "route": None})
INGRESS = FACTS.model_copy(update={"gateway": "ingress", "route": None})
ELSEWHERE = FACTS.route.model_copy(update={"pods_namespace": "ingress"}) if FACTS.route else None
MOVED = FACTS.model_copy(update={"gateway": "istio", "route": ELSEWHERE})
UNSAID = FACTS.model_copy(update={"route": None})
KOURIER = FACTS.model_copy(update={"gateway": "kourier", "mode": "Knative", "route": None})
CALLED = NetworkPolicy.parse({"callers": [{"namespace": "frontend", "podLabels": {"app": "web"}}]})
WHOLE = NetworkPolicy.parse({"callers": [{"namespace": "frontend"}], "monitoringNamespace": "observability"})


def policy(facts: PlatformFacts, said: NetworkPolicy | None = None, *, cluster_local: bool = False) -> dict[str, Any]:
    return network_policy_manifest(
        said or NetworkPolicy(), name="iris", namespace="team", labels={}, facts=facts, cluster_local=cluster_local
    )


BEHIND_A_GATEWAY = policy(FACTS)
WITHOUT_A_GATEWAY = policy(CLUSTER_LOCAL)
TABLE: list[tuple[str, dict[str, Any], Pod, bool]] = [
    ("the gateway", BEHIND_A_GATEWAY, ENVOY, True),
    ("the monitor", BEHIND_A_GATEWAY, MONITOR, True),
    ("the endpoint's other pods", BEHIND_A_GATEWAY, TRANSFORMER, True),
    ("the endpoint's canary", BEHIND_A_GATEWAY, CANARY, True),
    ("a pod of its namespace", BEHIND_A_GATEWAY, NEIGHBOUR, False),
    ("another endpoint", BEHIND_A_GATEWAY, OTHER_ENDPOINT, False),
    ("another namespace", BEHIND_A_GATEWAY, STRANGER, False),
    ("an endpoint of that name elsewhere", BEHIND_A_GATEWAY, NAMESAKE, False),
    ("a namespace labelled like the gateway's", BEHIND_A_GATEWAY, PRETENDER, False),
    ("a gateway whose pods run elsewhere", policy(MOVED), ISTIO, True),
    ("where another gateway's pods would run", policy(MOVED), ENVOY, False),
    ("the gateway of a platform that does not say where", policy(UNSAID), ENVOY, True),
    ("a pod of its namespace, without a gateway", WITHOUT_A_GATEWAY, NEIGHBOUR, True),
    ("another namespace, without a gateway", WITHOUT_A_GATEWAY, STRANGER, False),
    ("a gateway that the platform has not", WITHOUT_A_GATEWAY, ENVOY, False),
    ("a pod of its namespace, behind somebody's ingress", policy(INGRESS), NEIGHBOUR, True),
    ("a named caller", policy(FACTS, CALLED), WEB, True),
    ("a neighbour of a named caller", policy(FACTS, CALLED), BATCH, False),
    ("all of a named namespace", policy(FACTS, WHOLE), BATCH, True),
    ("a monitor that runs elsewhere", policy(FACTS, WHOLE), Pod("observability"), True),
    ("where the monitor does not run", policy(FACTS, WHOLE), MONITOR, False),
    ("the gateway, at an endpoint kept inside", policy(FACTS, cluster_local=True), ENVOY, False),
    ("a pod of its namespace, at an endpoint kept inside", policy(FACTS, cluster_local=True), NEIGHBOUR, True),
    ("Knative's activator", policy(KOURIER), KNATIVE, True),
    ("Knative's gateway", policy(KOURIER), Pod("kourier-system"), True),
    ("Knative's gateway, at an endpoint kept inside", policy(KOURIER, cluster_local=True), Pod("kourier-system"), True),
    ("a pod of its namespace, in Knative mode", policy(KOURIER), NEIGHBOUR, False),
]


@pytest.mark.parametrize(("made", "caller", "reaches"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_an_endpoint_takes_calls_from_whom_it_should_and_from_nobody_else(
    made: dict[str, Any], caller: Pod, *, reaches: bool
) -> None:
    assert allowed([made], caller, SERVER) is reaches


@pytest.mark.parametrize("pod", [SERVER, CANARY, TRANSFORMER], ids=["predictor", "canary", "transformer"])
def test_every_pod_of_the_endpoint_is_guarded(pod: Pod) -> None:
    assert not allowed([BEHIND_A_GATEWAY], STRANGER, pod)


def test_the_policy_of_one_endpoint_says_nothing_of_another() -> None:
    assert allowed([BEHIND_A_GATEWAY], STRANGER, OTHER_ENDPOINT)


def test_what_one_policy_allows_no_other_denies() -> None:
    assert allowed([BEHIND_A_GATEWAY, policy(FACTS, CALLED)], WEB, SERVER)


def test_a_policy_that_the_table_cannot_read_is_an_error() -> None:
    made = policy(FACTS)
    made["spec"]["ingress"][0]["ports"] = [{"port": 8080}]
    with pytest.raises(NotImplementedError, match="ports"):
        allowed([made], ENVOY, SERVER)
