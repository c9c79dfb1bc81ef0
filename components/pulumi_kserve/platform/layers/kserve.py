"""KServe itself: its CRDs and its controller, as two releases.

https://kserve.github.io/website/docs/install/overview

The CRDs lie in a release of their own that a destroy keeps, because deleting them deletes every model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from pulumi_kserve.platform.layers import helm_release
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext
from pulumi_kserve.platform.modes import ClusterLocal, Gateway, IngressClass, Standard

__all__ = ["gateway_values", "install", "values"]


def install(
    context: LayerContext, *, mode: Standard, namespace: str, delete_crds: bool, depends_on: Sequence[pulumi.Resource]
) -> Layer:
    """Install KServe's CRDs and controller; ready means that its webhooks accept each kind they judge."""
    home = context.namespace(namespace, {"control-plane": "kserve-controller-manager"}, depends_on)
    crds = helm_release.install(
        context, context.row.kserve_crd, namespace=namespace, values={}, depends_on=[home], retain=not delete_crds
    )
    controller = helm_release.install(
        context,
        context.row.kserve_resources,
        namespace=namespace,
        values=values(mode),
        depends_on=[home, crds.ready, *depends_on],
    )
    gated = helm_release.gate(context, controller, namespace=namespace, probes=_probes(context, namespace))
    return Layer(gated.name, gated.version, gated.ready, (home, *crds.resources, *gated.resources))


def values(mode: Standard) -> dict[str, Any]:
    """The values of chart kserve-resources."""
    return {
        "kserve": {
            "controller": {
                "deploymentMode": mode.kserve_name,
                "imagePullPolicy": "IfNotPresent",
                "gateway": gateway_values(mode.gateway),
            },
        }
    }


def gateway_values(gateway: Gateway) -> dict[str, Any]:
    """The chart's values under ``kserve.controller.gateway``.

    Behind a Gateway the routes are ours: KServe's own know no shares of requests and no paths, and win over others by
    their age. The domain still is the gateway's, so that an InferenceService's status names the URL that answers.
    """
    shut = {"disableIngressCreation": True, "disableIstioVirtualHost": True}
    if isinstance(gateway, ClusterLocal):
        return shut
    if isinstance(gateway, IngressClass):
        return {
            "domain": gateway.host,
            "disableIstioVirtualHost": True,
            "ingressGateway": {"className": gateway.name},
        }
    return {**shut, "domain": gateway.exposure.host, "urlScheme": gateway.exposure.scheme}


def _probes(context: LayerContext, namespace: str) -> list[dict[str, Any]]:
    versions = context.row.api_versions
    metadata = {"name": "pulumi-kserve-probe", "namespace": namespace}
    container = {"name": "kserve-container", "image": "probe"}
    return [
        {
            "apiVersion": versions["InferenceService"],
            "kind": "InferenceService",
            "metadata": metadata,
            "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "pvc://probe/probe"}}},
        },
        {
            "apiVersion": versions["ServingRuntime"],
            "kind": "ServingRuntime",
            "metadata": metadata,
            "spec": {"containers": [container]},
        },
        {
            "apiVersion": versions["ClusterServingRuntime"],
            "kind": "ClusterServingRuntime",
            "metadata": {"name": "pulumi-kserve-probe"},
            "spec": {"containers": [container]},
        },
    ]
