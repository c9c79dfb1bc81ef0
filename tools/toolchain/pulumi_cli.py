"""The Pulumi CLI: the one on PATH, else the official release, else built from its Go module.

Run for real: the CLI on PATH, and the build. Untested against the real release: the download; the tests serve one of
their own.
"""

import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tools.cache import folder_appears_whole, toolchain_root
from tools.errors import ToolError
from tools.gobuild import GoBinary, build, is_built
from tools.progress import Report, step
from tools.toolchain.download import Unavailable, download, expected_sha256

VERSION = "3.258.0"
"""The release that is downloaded or built."""

OLDEST = (3, 200)
"""The oldest CLI on PATH that is used: older ones know nothing of resource hooks and of the event stream."""

RELEASES = "https://github.com/pulumi/pulumi/releases/download"

BINARY = GoBinary(
    name="pulumi",
    module_dir=Path(__file__).parent / "modules" / "pulumi",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ldflags=f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{VERSION}",
)


def pulumi_cli(report: Report, *, releases: str = RELEASES) -> Path:
    """Return the path of a Pulumi CLI.

    Raises:
        ToolError: the one on PATH is too old or does not run, or none can be downloaded or built.

    """
    if found := shutil.which("pulumi"):
        return _checked(Path(found).resolve())
    official = toolchain_root() / f"pulumi-v{VERSION}" / "bin"
    if (official / "pulumi").is_file():
        return official / "pulumi"
    if is_built_here():
        return toolchain_root() / "bin" / BINARY.name
    try:
        return _downloaded(releases, official, report)
    except Unavailable as refused:
        return _built(refused, report)


def is_built_here() -> bool:
    """Tell whether the cache holds our own build of the pinned version; without Go there is none."""
    return shutil.which("go") is not None and is_built(BINARY, toolchain_root() / "bin")


def version_of(pulumi: Path) -> tuple[int, int, int]:
    """Return the version a Pulumi CLI says it has.

    Raises:
        ToolError: it does not run or says something else.

    """
    quiet = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "1"}
    try:
        said = subprocess.run([pulumi, "version"], env=quiet, capture_output=True, text=True, check=False, timeout=60)
        text = said.stdout.strip() or said.stderr.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        text = str(error)
    if there := re.match(r"v?(\d+)\.(\d+)\.(\d+)", text):
        return int(there[1]), int(there[2]), int(there[3])
    raise ToolError(
        f"`{pulumi} version` does not say a version: {text}",
        cure="put a working Pulumi CLI first on PATH, or none: then one is fetched or built",
    )


def _checked(pulumi: Path) -> Path:
    version = version_of(pulumi)
    if version[:2] < OLDEST:
        raise ToolError(
            f"{pulumi} is Pulumi {'.'.join(map(str, version))}, and {OLDEST[0]}.{OLDEST[1]} or newer is needed",
            cure="update it (https://www.pulumi.com/docs/install/), or take it off PATH: then one is fetched or built",
        )
    return pulumi


def _downloaded(releases: str, target: Path, report: Report) -> Path:
    archive = f"pulumi-v{VERSION}-{_platform()}.tar.gz"
    base = f"{releases}/v{VERSION}"
    checksum = expected_sha256(f"{base}/pulumi-{VERSION}-checksums.txt", archive)
    with tempfile.TemporaryDirectory(prefix="pulumi-") as scratch, step(f"download Pulumi {VERSION}", report):
        fetched = download(f"{base}/{archive}", Path(scratch) / archive, sha256=checksum)
        _unpack(fetched, target)
    return target / "pulumi"


def _unpack(archive: Path, target: Path) -> None:
    with folder_appears_whole(target) as folder, tarfile.open(archive) as files:
        # Named this way because Debian 12's Python 3.11.2 has no `filter=`.
        files.extraction_filter = getattr(tarfile, "data_filter", None)
        for member in files.getmembers():
            member.name = Path(member.name).name
            if member.isfile():
                files.extract(member, folder)


def _platform() -> str:
    machines = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    machine = machines.get(platform.machine().lower())
    if machine is None:
        raise Unavailable(f"there is no official Pulumi for {platform.machine()}")
    return f"{platform.system().lower()}-{machine}"


def _built(refused: Unavailable, report: Report) -> Path:
    if not shutil.which("go"):
        raise ToolError(
            f"there is no Pulumi CLI on PATH, no official one could be downloaded ({refused}), and there is no Go "
            "to build one with",
            cure="install the Pulumi CLI (https://www.pulumi.com/docs/install/) or Go (https://go.dev/dl/)",
        )
    return build(BINARY, toolchain_root() / "bin", report)
