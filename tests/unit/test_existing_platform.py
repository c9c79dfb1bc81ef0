"""ExistingPlatform: facts from the spec alone, nothing in the cluster, and endpoints that wait for a look at it."""

import pytest
from pulumi_kserve.endpoints.inference_service import InferenceService
from pulumi_kserve.live.cluster import Json
from pulumi_kserve.platform.existing_platform import (
    ExistingPlatform,
    ExistingPlatformSpec,
    ExistingStandard,
    SharedGateway,
)
from pulumi_kserve.platform.releases import RELEASES
from pulumi_kserve.testing import manifests, problems, synth

from tests.unit.existing_platforms import (
    BY_KSERVE,
    DOMAIN,
    GATEWAY,
    INGRESS,
    INSIDE,
    KNATIVE,
    SHARED,
    SKLEARN,
    facts,
    platform,
)
from tests.unit.programs import cluster, predictor


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_the_facts_are_those_of_the_spec(release: str) -> None:
    made = facts({**SHARED, "release": release, "namespace": "serving"})
    assert (made.release, made.mode, made.namespace) == (release, "Standard", "serving")
    assert (made.gateway, made.domain, made.scheme) == ("envoy", DOMAIN, "https")


def test_pools_and_features_are_the_clusters() -> None:
    made = facts(INSIDE, provides=["metrics-server", "keda"], pools=[{"name": "cpu", "maxNodes": 3}])
    assert [pool.name for pool in made.pools] == ["cpu"]
    assert made.features == ("keda", "metrics-server")


@pytest.mark.parametrize(
    ("changed", "pods"),
    [({}, "envoy-gateway-system"), ({"kind": "istio"}, "gateways"), ({"podsNamespace": "proxies"}, "proxies")],
)
def test_requests_come_from_where_the_gateways_proxies_run(changed: dict[str, str], pods: str) -> None:
    route = facts({"mode": {"standard": {"gateway": {"sharedGateway": GATEWAY | changed}}}}).route
    assert route is not None
    assert (route.gateway, route.namespace, route.pods_namespace) == ("shared", "gateways", pods)


@pytest.mark.parametrize("spec", [INSIDE, BY_KSERVE, INGRESS, KNATIVE])
def test_only_a_shared_gateway_gets_routes_of_ours(spec: Json) -> None:
    assert facts(spec).route is None


def test_runtimes_of_the_chart_are_known_by_name_alone() -> None:
    (found_runtime,) = facts(INSIDE).runtimes
    assert found_runtime.serves("sklearn", "1", by_itself=True)


WRONG: list[tuple[Json, str, str]] = [
    ({"runtimes": ["kserve-sklearn"]}, "runtimes[0]", "Did you mean 'kserve-sklearnserver'"),
    ({"release": "0.7"}, "release", "Use 0.19 or 0.20"),
    ({"mode": {"standard": {"gateway": {"knative": {}}}}}, "mode.standard.gateway", "expected exactly one of the keys"),
    ({"mode": {"standard": {"gateway": {"ingress": {"className": "a", "domain": "x"}}}}}, "", "domain"),
    ({"gateway": {}}, "gateway", "unknown key"),
]


@pytest.mark.parametrize(("spec", "path", "said"), WRONG, ids=[row[2] for row in WRONG])
def test_a_wrong_spec_is_refused_at_preview(spec: Json, path: str, said: str) -> None:
    (problem,) = problems(lambda: ExistingPlatform("there", spec, cluster=cluster()))
    assert problem.path.startswith(path)
    assert said in str(problem)


def test_nothing_is_made_in_the_cluster() -> None:
    assert manifests(platform(INSIDE)) == []


def test_previews_never_ask_the_cluster_and_updates_do() -> None:
    gate = platform(INSIDE).named("there-found")
    assert gate.hooks["before_create"] == gate.hooks["before_update"] == ("there-is-as-said",)


def test_another_spec_or_cluster_is_looked_at_anew() -> None:
    said = platform(INSIDE).named("there-found").inputs["input"]
    assert set(said) == {"facts", "probeNamespace", "provider"}


def test_an_endpoint_waits_for_the_look() -> None:
    def program() -> None:
        there = ExistingPlatform("there", SHARED, cluster=cluster())
        InferenceService("iris", predictor(), platform=there, namespace="team")

    made = synth(program, stack="test")
    assert made.named("there-found").urn in made.named("iris-inference-service").dependencies


def test_an_endpoint_at_a_shared_gateway_has_routes() -> None:
    def program() -> None:
        gateway_of_others = SharedGateway.parse(GATEWAY)
        spec = ExistingPlatformSpec(runtimes=(SKLEARN,), mode=ExistingStandard(gateway=gateway_of_others))
        InferenceService(
            "iris", predictor(), platform=ExistingPlatform("there", spec, cluster=cluster()), namespace="team"
        )

    routes = manifests(synth(program, stack="test"), "HTTPRoute")
    assert {route["spec"]["parentRefs"][0]["name"] for route in routes} == {"shared"}
