"""The objects of a gateway: every combination fits its CRDs, and they are made in an order that leaves no gap."""

import json
from typing import Any

import pulumi
import pytest
from pulumi_kserve.errors import SpecError
from pulumi_kserve.platform.authentication import ApiKeys, Jwt
from pulumi_kserve.platform.exposure import Exposure, InCluster, Issuer, Public
from pulumi_kserve.platform.gateways.install import route_facts
from pulumi_kserve.platform.modes import EnvoyGateway
from pulumi_kserve.platform.releases import RELEASES
from pulumi_kserve.testing import Secret

from tests.unit.gateways import (
    BALANCERS,
    CALLERS,
    CERTIFICATES,
    JWKS,
    KEY,
    LABELS,
    Said,
    combinations,
    envoy,
    faults,
    installed,
    istio,
    objects,
    public,
)
from tools.schemas.gateway_crds import UPSTREAMS

pytestmark = pytest.mark.usefixtures("loop")

ALL = [pytest.param(gateway, cloud, id=name) for name, gateway, cloud in combinations()]
BOTH = pytest.mark.parametrize("made", [envoy, istio])
CORE = {"ConfigMap", "Secret", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
"""Kinds without a CRD."""
OF_CLUSTER = {"GatewayClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


def hosts(listeners: list[dict[str, Any]]) -> dict[str, Any]:
    return {each["name"]: (each.get("hostname"), each["port"], each["protocol"]) for each in listeners}


@pytest.mark.parametrize(("gateway", "cloud"), ALL)
def test_every_object_fits_the_crd_of_its_kind(gateway: Said, cloud: str) -> None:
    for release in RELEASES:
        for manifest in objects(gateway, cloud, release).values():
            assert manifest["kind"] in CORE or faults(release, manifest) == []


@pytest.mark.parametrize(("gateway", "cloud"), ALL)
def test_rules_that_crds_state_in_cel_hold(gateway: Said, cloud: str) -> None:
    made = objects(gateway, cloud)
    listeners = made["gateway"]["spec"]["listeners"]
    places = [(each["port"], each.get("hostname"), each["protocol"]) for each in listeners]
    assert len(set(places)) == len(places) == len({each["name"] for each in listeners})
    assert all(("tls" in each) == (each["protocol"] == "HTTPS") for each in listeners)
    targets = [each["spec"]["targetRefs"] for each in made.values() if "targetRefs" in each.get("spec", {})]
    assert all(len(each) == 1 and each[0]["group"] == "gateway.networking.k8s.io" for each in targets)


@pytest.mark.parametrize(("gateway", "cloud"), ALL)
def test_every_object_is_the_platforms_and_in_its_namespace(gateway: Said, cloud: str) -> None:
    for manifest in objects(gateway, cloud).values():
        assert manifest["metadata"]["labels"] == LABELS
        assert manifest["metadata"].get("namespace") == (None if manifest["kind"] in OF_CLUSTER else "kserve")


@pytest.mark.parametrize(("gateway", "cloud"), ALL)
def test_nothing_that_says_who_may_call_is_made_after_the_gateway(gateway: Said, cloud: str) -> None:
    names = list(objects(gateway, cloud))
    assert set(names[names.index("gateway") + 1 :]) <= {"redirect"}


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_a_table_refuses_a_field_that_its_crd_does_not_have(release: str) -> None:
    manifest = objects(envoy())["gateway"]
    manifest["spec"]["listeners"][0]["hostnme"] = "a.example"
    assert "hostnme" in faults(release, manifest)[0]


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_tables_are_of_the_versions_that_belong_to_the_release(release: str) -> None:
    row = RELEASES[release]
    wanted = {
        "cert-manager": row.cert_manager.version,
        "envoy-gateway": row.envoy_gateway,
        "gateway-api": row.gateway_api,
        "istio": f"v{row.istio}",
    }
    assert {each.folder: each.pinned(release) for each in UPSTREAMS} == wanted


@BOTH
@pytest.mark.parametrize(
    ("said", "found"),
    [
        (
            {},
            {"http": ("models.internal", 80, "HTTP"), "http-endpoints": ("*.models.internal", 80, "HTTP")},
        ),
        (
            {"tls": CERTIFICATES["secret"]},
            {"https": ("models.internal", 443, "HTTPS"), "https-endpoints": ("*.models.internal", 443, "HTTPS")},
        ),
        (
            {"tls": CERTIFICATES["the cloud"], "loadBalancer": {"internal": {}}},
            {"https": ("models.internal", 443, "HTTP"), "https-endpoints": ("*.models.internal", 443, "HTTP")},
        ),
        (
            public(),
            {
                "https": ("models.internal", 443, "HTTPS"),
                "https-endpoints": ("*.models.internal", 443, "HTTPS"),
                "http": (None, 80, "HTTP"),
            },
        ),
    ],
    ids=["plain", "tls", "the cloud's tls", "public"],
)
def test_the_gateway_listens_for_the_host_and_the_names_below_it(made: Any, said: Any, found: Any) -> None:
    assert hosts(objects(made(**said), "aws")["gateway"]["spec"]["listeners"]) == found


@BOTH
def test_only_the_platforms_own_route_lies_on_plain_http_when_tls_is_there(made: Any) -> None:
    shown = {
        each["name"]: each["allowedRoutes"]["namespaces"]["from"]
        for each in objects(made(**public()))["gateway"]["spec"]["listeners"]
    }
    assert shown == {"https": "All", "https-endpoints": "All", "http": "Same"}


@BOTH
def test_callers_of_plain_http_are_sent_to_https_where_all_may_come(made: Any) -> None:
    route = objects(made(**public()))["redirect"]["spec"]
    assert route["parentRefs"][0]["sectionName"] == "http"
    assert route["rules"][0]["filters"][0]["requestRedirect"] == {"scheme": "https", "statusCode": 301}


@BOTH
@pytest.mark.parametrize("said", [{}, {"tls": CERTIFICATES["issuer"]}])
def test_nobody_is_sent_to_https_elsewhere(made: Any, said: Any) -> None:
    assert "redirect" not in objects(made(**said))


@BOTH
def test_an_issuer_keeps_the_certificate_that_the_gateway_serves(made: Any) -> None:
    found = objects(made(tls=CERTIFICATES["issuer"]))
    spec = found["certificate"]["spec"]
    assert spec["dnsNames"] == ["models.internal", "*.models.internal"]
    assert spec["issuerRef"] == {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "letsencrypt"}
    served = found["gateway"]["spec"]["listeners"][0]["tls"]["certificateRefs"]
    assert served == [{"group": "", "kind": "Secret", "name": spec["secretName"]}]


@BOTH
def test_a_given_secret_is_served_and_no_certificate_asked_for(made: Any) -> None:
    found = objects(made(tls=CERTIFICATES["secret"]))
    assert "certificate" not in found
    assert found["gateway"]["spec"]["listeners"][0]["tls"]["certificateRefs"][0]["name"] == "wildcard"


@BOTH
def test_up_waits_for_the_certificate_and_for_the_gateway(made: Any) -> None:
    found = objects(made(tls=CERTIFICATES["issuer"]))
    waits = {name: found[name]["metadata"]["annotations"]["pulumi.com/waitFor"] for name in ("certificate", "gateway")}
    assert waits == {"certificate": "condition=Ready", "gateway": "condition=Programmed"}


def test_what_cannot_work_is_refused_before_anything_is_made() -> None:
    with pytest.raises(SpecError, match="Istio checks tokens"):
        objects(istio(auth=CALLERS["key"]))


def test_endpoints_learn_where_requests_come_from() -> None:
    assert route_facts(envoy(), "kserve", "envoy-gateway-system").pods_namespace == "envoy-gateway-system"
    assert route_facts(istio(), "kserve", "envoy-gateway-system").pods_namespace == "kserve"


def test_the_gateway_waits_for_everything_else_and_the_gate_for_the_gateway() -> None:
    found = installed(envoy(auth=CALLERS["key"]))
    gateway = found.named("kserve-gateway-gateway")
    before = ("class", "proxy", "keys", "callers", "clients", "backends")
    assert {found.named(f"kserve-gateway-{name}").urn for name in before} <= set(gateway.dependencies)
    assert gateway.urn in found.named("kserve-gate-gateway").dependencies


def test_what_says_who_may_call_waits_for_no_gateway() -> None:
    found = installed(envoy(auth=CALLERS["jwt"]))
    assert found.named("kserve-gateway-gateway").urn not in found.named("kserve-gateway-callers").dependencies


def test_the_way_to_https_waits_for_the_policy_that_opens_it() -> None:
    found = installed(envoy(**public()))
    assert found.named("kserve-gateway-redirect-callers").urn in found.named("kserve-gateway-redirect").dependencies


@BOTH
def test_everything_waits_for_what_comes_before_the_gateway(made: Any) -> None:
    found = installed(made(**public()))
    below = found.named("below").urn
    mine = [each for each in found.resources if each.name.startswith("kserve-gateway-")]
    assert len(mine) >= 4
    assert all(below in each.dependencies for each in mine)


def test_previews_never_ask_the_cluster() -> None:
    assert installed(envoy()).named("kserve-gate-gateway").hooks["before_create"]


def digest(**exposure: Any) -> str:
    return str(installed(envoy(**exposure)).named("kserve-gate-gateway").inputs["data"]["objects"])


def test_the_gate_asks_again_when_an_object_changes() -> None:
    assert digest(auth=CALLERS["jwt"]) != digest(auth=CALLERS["jwt from afar"])


def test_the_gate_does_not_ask_again_for_a_new_key() -> None:
    keys = {"apiKeys": {"keys": {"team": "another-key-0123456789", "other": "yet-another-key-01234"}}}
    assert digest(auth=CALLERS["key"]) == digest(auth=keys)


@pytest.mark.parametrize("secret", [True, False], ids=["a secret Output", "plain text"])
def test_keys_stand_nowhere_but_in_a_secret_of_the_state(*, secret: bool) -> None:
    def gateway() -> EnvoyGateway:
        keys = ApiKeys(keys={"team": pulumi.Output.secret(KEY) if secret else KEY})
        return EnvoyGateway(exposure=Exposure(load_balancer=InCluster(), auth=keys))

    found = installed(gateway)
    inputs = found.named("kserve-gateway-keys").inputs
    held = inputs["stringData"]
    revealed = held.value["team"] if isinstance(held, Secret) else held["team"]
    assert (revealed.value if isinstance(revealed, Secret) else revealed) == KEY
    assert isinstance(held, Secret) or isinstance(held["team"], Secret)
    shown = json.dumps([[each.inputs, each.outputs] for each in found.resources], default=repr)
    assert KEY not in shown


def test_a_certificates_name_may_be_known_later() -> None:
    def gateway() -> EnvoyGateway:
        tls = {"cloudCertificate": {"identifier": pulumi.Output.from_input("arn:aws:acm:eu-west-1:1:certificate/a")}}
        return envoy(loadBalancer=BALANCERS["internal"], tls=tls)

    proxy = installed(gateway).named("kserve-gateway-proxy").inputs["spec"]["provider"]["kubernetes"]
    assert proxy["envoyService"]["type"] == "LoadBalancer"


def test_a_python_program_says_it_with_types() -> None:
    exposure = Exposure(
        host="models.example.com",
        load_balancer=Public(allow=("0.0.0.0/0",)),
        tls=Issuer(name="letsencrypt"),
        auth=Jwt(issuer="https://login.example.com", audiences=("models",), jwks=JWKS),
    )
    assert objects(EnvoyGateway(exposure=exposure))["gateway"]["spec"]["listeners"][0]["hostname"] == exposure.host


def test_an_issuers_public_keys_are_taken_as_they_are() -> None:
    provider = objects(envoy(auth=CALLERS["jwt"]))["callers"]["spec"]["jwt"]["providers"][0]
    assert provider["localJWKS"] == {"type": "Inline", "inline": JWKS}
