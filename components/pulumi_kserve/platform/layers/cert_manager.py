"""cert-manager: the issuer of KServe's webhook certificates.

https://cert-manager.io/docs/installation/helm/
"""

from __future__ import annotations

from typing import Any, Final

from pulumi_kserve.platform.charts import resolve
from pulumi_kserve.platform.layers import helm_release
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext
from pulumi_kserve.platform.served import Served

__all__ = ["NAMESPACE", "SERVED", "install", "probes", "values"]

NAMESPACE: Final = "cert-manager"
SERVED: Final = (
    Served("cert-manager.io/v1", "Certificate", "certificates"),
    Served("cert-manager.io/v1", "Issuer", "issuers"),
    Served("cert-manager.io/v1", "ClusterIssuer", "clusterissuers"),
)
"""The kinds that KServe's charts and certificates of gateways need."""
_CRDS_ENABLED_SINCE: Final = (1, 15)


def install(context: LayerContext) -> Layer:
    """Install cert-manager and wait until its webhook accepts a Certificate."""
    namespace = context.namespace(NAMESPACE, {"pod-security.kubernetes.io/enforce": "restricted"})
    chart = context.row.cert_manager
    version = resolve(chart, context.chart_source, context.row).version
    layer = helm_release.install(context, chart, namespace=NAMESPACE, values=values(version), depends_on=[namespace])
    return helm_release.gate(context, layer, namespace=NAMESPACE, probes=probes(NAMESPACE))


def values(version: str) -> dict[str, Any]:
    """The chart's values; how CRDs are asked for changed in 1.15."""
    major, minor = (int(part) for part in version.removeprefix("v").split(".")[:2])
    crds = {"crds": {"enabled": True}} if (major, minor) >= _CRDS_ENABLED_SINCE else {"installCRDs": True}
    return {**crds, "startupapicheck": {"enabled": False}}


def probes(namespace: str) -> list[dict[str, Any]]:
    """An object that a working cert-manager accepts, for a dry run in `namespace`."""
    return [
        {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Issuer",
            "metadata": {"name": "pulumi-kserve-probe", "namespace": namespace},
            "spec": {"selfSigned": {}},
        }
    ]
