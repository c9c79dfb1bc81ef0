"""KServe's controller: whether it runs, and what it said last."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_kserve.live.cluster import DEPLOYMENTS, PODS, Cluster, Json
from pulumi_kserve.live.observation import dig, selector

__all__ = ["CONTROLLER", "CONTROLLER_NAMESPACE", "Controller", "look_at_controller"]

CONTROLLER = "kserve-controller-manager"
"""The Deployment's name in every KServe install."""

CONTROLLER_NAMESPACE = "kserve"
"""Its namespace in the charts."""

_CONTAINER = "manager"


@dataclass(frozen=True, slots=True)
class Controller:
    """The controller's Deployment at one moment."""

    namespace: str
    installed: bool
    wanted: int
    available: int
    log: tuple[str, ...] = ()

    @property
    def works(self) -> bool:
        """Whether a replica is available."""
        return self.available > 0

    @property
    def state(self) -> str:
        """One sentence."""
        name = f"Deployment {CONTROLLER} in namespace {self.namespace}"
        if not self.installed:
            return f"{name} does not exist"
        if self.wanted == 0:
            return f"{name} is scaled to 0 replicas"
        return f"{name} has {self.available} of {self.wanted} replicas available"

    @property
    def cure(self) -> str:
        """How to get it back, or where to look when it runs."""
        if not self.installed:
            return f"Install KServe, or name the namespace of its controller if that is not {self.namespace}"
        if self.wanted == 0:
            return f"Scale it up: kubectl -n {self.namespace} scale deployment {CONTROLLER} --replicas=1"
        return f"Read its log: kubectl -n {self.namespace} logs deployment/{CONTROLLER} -c {_CONTAINER}"


def look_at_controller(cluster: Cluster, namespace: str = CONTROLLER_NAMESPACE, *, lines: int = 0) -> Controller:
    """The controller now, with that many of its last log lines."""
    deployment = cluster.get(DEPLOYMENTS, CONTROLLER, namespace)
    if deployment is None:
        return Controller(namespace, installed=False, wanted=0, available=0)
    wanted = dig(deployment, "spec", "replicas")
    return Controller(
        namespace,
        installed=True,
        wanted=1 if wanted is None else int(wanted),
        available=int(dig(deployment, "status", "availableReplicas") or 0),
        log=_log(cluster, deployment, lines) if lines else (),
    )


def _log(cluster: Cluster, deployment: Json, lines: int) -> tuple[str, ...]:
    namespace = deployment["metadata"]["namespace"]
    for pod in cluster.list(PODS, namespace, labels=selector(deployment)):
        name = pod["metadata"]["name"]
        said = cluster.logs(namespace, name, _CONTAINER, lines=lines)
        if said:
            return tuple(said)
    return ()
