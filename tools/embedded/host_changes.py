"""The few things outside our folder that kubelet, containerd and the network plugins touch, and putting them back.

Both lists are meant to be complete: a run on an empty machine was compared, file by file, with what was there before.
"""

import contextlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.cache import write_atomically
from tools.embedded import mounts
from tools.embedded.commands import run, succeeds
from tools.embedded.layout import CLUSTER, NETNS_PATH, Layout
from tools.errors import ToolError

SYSCTLS = {
    "vm/overcommit_memory": "kubelet sets 1",
    "vm/panic_on_oom": "kubelet sets 0",
    "kernel/panic": "kubelet sets 10",
    "kernel/panic_on_oops": "kubelet sets 1",
    "kernel/keys/root_maxkeys": "kubelet sets 1000000",
    "kernel/keys/root_maxbytes": "kubelet sets 25000000",
}
"""Machine-wide settings, below /proc/sys, and who changes them."""

PATHS = {
    "/var/lib/kubelet/device-plugins": "kubelet's socket for device plugins, whatever its root folder is",
    "/var/lib/cni/results": "the network plugins' results, one file for each pod",
    "/var/log/containers": "kubelet's links to the containers' logs",
    "/run/containerd/s": "sockets of the containers' shims",
    "/run/netns": "the node's network namespace",
}
"""Folders written to whatever the configuration says. Those that were not there go with `down`, and so do parents
of them that were not there and are empty; in those that were there, `down` removes what is ours."""

MODULES = {"overlay": "the containers' file systems", "br_netfilter": "Services between pods of one node"}
"""Kernel modules that are loaded when missing, and what for; those that were loaded go with `down`."""

_PROC = Path("/proc/sys")


@dataclass(frozen=True)
class HostRecord:
    """How the machine was before `up`: settings, folders that were not there, modules we loaded."""

    sysctls: dict[str, str]
    absent: list[str]
    modules: list[str]

    def as_json(self) -> str:
        """Return the record as it is written to disk."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> "HostRecord":
        """Return the record that `as_json` wrote.

        Raises:
            ValueError: it is not one.

        """
        content = json.loads(text)
        try:
            sysctls = {str(name): str(value) for name, value in content["sysctls"].items() if name in SYSCTLS}
            modules = [str(name) for name in content["modules"] if name in MODULES]
            return cls(sysctls, [str(path) for path in content["absent"]], modules)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error


def remember(layout: Layout) -> None:
    """Write down how the machine is, unless an earlier `up` has and was not followed by `down`.

    Raises:
        ToolError: a kernel module that is needed can neither be found nor loaded.

    """
    if layout.host_record.exists():
        return
    modules = [name for name in MODULES if not _has(name)]
    sysctls = {name: (_PROC / name).read_text("ascii").strip() for name in SYSCTLS if (_PROC / name).exists()}
    absent = [str(path) for path in _with_parents() if not path.exists()]
    record = HostRecord(sysctls, absent, modules)
    write_atomically(layout.host_record, record.as_json(), mode=0o600)
    try:
        for name in modules:
            run("modprobe", name, cure=f"the node needs {name} for {MODULES[name]}: install the kernel's modules")
    except ToolError:
        layout.host_record.unlink()
        raise


def recall(layout: Layout) -> HostRecord | None:
    """Return what `remember` wrote, or None when no `up` has been since the last `down`.

    Raises:
        ToolError: the record is damaged.

    """
    try:
        return HostRecord.from_json(layout.host_record.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ToolError(
            f"{layout.host_record} is damaged: {error}",
            cure="delete it; then what kubelet changed outside our folder is not put back: "
            f"{', '.join(SYSCTLS)} below {_PROC}",
        ) from error


def put_back(record: HostRecord) -> None:
    """Restore the settings, remove the folders that were not there, unload the modules we loaded."""
    for name, value in record.sysctls.items():
        if (_PROC / name).read_text("ascii").strip() != value:
            (_PROC / name).write_text(value, "ascii")
    for path in (Path(name) for name in PATHS):
        _remove_ours(path, was_absent=str(path) in record.absent)
    for name in sorted(record.absent, key=len, reverse=True):
        with contextlib.suppress(OSError):
            Path(name).rmdir()
    for name in record.modules:
        succeeds("modprobe", "-r", name)


def differences(record: HostRecord) -> list[str]:
    """Return what is not as it was, in words."""
    changed = [
        f"{name} is {now}, was {value}"
        for name, value in record.sysctls.items()
        if (now := (_PROC / name).read_text("ascii").strip()) != value
    ]
    return changed + [f"{path} was not there before" for path in record.absent if Path(path).exists()]


def _remove_ours(path: Path, *, was_absent: bool) -> None:
    if path == NETNS_PATH.parent:
        if was_absent and not any(path.glob("*")):
            mounts.clear(path)
    elif was_absent:
        shutil.rmtree(path, ignore_errors=True)
    else:
        for file in _results_of_ours(path):
            file.unlink(missing_ok=True)


def _results_of_ours(path: Path) -> list[Path]:
    ours = sorted(path.glob(f"{CLUSTER}-*-eth0"))
    sandboxes = [file.name.removeprefix(f"{CLUSTER}-").removesuffix("-eth0") for file in ours]
    return [*ours, *(path / f"cni-loopback-{sandbox}-lo" for sandbox in sandboxes)]


def _with_parents() -> list[Path]:
    paths = [Path(name) for name in PATHS]
    return sorted({folder for path in paths for folder in (path, *path.parents)})


def _has(module: str) -> bool:
    if module == "overlay":
        return "\toverlay\n" in Path("/proc/filesystems").read_text("ascii")
    return (_PROC / "net" / "bridge").exists()
