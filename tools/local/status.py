"""`make status` and `make predict`: what stands, and what it answers."""

from dataclasses import asdict, dataclass
from typing import Any

from tools.errors import ToolError
from tools.local import cluster as clusters
from tools.local import engine
from tools.local.api_server import reached
from tools.local.cluster import Cluster
from tools.local.predict import Endpoint, Prediction, ask_all, endpoints_of
from tools.local.project import Project
from tools.local.screen import Screen
from tools.local.up import open_workspace


@dataclass(frozen=True)
class EndpointStatus:
    """One endpoint: whether it answers, whether with its newest revision, and what is wrong when something is."""

    endpoint: Endpoint
    serving: bool
    current: bool
    cause: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return self.endpoint.model_dump() | {"serving": self.serving, "current": self.current, "cause": self.cause}


def endpoint_statuses(project: Project, screen: Screen) -> tuple[Cluster, list[EndpointStatus]]:
    """Return the cluster and every endpoint's state as the cluster has it now.

    Raises:
        ToolError: nothing is up, or the engine cannot be used.
        ClusterUnreachable: the cluster does not answer.

    """
    from pulumi_kserve.live.diagnosis import diagnose  # noqa: PLC0415 -- only here

    cluster, endpoints = _exported(project, screen)
    with reached(cluster.kubeconfig, cluster.context) as connection:
        found = [diagnose(connection, endpoint.namespace, endpoint.name) for endpoint in endpoints]
    states = zip(endpoints, found, strict=True)
    return cluster, [
        EndpointStatus(endpoint, state.serving, state.current, state.summary) for endpoint, state in states
    ]


def predictions(project: Project, screen: Screen, name: str | None) -> list[Prediction]:
    """Ask one endpoint, or all of them.

    Raises:
        ToolError: nothing is up, there is no such endpoint, or the engine cannot be used.
        ClusterUnreachable: the cluster does not answer.

    """
    cluster, endpoints = _exported(project, screen)
    wanted = [endpoint for endpoint in endpoints if name in (None, endpoint.name)]
    if name and not wanted:
        there = ", ".join(endpoint.name for endpoint in endpoints) or "none"
        raise ToolError(f"the stack has no endpoint {name}; it has {there}", cure="name one of these")
    with reached(cluster.kubeconfig, cluster.context):
        return ask_all(project, cluster, wanted)


def cluster_as_json(cluster: Cluster) -> dict[str, Any]:
    """Return the cluster as JSON data."""
    return asdict(cluster) | {"kubeconfig": str(cluster.kubeconfig)}


def _exported(project: Project, screen: Screen) -> tuple[Cluster, list[Endpoint]]:
    project.check()
    cluster = clusters.recorded(project)
    stack = engine.existing_stack(project, open_workspace(project, screen)) if cluster else None
    if cluster is None or stack is None:
        raise ToolError(f"nothing is up in {project.root}", cure="`make up` brings it up")
    return cluster, endpoints_of(engine.outputs(stack, project))
