"""Containerd's side of the cluster: images brought in, and what is left of a cluster that is gone cleared out."""

import subprocess
import time
from collections.abc import Iterable

from tools.embedded.build import Image
from tools.embedded.commands import clean_environment, run, succeeds
from tools.embedded.layout import Layout
from tools.errors import ToolError
from tools.progress import Report, step

_CURE = "see that the package containerd is whole; deleting the folder of the embedded cluster after `down` starts anew"
_REFERENCE, _DIGEST = 0, 2
_CLEAR_SECONDS = 10.0


def answers(layout: Layout) -> bool:
    """Tell whether containerd answers."""
    if not layout.containerd_socket.exists():
        return False
    command = _ctr(layout, "version")
    return subprocess.run(command, env=clean_environment(), capture_output=True, check=False).returncode == 0


def missing(layout: Layout, images: Iterable[Image]) -> list[Image]:
    """Return the images that containerd does not have, or has with another digest.

    Raises:
        ToolError: containerd does not answer.

    """
    there = digests(run(*_ctr(layout, "images", "list"), cure=_CURE))
    return [image for image in images if there.get(image.name) != image.digest]


def digests(listing: str) -> dict[str, str]:
    """Return the digest of each image in what `ctr images list` prints."""
    rows = [line.split() for line in listing.splitlines()[1:]]
    return {row[_REFERENCE]: row[_DIGEST] for row in rows if len(row) > _DIGEST}


def bring_in(layout: Layout, images: Iterable[Image], report: Report) -> None:
    """Import and unpack the images that are missing.

    Raises:
        ToolError: an archive cannot be imported, or holds something else than it should.

    """
    wanted = missing(layout, images)
    for archive in dict.fromkeys(image.archive for image in wanted):
        with step(f"import {archive.name}", report):
            run(*_ctr(layout, "images", "import", str(archive)), cure=_CURE)
    if still := missing(layout, wanted):
        names = ", ".join(image.name for image in still)
        raise ToolError(f"the archives of {names} do not hold these images", cure="delete them and run `up` again")


def clear(layout: Layout) -> None:
    """Remove all containers with their tasks and snapshots; images stay.

    A task whose process was killed may vanish by itself in between, so this is tried until nothing is left.

    Raises:
        ToolError: containerd does not answer, or a container cannot be removed.

    """
    until = time.monotonic() + _CLEAR_SECONDS
    while containers := run(*_ctr(layout, "containers", "list", "--quiet"), cure=_CURE).split():
        if time.monotonic() > until:
            run(*_ctr(layout, "containers", "delete", *containers), cure=_CURE)
        tasks = run(*_ctr(layout, "tasks", "list", "--quiet"), cure=_CURE).split()
        if tasks:
            succeeds(*_ctr(layout, "tasks", "delete", "--force", *tasks))
        succeeds(*_ctr(layout, "containers", "delete", *containers))


def _ctr(layout: Layout, *arguments: str) -> tuple[str, ...]:
    return ("ctr", "--address", str(layout.containerd_socket), "--namespace", "k8s.io", *arguments)
