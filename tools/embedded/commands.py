"""Runs the system's own commands (ip, openssl, ctr, umount) and turns their failures into errors that say the cure."""

import os
import shutil
import subprocess
from collections.abc import Mapping

from tools.embedded.layout import NETNS_PATH
from tools.errors import ToolError

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def clean_environment(**extra: str) -> dict[str, str]:
    """Return an environment with nothing of the caller's in it: no proxies, no credentials, no locale."""
    return {"PATH": _SYSTEM_PATH, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", **extra}


def run(*command: str, cure: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a command and return what it printed; files it makes are readable by their owner only.

    Raises:
        ToolError: it is not there, or it failed; the message has what it printed on standard error.

    """
    try:
        done = subprocess.run(
            command,
            env={**clean_environment(), **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
            umask=0o077,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise ToolError(f"there is no `{command[0]}` on this machine", cure=cure) from error
    if done.returncode:
        raise ToolError(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip()}", cure=cure)
    return done.stdout


def succeeds(*command: str) -> bool:
    """Tell whether a command is there and ends well."""
    if not find(command[0]):
        return False
    done = subprocess.run(command, env=clean_environment(), capture_output=True, check=False, start_new_session=True)
    return done.returncode == 0


def find(program: str) -> str | None:
    """Return where a program of the system lies, or None."""
    return shutil.which(program, path=os.pathsep.join((_SYSTEM_PATH, os.environ.get("PATH", ""))))


def in_node(*command: str) -> tuple[str, ...]:
    """Return the command that runs `command` in the node's network namespace.

    Not `ip netns exec`: that mounts /sys anew, and the cgroup tree would be gone.
    """
    return ("nsenter", f"--net={NETNS_PATH}", *command)
