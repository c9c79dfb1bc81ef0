"""The layers with the Python packages of our Python images: pinned by hash, pruned, compiled to bytecode."""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from tools.cache import scratch_folder
from tools.embedded.oci import Entry, folder_entries, write_layer
from tools.errors import ToolError

INTERPRETER = "/usr/bin/python3.11"
SITE = PurePosixPath("usr/local/lib/python3.11/dist-packages")
STANDARD_LIBRARY = PurePosixPath("usr/lib/python3.11")

_PLATFORMS = {"x86_64": "x86_64-manylinux_2_36", "aarch64": "aarch64-manylinux_2_36"}
_UNUSED_FOLDERS = ("tests", "bin", "__pycache__")
_UNUSED_SUFFIXES = (".pyi", ".pyx", ".pxd", ".c", ".h", ".hpp", ".cpp", ".proto")
_SHARDS = 2
_LAST_LINES = 20


def write_site_layer(target: Path, requirements: Path, base_layer: Path, *, with_standard_library: bool = True) -> None:
    """Write a layer with the packages of a hashed requirements file, compiled by the interpreter of `base_layer`.

    Compiled code makes a server start in a third of the time. It is compiled inside the image's own file system, so
    that this machine's Python does not matter. The standard library's own goes into the layer too, unless one below
    it in the image has it.

    Raises:
        ToolError: not run as root, uv is missing, or an installation or compilation failed.

    """
    require_tools()
    with scratch_folder(target) as root:
        root.chmod(0o755)
        with tarfile.open(base_layer) as tar:
            # Named this way because Debian 12's Python 3.11.2 has no `filter=`.
            tar.extraction_filter = getattr(tarfile, "fully_trusted_filter", None)
            tar.extractall(root)  # noqa: S202 - a layer we have just written
        install(requirements, root / SITE)
        _prune(root / SITE)
        compiled = (SITE, STANDARD_LIBRARY) if with_standard_library else (SITE,)
        _compile(root, compiled)
        write_layer(target, _entries(root, with_standard_library=with_standard_library))


def require_tools() -> None:
    """Check that the layer can be made here.

    Raises:
        ToolError: this is not root, or there is no uv.

    """
    if os.geteuid() != 0:
        raise ToolError("the Python images are compiled with chroot, which needs root", cure="run the command as root")
    if not _uv():
        raise ToolError(
            "there is no `uv` beside this Python or on PATH, and the Python packages are installed with it",
            cure="install the project's group `local`: make up does",
        )


def _uv() -> str | None:
    return shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


def install(requirements: Path, site: Path) -> None:
    """Install the packages of a hashed requirements file for the images' Python into a folder.

    Raises:
        ToolError: the installation failed.

    """
    options = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--link-mode=copy"]
    wanted = ["--python-version=3.11", f"--python-platform={_PLATFORMS[platform.machine()]}"]
    _run(
        [
            _uv() or "uv",
            "pip",
            "install",
            "--quiet",
            *options,
            *wanted,
            f"--target={site}",
            f"--requirements={requirements}",
        ]
    )


def _prune(site: Path) -> None:
    for path in sorted(site.rglob("*"), reverse=True):
        if path.is_dir() and path.name in _UNUSED_FOLDERS:
            shutil.rmtree(path)
        elif path.suffix in _UNUSED_SUFFIXES:
            path.unlink()


def _compile(root: Path, folders: Sequence[PurePosixPath]) -> None:
    """Compile in a fixed number of processes, each in a fixed order: what one has read before shows in its bytes."""
    sources = sorted(f"/{path.relative_to(root)}" for folder in folders for path in (root / folder).rglob("*.py"))
    shards = [sources[first::_SHARDS] for first in range(_SHARDS)]
    with ThreadPoolExecutor(_SHARDS) as pool:
        list(pool.map(_compile_shard, [root] * _SHARDS, shards))


def _compile_shard(root: Path, sources: Sequence[str]) -> None:
    no_traces = ["-B", "-S"]  # what the interpreter itself compiles when it starts bears a time
    flags = ["-q", "--invalidation-mode", "unchecked-hash", "-i", "-"]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONHASHSEED": "0"}
    _run(
        ["chroot", str(root), INTERPRETER, *no_traces, "-m", "compileall", *flags],
        environment=environment,
        given="\n".join(sources),
    )


def _run(command: Sequence[str], *, environment: Mapping[str, str] | None = None, given: str | None = None) -> None:
    done = subprocess.run(command, env=environment, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-_LAST_LINES:])
        raise ToolError(
            f"`{' '.join(command)}` failed:\n{last}",
            cure="see that the Python package index answers (uv's settings apply), then run the command again",
        )


def _entries(root: Path, *, with_standard_library: bool) -> Iterator[Entry]:
    yield from folder_entries(root / SITE, SITE)
    if not with_standard_library:
        return
    for compiled in sorted((root / STANDARD_LIBRARY).rglob("__pycache__/*.pyc")):
        yield Entry(PurePosixPath(compiled.relative_to(root).as_posix()), 0o644, content=compiled)
