"""What is mounted where, from /proc/self/mountinfo."""

from dataclasses import dataclass
from pathlib import Path

from tools.embedded.commands import run

_MOUNTINFO = Path("/proc/self/mountinfo")
_POINT = 4
_AT_ONCE = 50


@dataclass(frozen=True)
class Mount:
    """A mount point and the type of the file system on it."""

    point: Path
    kind: str


def parse(mountinfo: str) -> list[Mount]:
    """Return the mounts that the content of a mountinfo file lists, in the order they were made."""
    found: list[Mount] = []
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        point = left.split()[_POINT].encode("utf-8").decode("unicode_escape")
        found.append(Mount(Path(point), right.split()[0]))
    return found


def below(folder: Path) -> list[Path]:
    """Return the mount points in a folder, itself included, the latest first."""
    mounts = parse(_MOUNTINFO.read_text("utf-8"))
    return [mount.point for mount in reversed(mounts) if mount.point.is_relative_to(folder)]


def file_system(path: Path, mounts: list[Mount] | None = None) -> str:
    """Return the type of the file system a path is on."""
    there = parse(_MOUNTINFO.read_text("utf-8")) if mounts is None else mounts
    holding = [mount for mount in there if path.is_relative_to(mount.point)]
    return max(enumerate(holding), key=lambda each: (len(each[1].point.parts), each[0]))[1].kind


def clear(folder: Path) -> None:
    """Unmount all there is in a folder, itself included.

    Raises:
        ToolError: something cannot be unmounted.

    """
    while points := below(folder)[:_AT_ONCE]:
        run(
            "umount",
            "--lazy",
            *map(str, points),
            cure=f"see what uses it with `fuser -vm {points[0]}`, run `down` again",
        )
