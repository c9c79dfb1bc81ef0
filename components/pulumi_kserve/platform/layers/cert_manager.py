"""cert-manager: the issuer of KServe's webhook certificates.

https://cert-manager.io/docs/installation/helm/
"""

from __future__ import annotations

from typing import Any

from pulumi_kserve.platform.charts import resolve
from pulumi_kserve.platform.layers import helm_release
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext

__all__ = ["NAMESPACE", "install"]

NAMESPACE = "cert-manager"
_CRDS_ENABLED_SINCE = (1, 15)


def install(context: LayerContext) -> Layer:
    """Install cert-manager and wait until its webhook accepts a Certificate."""
    namespace = context.namespace(NAMESPACE, {"pod-security.kubernetes.io/enforce": "restricted"})
    chart = context.row.cert_manager
    version = resolve(chart, context.chart_source, context.row).version
    layer = helm_release.install(context, chart, namespace=NAMESPACE, values=values(version), depends_on=[namespace])
    return helm_release.gate(context, layer, namespace=NAMESPACE, probes=[_probe()])


def values(version: str) -> dict[str, Any]:
    """The chart's values; how CRDs are asked for changed in 1.15."""
    major, minor = (int(part) for part in version.removeprefix("v").split(".")[:2])
    crds = {"crds": {"enabled": True}} if (major, minor) >= _CRDS_ENABLED_SINCE else {"installCRDs": True}
    return {**crds, "startupapicheck": {"enabled": False}}


def _probe() -> dict[str, Any]:
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Issuer",
        "metadata": {"name": "pulumi-kserve-probe", "namespace": NAMESPACE},
        "spec": {"selfSigned": {}},
    }
