"""How endpoints are exposed and who may call: what can be said, and what is refused where and why."""

import json
from typing import Any

import pulumi
import pytest
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.platform.authentication import ApiKeys
from pulumi_kserve.platform.exposure import Exposure, InCluster, Internal
from pulumi_kserve.platform.gateways.judgement import refusals
from pulumi_kserve.platform.modes import IstioGateway, Standard
from pulumi_kserve.testing import problems, synth

from tests.unit.gateways import CALLERS, CERTIFICATES, JWKS, KEY, envoy, istio, public

PRIVATE = json.dumps({"keys": [{"kty": "RSA", "n": "0vx7", "e": "AQAB", "d": "planted"}]})
SHARED = json.dumps({"keys": [{"kty": "oct", "k": "planted"}]})
TOKEN = {"issuer": "https://login.example.com", "audiences": ["models"]}


def test_an_exposure_is_internal_unless_said_otherwise() -> None:
    assert Exposure().load_balancer == Internal()


@pytest.mark.parametrize(("tls", "scheme"), [(None, "http"), (CERTIFICATES["secret"], "https")])
def test_the_scheme_follows_from_the_certificate(tls: Any, scheme: str) -> None:
    assert Exposure.parse({"tls": tls}).scheme == scheme


def test_a_certificate_must_cover_the_host_and_the_names_below_it() -> None:
    assert Exposure(host="models.example.com").hosts == ("models.example.com", "*.models.example.com")


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("public, and nothing on callers", public(auth=None), "auth", "anonymous with a reason"),
    ("public, and no certificate", public(tls=None), "tls", "can be read on the way"),
    (
        "public for a reason too short",
        public(auth={"anonymous": {"reason": "why not"}}),
        "auth.anonymous.reason",
        "at least 10",
    ),
    ("public to nobody", public(loadBalancer={"public": {"allow": []}}), "loadBalancer.public.allow", "at least 1"),
    (
        "a network with a host in it",
        public(loadBalancer={"public": {"allow": ["10.0.0.1/8"]}}),
        "loadBalancer.public.allow[0]",
        "write a network such as",
    ),
    ("a host outside of its zone", {"dns": {"name": "example.com"}}, "dns", "does not lie in the zone example.com"),
    (
        "a host that only ends like its zone",
        {"host": "a.notexample.com", "dns": {"name": "example.com"}},
        "dns",
        "use a host that ends in .example.com",
    ),
    (
        "records of an address that is not there",
        {"loadBalancer": {"inCluster": {}}, "dns": {"name": "models.internal"}},
        "dns",
        "need a load balancer's address",
    ),
    (
        "a cloud's certificate where no load balancer is",
        {"loadBalancer": {"inCluster": {}}, "tls": CERTIFICATES["the cloud"]},
        "tls",
        "use issuer or secret",
    ),
    ("a host too long for endpoints' names", {"host": f"{'a.' * 94}example"}, "host", "at most 189"),
    ("a host of one word", {"host": "models"}, "host", "pattern"),
    ("no pod", {"replicas": 0}, "replicas", "greater than or equal to 1"),
    ("keys twice", {"auth": {"apiKeys": {"keys": {"a": KEY}, "secret": "b"}}}, "auth.apiKeys.secret", "exactly once"),
    ("no keys", {"auth": {"apiKeys": {}}}, "auth.apiKeys.secret", "exactly once"),
    (
        "one key for two",
        {"auth": {"apiKeys": {"keys": {"a": KEY, "b": KEY}}}},
        "auth.apiKeys.keys",
        "a and b have the same key",
    ),
    ("no issuer's keys", {"auth": {"jwt": TOKEN}}, "auth.jwt.jwks", "exactly one of"),
    (
        "an issuer's keys twice",
        {"auth": {"jwt": {**TOKEN, "jwks": JWKS, "jwksUri": "https://a.example/keys"}}},
        "auth.jwt.jwks",
        "exactly one of",
    ),
    (
        "an issuer's keys over plain HTTP",
        {"auth": {"jwt": {**TOKEN, "jwksUri": "http://a.example/keys"}}},
        "auth.jwt.jwksUri",
        "pattern",
    ),
    ("no audience", {"auth": {"jwt": {**TOKEN, "audiences": [], "jwks": JWKS}}}, "auth.jwt.audiences", "at least 1"),
    ("keys that are no JSON", {"auth": {"jwt": {**TOKEN, "jwks": "{"}}}, "auth.jwt.jwks", "not JSON"),
    ("keys of another shape", {"auth": {"jwt": {**TOKEN, "jwks": "[]"}}}, "auth.jwt.jwks", "list 'keys'"),
    ("a key of no kind", {"auth": {"jwt": {**TOKEN, "jwks": '{"keys": [{}]}'}}}, "auth.jwt.jwks", "has no 'kty'"),
    ("an issuer's private key", {"auth": {"jwt": {**TOKEN, "jwks": PRIVATE}}}, "auth.jwt.jwks", "give public keys"),
    ("a shared key", {"auth": {"jwt": {**TOKEN, "jwks": SHARED}}}, "auth.jwt.jwks", "give public keys"),
]


