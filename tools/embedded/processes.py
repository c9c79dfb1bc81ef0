"""Starts the node's components in its network namespace and their own cgroups, and finds and stops them again.

A component's process is the one in the component's cgroup that runs its program. A fingerprint in its environment
tells what it was started with, so that `up` restarts just what has changed.
"""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tools.embedded import cgroups
from tools.embedded.commands import clean_environment, in_node
from tools.embedded.components import Component
from tools.embedded.layout import Layout
from tools.errors import ToolError

_FINGERPRINT = "EMBEDDED_FINGERPRINT"
_JOIN_CGROUPS = 'files=$1; shift; for file in $files; do echo $$ > "$file" || exit 1; done; exec "$@"'
_LAST_LINES = 15
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Running:
    """A component's process as the kernel shows it."""

    pid: int
    since: float
    resident_bytes: int


def start(layout: Layout, component: Component) -> bool:
    """Start the component unless it runs already as it should; tell whether it was started.

    Raises:
        OSError: its program or log cannot be opened.

    """
    mark = fingerprint(component)
    pid = find(component.name)
    if pid is not None and _started_with(pid) == mark:
        return False
    stop([component.name])
    files = cgroups.prepare(component.name)
    with _open_log(layout, component.name) as log:
        begun = subprocess.Popen(
            ["sh", "-c", _JOIN_CGROUPS, "sh", " ".join(map(str, files)), *in_node(*component.command)],
            env=clean_environment(**{_FINGERPRINT: mark}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
        )
    # Until it has become the component's program, `find` does not see it.
    while begun.poll() is None and find(component.name) != begun.pid:
        time.sleep(_POLL_SECONDS)
    return True


def stop(names: Iterable[str], *, grace_seconds: float = 2.0) -> None:
    """Ask the components to end, all at once, and kill those that have not after the grace.

    Shims, which live in containerd's cgroup and carry the pods, are left alone.
    """
    left = {name: pid for name in names if (pid := find(name)) is not None}
    for pid in left.values():
        _send(pid, signal.SIGTERM)
    until = time.monotonic() + grace_seconds
    while left and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)
        left = {name: pid for name, pid in left.items() if find(name) == pid}
    while left:
        for pid in left.values():
            _send(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)
        left = {name: pid for name, pid in left.items() if find(name) == pid}


def find(name: str) -> int | None:
    """Return the id of the component's process, or None when it does not run."""
    for pid in cgroups.processes(f"node/{name}"):
        command = _command(pid)
        if command and Path(command[0]).name == name and not _is_dead(pid):
            return pid
    return None


def describe(name: str) -> Running | None:
    """Return the process of a component, or None when it does not run."""
    pid = find(name)
    if pid is None:
        return None
    try:
        ticks = int(_stat_fields(pid)[19])
        resident = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except OSError:
        return None
    since = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")
    return Running(pid, since, resident * os.sysconf("SC_PAGE_SIZE"))


def check_alive(layout: Layout, names: Iterable[str]) -> None:
    """Check that the components still run.

    Raises:
        ToolError: one has ended; the message has the last lines of its log.

    """
    for name in names:
        if find(name) is None:
            raise ToolError(
                f"{name} has ended; the last lines of {layout.log(name)}:\n{last_lines(layout.log(name))}",
                cure="mend what the log says and run `up` again: it goes on where it stopped; "
                "if it ends again, `down` and `up` start from a clean state",
            )


def last_lines(log: Path, count: int = _LAST_LINES) -> str:
    """Return the last lines of a log, indented."""
    try:
        lines = log.read_text("utf-8", errors="replace").splitlines()[-count:]
    except OSError:
        lines = ["(there is no log)"]
    return "\n".join(f"    {line}" for line in lines)


def fingerprint(component: Component) -> str:
    """Return a hash of all a component runs from: its flags, its program, the files it reads."""
    program = Path(component.command[0]).stat()
    content = [hashlib.sha256(path.read_bytes()).hexdigest() for path in component.reads]
    made_from = [component.command, program.st_size, program.st_mtime_ns, content]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()


def _open_log(layout: Layout, name: str) -> BinaryIO:
    layout.logs.mkdir(mode=0o700, exist_ok=True)
    return os.fdopen(os.open(layout.log(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb")


def _started_with(pid: int) -> str | None:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    prefix = f"{_FINGERPRINT}=".encode()
    return next((line.removeprefix(prefix).decode() for line in environment if line.startswith(prefix)), None)


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
    except OSError:
        return []


def _stat_fields(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()


def _is_dead(pid: int) -> bool:
    try:
        return _stat_fields(pid)[0] in "ZX"
    except OSError:
        return True


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
