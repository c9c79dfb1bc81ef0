"""Tools that make a fault: an API server that dies, a controller that hangs, charts that cannot be had or stored."""

import base64
import hashlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pulumi_kserve.live.cluster import INFERENCE_SERVICES, SECRETS, Json
from pulumi_kserve.live.helm_releases import Release, revisions
from rich.console import Console

from tests.e2e.spine import ENDPOINT, KUBECONFIG, NAMESPACE, REPOSITORY, Spine, cluster, embedded
from tools.embedded import cgroups, processes
from tools.local import engine
from tools.local.cluster import embedded_charts
from tools.local.deployment import DeploymentFailed, followed
from tools.local.screen import Screen
from tools.local.up import open_workspace

KSERVE = Release("kserve", "kserve-resources")
CERT_MANAGER = Release("cert-manager", "cert-manager")
LARGEST_SECRET = 1 << 20
CHART_SOURCE = "kserve:chartSource"
_DIGEST = hashlib.sha256().digest_size
_CONTROLLER = "/manager"
_COMMAND = re.compile(r"^ {2}(kubectl .+)$", re.MULTILINE)


def restart_api_server(*, away: float) -> None:
    """Kill the API server with -9, and start it again after some seconds as the node's own `up` does."""
    pid = processes.find("kube-apiserver")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    time.sleep(away)
    embedded("up")


@contextmanager
def paused_controller(seconds: float) -> Generator[None]:
    """KServe's controller takes connections and answers none, for so long; the block does not wait for it."""
    pids = [pid for pid in cgroups.processes("kubepods") if _is_controller(pid)]
    assert pids, "KServe's controller does not run"
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    resume = subprocess.Popen(["sh", "-c", f"sleep {seconds}; kill -CONT {' '.join(map(str, pids))}"])
    try:
        yield
    finally:
        resume.wait()


def _is_controller(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0] == _CONTROLLER.encode()
    except OSError:
        return False


def plain_up(spine: Spine) -> str:
    """What a plain `pulumi up` fails with; nothing is configured before, so that the stack file is taken as it is."""
    screen = Screen(Console(quiet=True))
    stack = engine.existing_stack(spine.project, open_workspace(spine.project, screen))
    assert stack is not None
    try:
        with followed(spine.project, screen, "up") as events:
            stack.up(on_event=events.take, color="never")
    except DeploymentFailed as failed:
        return str(failed)
    return ""


def charts_with(folder: Path, random_bytes: int) -> Path:
    """A copy of the charts in which KServe's carries so much that does not compress."""
    charts = folder / f"charts-{random_bytes}"
    shutil.copytree(embedded_charts(), charts)
    content = b"".join(hashlib.sha256(str(block).encode()).digest() for block in range(random_bytes // _DIGEST))
    (charts / KSERVE.name / "large").write_bytes(content)
    return charts


def stored_bytes(release: Release) -> int:
    """How large Helm's newest Secret of the release is."""
    with cluster() as here:
        newest = revisions(here, release)[-1]
    return len(base64.b64decode(newest["data"]["release"]))


def last_revision(release: Release) -> tuple[int, str]:
    """Number and status of the newest revision that Helm has."""
    with cluster() as here:
        labels: Mapping[str, str] = revisions(here, release)[-1]["metadata"]["labels"]
    return int(labels["version"]), labels["status"]


def release_is(release: Release, status: str) -> bool:
    """Whether Helm has a revision of that status."""
    with cluster() as here:
        return bool(here.list(SECRETS, release.namespace, labels=f"owner=helm,name={release.name},status={status}"))


def endpoint() -> Json:
    """The InferenceService as the cluster has it."""
    with cluster() as here:
        found = here.get(INFERENCE_SERVICES, ENDPOINT, NAMESPACE)
    assert found is not None
    return found


def endpoint_goes() -> bool:
    """Whether the InferenceService is being deleted, or gone."""
    with cluster() as here:
        found = here.get(INFERENCE_SERVICES, ENDPOINT, NAMESPACE)
    return found is None or "deletionTimestamp" in found["metadata"]


def uid_of(thing: Json) -> str:
    """What tells an object from every other, before and after."""
    return str(thing["metadata"]["uid"])


def kubectl(*arguments: str, manifest: str | None = None) -> str:
    """What a user types; it must end well."""
    return _shell(shlex.join(["kubectl", *arguments]), manifest)


def commands_in(message: str) -> list[str]:
    """The commands that a message gives, one on each line."""
    return [command.rstrip() for command in _COMMAND.findall(message)]


def typed(command: str) -> str:
    """A command as a message gives it, typed into a shell; it must end well."""
    return _shell(command, None)


def _shell(command: str, content: str | None) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        input=content,
        env={**os.environ, "KUBECONFIG": str(KUBECONFIG)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def until(what: str, seen: Any, *, seconds: float = 60) -> None:
    """Wait until `seen` returns something true."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, f"{what}: not seen in {seconds:.0f} s"
        time.sleep(0.5)