def refused(exposure: dict[str, Any]) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        Exposure.parse(exposure)
    return caught.value.problems


@pytest.mark.parametrize(("said", "path", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_meant_is_refused_with_its_path_and_a_reason(
    said: dict[str, Any], path: str, reason: str
) -> None:
    (problem,) = refused(said)
    assert problem.path == path
    assert reason in problem.reason


@pytest.mark.parametrize("key", ["planted", "planted key \n 0123456", " planted-0123456789", 1234567890123456, None])
def test_a_weak_key_is_refused_and_not_shown(key: Any) -> None:
    (problem,) = refused({"auth": {"apiKeys": {"keys": {"team": key}}}})
    assert problem.path == "auth.apiKeys.keys.team"
    assert "at least 16" in problem.reason
    assert str(key) not in str(problem)


@pytest.mark.parametrize("keys", [PRIVATE, SHARED, "planted", 'planted": {'])
def test_an_issuers_keys_are_not_shown_when_they_are_refused(keys: str) -> None:
    (problem,) = refused({"auth": {"jwt": {**TOKEN, "jwks": keys}}})
    assert "planted" not in str(problem)


def test_an_output_that_is_a_weak_key_is_refused_when_it_is_known() -> None:
    def program() -> None:
        keys = ApiKeys(keys={"team": pulumi.Output.secret("planted")})
        pulumi.export("key", keys.keys["team"])

    with pytest.raises(SpecError, match="at least 16") as caught:
        synth(program, preview=False)
    assert "planted" not in str(caught.value)


def test_python_names_paths_as_python_does() -> None:
    with pytest.raises(SpecError) as caught:
        Exposure(load_balancer=InCluster(), tls=CERTIFICATES["the cloud"], dns={"name": "models.internal"})  # type: ignore[arg-type]
    assert [problem.path for problem in caught.value.problems] == ["tls", "dns"]


def test_a_whole_mode_names_the_whole_path() -> None:
    with pytest.raises(SpecError) as caught:
        Standard.parse({"gateway": {"envoy": {"exposure": public(auth=None)}}})
    assert [problem.path for problem in caught.value.problems] == ["gateway.envoy.exposure.auth"]


def test_a_wrong_load_balancer_is_the_only_problem() -> None:
    (problem,) = refused({"loadBalancer": {"public": {}}, "dns": {"name": "models.internal"}})
    assert problem.path == "loadBalancer.public.allow"


INTERNAL: dict[str, Any] = {"loadBalancer": {"internal": {}}}


def test_an_internal_load_balancer_of_an_unknown_cluster_is_refused_until_it_is_said_how() -> None:
    (problem,) = refusals(envoy(**INTERNAL), "existing")
    assert problem.path == "mode.standard.gateway.envoy.exposure.loadBalancer.internal"
    assert "annotations" in problem.cure


@pytest.mark.parametrize("annotations", [{}, {"metallb.io/address-pool": "lan"}])
def test_an_internal_load_balancer_of_an_unknown_cluster_works_once_it_is_said_how(annotations: Any) -> None:
    assert not list(refusals(envoy(loadBalancer={"internal": {"annotations": annotations}}), "existing"))


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_every_cloud_knows_an_internal_load_balancer(cloud: str) -> None:
    assert not list(refusals(envoy(**INTERNAL), cloud))


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_a_cloud_whose_load_balancer_ends_no_tls_takes_no_certificate(cloud: str) -> None:
    (problem,) = refusals(envoy(**INTERNAL, tls=CERTIFICATES["the cloud"]), cloud)
    assert problem.path == "mode.standard.gateway.envoy.exposure.tls.cloudCertificate"
    assert "https://" in problem.message


def test_istio_is_refused_with_keys_it_cannot_compare() -> None:
    (problem,) = refusals(istio(auth=CALLERS["key"]), "existing")
    assert problem.path == "mode.standard.gateway.istio.exposure.auth.apiKeys"
    assert "https://istio.io" in problem.message


def test_everything_that_cannot_work_is_said_at_once() -> None:
    gateway = IstioGateway.parse({"exposure": {**INTERNAL, "auth": CALLERS["key"]}})
    assert len(list(refusals(gateway, "existing"))) == 2


def test_a_good_exposure_is_no_problem() -> None:
    assert problems(lambda: Exposure.parse(public())) == ()
