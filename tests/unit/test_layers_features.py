"""What a platform refuses because neither the cluster nor the platform brings it."""

from collections.abc import Collection
from typing import Any

import pytest
from pulumi_kserve.platform.exposure import Exposure
from pulumi_kserve.platform.features import refuse_missing
from pulumi_kserve.platform.modes import ClusterLocal, EnvoyGateway, Gateway, IstioGateway
from pulumi_kserve.platform_facts import Feature, PoolFacts

EVERYTHING = frozenset(Feature)
AT = "mode.standard.gateway.envoy.exposure"
ISSUER = {"tls": {"issuer": {"name": "letsencrypt"}}}
CERTIFICATE = {"tls": {"cloudCertificate": {"identifier": "arn:aws:acm:eu-west-1:1:certificate/a"}}}
IN_CLUSTER: dict[str, Any] = {"loadBalancer": {"inCluster": {}}}
PUBLIC = {
    "loadBalancer": {"public": {"allow": ["0.0.0.0/0"]}},
    "tls": {"secret": {"name": "certificate"}},
    "auth": {"anonymous": {"reason": "a demonstration"}},
}


def envoy(**exposure: Any) -> EnvoyGateway:
    return EnvoyGateway(exposure=Exposure.parse(exposure))


def paths(gateway: Gateway, provides: Collection[Feature] = EVERYTHING, **facts: Any) -> list[str]:
    return [problem.path for problem in refuse_missing(gateway, provides=provides, **facts)]


def without(*features: Feature) -> frozenset[Feature]:
    return EVERYTHING - set(features)


@pytest.mark.parametrize("gateway", [ClusterLocal(), envoy(), IstioGateway(), envoy(**PUBLIC), envoy(**ISSUER)])
def test_a_cluster_that_brings_everything_is_taken(gateway: Gateway) -> None:
    assert paths(gateway) == []


@pytest.mark.parametrize("exposure", [{}, {"loadBalancer": {"internal": {}}}, PUBLIC])
def test_a_load_balancer_that_nothing_makes_is_refused(exposure: dict[str, Any]) -> None:
    assert paths(envoy(**exposure), without(Feature.LOAD_BALANCER)) == [f"{AT}.loadBalancer"]


def test_an_address_inside_the_cluster_needs_no_load_balancer() -> None:
    assert paths(envoy(**IN_CLUSTER), without(Feature.LOAD_BALANCER)) == []


def test_a_platform_without_a_gateway_needs_no_load_balancer() -> None:
    assert paths(ClusterLocal(), frozenset()) == []


def test_the_path_names_the_gateway_that_was_chosen() -> None:
    (path,) = paths(IstioGateway(), without(Feature.LOAD_BALANCER))
    assert path == "mode.standard.gateway.istio.exposure.loadBalancer"


def test_a_zone_that_nothing_writes_into_is_refused() -> None:
    gateway = envoy(host="models.example.com", dns={"name": "example.com"})
    assert paths(gateway, without(Feature.EXTERNAL_DNS)) == [f"{AT}.dns"]


@pytest.mark.parametrize(
    ("pool", "refused"),
    [
        ({"minNodes": 0, "maxNodes": 4}, True),
        ({"minNodes": 4, "maxNodes": 4}, False),
        ({"maxNodes": 4}, False),
    ],
)
def test_a_pool_that_shall_grow_needs_an_autoscaler(pool: dict[str, Any], *, refused: bool) -> None:
    pools = [PoolFacts.parse({"name": "cpu", "minNodes": 1, "maxNodes": 1}), PoolFacts.parse({"name": "l4", **pool})]
    found = paths(ClusterLocal(), without(Feature.CLUSTER_AUTOSCALER), pools=pools)
    assert found == (["cluster.pools[1].minNodes"] if refused else [])
    assert paths(ClusterLocal(), pools=pools) == []


def test_envoy_gateway_without_the_gateway_api_that_came_with_it_is_refused() -> None:
    assert paths(envoy(**IN_CLUSTER), {Feature.ENVOY_GATEWAY}) == ["cluster.provides"]


def test_istio_does_not_mind_an_envoy_gateway_of_others() -> None:
    assert paths(IstioGateway(), without(Feature.GATEWAY_API)) == []


def test_a_clouds_certificate_needs_a_cloud() -> None:
    assert paths(envoy(**CERTIFICATE), cloud="existing") == [f"{AT}.tls.cloudCertificate"]
    assert paths(envoy(**CERTIFICATE), cloud="aws") == []


def test_an_issuer_needs_cert_manager() -> None:
    provides = without(Feature.CERT_MANAGER)
    assert paths(envoy(**ISSUER), provides, cert_manager=False) == [f"{AT}.tls.issuer"]
    assert paths(envoy(**ISSUER), provides, cert_manager=True) == []


def test_everything_that_is_missing_is_named_at_once() -> None:
    gateway = envoy(host="models.example.com", dns={"name": "example.com"}, **ISSUER)
    pools = [PoolFacts(name="l4", min_nodes=0, max_nodes=2)]
    assert len(paths(gateway, frozenset(), pools=pools, cert_manager=False)) == 4


def test_every_refusal_cites_a_page_or_names_what_is_known() -> None:
    gateway = envoy(host="models.example.com", dns={"name": "example.com"})
    pools = [PoolFacts(name="l4", min_nodes=0, max_nodes=2)]
    found = refuse_missing(gateway, provides={Feature.ENVOY_GATEWAY}, pools=pools)
    assert len(found) == 4
    assert [problem.path for problem in found if "https://" not in problem.message or not problem.cure] == []
