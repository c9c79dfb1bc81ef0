"""Which cluster the stack runs on: the caller's own, kind where there is Docker, else the embedded one.

Run for real: the embedded cluster, and a context of a kubeconfig. Untested against the real thing: kind; the tests
put fake `docker` and `kind` on PATH.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from tools.cache import embedded_root, write_atomically
from tools.errors import ToolError
from tools.local.api_server import identity
from tools.local.project import Project
from tools.local.screen import Screen

KIND_CLUSTER = "pulumi-kserve"

Kind = Literal["context", "kind", "embedded"]


@dataclass(frozen=True)
class Cluster:
    """A cluster that is up: how to reach it, and `identity`, which no other cluster has."""

    kind: Kind
    kubeconfig: Path
    context: str
    identity: str = ""

    @property
    def charts(self) -> Path | None:
        """The folder of local charts: only beside the embedded cluster, from which nothing can be downloaded."""
        return embedded_charts() if self.kind == "embedded" else None

    def __str__(self) -> str:
        return f"context {self.context} of {self.kubeconfig}" if self.kind == "context" else f"the {self.kind} cluster"


def embedded_charts() -> Path:
    """Return the folder of charts that the embedded cluster's build makes."""
    return embedded_root() / "charts"


def recorded(project: Project) -> Cluster | None:
    """Return the cluster that the last `up` used, if there is one on record."""
    try:
        fields = json.loads(_record(project).read_text("utf-8"))
        return Cluster(**fields | {"kubeconfig": Path(fields["kubeconfig"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def record(project: Project, cluster: Cluster) -> None:
    """Remember the cluster for `status`, `predict`, `down` and the next `up`."""
    fields = asdict(cluster) | {"kubeconfig": str(cluster.kubeconfig)}
    write_atomically(_record(project), json.dumps(fields, indent=2) + "\n", mode=0o600)


def forget(project: Project) -> None:
    """Forget the cluster: nothing of the stack is on it any more."""
    _record(project).unlink(missing_ok=True)


def choose(last: Cluster | None, environment: Mapping[str, str] = os.environ) -> Kind:
    """Return the kind of cluster to use: `KUBE_CONTEXT` decides, then the last run, then what the machine has."""
    if environment.get("KUBE_CONTEXT"):
        return "context"
    if last:
        return last.kind
    return "kind" if _docker_answers() and shutil.which("kind") else "embedded"


def ready_cluster(
    project: Project, last: Cluster | None, screen: Screen, environment: Mapping[str, str] = os.environ
) -> Cluster:
    """Return a cluster that answers, started first if it is ours to start.

    Raises:
        ClusterUnreachable: the kubeconfig, the context or the API server cannot be used.
        ToolError: a cluster of ours does not start.

    """
    kind = choose(last, environment)
    if kind == "context":
        wanted = environment.get("KUBE_CONTEXT")
        cluster = _named_context(wanted, environment) if wanted else cast("Cluster", last)
    elif kind == "kind":
        with screen.step("kind cluster"):
            cluster = _kind(project)
    else:
        cluster = _embedded(screen)
    return replace(cluster, identity=identity(cluster.kubeconfig, cluster.context))


def stop(project: Project, cluster: Cluster, screen: Screen) -> None:
    """Stop the cluster if it is ours: the embedded one and the kind one; a context is the caller's.

    Raises:
        ToolError: it does not stop.

    """
    if cluster.kind == "embedded":
        _embedded_command("down", screen)
    elif cluster.kind == "kind":
        with screen.step("delete the kind cluster"):
            _run(["kind", "delete", "cluster", "--name", KIND_CLUSTER, "--kubeconfig", str(_kind_kubeconfig(project))])


def _record(project: Project) -> Path:
    return project.own / "cluster.json"


def _named_context(context: str, environment: Mapping[str, str]) -> Cluster:
    named = environment.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    files = [Path(name).expanduser().absolute() for name in named.split(os.pathsep) if name]
    holding = [file for file in files if context in _contexts(file)]
    there = [file for file in files if file.is_file()]
    return Cluster("context", (holding or there or files)[0], context)


def _contexts(kubeconfig: Path) -> set[str]:
    """Return the contexts a file has; what is wrong with a file is said when it is used."""
    try:
        content: Any = yaml.safe_load(kubeconfig.read_text("utf-8"))
        return {str(entry["name"]) for entry in content["contexts"]}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return set()


def _docker_answers() -> bool:
    if not shutil.which("docker"):
        return False
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def _kind(project: Project) -> Cluster:
    kubeconfig = _kind_kubeconfig(project)
    there = _run(["kind", "get", "clusters"]).split()
    verb = ["export", "kubeconfig"] if KIND_CLUSTER in there else ["create", "cluster", "--wait", "180s"]
    _run(["kind", *verb, "--name", KIND_CLUSTER, "--kubeconfig", str(kubeconfig)])
    return Cluster("kind", kubeconfig, f"kind-{KIND_CLUSTER}")


def _kind_kubeconfig(project: Project) -> Path:
    return project.own / "kind-kubeconfig"


def _embedded(screen: Screen) -> Cluster:
    _embedded_command("up", screen)
    kubeconfig = embedded_root() / "kubeconfig"
    return Cluster("embedded", kubeconfig, "embedded")


def _embedded_command(verb: str, screen: Screen) -> None:
    with screen.given_away():
        done = subprocess.run(
            [sys.executable, "-m", "tools.embedded", verb], cwd=Path(__file__).parents[2], check=False
        )
    if done.returncode:
        raise ToolError(
            f"`python -m tools.embedded {verb}` ended with {done.returncode}; its own words are above",
            cure="do what they say and run the command again: it goes on where it stopped",
        )


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ToolError(f"`{command[0]}` does not run: {error}", cure=f"install {command[0]} again") from error
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-10:])
        raise ToolError(
            f"`{' '.join(command)}` failed:\n{last}",
            cure="see that Docker has enough memory and disk, then run the command again; or name a cluster of your "
            "own with KUBE_CONTEXT",
        )
    return done.stdout
