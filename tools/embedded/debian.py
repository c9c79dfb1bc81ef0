"""Base layers of Debian packages, for the images that need more than one static binary."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from tools.cache import scratch_folder
from tools.embedded.oci import Entry, write_layer
from tools.errors import ToolError

SUITE = "bookworm"

_UNUSED = ("dev", "var/cache", "var/lib/apt", "var/log", "usr/share/doc", "usr/share/man", "usr/share/locale")
_LAST_LINES = 20


def write_base_layer(target: Path, packages: Sequence[str]) -> None:
    """Write a layer with the files of these Debian packages and of what they depend on.

    The packages are unpacked, not configured: their installation scripts never run. The same packages give the same
    bytes; which versions they have is up to the Debian archive of the day.

    Raises:
        ToolError: mmdebstrap is not installed or failed.

    """
    require_tools()
    with scratch_folder(target) as scratch:
        unpacked = scratch / "base.tar"
        _mmdebstrap(packages, unpacked)
        with tarfile.open(unpacked) as tar:
            write_layer(target, _entries(tar))


def require_tools() -> None:
    """Check that mmdebstrap is there.

    Raises:
        ToolError: it is not.

    """
    if not shutil.which("mmdebstrap"):
        raise ToolError(
            "there is no `mmdebstrap` on PATH, and the images' base layers are made with it",
            cure="apt-get install mmdebstrap",
        )


def _mmdebstrap(packages: Sequence[str], target: Path) -> None:
    command = [
        "mmdebstrap",
        "--variant=extract",
        "--format=tar",
        "--skip=output/dev",
        f"--include={','.join(packages)}",
    ]
    done = subprocess.run([*command, SUITE, str(target)], capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-_LAST_LINES:])
        raise ToolError(
            f"`{' '.join(command)} {SUITE}` failed:\n{last}",
            cure="see that deb.debian.org answers (http_proxy is honoured), then run the command again",
        )


def _entries(tar: tarfile.TarFile) -> Iterator[Entry]:
    for member in tar:
        path = PurePosixPath(member.name)
        if path == PurePosixPath() or any(path.is_relative_to(unused) for unused in _UNUSED):
            continue
        if member.isdir():
            yield Entry(path, member.mode)
        elif member.issym():
            yield Entry(path, member.mode, link=member.linkname)
        elif (stream := tar.extractfile(member)) is not None:
            yield Entry(path, member.mode, content=stream.read())
