"""Who reaches the pods of a platform's own namespaces: what its NetworkPolicies allow and deny, port by port."""

from typing import get_args

import pytest
from pulumi_kserve.ownership import STACK_LABEL
from pulumi_kserve.platform.exposure import Exposure
from pulumi_kserve.platform.gateways.gateway import listeners
from pulumi_kserve.platform.layers import cert_manager, envoy_gateway, istio, model_cache
from pulumi_kserve.platform.network_policies import DOORS, Door, SystemLayer, system_policies

from tests.unit.network_policies import Pod, allowed

LAYERS: tuple[SystemLayer, ...] = get_args(SystemLayer)
EVERYTHING = system_policies(LAYERS, namespace="kserve", stack="o.p.s")

KSERVE = Pod("kserve", {"control-plane": "kserve-controller-manager", "controller-tools.k8s.io": "1.0"})
CACHE = Pod("kserve", {"control-plane": "kserve-localmodel-controller-manager"})
CACHE_AGENT = Pod("kserve", {"control-plane": "kserve-localmodelnode-agent"})
CERT_WEBHOOK = Pod("cert-manager", {"app.kubernetes.io/name": "webhook", "app.kubernetes.io/component": "webhook"})
CERT_CONTROLLER = Pod(
    "cert-manager", {"app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/component": "controller"}
)
ENVOY_GATEWAY = Pod("envoy-gateway-system", {"control-plane": "envoy-gateway"})
OWNING = "gateway.envoyproxy.io/owning-gateway"
ENVOY = Pod("envoy-gateway-system", {f"{OWNING}-name": "kserve-ingress-gateway", f"{OWNING}-namespace": "kserve"})
OTHER_ENVOY = Pod("envoy-gateway-system", {f"{OWNING}-name": "another", f"{OWNING}-namespace": "shop"})
ISTIOD = Pod("istio-system", {"app": "istiod", "istio": "pilot"})
ISTIO_AGENT = Pod("istio-cni", {"k8s-app": "istio-cni-node"})
ISTIO_PROXY = Pod("kserve", {"gateway.networking.k8s.io/gateway-name": "kserve-ingress-gateway"})
MODEL_JOB = Pod("kserve-localmodel-jobs", {"job-name": "iris"})
API_SERVER = None
CLIENT = None
MONITOR = Pod("monitoring", {"app": "prometheus"})
MODEL = Pod("fraud", {"serving.kserve.io/inferenceservice": "iris"})
PRETENDER = Pod("fraud", {"app": "prometheus"}, {"name": "monitoring"})

TABLE: list[tuple[str, Pod | None, Pod, int, bool]] = [
    ("the API server calls KServe's webhooks", API_SERVER, KSERVE, 9443, True),
    ("the monitor scrapes KServe", MONITOR, KSERVE, 8443, True),
    ("nobody else scrapes KServe", MODEL, KSERVE, 8443, False),
    ("a namespace labelled like the monitor's does not", PRETENDER, KSERVE, 8443, False),
    ("an address outside does not", CLIENT, KSERVE, 8443, False),
    ("KServe's health is the node's affair", MODEL, KSERVE, 8081, False),
    ("KServe's bare metrics are nobody's", MONITOR, KSERVE, 8080, False),
    ("a pod beside KServe is shut", MODEL, Pod("kserve", {"app": "other"}), 8080, False),
    ("the API server calls the model cache's webhooks", API_SERVER, CACHE, 9443, True),
    ("the monitor scrapes the model cache", MONITOR, CACHE, 8080, True),
    ("the monitor scrapes the cache's agents", MONITOR, CACHE_AGENT, 8080, True),
    ("nobody else scrapes the cache's agents", MODEL, CACHE_AGENT, 8080, False),
    ("nobody connects to jobs that download models", KSERVE, MODEL_JOB, 8080, False),
    ("the API server calls cert-manager's webhooks", API_SERVER, CERT_WEBHOOK, 10250, True),
    ("no such port of its controller is open", API_SERVER, CERT_CONTROLLER, 10250, False),
    ("the monitor scrapes cert-manager's controller", MONITOR, CERT_CONTROLLER, 9402, True),
    ("the monitor scrapes cert-manager's webhook", MONITOR, CERT_WEBHOOK, 9402, True),
    ("nobody else scrapes cert-manager", KSERVE, CERT_CONTROLLER, 9402, False),
    ("an Envoy gets its configuration", ENVOY, ENVOY_GATEWAY, 18000, True),
    ("another Gateway's Envoy does, too", OTHER_ENVOY, ENVOY_GATEWAY, 18000, True),
    ("an Envoy gets its WebAssembly", ENVOY, ENVOY_GATEWAY, 18002, True),
    ("a model gets no Envoy's configuration", MODEL, ENVOY_GATEWAY, 18000, False),
    ("the monitor gets none either", MONITOR, ENVOY_GATEWAY, 18000, False),
    ("the monitor scrapes Envoy Gateway", MONITOR, ENVOY_GATEWAY, 19001, True),
    ("the monitor scrapes Envoys", MONITOR, ENVOY, 19001, True),
    ("clients reach the Gateway over HTTP", CLIENT, ENVOY, 10080, True),
    ("clients reach the Gateway over HTTPS", CLIENT, ENVOY, 10443, True),
    ("pods reach the Gateway", MODEL, ENVOY, 10443, True),
    ("clients do not reach Envoy's administration", CLIENT, ENVOY, 19000, False),
    ("pods do not reach what shuts an Envoy down", MODEL, ENVOY, 19002, False),
    ("another Gateway needs a policy of its own", CLIENT, OTHER_ENVOY, 10080, False),
    ("a sidecar gets its configuration", MODEL, ISTIOD, 15012, True),
    ("Istio's gateway does, too", ISTIO_PROXY, ISTIOD, 15012, True),
    ("an address outside does not get it", CLIENT, ISTIOD, 15012, False),
    ("nobody gets it in plain text", MODEL, ISTIOD, 15010, False),
    ("nobody reaches Istio's debugging", MODEL, ISTIOD, 8080, False),
    ("the API server calls Istio's webhooks", API_SERVER, ISTIOD, 15017, True),
    ("the monitor scrapes Istio", MONITOR, ISTIOD, 15014, True),
    ("nobody else scrapes Istio", MODEL, ISTIOD, 15014, False),
    ("the monitor scrapes Istio's node agents", MONITOR, ISTIO_AGENT, 15014, True),
    ("nobody else scrapes Istio's node agents", MODEL, ISTIO_AGENT, 15014, False),
    ("clients reach Istio's gateway over HTTP", CLIENT, ISTIO_PROXY, 80, True),
    ("clients reach Istio's gateway over HTTPS", CLIENT, ISTIO_PROXY, 443, True),
    ("a load balancer asks Istio's gateway how it is", CLIENT, ISTIO_PROXY, 15021, True),
    ("the monitor scrapes Istio's gateway", MONITOR, ISTIO_PROXY, 15020, True),
    ("clients do not scrape Istio's gateway", CLIENT, ISTIO_PROXY, 15020, False),
    ("clients do not reach the gateway's administration", CLIENT, ISTIO_PROXY, 15000, False),
]


