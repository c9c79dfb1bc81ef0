"""The gateway's objects on Envoy Gateway: load balancers, credentials, and what becomes of requests."""

from typing import Any

import pytest

from tests.unit.gateways import BALANCERS, CALLERS, CERTIFICATES, envoy, objects, public

pytestmark = pytest.mark.usefixtures("loop")

AWS = "service.beta.kubernetes.io/aws-load-balancer"


def service(cloud: str, **exposure: Any) -> dict[str, Any]:
    proxy = objects(envoy(**exposure), cloud)["proxy"]
    found: dict[str, Any] = proxy["spec"]["provider"]["kubernetes"]["envoyService"]
    return found


def policy(name: str, **exposure: Any) -> dict[str, Any]:
    found: dict[str, Any] = objects(envoy(**exposure))[name]["spec"]
    return found


def test_without_a_load_balancer_the_proxy_has_a_cluster_ip() -> None:
    assert service("aws") == {"type": "ClusterIP"}


@pytest.mark.parametrize(
    ("cloud", "annotation", "value"),
    [
        ("aws", f"{AWS}-scheme", "internal"),
        ("azure", "service.beta.kubernetes.io/azure-load-balancer-internal", "true"),
        ("gcp", "networking.gke.io/load-balancer-type", "Internal"),
    ],
)
def test_an_internal_load_balancer_is_asked_for_in_the_clouds_words(cloud: str, annotation: str, value: str) -> None:
    found = service(cloud, loadBalancer={"internal": {}})
    assert found["type"] == "LoadBalancer"
    assert found["annotations"][annotation] == value


@pytest.mark.parametrize("cloud", ["aws", "azure", "existing", "gcp"])
def test_a_public_load_balancer_lets_in_who_is_named_and_nothing_calls_it_internal(cloud: str) -> None:
    found = service(cloud, **public())
    assert found["loadBalancerSourceRanges"] == ["203.0.113.0/24", "198.51.100.0/24"]
    assert "internal" not in str(found.get("annotations", {})).lower()


def test_aws_is_told_that_a_public_load_balancer_faces_the_internet() -> None:
    assert service("aws", **public())["annotations"][f"{AWS}-scheme"] == "internet-facing"


def test_own_annotations_win() -> None:
    balancer = {"internal": {"annotations": {f"{AWS}-nlb-target-type": "instance"}}}
    assert service("aws", loadBalancer=balancer)["annotations"][f"{AWS}-nlb-target-type"] == "instance"


def test_the_clouds_certificate_ends_tls_at_its_load_balancer() -> None:
    found = service("aws", loadBalancer={"internal": {}}, tls=CERTIFICATES["the cloud"])["annotations"]
    assert found[f"{AWS}-ssl-cert"].startswith("arn:aws:acm")
    assert found[f"{AWS}-ssl-ports"] == "443"
    assert found[f"{AWS}-alpn-policy"] == "HTTP2Preferred"


def test_records_are_kept_by_any_release_of_external_dns() -> None:
    found = service("gcp", loadBalancer={"internal": {}}, dns={"name": "models.internal"})["annotations"]
    names = "models.internal,*.models.internal"
    assert found["external-dns.alpha.kubernetes.io/hostname"] == found["external-dns.kubernetes.io/hostname"] == names


def test_two_pods_stand_apart_and_never_go_together() -> None:
    kubernetes = objects(envoy())["proxy"]["spec"]["provider"]["kubernetes"]
    assert kubernetes["envoyPDB"] == {"minAvailable": 1}
    assert kubernetes["envoyDeployment"]["replicas"] == 2
    (spread,) = kubernetes["envoyDeployment"]["pod"]["topologySpreadConstraints"]
    assert spread["whenUnsatisfiable"] == "ScheduleAnyway"


def test_a_single_pod_may_go_when_its_node_does() -> None:
    assert "envoyPDB" not in objects(envoy(replicas=1))["proxy"]["spec"]["provider"]["kubernetes"]


@pytest.mark.parametrize("said", ["key", "key of a secret", "jwt", "jwt from afar"])
def test_credentials_are_asked_for_on_the_whole_gateway(said: str) -> None:
    found = objects(envoy(auth=CALLERS[said]))
    assert found["callers"]["spec"]["targetRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": found["gateway"]["metadata"]["name"]}
    ]


@pytest.mark.parametrize("said", ["not said", "anonymous"])
def test_nothing_is_asked_for_where_nobody_says_so(said: str) -> None:
    assert "callers" not in objects(envoy(auth=CALLERS[said]))


