"""The one folder outside the checkout that the tools write to, and how they write into it.

`PULUMI_KSERVE_HOME` names it; the default is `~/.cache/pulumi-kserve`. It can be deleted at any time: everything
in it is built again. A file appears in it whole or not at all, so that an interrupted run leaves nothing half made.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator, Mapping
from pathlib import Path

from tools.errors import ToolError

HOME_VARIABLE = "PULUMI_KSERVE_HOME"
_CHUNK = 1 << 20


def cache_root() -> Path:
    """Return the cache folder, made if it is not there, readable by its owner only.

    Raises:
        ToolError: `PULUMI_KSERVE_HOME` is not an absolute path, or the folder cannot be made.

    """
    named = os.environ.get(HOME_VARIABLE)
    root = Path(named) if named else Path.home() / ".cache" / "pulumi-kserve"
    if not root.is_absolute():
        raise ToolError(
            f"{HOME_VARIABLE}={named} is not an absolute path",
            cure=f"set it to a full path, for example {HOME_VARIABLE}={Path.cwd() / root}",
        )
    return _private_folder(root)


def embedded_root() -> Path:
    """Return the folder of the embedded cluster: binaries, images, charts, and the state of the running node."""
    return _private_folder(cache_root() / "embedded")


def toolchain_root() -> Path:
    """Return the folder of the Pulumi engine and its plugins."""
    return _private_folder(cache_root() / "toolchain")


def _private_folder(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ToolError(
            f"the cache folder {folder} cannot be made: {error.strerror}",
            cure=f"make it writable, or set {HOME_VARIABLE} to another folder",
        ) from error
    return folder


@contextlib.contextmanager
def appears_whole(target: Path, *, mode: int = 0o644) -> Generator[Path]:
    """Yield a path beside `target` to write to; it becomes `target` when the block ends well, else it is removed."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(target)
    handle, name = tempfile.mkstemp(prefix=_prefix(target, os.getpid()), dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(mode)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def folder_appears_whole(target: Path) -> Generator[Path]:
    """Yield a new folder beside `target`; it takes its place when the block ends well, else it is removed."""
    with scratch_folder(target) as temporary:
        yield temporary
        temporary.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        temporary.replace(target)


@contextlib.contextmanager
def scratch_folder(target: Path) -> Generator[Path]:
    """Yield a new folder beside `target`, on the same disk, for what it takes to make it; it is removed afterwards."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(target)
    temporary = Path(tempfile.mkdtemp(prefix=_prefix(target, os.getpid()), dir=target.parent))
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _prefix(target: Path, process: int | str) -> str:
    return f".{target.name}.{process}."


def _sweep(target: Path) -> None:
    """Remove what killed processes left of earlier attempts."""
    for left in [*target.parent.iterdir()]:
        made_for, _, rest = left.name.lstrip(".").partition(f"{target.name}.")
        owner = rest.partition(".")[0]
        if left.name.startswith(".") and not made_for and owner.isdigit() and not Path("/proc", owner).exists():
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def write_atomically(target: Path, content: str | bytes, *, mode: int = 0o644) -> None:
    """Write a small file so that readers see the old content or the new, never a part. Secrets take mode 0o600."""
    with appears_whole(target, mode=mode) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def require_free(needs: Mapping[Path, int], *, what: str) -> None:
    """Check before long work that every folder's file system has the bytes it will take; needs on one disk add up.

    Raises:
        ToolError: a disk is short; the message has the need, what is there, and the folder.

    """
    by_disk: dict[int, tuple[Path, int]] = {}
    for folder, need in needs.items():
        there = _nearest_existing(folder)
        disk = there.stat().st_dev
        first, sum_so_far = by_disk.get(disk, (folder, 0))
        by_disk[disk] = (first, sum_so_far + need)
    for folder, need in by_disk.values():
        free = shutil.disk_usage(_nearest_existing(folder)).free
        if free < need:
            raise ToolError(
                f"{what} needs {_gib(need)} of free disk under {folder}, and {_gib(free)} are free",
                cure=f"free some space there, or set {HOME_VARIABLE} to a folder on a larger disk",
            )


def _nearest_existing(folder: Path) -> Path:
    return next(there for there in (folder, *folder.parents) if there.exists())


def _gib(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