@pytest.mark.parametrize(
    ("caller", "callee", "port", "reaches"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_port_is_open_to_whom_it_should_be_and_to_nobody_else(
    caller: Pod | None, callee: Pod, port: int, *, reaches: bool
) -> None:
    assert allowed(EVERYTHING.values(), caller, callee, port=port) is reaches


@pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door.layer}, {door.name}")
def test_every_door_is_in_the_table(door: Door) -> None:
    tried = {(callee.namespace, port) for _, _, callee, port, reaches in TABLE if reaches}
    assert any((door.namespace or "kserve", port) in tried for port in door.ports)


@pytest.mark.parametrize(
    "namespace",
    [
        "kserve",
        cert_manager.NAMESPACE,
        envoy_gateway.NAMESPACE,
        istio.NAMESPACE,
        istio.CNI_NAMESPACE,
        model_cache.JOBS_NAMESPACE,
    ],
)
def test_in_each_of_our_namespaces_a_pod_that_nobody_thought_of_is_shut(namespace: str) -> None:
    assert not allowed(EVERYTHING.values(), MONITOR, Pod(namespace, {"app": "unknown"}), port=80)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_of_others_keeps_its_own_rules(layer: SystemLayer) -> None:
    without = system_policies([each for each in LAYERS if each != layer], namespace="kserve", stack="o.p.s")
    gone = {EVERYTHING[name]["metadata"]["namespace"] for name in set(EVERYTHING) - set(without)}
    assert gone == {door.namespace or "kserve" for door in DOORS if door.layer == layer} | (
        {model_cache.JOBS_NAMESPACE} if layer == "model-cache" else set()
    )


def test_kube_system_is_left_alone() -> None:
    assert not any(name.startswith("kube-system") for name in EVERYTHING)


def test_the_platform_may_live_in_another_namespace() -> None:
    moved = system_policies(["kserve"], namespace="serving", stack="o.p.s")
    pods = Pod("serving", KSERVE.labels)
    assert {policy["metadata"]["namespace"] for policy in moved.values()} == {"serving"}
    assert allowed(moved.values(), API_SERVER, pods, port=9443)


def test_the_monitor_may_live_in_another_namespace() -> None:
    made = system_policies(["kserve"], namespace="kserve", stack="o.p.s", monitoring_namespace="observability")
    assert allowed(made.values(), Pod("observability"), KSERVE, port=8443)
    assert not allowed(made.values(), MONITOR, KSERVE, port=8443)


def test_each_policy_has_a_name_of_its_own_and_says_whose_it_is() -> None:
    places = {(policy["metadata"]["namespace"], policy["metadata"]["name"]) for policy in EVERYTHING.values()}
    assert len(places) == len(EVERYTHING)
    assert all(policy["metadata"]["labels"] == {STACK_LABEL: "o.p.s"} for policy in EVERYTHING.values())


def test_only_webhooks_and_gateways_are_open_to_every_address() -> None:
    open_ports = {port for door in DOORS if door.callers == "anyone" for port in door.ports}
    assert open_ports == {9443, 10250, 15017, 10080, 10443, 80, 443, 15021}


@pytest.mark.parametrize("tls", [None, {"secret": {"name": "certificate"}}], ids=["plain", "tls"])
def test_the_ports_at_which_the_gateway_listens_are_open(tls: dict[str, dict[str, str]] | None) -> None:
    for port in (listener["port"] for listener in listeners(Exposure.parse({"tls": tls}))):
        assert allowed(EVERYTHING.values(), CLIENT, ENVOY, port=10_000 + port)
        assert allowed(EVERYTHING.values(), CLIENT, ISTIO_PROXY, port=port)
