"""The images of the embedded cluster: under which upstream name each is found, and what is in it.

They bear the names that unmodified charts, and KServe's own configuration, ask for. KServe's controllers,
cert-manager, Envoy Gateway, metrics-server and MinIO are those programs, built from their modules; Envoy is taken out
of a Python package. The storage initializer and the sklearn server are ours, on KServe's own libraries. A transformer,
an explainer, a sink of events and an echo of OpenAI's protocol have no upstream name: what runs them names them.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tools.cache import appears_whole, scratch_folder
from tools.embedded import debian, oci, python_site
from tools.embedded.binaries import (
    CERT_MANAGER_VERSION,
    ENVOY_GATEWAY_VERSION,
    ENVOY_VERSION,
    METRICS_SERVER_VERSION,
)
from tools.embedded.layout import PAUSE_IMAGE
from tools.embedded.oci import Entry, ImageConfig
from tools.progress import Report, step
from tools.stamp import is_current, stamp, stamped_sha256

SOURCES = Path(__file__).parent / "images"

KSERVE_TAG = "v0.20.0"
MINIO_TAG = "RELEASE.2025-04-22T22-12-26Z"

_TMP = Entry(PurePosixPath("tmp"), 0o1777)
_APP = PurePosixPath("app")
_PYTHON_SOURCES = SOURCES / "python"


@dataclass(frozen=True)
class DebianBase:
    """A layer of Debian packages, used by one or more archives."""

    name: str
    packages: tuple[str, ...]


SHELL = DebianBase("shell", ("dash", "coreutils"))
LIBRARIES = DebianBase("libraries", ("libc6",))
PYTHON = DebianBase("python", ("python3.11-minimal", "libpython3.11-stdlib", "libgomp1", "libstdc++6"))


@dataclass(frozen=True)
class ProgramImage:
    """An image of programs: path in the image to the binary's name, the first being what the image runs.

    `files` likewise maps paths to files that are only read, `scripts` to files below `images/`. Any user may write to
    the folders in `writable`.
    """

    name: str
    binaries: Mapping[str, str]
    user: str = "65532:65532"
    base: DebianBase | None = None
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    scripts: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    writable: Sequence[str] = ()

    @property
    def archive_name(self) -> str:
        """The file name of its archive: the last part of the image's name."""
        return self.name.rpartition("/")[2].partition(":")[0]


def _cert_manager(part: str) -> ProgramImage:
    path = f"app/cmd/{part}/{part}"
    return ProgramImage(
        f"quay.io/jetstack/cert-manager-{part}:{CERT_MANAGER_VERSION}", {path: f"cert-manager-{part}"}, "1000"
    )


PROGRAM_IMAGES = (
    ProgramImage(f"docker.io/kserve/kserve-controller:{KSERVE_TAG}", {"manager": "kserve-manager"}),
    ProgramImage(f"docker.io/kserve/agent:{KSERVE_TAG}", {"ko-app/agent": "kserve-agent"}),
    ProgramImage(f"docker.io/kserve/router:{KSERVE_TAG}", {"ko-app/router": "kserve-router"}),
    _cert_manager("controller"),
    _cert_manager("cainjector"),
    _cert_manager("webhook"),
    _cert_manager("ctl"),
    ProgramImage(
        f"docker.io/envoyproxy/gateway:{ENVOY_GATEWAY_VERSION}",
        {"usr/local/bin/envoy-gateway": "envoy-gateway"},
        writable=("var/lib/eg",),
    ),
    ProgramImage(
        f"docker.io/envoyproxy/envoy:distroless-{ENVOY_VERSION}",
        {"usr/local/bin/envoy": "envoy"},
        base=LIBRARIES,
        files={"etc/ssl/certs/ca-certificates.crt": "ca-certificates.crt"},
    ),
    ProgramImage(
        f"registry.k8s.io/metrics-server/metrics-server:{METRICS_SERVER_VERSION}", {"metrics-server": "metrics-server"}
    ),
    ProgramImage(
        f"quay.io/minio/minio:{MINIO_TAG}",
        {"usr/bin/minio": "minio", "usr/bin/mc": "mc"},
        user="0:0",
        base=SHELL,
        entrypoint=("/usr/bin/docker-entrypoint.sh",),
        command=("minio",),
        scripts={"usr/bin/docker-entrypoint.sh": "minio/docker-entrypoint.sh"},
    ),
    ProgramImage(PAUSE_IMAGE, {"pause": "pause"}),
    # KServe's chart always starts kube-rbac-proxy before the manager's metrics, and its source is no Go module that can
    # be had. A process that does nothing takes its place: nobody reads these metrics here, and 8443 answers nobody.
    ProgramImage("quay.io/brancz/kube-rbac-proxy:v0.18.0", {"pause": "pause"}),
)


