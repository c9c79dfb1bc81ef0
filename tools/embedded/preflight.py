"""What `up` checks before it touches anything. Every refusal says what, where, why and the cure."""

import os
import sys
from pathlib import Path

from tools.cache import HOME_VARIABLE, require_free
from tools.embedded import cgroups, mounts, network
from tools.embedded.layout import CLUSTER, NETNS_PATH, RANGES, Layout
from tools.errors import ToolError

ELSEWHERE = (
    "or use another cluster: kind (https://kind.sigs.k8s.io) makes one wherever Docker runs; "
    "set KUBE_CONTEXT to its context"
)

_CAPABILITIES = {
    "CAP_CHOWN": 0,
    "CAP_DAC_OVERRIDE": 1,
    "CAP_KILL": 5,
    "CAP_SETGID": 6,
    "CAP_SETUID": 7,
    "CAP_NET_ADMIN": 12,
    "CAP_NET_RAW": 13,
    "CAP_SYS_CHROOT": 18,
    "CAP_SYS_ADMIN": 21,
    "CAP_MKNOD": 27,
}
_MEMORY = 2 << 30
_DISK = 3 << 30
_LONGEST_SOCKET_PATH = 107
_LONGEST_SOCKET_NAME = "node/run/containerd/io.containerd.runtime.v2.task/k8s.io/"
_UNSUITABLE_FILE_SYSTEMS = ("overlay", "nfs", "nfs4", "tmpfs", "ramfs", "fuse.sshfs", "9p", "vfat")


def check_machine() -> None:
    """Check that this is Linux, that we are root with the capabilities it takes, and that the kernel can do it.

    Raises:
        ToolError: it cannot run here.

    """
    if sys.platform != "linux":
        raise ToolError(f"the embedded cluster runs on Linux only, and this is {sys.platform}", cure=ELSEWHERE)
    if os.geteuid() != 0:
        raise ToolError(
            f"the embedded cluster needs root (namespaces, mounts, cgroups), and this is user {os.geteuid()}",
            cure=f"run the command as root, {ELSEWHERE}",
        )
    status = Path("/proc/self/status").read_text("ascii", errors="replace")
    if lacking := missing_capabilities(status):
        raise ToolError(
            f"root lacks {', '.join(lacking)} here; this looks like an unprivileged container",
            cure=f"run it on the machine itself or in a privileged container, {ELSEWHERE}",
        )
    for path in (Path("/proc/sys/vm/overcommit_memory"), *_cgroup_mounts()):
        if not os.access(path, os.W_OK):
            raise ToolError(
                f"{path} is read-only, and kubelet writes there", cure=f"use a privileged container, {ELSEWHERE}"
            )
    if lacking := cgroups.missing_controllers():
        raise ToolError(
            f"the cgroup controllers {', '.join(lacking)} are missing below {cgroups.MOUNT}",
            cure=f"mount or enable them (kernel option cgroup_enable=memory and the like), {ELSEWHERE}",
        )


def check_room(layout: Layout) -> None:
    """Check folder, memory and disk for a node that does not run yet.

    Raises:
        ToolError: one of them is not enough.

    """
    longest = len(str(layout.root / _LONGEST_SOCKET_NAME))
    if longest > _LONGEST_SOCKET_PATH:
        raise ToolError(
            f"the folder {layout.root} has too long a path for the sockets in it "
            f"({longest} characters, and Linux allows {_LONGEST_SOCKET_PATH})",
            cure=f"set {HOME_VARIABLE} to a shorter path",
        )
    kind = mounts.file_system(layout.root)
    if kind in _UNSUITABLE_FILE_SYSTEMS:
        raise ToolError(
            f"{layout.root} is on a file system of type {kind}, which cannot carry containers (or fills the memory)",
            cure=f"set {HOME_VARIABLE} to a folder on a local disk (ext4, xfs, btrfs), in a container on a volume",
        )
    available = available_memory(Path("/proc/meminfo").read_text("ascii"))
    if available < _MEMORY:
        raise ToolError(
            f"the node needs {_MEMORY >> 20} MiB of free memory, and {available >> 20} MiB are available",
            cure=f"stop something, {ELSEWHERE}",
        )
    require_free({layout.root: _DISK}, what="the node")


def check_neighbours(layout: Layout) -> None:
    """Check that nothing else on the machine uses our addresses and names, or is a node itself.

    Raises:
        ToolError: it does; the message names it.

    """
    check_owner(layout)
    if taken := network.conflicts(network.host_routes()):
        raise ToolError(
            f"the cluster's ranges {', '.join(RANGES)} are in use on this machine: {'; '.join(taken)}",
            cure="stop what uses them (another cluster, a VPN, a container network) or use that cluster: "
            "set KUBE_CONTEXT to its context",
        )
    if pid := _foreign_kubelet():
        raise ToolError(
            f"a kubelet runs on this machine already (process {pid}), and two of them would fight over "
            "/var/lib/kubelet/device-plugins and the machine's settings",
            cure="use the cluster it belongs to: set KUBE_CONTEXT to its context",
        )


def check_owner(layout: Layout) -> None:
    """Check that an embedded cluster that is on this machine is the one of our folder.

    Raises:
        ToolError: it belongs to another folder.

    """
    if layout.host_record.exists():
        return
    if cgroups.processes() or (NETNS_PATH.exists() and network.namespace_exists()):
        raise ToolError(
            f"another embedded cluster is on this machine (cgroup or network namespace {CLUSTER}), "
            f"and its state is not in {layout.root}",
            cure=f"run `python -m tools.embedded down` with the {HOME_VARIABLE} it was started with; "
            f"if that folder is gone: `ip netns del {CLUSTER}` and a reboot",
        )


def missing_capabilities(status: str) -> list[str]:
    """Return the capabilities we need that /proc/self/status does not show as effective."""
    line = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    effective = int(line.split()[1], 16)
    return [name for name, bit in _CAPABILITIES.items() if not effective >> bit & 1]


def available_memory(meminfo: str) -> int:
    """Return the bytes of memory /proc/meminfo says are available."""
    line = next(line for line in meminfo.splitlines() if line.startswith("MemAvailable:"))
    return int(line.split()[1]) << 10


def _cgroup_mounts() -> list[Path]:
    if cgroups.unified():
        return [cgroups.MOUNT]
    return [path for name in ("cpu", "memory", "pids") if (path := cgroups.MOUNT / name).is_dir()]


def _foreign_kubelet() -> int | None:
    ours = set(cgroups.processes())
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            same_files = (folder / "ns/mnt").readlink() == Path("/proc/self/ns/mnt").readlink()
            name = (folder / "comm").read_text("utf-8", errors="replace").strip()
        except OSError:
            continue
        if name == "kubelet" and same_files and int(folder.name) not in ours:
            return int(folder.name)
    return None
