"""The gateway's objects on Istio: its Service, and tokens."""

import json
from typing import Any

import pulumi
import pytest
from pulumi_kserve.platform.modes import IstioGateway

from tests.unit.gateways import BALANCERS, CALLERS, installed, istio, objects, public

pytestmark = pytest.mark.usefixtures("loop")


def laid(part: str, cloud: str = "existing", **exposure: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(objects(istio(**exposure), cloud)["proxy"]["data"][part])
    return found


def test_the_gateway_is_istios_own_class_and_names_its_parameters() -> None:
    found = objects(istio())
    assert found["gateway"]["spec"]["gatewayClassName"] == "istio"
    reference = found["gateway"]["spec"]["infrastructure"]["parametersRef"]
    assert reference == {"group": "", "kind": "ConfigMap", "name": found["proxy"]["metadata"]["name"]}


def test_without_a_load_balancer_the_proxy_has_a_cluster_ip() -> None:
    assert laid("service") == {"spec": {"type": "ClusterIP"}}


def test_a_public_load_balancer_lets_in_who_is_named_and_keeps_their_addresses() -> None:
    assert laid("service", **public())["spec"] == {
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Local",
        "loadBalancerSourceRanges": ["203.0.113.0/24", "198.51.100.0/24"],
    }


def test_an_internal_load_balancer_is_asked_for_in_the_clouds_words() -> None:
    found = laid("service", "gcp", loadBalancer={"internal": {}})
    assert found["metadata"] == {"annotations": {"networking.gke.io/load-balancer-type": "Internal"}}


def test_a_certificates_name_may_be_known_later() -> None:
    def gateway() -> IstioGateway:
        tls = {"cloudCertificate": {"identifier": pulumi.Output.from_input("arn:aws:acm:eu-west-1:1:certificate/a")}}
        return istio(loadBalancer=BALANCERS["internal"], tls=tls)

    found = installed(gateway).named("kserve-gateway-proxy")
    assert json.loads(found.inputs["data"]["service"])["spec"]["type"] == "LoadBalancer"


def test_pods_are_as_many_as_asked_for_and_never_go_together() -> None:
    assert laid("deployment", replicas=3) == {"spec": {"replicas": 3}}
    assert laid("podDisruptionBudget") == {"spec": {"minAvailable": 1}}


def test_a_single_pod_may_go_when_its_node_does() -> None:
    assert "podDisruptionBudget" not in objects(istio(replicas=1))["proxy"]["data"]


def test_a_token_is_checked_for_issuer_and_audience_and_kept_from_the_model() -> None:
    (rule,) = objects(istio(auth=CALLERS["jwt from afar"]))["tokens"]["spec"]["jwtRules"]
    assert (rule["issuer"], rule["audiences"]) == ("https://login.example.com", ["models", "all"])
    assert rule["jwksUri"] == "https://login.example.com/keys"
    assert rule["fromHeaders"] == [{"name": "Authorization", "prefix": "Bearer "}]
    assert "forwardOriginalToken" not in rule


def test_a_request_without_a_token_of_the_issuer_is_refused_whatever_others_allow() -> None:
    spec = objects(istio(auth=CALLERS["jwt"]))["callers"]["spec"]
    assert spec["action"] == "DENY"
    assert spec["rules"] == [{"from": [{"source": {"notRequestPrincipals": ["https://login.example.com/*"]}}]}]


def test_the_way_to_https_is_open_and_nothing_else_is() -> None:
    (rule,) = objects(istio(**public()))["callers"]["spec"]["rules"]
    assert rule["to"] == [{"operation": {"notPorts": ["80"]}}]


def test_nothing_is_asked_for_where_nobody_says_so() -> None:
    assert {"tokens", "callers"}.isdisjoint(objects(istio(auth=CALLERS["anonymous"])))
