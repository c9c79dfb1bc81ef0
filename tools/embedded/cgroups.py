"""The cgroup every process of the cluster lives in.

Membership is what tells our processes from the rest of the machine: it is inherited, it cannot be reused as a process
id can, and it is true even when a run was killed before it could write anything down. Components live in
`/embedded/node/<component>`, pods in `/embedded/kubepods`. Version 1 has been run; version 2 is covered by tests with
a folder in its place only.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from tools.embedded.layout import CLUSTER
from tools.errors import ToolError

MOUNT = Path("/sys/fs/cgroup")
_CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "pids")
_TRACKED = ("pids", "memory")
"""Hierarchies of cgroup v1 that a component is moved in: the first tells who is ours."""

_KILL_SECONDS = 10.0


def unified(mount: Path = MOUNT) -> bool:
    """Tell whether the machine has cgroup v2 only."""
    return (mount / "cgroup.controllers").exists()


def missing_controllers(mount: Path = MOUNT) -> list[str]:
    """Return the controllers kubelet needs and this machine lacks."""
    if unified(mount):
        there = (mount / "cgroup.controllers").read_text("utf-8").split()
        return [name for name in ("cpu", "cpuset", "memory", "pids") if name not in there]
    return [name for name in _CONTROLLERS if not (mount / name).is_dir()]


def roots(mount: Path = MOUNT) -> list[Path]:
    """Return our folder in every hierarchy where it is there."""
    folders = [mount] if unified(mount) else sorted(path for path in mount.iterdir() if path.is_dir())
    found = [folder / CLUSTER for folder in folders]
    return [folder for folder in found if folder.is_dir()]


def prepare(component: str, mount: Path = MOUNT) -> list[Path]:
    """Make the cgroup of a component and return the files its process id is written to."""
    if unified(mount):
        _hand_down_controllers(mount)
        folders = [mount / CLUSTER / "node" / component]
    else:
        for controller in (path for path in sorted(mount.iterdir()) if _is_v1(path)):
            (controller / CLUSTER).mkdir(exist_ok=True)
        folders = [mount / controller / CLUSTER / "node" / component for controller in _TRACKED]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    return [folder / "cgroup.procs" for folder in folders]


def processes(below: str = "", mount: Path = MOUNT) -> list[int]:
    """Return the ids of the processes in our cgroup, or in the part of it that `below` names."""
    root = (mount if unified(mount) else mount / _TRACKED[0]) / CLUSTER / below
    found: set[int] = set()
    for folder, _, _ in os.walk(root):
        with contextlib.suppress(OSError):
            found.update(int(line) for line in (Path(folder) / "cgroup.procs").read_text("ascii").split())
    return sorted(found)


def kill(below: str = "") -> None:
    """Kill every process in our cgroup, or in a part of it, and wait until they are gone.

    Raises:
        ToolError: one cannot be killed: it is stuck in the kernel.

    """
    until = time.monotonic() + _KILL_SECONDS
    while left := processes(below):
        if time.monotonic() > until:
            raise ToolError(
                f"processes {left} of the embedded cluster do not die",
                cure="see what they wait for with `cat /proc/PID/stack`; a reboot ends them",
            )
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def remove() -> None:
    """Remove our cgroup from every hierarchy; its processes are gone by now."""
    for root in roots():
        for folder, _, _ in os.walk(root, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()


def _is_v1(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and (path / "cgroup.procs").exists() and path.name != "unified"


def _hand_down_controllers(mount: Path) -> None:
    (mount / CLUSTER).mkdir(exist_ok=True)
    for folder in (mount, mount / CLUSTER):
        for controller in (folder / "cgroup.controllers").read_text("ascii").split():
            with contextlib.suppress(OSError):
                (folder / "cgroup.subtree_control").write_text(f"+{controller}", "ascii")