@dataclass(frozen=True)
class Site:
    """A layer of Python packages: the name of its file, and the requirements below `images/python`."""

    name: str
    requirements: str
    with_standard_library: bool = False

    @property
    def file(self) -> Path:
        """The hashed requirements."""
        return _PYTHON_SOURCES / self.requirements


KSERVE_SDK = Site("python-site", "requirements.txt", with_standard_library=True)
SHAP = Site("shap-site", "explainer/requirements.txt")

_OF_KSERVE = ("sklearnserver", "storage_initializer")


@dataclass(frozen=True)
class PythonImage:
    """An image that runs one of our Python modules.

    `sites` are its layers of packages, `sources` the folders below `images/python` in each of its layers of our own.
    What several images have the same of lies in their archive once, and is imported once.
    """

    name: str
    module: str
    sources: tuple[tuple[str, ...], ...]
    sites: tuple[Site, ...] = (KSERVE_SDK,)


PYTHON_IMAGES = (
    PythonImage(f"docker.io/kserve/storage-initializer:{KSERVE_TAG}", "storage_initializer", (_OF_KSERVE,)),
    PythonImage(f"docker.io/kserve/sklearnserver:{KSERVE_TAG}", "sklearnserver", (_OF_KSERVE,)),
    PythonImage("embedded.local/iris-transformer:1", "transformer", (_OF_KSERVE, ("transformer",))),
    PythonImage("embedded.local/shap-explainer:1", "explainer", (_OF_KSERVE, ("explainer",)), (KSERVE_SDK, SHAP)),
    PythonImage("embedded.local/event-sink:1", "sink", (("sink",),), ()),
    PythonImage("embedded.local/openai-echo:1", "openai_echo", (("openai_echo",),), ()),
)
"""The images of the one archive of Python images."""

IMAGE_NAMES = (*(image.name for image in PROGRAM_IMAGES), *(image.name for image in PYTHON_IMAGES))


@dataclass(frozen=True)
class ImageSet:
    """Images that are built and brought in together, and the folder of their archives; the Python images have one."""

    folder: str
    programs: tuple[ProgramImage, ...]
    pythons: tuple[PythonImage, ...]


STANDARD = ImageSet("images", PROGRAM_IMAGES, PYTHON_IMAGES)
"""What every embedded cluster has."""


def archives(root: Path, of: ImageSet = STANDARD) -> dict[str, Path]:
    """Return the archive of every image, by the image's name."""
    folder = root / of.folder
    of_programs = {image.name: folder / f"{image.archive_name}.tar" for image in of.programs}
    return of_programs | dict.fromkeys((image.name for image in of.pythons), _python_archive(root, of))


def python_archive_is_current(root: Path, of: ImageSet = STANDARD) -> bool:
    """Tell whether the one archive that takes long is there, up to date and undamaged."""
    return is_current(_python_archive(root, of), key=_python_key(of.pythons))


def require_tools() -> None:
    """Check that everything the images are made with is there.

    Raises:
        ToolError: it is not, or this is not root.

    """
    debian.require_tools()
    python_site.require_tools()


def build_archives(root: Path, bin_dir: Path, report: Report, of: ImageSet = STANDARD) -> None:
    """Write every archive that is missing, out of date or damaged, and the layers it is made of.

    Raises:
        ToolError: a tool is missing, or a package registry does not answer.

    """
    for image in of.programs:
        build_program_archive(image, root, bin_dir, report, of)
    build_python_archive(root, report, of)


def build_program_archive(
    image: ProgramImage, root: Path, bin_dir: Path, report: Report, of: ImageSet = STANDARD
) -> None:
    """Write the archive of one image of programs, unless it is up to date and undamaged."""
    entries = program_entries(image, bin_dir)
    made = [stamped_sha256(bin_dir / name) for name in (*image.binaries.values(), *image.files.values())]
    scripts = [SOURCES / name for name in image.scripts.values()]
    code = [Path(__file__), *([Path(debian.__file__)] if image.base else [])]
    key = _key(repr(image), *made, *scripts, *code)

    def write(archive: Path) -> None:
        own = archive.with_suffix(".layer")
        try:
            oci.write_layer(own, entries)
            layers = [_base_layer(image.base, root, report), own] if image.base else [own]
            entrypoint = image.entrypoint or (f"/{next(iter(image.binaries))}",)
            config = ImageConfig(image.name, layers, entrypoint, user=image.user, command=image.command)
            oci.write_archive(archive, [config])
        finally:
            own.unlink(missing_ok=True)

    _make(archives(root, of)[image.name], key, write, report, what=f"write image {image.archive_name}")


