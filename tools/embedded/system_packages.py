"""Installs the system packages the node stands on, where that can be done."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tools.embedded.commands import find, run
from tools.embedded.preflight import ELSEWHERE
from tools.errors import ToolError
from tools.progress import Report, step

PROGRAMS = {
    "containerd": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "umount": "mount",
    "openssl": "openssl",
    "mmdebstrap": "mmdebstrap",
}
"""The programs the node and its images' build need, and the Debian package each is in."""

_CNI_SIGNS = (Path("/usr/lib/cni/bridge"), Path("/opt/cni/bin/bridge"), Path("/usr/libexec/cni/bridge"))
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def ensure(report: Report) -> None:
    """Install what is missing with apt-get; a containerd service that comes with it is stopped, ours is our own.

    Raises:
        ToolError: there is no apt-get, or it failed.

    """
    lacking = missing()
    if not lacking:
        return
    if not find("apt-get"):
        raise ToolError(
            f"packages are missing ({', '.join(lacking)}, by their Debian names) and there is no apt-get here",
            cure=f"install them with this system's package manager, {ELSEWHERE}",
        )
    with step(f"install {', '.join(lacking)}", report):
        _install(lacking)
    if "containerd" in lacking and Path("/run/systemd/system").is_dir() and shutil.which("systemctl"):
        run("systemctl", "disable", "--now", "containerd", cure="stop the service containerd by hand")


def missing() -> list[str]:
    """Return the packages whose programs are not on this machine."""
    lacking = {package for program, package in PROGRAMS.items() if not find(program)}
    if not any(sign.exists() for sign in _CNI_SIGNS):
        lacking.add("containernetworking-plugins")
    return sorted(lacking)


def _install(packages: Sequence[str]) -> None:
    environment = {name: os.environ[name] for name in _PROXIES if name in os.environ}
    unattended = environment | {"DEBIAN_FRONTEND": "noninteractive"}
    cure = f"see that the package registry answers, or install by hand: apt-get install {' '.join(packages)}"
    if not _are_known(packages):
        run("apt-get", "--quiet", "update", cure=cure, environment=unattended)
    options = ("--quiet", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=60")
    run("apt-get", "install", *options, *packages, cure=cure, environment=unattended)


def _are_known(packages: Sequence[str]) -> bool:
    shown = run("apt-cache", "policy", *packages, cure="run `apt-get update`")
    return shown.count("Candidate: ") - shown.count("Candidate: (none)") == len(packages)
