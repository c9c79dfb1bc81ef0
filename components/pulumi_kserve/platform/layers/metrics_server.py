"""metrics-server: the CPU and memory of pods, which a HorizontalPodAutoscaler scales by.

https://github.com/kubernetes-sigs/metrics-server/tree/v0.9.0/charts/metrics-server

It trusts kubelets whose certificates the cluster's own CA has signed. Where they sign their own (kind, kubeadm without
``serverTLSBootstrap``) it never becomes ready: let the cluster bring its own metrics-server there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from pulumi_kserve.ownership import STACK_LABEL
from pulumi_kserve.platform.layers import helm_release
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext
from pulumi_kserve.platform.served import Served
from pulumi_kserve.resources import KubernetesObject

__all__ = ["NAMESPACE", "SERVED", "install", "values"]

NAMESPACE: Final = "kube-system"
SERVED: Final = (Served("metrics.k8s.io/v1beta1", "PodMetrics"), Served("metrics.k8s.io/v1beta1", "NodeMetrics"))
"""The kinds that a HorizontalPodAutoscaler reads, served by metrics-server behind the API server."""

_IMAGE: Final = "registry.k8s.io/metrics-server/metrics-server"


def install(context: LayerContext, *, cert_manager: bool, depends_on: Sequence[pulumi.Resource]) -> Layer:
    """Install metrics-server; ready means that the API server gets metrics from it.

    Args:
        context: What the platform's layers share.
        cert_manager: Whether there is a cert-manager, which then issues the certificate that the API server checks;
            without one the API server takes metrics from whoever answers.
        depends_on: What must be there before: cert-manager, where there is one.

    """
    secret = [_secret(context, depends_on)] if cert_manager else []
    layer = helm_release.install(
        context,
        context.row.metrics_server,
        namespace=NAMESPACE,
        values=values(context.images, cert_manager=cert_manager),
        depends_on=[*depends_on, *secret],
    )
    return helm_release.gate(context, layer, namespace=NAMESPACE, served=SERVED)


def _secret(context: LayerContext, depends_on: Sequence[pulumi.Resource]) -> pulumi.Resource:
    """The Secret that cert-manager fills: it would leave one of its own behind, in a namespace that stays."""
    metadata = {"name": "metrics-server", "namespace": NAMESPACE, "labels": {STACK_LABEL: context.stack}}
    manifest = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata}
    name = f"{context.platform}-metrics-server-certificate"
    return KubernetesObject(name, manifest, context.options(depends_on=depends_on))


def values(images: Mapping[str, str], *, cert_manager: bool) -> dict[str, Any]:
    """The values of chart metrics-server.

    Args:
        images: Tags of images to be used instead of the chart's, by the image's name.
        cert_manager: Whether cert-manager issues its certificate.

    """
    image: dict[str, Any] = {"image": {"tag": images[_IMAGE]}} if _IMAGE in images else {}
    checked = {"tls": {"type": "cert-manager"}, "apiService": {"insecureSkipTLSVerify": False}}
    return image | checked if cert_manager else image
