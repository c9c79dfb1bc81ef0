"""Who may connect to the pods of the namespaces that a platform makes: everything else is dropped.

They hold where the cluster's network enforces policies; elsewhere they are stored and do nothing. They are about
connections into pods only: what the pods themselves call is not restricted. Nodes always reach their own pods, and so
probes do (https://kubernetes.io/docs/concepts/services-networking/network-policies/). metrics-server has none, because
it runs in ``kube-system``, which is not the platform's.

Some ports have to be open to every address. The API server calls webhooks, and it is no pod: no selector finds it, its
addresses are the cluster's own affair, and an address block is no way out, because Cilium does not count nodes as
addresses (https://github.com/cilium/cilium/issues/20550). So exactly the webhooks' ports are open, and TLS guards them.
Clients of a gateway come from wherever its load balancer lets them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pulumi_kserve.ownership import STACK_LABEL
from pulumi_kserve.platform.gateways.gateway import GATEWAY
from pulumi_kserve.platform.layers import cert_manager, envoy_gateway, istio, model_cache

__all__ = ["DOORS", "Callers", "Door", "SystemLayer", "system_policies"]

SystemLayer = Literal["cert-manager", "envoy-gateway", "istio", "istio-gateway", "kserve", "model-cache"]
"""What a platform runs in namespaces of its own; ``istio-gateway`` are the pods that Istio runs for its Gateway."""
Callers = Literal["anyone", "monitor", "namespace", "pods"]
"""Every address; the monitor's namespace; the namespace of the door itself; pods of any namespace."""

_NAME: Final = "pulumi-kserve"
_NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Door:
    """Ports of some pods, and who may connect to them."""

    layer: SystemLayer
    """Whose pods they are."""
    name: str
    """What the ports are for."""
    namespace: str
    """The pods' namespace; KServe's when empty."""
    ports: tuple[int, ...]
    """The ports that the pods' processes listen on, which are not always those of their Services."""
    callers: Callers
    """Who may connect."""
    pods: Mapping[str, str] = field(default_factory=dict[str, str])
    """The pods' labels; all pods of the namespace when empty."""


_CONTROLLER: Final = {"control-plane": "kserve-controller-manager"}
_CACHE: Final = {"control-plane": "kserve-localmodel-controller-manager"}
_CACHE_AGENT: Final = {"control-plane": "kserve-localmodelnode-agent"}
_CERT_WEBHOOK: Final = {"app.kubernetes.io/name": "webhook", "app.kubernetes.io/component": "webhook"}
_ENVOY_GATEWAY: Final = {"control-plane": "envoy-gateway"}
_ENVOYS: Final = {"gateway.envoyproxy.io/owning-gateway-name": GATEWAY}
_ISTIOD: Final = {"app": "istiod"}
_ISTIO_PROXIES: Final = {"gateway.networking.k8s.io/gateway-name": GATEWAY}

