"""Layers that are there already: not installed, but looked at during an update, before anything builds on them.

A preview never asks the cluster. An update writes a ConfigMap for each such layer, and first looks whether the kinds
are served in the versions that are needed, and whether an object of them is accepted in a dry run.
https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import pulumi

from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.platform.existing import ExistingLayer, LayerName
from pulumi_kserve.platform.layers import cert_manager, envoy_gateway, gateway_api, istio, metrics_server
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext, guard
from pulumi_kserve.platform.releases import Release
from pulumi_kserve.platform.served import Served

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster

__all__ = ["check_existing", "faults_of", "namespace_of"]

_RULE: Final = "existing-layer"
_ALWAYS_THERE: Final = "kube-system"
_MTLS: Final = "https://istio.io/latest/docs/tasks/security/authentication/mtls-migration/"


@dataclass(frozen=True, slots=True)
class _Known:
    title: str
    page: str
    version: Callable[[Release], str]
    served: tuple[Served, ...]
    namespace: str = _ALWAYS_THERE
    probes: Callable[[str], Sequence[Mapping[str, Any]]] = lambda _namespace: ()


_KNOWN: Final[Mapping[LayerName, _Known]] = MappingProxyType(
    {
        "cert-manager": _Known(
            "cert-manager",
            "https://cert-manager.io/docs/installation/",
            lambda row: row.cert_manager.version,
            cert_manager.SERVED,
            cert_manager.NAMESPACE,
            cert_manager.probes,
        ),
        "envoy-gateway": _Known(
            "Envoy Gateway",
            "https://gateway.envoyproxy.io/docs/install/",
            lambda row: row.envoy_gateway,
            envoy_gateway.SERVED,
            envoy_gateway.NAMESPACE,
            envoy_gateway.probes,
        ),
        "gateway-api": _Known(
            "the Gateway API",
            "https://gateway-api.sigs.k8s.io/guides/getting-started/introduction/",
            lambda row: row.gateway_api,
            gateway_api.SERVED,
        ),
        "istio": _Known(
            "Istio",
            "https://istio.io/latest/docs/setup/install/",
            lambda row: row.istio,
            istio.SERVED,
            istio.NAMESPACE,
            istio.probes,
        ),
        "metrics-server": _Known(
            "metrics-server",
            "https://github.com/kubernetes-sigs/metrics-server#installation",
            lambda row: f"(chart {row.metrics_server.version})",
            metrics_server.SERVED,
            metrics_server.NAMESPACE,
        ),
    }
)


def check_existing(
    context: LayerContext,
    name: LayerName,
    layer: ExistingLayer,
    *,
    path: str = "",
    home: str = _ALWAYS_THERE,
    depends_on: Sequence[pulumi.Resource] = (),
) -> Layer:
    """A layer whose `ready` means that it is there as this release needs it.

    Args:
        context: What the platform's layers share.
        name: Which layer.
        layer: What is known of it.
        path: Where the user says that it is there; ``existing.<name>`` when empty.
        home: A namespace that exists: for the marker, and for dry runs.
        depends_on: What must be there before.

    Raises:
        SpecError: during an update, when something is missing: all of it at once.

    """
    known = _KNOWN[name]

    def ask(cluster: Cluster) -> None:
        faults = faults_of(cluster, name, layer, context.row, path=path, home=home)
        if faults:
            raise SpecError(f"{known.title} of the cluster", faults)

    data = {
        "layer": name,
        "kserve": context.row.release,
        "namespace": namespace_of(name, layer),
        "needs": "\n".join(map(str, known.served)),
    }
    marker = guard(context, f"existing-{name}", namespace=home, data=data, ask=ask, depends_on=depends_on)
    return Layer(name, "existing", marker, (marker,))


def faults_of(
    cluster: Cluster, name: LayerName, layer: ExistingLayer, row: Release, *, path: str = "", home: str = _ALWAYS_THERE
) -> list[Problem]:
    """What the live cluster lacks of the layer, each with its cure; the arguments are as in :func:`check_existing`."""
    from pulumi_kserve.live.installed import is_strict, missing  # noqa: PLC0415 -- only a real `up` needs a client

    known, where = _KNOWN[name], path or f"existing.{name}"
    cure = (
        f"Install {known.title} {known.version(row)} ({known.page}), or remove the entry: the platform then installs it"
    )
    found = [
        Problem(where, fault, cure, "existing-layer") for fault in missing(cluster, known.served, known.probes(home))
    ]
    if name == "istio" and not found and not is_strict(cluster, namespace_of(name, layer)):
        found.append(_lax(where, namespace_of(name, layer)))
    return found


def namespace_of(name: LayerName, layer: ExistingLayer) -> str:
    """Where the layer runs, as said or as its own documentation has it."""
    return layer.namespace or _KNOWN[name].namespace


def _lax(where: str, namespace: str) -> Problem:
    return Problem(
        where,
        f"no PeerAuthentication without a selector in namespace {namespace} has the mode STRICT, "
        "so that pods of the mesh also take plain text",
        f"Apply one ({_MTLS}), or name Istio's root namespace in `namespace`",
        _RULE,
    )
