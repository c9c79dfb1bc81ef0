"""Envoy Gateway: its CRDs, and the controller that runs an Envoy for each Gateway.

https://gateway.envoyproxy.io/docs/install/install-helm/

The Envoys run in the controller's namespace, too; all of them keep to the restricted Pod Security Standard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from pulumi_kserve.platform.layers import custom_resources, helm_release
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext
from pulumi_kserve.platform.served import Served

__all__ = ["CONTROLLER_NAME", "NAMESPACE", "SERVED", "install", "probes", "values"]

NAMESPACE: Final = "envoy-gateway-system"
CONTROLLER_NAME: Final = "gateway.envoyproxy.io/gatewayclass-controller"
"""What a GatewayClass names as its controller."""
SERVED: Final = tuple(
    Served("gateway.envoyproxy.io/v1alpha1", kind, plural)
    for kind, plural in (
        ("EnvoyProxy", "envoyproxies"),
        ("SecurityPolicy", "securitypolicies"),
        ("BackendTrafficPolicy", "backendtrafficpolicies"),
        ("ClientTrafficPolicy", "clienttrafficpolicies"),
        ("EnvoyExtensionPolicy", "envoyextensionpolicies"),
    )
)
"""The kinds of Envoy Gateway's own that platforms and endpoints need."""

_RELEASE: Final = "eg"
_ENVOY: Final = "docker.io/envoyproxy/envoy"


def install(context: LayerContext, *, delete_crds: bool, depends_on: Sequence[pulumi.Resource]) -> Layer:
    """Install Envoy Gateway; ready means that its controller runs and its kinds are accepted.

    Args:
        context: What the platform's layers share.
        delete_crds: Delete its CRDs, and so all its policies, when the stack is destroyed.
        depends_on: What must be there before: the Gateway API.

    """
    home = context.namespace(NAMESPACE, {"pod-security.kubernetes.io/enforce": "restricted"}, depends_on)
    crds = custom_resources.install(
        context,
        "envoy-gateway",
        context.row.envoy_gateway,
        delete_crds=delete_crds,
        depends_on=depends_on,
    )
    controller = helm_release.install(
        context,
        context.row.gateway_helm,
        namespace=NAMESPACE,
        values=values(context.images),
        depends_on=[home, crds.ready, *depends_on],
        release=_RELEASE,
        skip_crds=True,
    )
    gated = helm_release.gate(context, controller, namespace=NAMESPACE, probes=probes(NAMESPACE))
    return Layer("envoy-gateway", gated.version, gated.ready, (home, *crds.resources, *gated.resources))


def values(images: Mapping[str, str]) -> dict[str, Any]:
    """The values of chart gateway-helm.

    The policy that guards the Gateway API's CRDs comes with those. The topology injector would leave a webhook
    configuration and a ClusterRole behind, because the chart makes both as hooks, which Helm never deletes.

    Args:
        images: Tags of images to be used instead of the chart's, by the image's name.

    """
    chosen: dict[str, Any] = {
        "topologyInjector": {"enabled": False},
        "crds": {"gatewayAPI": {"safeUpgradePolicy": {"enabled": False}}},
    }
    if _ENVOY in images:
        chosen["global"] = {"images": {"envoyProxy": {"image": f"{_ENVOY}:{images[_ENVOY]}"}}}
    return chosen


def probes(namespace: str) -> list[dict[str, Any]]:
    """Objects that a working Envoy Gateway accepts, for a dry run in `namespace`."""
    return [
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": "pulumi-kserve-probe"},
            "spec": {"controllerName": CONTROLLER_NAME},
        },
        {
            "apiVersion": "gateway.envoyproxy.io/v1alpha1",
            "kind": "EnvoyProxy",
            "metadata": {"name": "pulumi-kserve-probe", "namespace": namespace},
            "spec": {},
        },
    ]
