"""Locks that an engine left in a ``file://`` backend, and whether the engine that took them is dead.

Pulumi's own file format: ``.pulumi/locks/organization/<project>/<stack>/<uuid>.json`` with the holder's
pid, host name, user and time, beside a sidecar ``.json.attrs``.
https://www.pulumi.com/docs/iac/concepts/state-and-backends/
"""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["StackLock", "find_locks", "local_backend"]

_CLOCK_SLACK = timedelta(seconds=2)
_START_TIME_FIELD = 19
"""Of /proc/<pid>/stat, counted after the command's closing parenthesis."""


@dataclass(frozen=True, slots=True)
class StackLock:
    """One lock file."""

    file: Path
    pid: int
    host: str
    user: str
    taken: datetime

    @property
    def holder(self) -> str:
        """The process that took it, for people."""
        return f"process {self.pid} of {self.user}@{self.host}, since {self.taken:%Y-%m-%d %H:%M:%S %Z}"

    @property
    def here(self) -> bool:
        """Whether it was taken on this host."""
        return self.host == socket.gethostname()

    def is_dead(self) -> bool:
        """Whether the holder certainly no longer runs. Never of a holder on another host."""
        if not self.here:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        started = _started(self.pid)
        return started is not None and started > self.taken + _CLOCK_SLACK

    def release(self) -> None:
        """Delete the lock."""
        self.file.with_name(f"{self.file.name}.attrs").unlink(missing_ok=True)
        self.file.unlink(missing_ok=True)


def local_backend(url: str, base: Path) -> Path | None:
    """The folder of a ``file://`` backend; None for every other backend.

    Args:
        url: The backend's address, as `pulumi whoami` prints it.
        base: What a relative address is relative to.
    """
    parts = urlsplit(url)
    if parts.scheme != "file":
        return None
    return base / Path(unquote(f"{parts.netloc}{parts.path}")).expanduser()


def find_locks(backend: Path, project: str, stack: str) -> list[StackLock]:
    """The stack's locks, oldest first. A file that is not a lock is left out."""
    folder = backend / ".pulumi" / "locks" / "organization" / project / stack
    locks = (lock for file in sorted(folder.glob("*.json")) if (lock := _read(file)))
    return sorted(locks, key=lambda lock: lock.taken)


def _read(file: Path) -> StackLock | None:
    try:
        content = json.loads(file.read_text())
        taken = datetime.fromisoformat(content["timestamp"])
        return StackLock(file, int(content["pid"]), str(content["hostname"]), str(content["username"]), taken)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _started(pid: int) -> datetime | None:
    """When the process started; the end of time for a zombie, None where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    except (OSError, StopIteration):
        return None
    if fields[0] == "Z":
        return datetime.max.replace(tzinfo=UTC)
    seconds = int(boot.split()[1]) + int(fields[_START_TIME_FIELD]) / os.sysconf("SC_CLK_TCK")
    return datetime.fromtimestamp(seconds, UTC)
