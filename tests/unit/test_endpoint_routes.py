"""Routes of an endpoint: where it answers, what gets which share, and what has to serve first."""

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kserve as kserve
import pytest
from pulumi_kserve.contracts import PlatformFacts, PlatformRef
from pulumi_kserve.endpoints import cluster_hooks as hooks
from pulumi_kserve.endpoints.addresses import Addresses, addresses_of, openai_base_url
from pulumi_kserve.endpoints.route import departure_of
from pulumi_kserve.endpoints.spec.canary import CanaryShare
from pulumi_kserve.endpoints.spec.service import InferenceServiceSpec
from pulumi_kserve.live.cluster import Cluster
from pulumi_kserve.live.route import Departure
from pulumi_kserve.ownership import STACK_LABEL
from pulumi_kserve.platform.releases import RELEASES
from pulumi_kserve.testing import Synthesis, manifest, manifests, synth

from tests.unit.gateways import faults
from tests.unit.live_world import World
from tests.unit.programs import cluster, one_endpoint, predictor
from tests.unit.routed import CHAIN, EXPLAINER, FACTS, SKLEARN, canaries, routed

PORTS = [{"containerPort": 8080}, {"containerPort": 9000, "name": "grpc"}]


def route(found: Synthesis, by: str = "host") -> dict[str, Any]:
    made: dict[str, Any] = manifest(found, "HTTPRoute", f"iris-{by}")["spec"]
    return made


def rules(found: Synthesis, by: str = "host") -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = route(found, by)["rules"]
    return made


def shares(rule: dict[str, Any]) -> dict[str, int]:
    return {ref["name"]: ref["weight"] for ref in rule["backendRefs"]}


def needs(found: Synthesis, name: str) -> set[str]:
    """The names of the resources that `name` depends on."""
    urns = found.named(name).dependencies
    return {each.name for each in found.resources if each.urn in urns}


def test_an_endpoint_answers_at_a_host_name_of_its_own() -> None:
    assert route(routed())["hostnames"] == ["iris-team.models.example.com"]


def test_an_endpoint_answers_below_a_path_of_the_platforms_host() -> None:
    made = route(routed(), "path")
    assert made["hostnames"] == ["models.example.com"]
    assert made["rules"][0]["matches"] == [{"path": {"type": "PathPrefix", "value": "/serving/team/iris"}}]


def test_the_server_sees_the_path_without_the_platforms_part() -> None:
    rewritten = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}
    assert rules(routed(), "path")[0]["filters"] == [{"type": "URLRewrite", "urlRewrite": {"path": rewritten}}]


WHOLE = [
    {"predictor": {**predictor()["predictor"], "requestTimeoutSeconds": 100_000}, "explainer": EXPLAINER},
    {**predictor(), "transformer": CHAIN},
    {"predictor": {"containers": [{"image": "registry.example/server:1", "ports": PORTS}]}},
    canaries(next=10, later=90),
]


@pytest.mark.parametrize("release", sorted(RELEASES))
@pytest.mark.parametrize("spec", WHOLE, ids=["explainer", "transformer", "grpc", "canaries"])
def test_routes_fit_the_crd_of_every_releases_gateway_api(spec: dict[str, Any], release: str) -> None:
    found = manifests(routed(spec), "HTTPRoute")
    assert [faults(release, each) for each in found] == [[], []]


@pytest.mark.parametrize("by", ["host", "path"])
def test_a_route_attaches_to_the_platforms_gateway(by: str) -> None:
    assert route(routed(), by)["parentRefs"] == [{"name": "kserve-ingress-gateway", "namespace": "kserve"}]


@pytest.mark.parametrize(
    ("spec", "service"),
    [
        (predictor(), "iris-predictor"),
        ({"predictor": {**predictor()["predictor"], "name": "v2"}}, "iris-v2-predictor"),
        ({**predictor(), "transformer": CHAIN}, "iris-transformer"),
    ],
    ids=["predictor", "named predictor", "transformer"],
)
def test_requests_enter_at_the_component_that_gets_them_first(spec: dict[str, Any], service: str) -> None:
    found = routed(spec)
    refs = [ref for by in ("host", "path") for rule in rules(found, by) for ref in rule["backendRefs"]]
    assert refs == [{"name": service, "port": 80, "weight": 100}] * 2


