"""`make down`: everything of ours off the cluster, the cluster stopped if it is ours, the user's files kept."""

from pulumi import automation
from pulumi_kserve.errors import ClusterUnreachable

from tools.local import cluster as clusters
from tools.local import engine
from tools.local.api_server import identity
from tools.local.cluster import Cluster
from tools.local.config import OWN_KEYS
from tools.local.deployment import DeploymentFailed, followed
from tools.local.project import STACK, Project
from tools.local.screen import Screen
from tools.local.stack_file import restore
from tools.local.up import open_workspace, recover


def take_down(project: Project, screen: Screen, *, keep_cluster: bool = False) -> bool:
    """Destroy the stack with its program, so that its hooks run, then stop the cluster if we started it.

    `keep_cluster` leaves ours running, for a next `up` that need not start one.
    Returns whether there was anything to take down.

    Raises:
        ToolError: the engine or the cluster cannot be used; what is left is taken up by the next run.
        KServeError: the cluster does not answer, or is not the one the stack is on.
        DeploymentFailed: something could not be destroyed.

    """
    project.check()
    with project.locked():
        opened = open_workspace(project, screen)
        stack = engine.existing_stack(project, opened)
        cluster = clusters.recorded(project)
        if stack:
            _remove(project, opened, stack, cluster, screen)
        restore(project, OWN_KEYS)
        if cluster and not keep_cluster:
            clusters.stop(project, cluster, screen)
        clusters.forget(project)
        return stack is not None or cluster is not None


def _remove(
    project: Project,
    opened: automation.LocalWorkspace,
    stack: automation.Stack,
    cluster: Cluster | None,
    screen: Screen,
) -> None:
    gone = cluster is not None and _is_gone(cluster)
    if gone:
        screen.line(f"  {cluster} is gone already, and all that was on it", style="yellow")
    else:
        if recover(stack, screen):
            _complete(project, stack, screen)
        _see_that_endpoints_can_go(stack, screen)
        with followed(project, screen, "destroy") as events:
            stack.destroy(on_event=events.take, color="never", run_program=True)
    with screen.step("remove the stack"), engine.engine_errors(project):
        opened.remove_stack(STACK, force=gone, preserve_config=True)


def _is_gone(cluster: Cluster) -> bool:
    """Tell whether a cluster of ours is no more; that a caller's own cluster does not answer proves nothing."""
    if cluster.kind == "context":
        return False
    try:
        return identity(cluster.kubeconfig, cluster.context) != cluster.identity
    except ClusterUnreachable:
        return True


def _see_that_endpoints_can_go(stack: automation.Stack, screen: Screen) -> None:
    from pulumi_kserve.live import recovery  # noqa: PLC0415 -- only a stack that is there needs it

    with screen.step("look whether KServe's controller can let the endpoints go"):
        recovery.refuse_stuck_destroy(stack)


def _complete(project: Project, stack: automation.Stack, screen: Screen) -> None:
    """Finish the run that was killed, so that the state knows all that it made, and `destroy` finds it."""
    screen.line("  the killed run is completed first, so that all it made can be destroyed", style="yellow")
    try:
        with followed(project, screen, "up") as events:
            stack.up(on_event=events.take, color="never")
    except DeploymentFailed as failed:
        screen.line(f"  it cannot be: {failed}", style="yellow")