def program_entries(image: ProgramImage, bin_dir: Path) -> list[Entry]:
    """Return what lies in an image of programs above its base."""
    run = {path: bin_dir / name for path, name in image.binaries.items()}
    run |= {path: SOURCES / name for path, name in image.scripts.items()}
    return [
        _TMP,
        *(Entry(PurePosixPath(to), 0o755, source) for to, source in run.items()),
        *(Entry(PurePosixPath(to), 0o644, bin_dir / name) for to, name in image.files.items()),
        *(Entry(PurePosixPath(folder), 0o777) for folder in image.writable),
    ]


def build_python_archive(root: Path, report: Report, of: ImageSet = STANDARD) -> None:
    """Write the one archive of all Python images, unless it is up to date and undamaged."""
    target = _python_archive(root, of)

    def write(archive: Path) -> None:
        base = _base_layer(PYTHON, root, report)
        with scratch_folder(target) as folder:
            own = _own_layers(of.pythons, folder)
            sites = {site: _site_layer(site, base, root, report) for site in _sites(of.pythons)}
            above = {
                image: (*(sites[site] for site in image.sites), *(own[source] for source in image.sources))
                for image in of.pythons
            }
            oci.write_archive(archive, [_python_config(image, (base, *layers)) for image, layers in above.items()])

    _make(target, _python_key(of.pythons), write, report, what="write the Python images")


def _own_layers(made: Sequence[PythonImage], folder: Path) -> dict[tuple[str, ...], Path]:
    """Write every layer of our own sources, and return each by the folders in it."""
    layers = {of: folder / f"{'-'.join(of)}.layer" for image in made for of in image.sources}
    for of, layer in layers.items():
        oci.write_layer(layer, [_TMP, *_python_sources(of)])
    return layers


def _python_archive(root: Path, of: ImageSet) -> Path:
    return root / of.folder / "kserve-python.tar"


def _python_key(made: Sequence[PythonImage]) -> str:
    code = (Path(__file__), Path(debian.__file__), Path(python_site.__file__))
    requirements = [site.file for site in _sites(made)]
    own = [path for image in made for of in image.sources for path in _python_files(of)]
    return _key(repr((PYTHON, made)), *code, *requirements, *dict.fromkeys(own))


def _sites(made: Sequence[PythonImage]) -> list[Site]:
    return list(dict.fromkeys(site for image in made for site in image.sites))


def _python_files(folders: Sequence[str]) -> list[Path]:
    return sorted(path for folder in folders for path in (_PYTHON_SOURCES / folder).rglob("*.py"))


def _python_sources(folders: Sequence[str]) -> list[Entry]:
    files = _python_files(folders)
    return [Entry(_APP / path.relative_to(_PYTHON_SOURCES).as_posix(), 0o644, path) for path in files]


def _python_config(image: PythonImage, layers: Sequence[Path]) -> ImageConfig:
    env = {"PYTHONPATH": f"/{_APP}", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/tmp"}  # noqa: S108 - in the image
    return ImageConfig(image.name, layers, (python_site.INTERPRETER, "-m", image.module), user="1000:1000", env=env)


def _base_layer(base: DebianBase, root: Path, report: Report) -> Path:
    def write(layer: Path) -> None:
        debian.write_base_layer(layer, base.packages)

    target = root / "layers" / f"{base.name}.tar"
    return _make(target, _key(repr(base), Path(debian.__file__)), write, report, what=f"write layer {base.name}")


def _site_layer(site: Site, base: Path, root: Path, report: Report) -> Path:
    def write(layer: Path) -> None:
        python_site.write_site_layer(layer, site.file, base, with_standard_library=site.with_standard_library)

    key = _key(stamped_sha256(base), site.file, Path(python_site.__file__))
    return _make(root / "layers" / f"{site.name}.tar", key, write, report, what=f"install the packages of {site.name}")


def _make(target: Path, key: str, write: Callable[[Path], None], report: Report, *, what: str) -> Path:
    if not is_current(target, key=key):
        with step(what, report), appears_whole(target) as temporary:
            write(temporary)
        stamp(target, key=key)
    return target


def _key(*made_from: str | Path) -> str:
    """Hash texts, and contents of small files; how archives are written counts for all."""
    parts = [part if isinstance(part, str) else part.read_text("utf-8") for part in (*made_from, Path(oci.__file__))]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
