"""Istio with sidecars: its CRDs, its node agent, its control plane, and strict mutual TLS for the whole mesh.

https://istio.io/latest/docs/setup/install/helm/

Gateways are made by the control plane from Gateway objects, so no gateway chart is installed
(https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/). The node agent (CNI) sets up the network
of pods, because the init container that would do it otherwise is refused under the restricted Pod Security Standard
(https://istio.io/latest/docs/setup/additional-setup/pod-security-admission/). Sidecars are native ones: with the node
agent, init containers such as KServe's storage initializer have no network before the sidecar runs
(https://istio.io/latest/docs/setup/additional-setup/cni/#compatibility-with-application-init-containers).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pulumi

from pulumi_kserve.ownership import STACK_LABEL
from pulumi_kserve.platform.layers import helm_release
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext
from pulumi_kserve.platform.served import Served
from pulumi_kserve.resources import KubernetesObject

__all__ = [
    "CNI_NAMESPACE",
    "INJECTION_LABEL",
    "NAMESPACE",
    "SERVED",
    "base_values",
    "cni_values",
    "install",
    "istiod_values",
    "probes",
    "strict_mtls",
]

NAMESPACE: Final = "istio-system"
CNI_NAMESPACE: Final = "istio-cni"
INJECTION_LABEL: Final = {"istio-injection": "enabled"}
"""The label of a namespace whose pods get a sidecar; without one a pod neither encrypts nor refuses anything."""
SERVED: Final = (
    Served("security.istio.io/v1", "PeerAuthentication", "peerauthentications"),
    Served("security.istio.io/v1", "RequestAuthentication", "requestauthentications"),
    Served("security.istio.io/v1", "AuthorizationPolicy", "authorizationpolicies"),
    Served("networking.istio.io/v1", "DestinationRule", "destinationrules"),
)
"""The kinds of Istio's own that platforms and endpoints need."""

_RUNTIME_DEFAULT: Final = {"type": "RuntimeDefault"}


def install(context: LayerContext, *, depends_on: Sequence[pulumi.Resource]) -> Layer:
    """Install Istio; ready means that its webhook accepts policies and that plain text is refused in the mesh.

    The chart marks its CRDs to be kept, so a destroy leaves them, and the next install takes them over.

    Args:
        context: What the platform's layers share.
        depends_on: What must be there before: the Gateway API.

    """
    home = context.namespace(NAMESPACE, {"pod-security.kubernetes.io/enforce": "restricted"}, depends_on)
    agents = context.namespace(CNI_NAMESPACE, {"pod-security.kubernetes.io/enforce": "privileged"}, depends_on)
    row = context.row
    base = helm_release.install(
        context, row.istio_base, namespace=NAMESPACE, values=base_values(), depends_on=[home], release="istio-base"
    )
    agent = helm_release.install(
        context,
        row.istio_cni,
        namespace=CNI_NAMESPACE,
        values=cni_values(),
        depends_on=[agents, base.ready],
        release="istio-cni",
    )
    control = helm_release.install(
        context,
        row.istiod,
        namespace=NAMESPACE,
        values=istiod_values(),
        depends_on=[home, base.ready, agent.ready, *depends_on],
    )
    gated = helm_release.gate(context, control, namespace=NAMESPACE, served=SERVED, probes=probes(NAMESPACE))
    strict = KubernetesObject(
        f"{context.platform}-istio-strict-mtls",
        strict_mtls(NAMESPACE, context.stack),
        context.options(depends_on=[gated.ready]),
    )
    made = (home, agents, *base.resources, *agent.resources, *gated.resources, strict)
    return Layer("istio", gated.version, strict, made)


def base_values() -> dict[str, Any]:
    """The values of chart base."""
    return {"global": {"istioNamespace": NAMESPACE}}


def cni_values() -> dict[str, Any]:
    """The values of chart cni.

    The quota lets pods that matter to the node run outside of kube-system, which some clouds refuse otherwise:
    https://istio.io/latest/docs/setup/platform-setup/gke/.
    """
    return {"resourceQuotas": {"enabled": True}}


def istiod_values() -> dict[str, Any]:
    """The values of chart istiod."""
    return {
        "global": {"istioNamespace": NAMESPACE},
        "pilot": {
            "cni": {"enabled": True},
            "env": {"ENABLE_NATIVE_SIDECARS": "true"},
            "seccompProfile": dict(_RUNTIME_DEFAULT),
        },
        "gateways": {"seccompProfile": dict(_RUNTIME_DEFAULT)},
    }


def strict_mtls(namespace: str, stack: str) -> dict[str, Any]:
    """The policy of the whole mesh: pods with a sidecar take connections under mutual TLS only."""
    metadata = {"name": "default", "namespace": namespace, "labels": {STACK_LABEL: stack}}
    return {**_peer_authentication(), "metadata": metadata}


def probes(namespace: str) -> list[dict[str, Any]]:
    """An object that a working Istio accepts, for a dry run in `namespace`."""
    return [{**_peer_authentication(), "metadata": {"name": "pulumi-kserve-probe", "namespace": namespace}}]


def _peer_authentication() -> dict[str, Any]:
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "spec": {"mtls": {"mode": "STRICT"}},
    }
