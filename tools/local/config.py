"""What the main job writes into the stack's config: where the cluster is, and secrets that are made once."""

from pulumi import automation

from tools.local import engine
from tools.local.cluster import Cluster, embedded_charts
from tools.local.project import Project
from tools.local.secrets import new_secret
from tools.local.stack_file import keep_original, read_config

KUBECONFIG = "kserve:kubeconfig"
CONTEXT = "kserve:context"
CHART_SOURCE = "kserve:chartSource"

SECRETS = ("kserve:minioRootPassword", "kserve:modelsWriterPassword", "kserve:modelsReaderPassword")
"""Passwords of the object store: its root user, the one that uploads models, the one that endpoints read with."""

OWN_KEYS = (KUBECONFIG, CONTEXT, CHART_SOURCE, *SECRETS)


def configure(stack: automation.Stack, project: Project, cluster: Cluster) -> None:
    """Write what is missing or different; a stack that is configured already stays untouched, to the byte.

    Raises:
        ToolError: the passphrase does not fit, or the engine refuses.

    """
    there = read_config(project)
    for key in SECRETS:
        if key not in there:
            engine.set_secret(stack, project, key, new_secret())
    wanted = {KUBECONFIG: str(cluster.kubeconfig), CONTEXT: cluster.context}
    if cluster.charts:
        wanted[CHART_SOURCE] = str(cluster.charts)
    new = {key: automation.ConfigValue(value) for key, value in wanted.items() if there.get(key) != value}
    with engine.engine_errors(project):
        if new:
            stack.set_all_config(new)
        if CHART_SOURCE not in wanted and there.get(CHART_SOURCE) == str(embedded_charts()):
            stack.remove_config(CHART_SOURCE)


def new_stack(project: Project, opened: automation.LocalWorkspace) -> automation.Stack:
    """Make the stack, and remember the stack file as it was before.

    Raises:
        ToolError: the backend or the passphrase cannot be used.

    """
    keep_original(project)
    return engine.new_stack(project, opened)
