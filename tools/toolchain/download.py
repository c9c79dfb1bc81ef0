"""Fetches a published file and believes only its checksum; asks once, and not for long."""

import hashlib
import http.client
import os
import urllib.request
from pathlib import Path

from tools.errors import ToolError

NO_DOWNLOAD_VARIABLE = "PULUMI_KSERVE_NO_DOWNLOAD"
"""Set to anything, it keeps us from asking for official releases: everything is built from Go modules."""

_SECONDS = 5


class Unavailable(Exception):  # noqa: N818 -- it names a state, and whoever catches it has another way
    """A published file cannot be had here; there is another way to what is wanted."""


def require_reachable(url: str) -> None:
    """Check that a server answers at all.

    Raises:
        Unavailable: it does not, or downloads are switched off.

    """
    _read(url, limit=1)


def expected_sha256(checksums_url: str, name: str) -> str:
    """Return the SHA-256 that a release's list of checksums gives for the file `name`.

    Raises:
        Unavailable: the list cannot be had, or does not name the file.

    """
    for line in _read(checksums_url).decode("utf-8", "replace").splitlines():
        checksum, _, listed = line.partition(" ")
        if listed.strip().lstrip("*") == name:
            return checksum
    raise Unavailable(f"{checksums_url} does not name {name}")


def download(url: str, target: Path, *, sha256: str) -> Path:
    """Fetch `url` into `target` and return it.

    Raises:
        Unavailable: the file cannot be had.
        ToolError: its content is not what the release says.

    """
    content = _read(url)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ToolError(
            f"{url} has SHA-256 {found}, and the release says {sha256}: it was altered or cut short on its way",
            cure=f"run the command again; if it stays so, {NO_DOWNLOAD_VARIABLE}=1 builds it from Go modules instead",
        )
    target.write_bytes(content)
    return target


def _read(url: str, *, limit: int = -1) -> bytes:
    if os.environ.get(NO_DOWNLOAD_VARIABLE):
        raise Unavailable(f"{NO_DOWNLOAD_VARIABLE} is set")
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310 -- our own addresses
            return bytes(answer.read(limit))
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{url}: {error}") from error