def test_another_way_to_ask_changes_the_same_policy() -> None:
    names = {objects(envoy(auth=CALLERS[said]))["callers"]["metadata"]["name"] for said in ("key", "jwt")}
    assert len(names) == 1


def test_keys_are_compared_with_a_secret_and_hidden_from_models() -> None:
    asked = policy("callers", auth=CALLERS["key"])["apiKeyAuth"]
    assert asked["credentialRefs"][0]["name"] == objects(envoy(auth=CALLERS["key"]))["keys"]["metadata"]["name"]
    assert asked["extractFrom"] == [{"headers": ["x-api-key"]}]
    assert asked["sanitize"] is True


def test_keys_of_an_existing_secret_are_not_made_again() -> None:
    found = objects(envoy(auth=CALLERS["key of a secret"]))
    assert "keys" not in found
    asked = found["callers"]["spec"]["apiKeyAuth"]
    assert (asked["credentialRefs"][0]["name"], asked["extractFrom"]) == ("clients", [{"headers": ["authorization"]}])


def test_tokens_are_read_from_the_header_only() -> None:
    provider = policy("callers", auth=CALLERS["jwt"])["jwt"]["providers"][0]
    assert provider["extractFrom"] == {"headers": [{"name": "Authorization", "valuePrefix": "Bearer "}]}
    assert provider["audiences"] == ["models"]


def test_an_issuers_keys_can_be_fetched() -> None:
    provider = policy("callers", auth=CALLERS["jwt from afar"])["jwt"]["providers"][0]
    assert provider["remoteJWKS"] == {"uri": "https://login.example.com/keys"}
    assert "localJWKS" not in provider


def test_a_checked_token_is_taken_away_before_the_model_sees_it() -> None:
    (script,) = policy("hide-token", auth=CALLERS["jwt"])["lua"]
    assert 'remove("authorization")' in script["inline"]


def test_a_model_keeps_the_header_where_the_gateway_does_not_read_it() -> None:
    assert "hide-token" not in objects(envoy(auth=CALLERS["key"]))


def test_model_namespaces_cannot_lay_open_their_own_routes() -> None:
    found = objects(envoy(auth=CALLERS["key"]))
    spec = found["guard"]["spec"]
    (selector,) = spec["matchConstraints"]["namespaceSelector"]["matchExpressions"]
    assert selector == {"key": "pulumi-kserve/owner", "operator": "Exists"}
    assert spec["matchConstraints"]["resourceRules"][0]["resources"] == ["securitypolicies"]
    binding = found["guard-binding"]["spec"]
    assert binding == {"policyName": found["guard"]["metadata"]["name"], "validationActions": ["Deny"]}


def test_where_nobody_is_asked_nothing_is_guarded() -> None:
    assert {"guard", "guard-binding"}.isdisjoint(objects(envoy(auth=CALLERS["anonymous"])))


@pytest.mark.parametrize(("release", "merged"), [("0.19", None), ("0.20", "StrategicMerge")])
def test_what_the_chart_says_of_all_proxies_stays_where_that_is_possible(release: str, merged: str | None) -> None:
    assert objects(envoy(), release=release)["proxy"]["spec"].get("mergeType") == merged


def test_the_way_to_https_is_open_and_nothing_else_is() -> None:
    found = objects(envoy(**public()))
    opened = found["redirect-callers"]["spec"]
    assert [each["name"] for each in opened["targetRefs"]] == [found["redirect"]["metadata"]["name"]]
    assert opened["authorization"] == {"defaultAction": "Allow"}


def test_requests_are_sent_again_only_when_no_server_began_with_them() -> None:
    retry = policy("backends")["retry"]
    assert retry["retryOn"] == {"triggers": ["connect-failure", "refused-stream", "reset-before-request"]}
    assert retry["numRetries"] == 3


def test_connections_to_servers_are_closed_before_the_servers_do() -> None:
    assert policy("backends")["timeout"] == {"http": {"connectionIdleTimeout": "4s"}}


def test_no_request_is_cut_off_by_the_gateway_itself() -> None:
    assert "timeout" not in policy("clients")
    assert "requestTimeout" not in str(policy("backends"))


def test_large_requests_can_be_sent_again() -> None:
    assert policy("clients")["connection"] == {"bufferLimit": "4Mi"}


def test_http2_is_offered_where_the_gateway_ends_tls() -> None:
    assert policy("clients", tls=CERTIFICATES["secret"])["tls"] == {"alpnProtocols": ["h2", "http/1.1"]}
    assert "tls" not in policy("clients", loadBalancer=BALANCERS["internal"], tls=CERTIFICATES["the cloud"])