def test_explanations_come_from_the_explainer() -> None:
    explain, rest = rules(routed({**predictor(), "explainer": EXPLAINER}))
    assert explain["matches"] == [{"path": {"type": "Exact", "value": "/v1/models/iris:explain"}}]
    assert (shares(explain), shares(rest)) == ({"iris-explainer": 100}, {"iris-predictor": 100})


def test_explanations_below_the_path_lose_its_first_part_too() -> None:
    explain = rules(routed({**predictor(), "explainer": EXPLAINER}), "path")[0]
    assert explain["matches"][0]["path"]["value"] == "/serving/team/iris/v1/models/iris:explain"
    replaced = {"type": "ReplaceFullPath", "replaceFullPath": "/v1/models/iris:explain"}
    assert explain["filters"][0]["urlRewrite"]["path"] == replaced


@pytest.mark.parametrize(
    ("said", "written"), [(None, "60s"), (5, "5s"), (99_999, "99999s"), (100_000, "27h46m40s")], ids=str
)
def test_a_request_is_given_up_when_the_component_says_else_as_kserve_does(said: int | None, written: str) -> None:
    spec = {"predictor": {**predictor()["predictor"], "requestTimeoutSeconds": said}}
    assert rules(routed(spec))[0]["timeouts"] == {"request": written}


def test_the_transformers_timeout_counts_where_requests_enter_there() -> None:
    spec = {**predictor(), "transformer": {**CHAIN, "requestTimeoutSeconds": 7}}
    assert rules(routed(spec))[0]["timeouts"] == {"request": "7s"}


def test_a_server_of_http_and_grpc_gets_each_at_its_port() -> None:
    grpc, rest = rules(routed({"predictor": {"containers": [{"image": "registry.example/server:1", "ports": PORTS}]}}))
    assert grpc["matches"] == [{"path": {"type": "PathPrefix", "value": "/inference.GRPCInferenceService"}}]
    assert [rule["backendRefs"][0]["port"] for rule in (grpc, rest)] == [9000, 80]


def test_a_server_of_grpc_only_gets_it_at_the_first_port() -> None:
    spec = {"predictor": {"containers": [{"image": "registry.example/server:1", "ports": PORTS[1:]}]}}
    assert [rule["backendRefs"][0]["port"] for rule in rules(routed(spec))] == [80]


@pytest.mark.parametrize("said", [{"clusterLocal": True}, {"stopped": True}], ids=str)
def test_no_route_leads_to_what_is_kept_inside_or_stopped(said: dict[str, bool]) -> None:
    assert manifests(routed({**predictor(), **said}), "HTTPRoute") == []


@pytest.mark.parametrize("gateway", ["cluster-local", "ingress"])
def test_without_a_gateway_of_ours_there_are_no_routes_of_ours(gateway: str) -> None:
    facts = FACTS.model_copy(update={"gateway": gateway, "route": None})
    assert manifests(routed(facts=facts), "HTTPRoute") == []


def test_the_platforms_default_makes_no_routes() -> None:
    assert manifests(one_endpoint(), "HTTPRoute") == []


def test_routes_carry_the_labels_of_their_stack() -> None:
    assert STACK_LABEL in manifest(routed(), "HTTPRoute", "iris-host")["metadata"]["labels"]


@pytest.mark.parametrize("condition", ["Accepted", "ResolvedRefs"])
def test_a_route_waits_for_the_gateway(condition: str) -> None:
    waits = manifest(routed(), "HTTPRoute", "iris-host")["metadata"]["annotations"]["pulumi.com/waitFor"]
    assert f"[?(@.type=='{condition}')].status}}=True" in waits


def test_a_route_wins_over_the_hook_that_moved_its_shares() -> None:
    assert manifest(routed(), "HTTPRoute", "iris-host")["metadata"]["annotations"]["pulumi.com/patchForce"] == "true"


def test_the_stable_predictor_gets_what_the_canaries_leave() -> None:
    found = routed(canaries(next=10, later=5))
    expected = {"iris-predictor": 85, "iris-later-predictor": 5, "iris-next-predictor": 10}
    assert [shares(rules(found, by)[0]) for by in ("host", "path")] == [expected, expected]


def test_a_canary_can_take_everything() -> None:
    assert shares(rules(routed(canaries(next=100)))[0]) == {"iris-predictor": 0, "iris-next-predictor": 100}


