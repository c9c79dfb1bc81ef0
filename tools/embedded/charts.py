"""Chart folders made from the files of the pinned Go modules, where the published charts cannot be reached."""

import hashlib
import re
import shutil
from pathlib import Path

from tools.cache import folder_appears_whole
from tools.embedded.binaries import CERT_MANAGER_VERSION, MODULES
from tools.errors import ToolError
from tools.gobuild import module_key, module_source
from tools.progress import Report, step

KSERVE_CHARTS = ("kserve-crd", "kserve-resources")
CERT_MANAGER_CHART = "cert-manager"

_KSERVE = "github.com/kserve/kserve"
_CERT_MANAGER = "github.com/cert-manager/cert-manager"
_STAMP = ".stamp"


def build_charts(folder: Path, report: Report) -> Path:
    """Return the folder with a folder per chart, made again when a module changed or a file in it did.

    KServe's charts are copied as they are. cert-manager's module holds the parts of its chart; they are put together as
    its release does: the version in Chart.yaml, and the CRDs in a template that `installCRDs` switches.

    Raises:
        ToolError: a module cannot be downloaded, or does not hold the charts.

    """
    key = _key()
    if _read_stamp(folder) != f"{key} {_content_hash(folder)}":
        with step("make the chart folders", report), folder_appears_whole(folder) as temporary:
            _copy_kserve(module_source(MODULES / "kubernetes", _KSERVE), temporary)
            _assemble_cert_manager(module_source(MODULES / "cert-manager", _CERT_MANAGER), temporary)
            (temporary / _STAMP).write_text(f"{key} {_content_hash(temporary)}")
    return folder


def _copy_kserve(source: Path, to: Path) -> None:
    for chart in KSERVE_CHARTS:
        _copy(source / "charts" / chart, to / chart)


def _assemble_cert_manager(source: Path, to: Path) -> None:
    chart = to / CERT_MANAGER_CHART
    parts = source / "deploy" / "charts" / "cert-manager"
    _copy(parts / "templates", chart / "templates")
    shutil.copyfile(parts / "values.yaml", chart / "values.yaml")
    described = (parts / "Chart.template.yaml").read_text("utf-8").replace("{{IS_PRERELEASE}}", "false")
    versioned = re.sub(r"(?m)^(version|appVersion): .*$", rf"\1: {CERT_MANAGER_VERSION}", described)
    (chart / "Chart.yaml").write_text(versioned, "utf-8")
    crds = [path.read_text("utf-8").strip() for path in sorted((source / "deploy" / "crds").glob("*.yaml"))]
    template = "\n---\n".join(crds)
    (chart / "templates" / "crds.yaml").write_text(
        f"{{{{- if .Values.installCRDs }}}}\n{template}\n{{{{- end }}}}\n", "utf-8"
    )


def _copy(source: Path, to: Path) -> None:
    """Copy a folder of the module cache, whose files are read-only."""
    if not source.is_dir():
        raise ToolError(f"{source} is not there", cure="run `go clean -modcache`, then the command again")
    for path in sorted(source.rglob("*")):
        if path.is_file():
            target = to / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _key() -> str:
    made_from = [
        module_key(MODULES / "kubernetes"),
        module_key(MODULES / "cert-manager"),
        Path(__file__).read_text("utf-8"),
    ]
    return hashlib.sha256("\n".join(made_from).encode()).hexdigest()


def _read_stamp(folder: Path) -> str:
    stamp = folder / _STAMP
    return stamp.read_text("utf-8") if stamp.is_file() else ""


def _content_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != _STAMP:
            digest.update(f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