DOORS: Final = (
    Door("kserve", "kserve-webhooks", "", (9443,), "anyone", _CONTROLLER),
    Door("kserve", "kserve-metrics", "", (8443,), "monitor", _CONTROLLER),
    Door("model-cache", "model-cache-webhooks", "", (9443,), "anyone", _CACHE),
    Door("model-cache", "model-cache-metrics", "", (8080,), "monitor", _CACHE),
    Door("model-cache", "model-cache-agent-metrics", "", (8080,), "monitor", _CACHE_AGENT),
    Door("cert-manager", "webhooks", cert_manager.NAMESPACE, (10250,), "anyone", _CERT_WEBHOOK),
    Door("cert-manager", "metrics", cert_manager.NAMESPACE, (9402,), "monitor"),
    Door("envoy-gateway", "configuration", envoy_gateway.NAMESPACE, (18000, 18001, 18002), "namespace", _ENVOY_GATEWAY),
    Door("envoy-gateway", "metrics", envoy_gateway.NAMESPACE, (19001,), "monitor"),
    Door("envoy-gateway", "clients", envoy_gateway.NAMESPACE, (10080, 10443), "anyone", _ENVOYS),
    Door("istio", "configuration", istio.NAMESPACE, (15012,), "pods", _ISTIOD),
    Door("istio", "webhooks", istio.NAMESPACE, (15017,), "anyone", _ISTIOD),
    Door("istio", "metrics", istio.NAMESPACE, (15014,), "monitor", _ISTIOD),
    Door("istio", "metrics", istio.CNI_NAMESPACE, (15014,), "monitor"),
    Door("istio-gateway", "gateway-clients", "", (80, 443, 15021), "anyone", _ISTIO_PROXIES),
    Door("istio-gateway", "gateway-metrics", "", (15020,), "monitor", _ISTIO_PROXIES),
)
"""Every door of every layer. Where its ports stand:

- ``kserve``: webhooks 9443, metrics 8443 behind a proxy that asks who calls:
  https://github.com/kserve/kserve/blob/v0.20.0/charts/kserve-resources/files/kserve/resources.yaml
- ``model-cache``: webhooks 9443, metrics 8080 of controller and node agent:
  https://github.com/kserve/kserve/blob/v0.20.0/charts/kserve-localmodel-resources/files/resources.yaml and
  https://github.com/kserve/kserve/blob/v0.20.0/cmd/localmodel/main.go
- ``cert-manager``: webhooks 10250, metrics 9402:
  https://github.com/cert-manager/cert-manager/tree/v1.17.0/deploy/charts/cert-manager/templates
- ``envoy-gateway``: configuration 18000, rate limits 18001 and WebAssembly 18002 for its Envoys, metrics 19001:
  https://github.com/envoyproxy/gateway/blob/v1.8.1/charts/gateway-helm/values.tmpl.yaml. An Envoy listens on ports
  below 1024 shifted by 10000, for its Service's 80 and 443:
  https://github.com/envoyproxy/gateway/blob/v1.8.1/internal/gatewayapi/listener.go
- ``istio``: configuration and certificates 15012, webhooks 15017, metrics 15014, also of the node agent. Its plain
  text ports 15010 and 8080 stay shut: https://istio.io/latest/docs/ops/deployment/application-requirements/
- ``istio-gateway``: 80 and 443, the load balancer's health check 15021, metrics 15020, of pods that run in the
  namespace of their Gateway: https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/
"""


def system_policies(
    layers: Collection[SystemLayer],
    *,
    namespace: str,
    stack: str,
    monitoring_namespace: str = "monitoring",
    jobs_namespace: str = model_cache.JOBS_NAMESPACE,
) -> dict[str, dict[str, Any]]:
    """The NetworkPolicies of a platform's own namespaces, by ``<namespace>-<what for>``, which is unique.

    Args:
        layers: What the platform itself installs; a layer of others keeps its own rules.
        namespace: KServe's namespace, which is also the Gateway's.
        stack: The owner, as its label spells it.
        monitoring_namespace: Where the monitor that scrapes the pods runs.
        jobs_namespace: Where the model cache downloads models; nobody connects to its jobs.

    """
    labels, made = {STACK_LABEL: stack}, dict[str, dict[str, Any]]()
    homes = [door.namespace or namespace for door in DOORS if door.layer in layers]
    homes += [jobs_namespace] if "model-cache" in layers else []
    for each in dict.fromkeys(homes):
        made[f"{each}-default-deny"] = _policy(each, "default-deny", {}, [], labels)
    for door in DOORS:
        if door.layer in layers:
            home = door.namespace or namespace
            rule = {**_from(door, monitoring_namespace), "ports": [_port(port) for port in door.ports]}
            made[f"{home}-{door.name}"] = _policy(home, door.name, door.pods, [rule], labels)
    return made


def _policy(
    namespace: str, name: str, pods: Mapping[str, str], ingress: list[dict[str, Any]], labels: Mapping[str, str]
) -> dict[str, Any]:
    selector = {"matchLabels": dict(pods)} if pods else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"{_NAME}-{name}", "namespace": namespace, "labels": dict(labels)},
        "spec": {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": ingress},
    }


def _from(door: Door, monitoring_namespace: str) -> dict[str, Any]:
    peers: dict[Callers, dict[str, Any]] = {
        "monitor": {"namespaceSelector": {"matchLabels": {_NAMESPACE_NAME: monitoring_namespace}}},
        "namespace": {"podSelector": {}},
        "pods": {"namespaceSelector": {}},
    }
    return {"from": [peers[door.callers]]} if door.callers in peers else {}


def _port(number: int) -> dict[str, Any]:
    return {"port": number, "protocol": "TCP"}