@pytest.mark.parametrize("by", ["host", "path"])
def test_a_route_waits_for_every_pod_that_it_leads_to(by: str) -> None:
    found = needs(routed(canaries(next=10, later=5)), f"iris-{by}-route")
    assert found == {"iris-predictor-rollout", "iris-next-canary-rollout", "iris-later-canary-rollout"}


def test_shares_leave_what_an_update_removes_before_it_begins() -> None:
    assert routed().named("iris-inference-service").hooks["before_update"] == ("c-kubernetes-withdrawal",)


def test_nothing_leaves_where_no_route_leads() -> None:
    assert not one_endpoint().named("iris-inference-service").hooks.get("before_update")


def test_an_update_leaves_the_workloads_of_its_spec_and_requests_go_to_the_first() -> None:
    spec = InferenceServiceSpec.parse({**predictor(), "transformer": CHAIN, "explainer": EXPLAINER})
    assert departure_of("iris", "team", spec, []).services == ("iris-transformer", "iris-predictor", "iris-explainer")


def test_an_update_leaves_the_canaries_of_its_spec() -> None:
    spec = InferenceServiceSpec.parse(canaries(next=10))
    left = departure_of("iris", "team", spec, [CanaryShare("next", 10, 1)])
    assert left.services == ("iris-predictor", "iris-next-predictor")
    assert left.routes == ("iris-host", "iris-path")


def addresses(*, facts: PlatformFacts = FACTS, cluster_local: bool = False) -> Addresses:
    return addresses_of("iris", "team", "iris-predictor", facts, cluster_local=cluster_local)


INSIDE = "http://iris-predictor.team.svc.cluster.local"
WITHOUT = FACTS.model_copy(update={"route": None})


@pytest.mark.parametrize(
    ("found", "url", "path_url"),
    [
        (addresses(), "https://iris-team.models.example.com", "https://models.example.com/serving/team/iris"),
        (addresses(facts=WITHOUT), "https://iris-team.models.example.com", None),
        (addresses(cluster_local=True), INSIDE, None),
        (addresses(facts=WITHOUT.model_copy(update={"gateway": "cluster-local"})), INSIDE, None),
    ],
    ids=["routes of ours", "routes of others", "kept inside", "no gateway"],
)
def test_an_endpoint_says_where_it_answers(found: Addresses, url: str, path_url: str | None) -> None:
    assert (found.url, found.path_url, found.internal_url) == (url, path_url, INSIDE)


def test_clients_of_openai_come_through_the_gateway_too() -> None:
    runtime = SKLEARN.model_copy(update={"server_type": "huggingfaceserver"})
    assert openai_base_url(addresses().url, "openai", runtime) == "https://iris-team.models.example.com/openai/v1"


def test_an_endpoint_serves_only_once_its_routes_are_taken() -> None:
    seen: list[set[str]] = []

    def program() -> None:
        platform = PlatformRef("there", stack="o/p/s", facts=FACTS, cluster=cluster())
        endpoint = kserve.InferenceService("iris", predictor(), platform=platform, namespace="team")

        async def look() -> None:
            seen.append({each.pulumi_resource_name for each in await endpoint.serving.resources()})

        pulumi.export("looked", look())

    synth(program, stack="test")
    assert seen == [{"iris-predictor-rollout", "iris-host-route", "iris-path-route"}]


def test_the_hook_finds_what_the_update_leaves_by_the_resources_name(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, ...]] = []

    def withdraw(left: Departure, _cluster: Cluster) -> None:
        seen.append(left.services)

    async def asked(_access: kserve.ClusterAccess, ask: Callable[[Cluster], None]) -> None:
        ask(World().cluster)

    monkeypatch.setattr(hooks, "withdraw_requests", withdraw)
    monkeypatch.setattr(hooks, "ask_cluster", asked)

    def program() -> None:
        here = cluster()
        platform = PlatformRef("there", stack="o/p/s", facts=FACTS, cluster=here)
        kserve.InferenceService("iris", canaries(next=10), platform=platform, namespace="team")
        args = pulumi.ResourceHookArgs(urn="", id="", name="iris-inference-service", type="")

        async def run() -> None:
            called = hooks.cluster_hooks(here).withdrawal.callback(args)
            assert called is not None
            await called

        pulumi.export("ran", run())

    synth(program, stack="test")
    assert seen == [("iris-predictor", "iris-next-predictor")]
