"""Builds one Go binary from a module folder of this repository, once.

A module folder holds go.mod and go.sum and sometimes a main.go: with these everything a build reads is pinned by hash.
The build happens in a copy, so that the checkout is never written to. A stamp beside the binaries records what each
was built from and what came out; a binary that is missing, older than its sources or damaged is built again.
"""

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.cache import appears_whole
from tools.errors import ToolError
from tools.progress import Report, step
from tools.stamp import is_current, stamp

_OLDEST_GO = (1, 24)
"""The first Go that reads the `tool` lines of our go.mod files."""

_LAST_LINES = 20


@dataclass(frozen=True)
class GoBinary:
    """One binary: the package of a pinned module it is built from, and its linker flags.

    `embeds` names files that the module's main.go embeds and that are not ours to keep: file name in the module folder
    to `module/path:path/inside/it`. They are taken from the pinned module when the binary is built.
    """

    name: str
    module_dir: Path
    package: str
    ldflags: str = "-s -w"
    embeds: Mapping[str, str] = field(default_factory=dict[str, str])

    def key(self) -> str:
        """Return a hash of everything the binary is made from, the Go version among it."""
        made_from = [go_version(), self.package, self.ldflags, sorted(self.embeds.items()), module_key(self.module_dir)]
        return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()


def module_key(module_dir: Path) -> str:
    """Return a hash of a module folder's own files, and so of everything they pin."""
    sources = [(path.name, path.read_text("utf-8")) for path in _sources(module_dir)]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()


def is_built(binary: GoBinary, out_dir: Path) -> bool:
    """Tell whether `out_dir` holds this very binary, whole."""
    return is_current(out_dir / binary.name, key=binary.key())


def build(binary: GoBinary, out_dir: Path, report: Report) -> Path:
    """Return the path of the binary in `out_dir`, built first unless it is there and whole.

    Raises:
        ToolError: Go is missing or too old, or the build failed; the message has the compiler's last lines.

    """
    target = out_dir / binary.name
    key = binary.key()
    if is_current(target, key=key):
        return target
    require_go(binary.module_dir)
    with step(f"build {binary.name}", report), appears_whole(target, mode=0o755) as output:
        _build_in_a_copy(binary, output)
    stamp(target, key=key)
    return target


def module_source(module_dir: Path, module: str) -> Path:
    """Return the folder with the files of `module` in the version that `module_dir` pins, downloaded and verified.

    Raises:
        ToolError: Go is missing or too old, or the download failed.

    """
    require_go(module_dir)
    with tempfile.TemporaryDirectory(prefix="gomodule-") as scratch:
        return _download(_copy_sources(module_dir, Path(scratch)), module)


def require_go(module_dir: Path) -> None:
    """Check that the Go on PATH is new enough for the module.

    Raises:
        ToolError: there is no Go, or it is too old.

    """
    line = re.search(r"^go (\d+)\.(\d+)", (module_dir / "go.mod").read_text("utf-8"), re.MULTILINE)
    needed = max(_OLDEST_GO, (int(line[1]), int(line[2])) if line else _OLDEST_GO)
    there = re.match(r"go(\d+)\.(\d+)", go_version())
    if there and (int(there[1]), int(there[2])) < needed:
        raise ToolError(
            f"{shutil.which('go')} is {go_version()}, and {module_dir} needs Go {needed[0]}.{needed[1]} or newer",
            cure="install a newer Go (https://go.dev/dl/) and put its bin folder first on PATH",
        )


@functools.cache
def go_version() -> str:
    """Return the version of the Go on PATH, for example `go1.26.8`.

    Raises:
        ToolError: there is no Go on PATH.

    """
    if not shutil.which("go"):
        raise ToolError(
            "there is no `go` on PATH, and the binaries are built from Go modules",
            cure="install Go (https://go.dev/dl/) and put its bin folder on PATH",
        )
    return _go(["version"], cwd=Path("/")).split()[2]


def go_folders() -> tuple[Path, Path]:
    """Return the folders of downloaded modules and of compiled packages.

    Raises:
        ToolError: there is no Go on PATH.

    """
    go_version()
    modules, compiled = _go(["env", "GOMODCACHE", "GOCACHE"], cwd=Path("/")).splitlines()
    return Path(modules), Path(compiled)


def _sources(module_dir: Path) -> list[Path]:
    return sorted([module_dir / "go.mod", *module_dir.glob("go.sum"), *module_dir.glob("*.go")])


def _copy_sources(module_dir: Path, to: Path) -> Path:
    for source in _sources(module_dir):
        shutil.copyfile(source, to / source.name)
    return to


def _build_in_a_copy(binary: GoBinary, output: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=f"gobuild-{binary.name}-") as scratch:
        work = _copy_sources(binary.module_dir, Path(scratch))
        for name, origin in binary.embeds.items():
            module, _, inside = origin.partition(":")
            shutil.copyfile(_download(work, module) / inside, work / name)
        flags = ["-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags", binary.ldflags]
        _go(["build", *flags, "-o", str(output), binary.package], cwd=work)


def _download(work: Path, module: str) -> Path:
    return Path(str(json.loads(_go(["mod", "download", "-json", module], cwd=work))["Dir"]))


def _go(arguments: list[str], *, cwd: Path) -> str:
    settings = {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "", "GO111MODULE": "on"}
    done = subprocess.run(
        ["go", *arguments], cwd=cwd, env=os.environ | settings, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-_LAST_LINES:])
        raise ToolError(
            f"`go {' '.join(arguments)}` failed:\n{last}",
            cure="after a failed download see that the Go module proxy answers (`go env GOPROXY`), after "
            "`signal: killed` give the machine more memory; then run the command again: it goes on where it stopped",
        )
    return done.stdout
