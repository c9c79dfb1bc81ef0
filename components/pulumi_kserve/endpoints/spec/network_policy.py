"""Who may reach an endpoint's pods: its gateway, its monitor, and the callers that are named.

It holds where the cluster's network enforces policies; elsewhere it is stored and does nothing.
https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from pulumi_kserve.contracts import DnsLabel, PlatformFacts
from pulumi_kserve.models import Spec

__all__ = ["Caller", "NetworkPolicy", "network_policy_manifest"]

_NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"
_KNATIVE: Final = "knative-serving"
_GATEWAYS: Final = {
    "envoy": "envoy-gateway-system",
    "istio": "istio-system",
    "kourier": "kourier-system",
}
"""The namespace in which each gateway's own pods run, where the platform does not say it."""


class Caller(Spec):
    """Pods that may call the endpoint."""

    namespace: DnsLabel
    """Their namespace."""
    pod_labels: dict[str, str] = Field(default_factory=dict)
    """Labels they carry; all pods of the namespace when empty."""


class NetworkPolicy(Spec):
    """What is admitted beside the platform's gateway and monitor, and the endpoint's own pods."""

    callers: tuple[Caller, ...] = ()
    """Further pods that may call it, an ingress controller's among them. Where no gateway of the platform's own leads
    to it, the pods of its own namespace always may."""
    monitoring_namespace: DnsLabel = "monitoring"
    """Where the monitor that scrapes the pods runs."""


def network_policy_manifest(
    policy: NetworkPolicy,
    *,
    name: str,
    namespace: str,
    labels: dict[str, str],
    facts: PlatformFacts,
    cluster_local: bool = False,
) -> dict[str, Any]:
    """The NetworkPolicy of endpoint `name`: everything else that would reach its pods is dropped."""
    mine = {"podSelector": {"matchLabels": {"serving.kserve.io/inferenceservice": name}}}
    peers = [mine, *_gateway(facts, cluster_local=cluster_local), _from(policy.monitoring_namespace)]
    peers += [_from(caller.namespace, caller.pod_labels) for caller in policy.callers]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {**mine, "policyTypes": ["Ingress"], "ingress": [{"from": peers}]},
    }


def _gateway(facts: PlatformFacts, *, cluster_local: bool) -> list[dict[str, Any]]:
    """Where requests come from: the gateway's pods, or without one the namespace's own.

    Knative's gateway leads requests inside the cluster, too.
    """
    knative = facts.mode == "Knative"
    home = facts.route.pods_namespace if facts.route else _GATEWAYS.get(facts.gateway)
    led = knative or not cluster_local
    peers: list[dict[str, Any]] = [_from(home)] if home and led else [{"podSelector": {}}]
    return [*peers, _from(_KNATIVE)] if knative else peers


def _from(namespace: str, pod_labels: dict[str, str] | None = None) -> dict[str, Any]:
    peer: dict[str, Any] = {"namespaceSelector": {"matchLabels": {_NAMESPACE_NAME: namespace}}}
    return {**peer, "podSelector": {"matchLabels": pod_labels}} if pod_labels else peer
