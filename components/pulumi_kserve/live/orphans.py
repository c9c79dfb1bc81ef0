"""Providers that outlive their engine.

A Kubernetes provider whose engine was killed goes on with what it was doing, for example waiting for a
Helm release to be installed or uninstalled; one was seen nine minutes later. Its engine's address is its first
argument; when nothing listens there any more, it is an orphan. Only Linux tells.
"""

from __future__ import annotations

import socket
from pathlib import Path

__all__ = ["orphaned_providers"]

_PROVIDER = "pulumi-resource-kubernetes"
_TIMEOUT = 1.0


def orphaned_providers(proc: Path = Path("/proc")) -> list[int]:
    """The pids of Kubernetes providers whose engine is gone."""
    found: list[int] = []
    for folder in proc.glob("[0-9]*"):
        address = _engine_address(folder / "cmdline")
        if address and not _listens(*address):
            found.append(int(folder.name))
    return sorted(found)


def _engine_address(cmdline: Path) -> tuple[str, int] | None:
    try:
        command, *arguments = cmdline.read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    if not Path(command).name.startswith(_PROVIDER):
        return None
    for argument in arguments:
        host, _, port = argument.rpartition(":")
        if host and port.isdigit():
            return host, int(port)
    return None


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT):
            return True
    except OSError:
        return False
