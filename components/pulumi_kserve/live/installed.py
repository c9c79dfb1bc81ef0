"""What a cluster serves: whether the kinds are there that a platform builds on, whoever installed them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_kserve.errors import ClusterUnreachable
from pulumi_kserve.live.cluster import Kind
from pulumi_kserve.live.observation import condition, dig, is_true

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster
    from pulumi_kserve.platform.served import Served

__all__ = ["DEFINITIONS", "await_served", "is_strict", "missing"]

DEFINITIONS = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False)
_POLL_SECONDS = 1.0


def missing(cluster: Cluster, served: Sequence[Served], probes: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """What the cluster lacks, one sentence each; probes are tried in a dry run when all kinds are served.

    Args:
        cluster: The cluster.
        served: Kinds that it must serve.
        probes: Objects that it must accept; none is stored.

    Raises:
        ClusterUnreachable: the server does not answer, or refuses to be asked.

    """
    found = [fault for kind in served for fault in _faults(cluster, kind)]
    return found or [fault for probe in probes for fault in _refused(cluster, probe)]


def await_served(cluster: Cluster, served: Sequence[Served], *, what: str, timeout: float = 300) -> None:
    """Return when the cluster serves every kind.

    Args:
        cluster: The cluster.
        served: Kinds that a working installation serves.
        what: The layer's name, for the message.
        timeout: Seconds until this gives up.

    Raises:
        ClusterUnreachable: a kind is still not served at the end; with the reason.

    """
    end = time.monotonic() + timeout
    while faults := missing(cluster, served):
        if time.monotonic() > end:
            raise ClusterUnreachable(
                f"{what} does not answer after {timeout:.0f} s: {'; '.join(faults)}. "
                "Look at its pods (`kubectl get pods -A`) and their logs"
            )
        time.sleep(_POLL_SECONDS)
        cluster.forget_kinds()


def is_strict(cluster: Cluster, namespace: str) -> bool:
    """Whether Istio's policy for the whole mesh, which lies in its root namespace, asks for mutual TLS everywhere."""
    kind = cluster.kind("security.istio.io/v1", "PeerAuthentication")
    policies = [] if kind is None else cluster.list(kind, namespace)
    whole_mesh = [policy for policy in policies if not dig(policy, "spec", "selector")]
    return any(dig(policy, "spec", "mtls", "mode") == "STRICT" for policy in whole_mesh)


def _faults(cluster: Cluster, kind: Served) -> Iterator[str]:
    if not kind.definition:
        yield from _unanswered(cluster, kind)
        return
    definition = cluster.get(DEFINITIONS, kind.definition)
    if definition is None:
        yield f"there is no CustomResourceDefinition {kind.definition}"
        return
    versions = [str(each["name"]) for each in definition["spec"]["versions"] if each.get("served")]
    if kind.version not in versions:
        yield f"{kind.definition} is served in {' and '.join(versions) or 'no version'}, not in {kind.version}"
    elif not is_true(condition(definition, "Established")):
        yield f"the CustomResourceDefinition {kind.definition} is not established"


def _unanswered(cluster: Cluster, kind: Served) -> Iterator[str]:
    try:
        known = cluster.kind(kind.api_version, kind.kind)
    except ClusterUnreachable as error:
        yield f"the API {kind.api_version} does not answer: {error}"
        return
    if known is None:
        yield f"no API {kind.api_version} with a {kind.kind} is registered"


def _refused(cluster: Cluster, probe: Mapping[str, Any]) -> Iterator[str]:
    refusal = cluster.refusal(probe)
    if refusal is not None:
        yield f"a dry run of a {probe['kind']} is refused: {refusal}"
