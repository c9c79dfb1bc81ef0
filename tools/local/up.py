"""`make up`: from whatever is there to a served prediction."""

import time
from dataclasses import dataclass, field, replace

from pulumi import automation

from tools.errors import ToolError
from tools.local import cluster as clusters
from tools.local import engine
from tools.local.cluster import Cluster
from tools.local.config import configure, new_stack
from tools.local.deployment import followed
from tools.local.iris import load_early, train
from tools.local.predict import Endpoint, Prediction, ask_all, endpoints_of
from tools.local.project import STACK, Project
from tools.local.screen import Screen
from tools.local.secrets import passphrase_environment
from tools.toolchain.toolchain import ready_toolchain


@dataclass(frozen=True)
class Served:
    """How an `up` ended: what changed, what is served, and what it answered."""

    endpoints: list[Endpoint]
    predictions: list[Prediction]
    changes: dict[str, int]
    seconds: float
    endpoint_seconds: dict[str, float | None] = field(default_factory=dict[str, "float | None"])

    @property
    def changed(self) -> bool:
        """Whether the engine changed anything."""
        return any(count for kind, count in self.changes.items() if kind != "same")


def bring_up(project: Project, screen: Screen) -> Served:
    """Do all of it: toolchain, cluster, configuration, model, deployment, predictions.

    Raises:
        ToolError: something is missing or in the way; nothing of the stack was changed.
        KServeError: the cluster cannot be used, or what a killed run left is not provably ours.
        DeploymentFailed: the deployment failed.

    """
    begun = time.monotonic()
    project.check()
    load_early()
    with project.locked():
        opened = open_workspace(project, screen)
        stack = engine.existing_stack(project, opened)
        stack, cluster = _on_its_cluster(project, opened, stack, screen)
        with screen.step("configure the stack"):
            known = stack
            stack = known or new_stack(project, opened)
            configure(stack, project, cluster)
        with screen.step("train the iris model"):
            train(project)
        link_logs(project, cluster)
        if known:
            recover(known, screen)
        return _deployed(project, stack, cluster, screen, begun)


def open_workspace(project: Project, screen: Screen) -> automation.LocalWorkspace:
    """Return the project in the engine, which is fetched or built first where it is missing.

    Raises:
        ToolError: there is no passphrase, or no engine can be had.

    """
    variables = passphrase_environment(project)
    with screen.step("toolchain"):
        toolchain = ready_toolchain(screen.report)
    return engine.workspace(project, toolchain, variables)


def recover(stack: automation.Stack, screen: Screen) -> bool:
    """Mend what a killed run left behind, and return whether it made what only another `up` takes over.

    Raises:
        RecoveryRefused: something is not provably this stack's; nothing was touched.

    """
    from pulumi_kserve.live import recovery  # noqa: PLC0415 -- only a stack that was there before needs it

    with screen.step("look for what a killed run left"):
        return recovery.recover(stack, report=lambda line: screen.line(f"  {line}")).unrecorded


def link_logs(project: Project, cluster: Cluster) -> None:
    """Show the logs of the embedded cluster's components beside the engine's own."""
    link = project.logs / "cluster"
    if cluster.kind == "embedded" and not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(cluster.kubeconfig.parent / "logs")


def _on_its_cluster(
    project: Project, opened: automation.LocalWorkspace, stack: automation.Stack | None, screen: Screen
) -> tuple[automation.Stack | None, Cluster]:
    last = clusters.recorded(project)
    cluster = clusters.ready_cluster(project, last, screen)
    if last and last.identity == cluster.identity:
        cluster = replace(cluster, kind=last.kind)  # by whatever name it is called this time
    elif stack and last:
        if last.kind != cluster.kind or cluster.kind == "context":
            raise ToolError(
                f"the stack {STACK} is on {last}, and this run would put it on {cluster}",
                cure="take it down there first (`make down`), or leave KUBE_CONTEXT as it was",
            )
        screen.line(f"  {cluster} is a new one: the state of the one before is dropped", style="yellow")
        with engine.engine_errors(project):
            opened.remove_stack(STACK, force=True, preserve_config=True)
        stack = None
    clusters.record(project, cluster)
    return stack, cluster


def _deployed(project: Project, stack: automation.Stack, cluster: Cluster, screen: Screen, begun: float) -> Served:
    with followed(project, screen, "up") as events:
        result = stack.up(on_event=events.take, color="never")
    endpoints = endpoints_of({name: output.value for name, output in result.outputs.items()})
    with screen.step("ask for predictions"):
        predictions = ask_all(project, cluster, endpoints)
    changes = {str(kind): count for kind, count in (result.summary.resource_changes or {}).items()}
    seconds = {endpoint.name: events.seconds_of(endpoint.name) for endpoint in endpoints}
    return Served(endpoints, predictions, changes, time.monotonic() - begun, seconds)
