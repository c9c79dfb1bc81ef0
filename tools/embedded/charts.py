"""Chart folders made from the files of the pinned Go modules, where the published charts cannot be reached.

Gateway API publishes no chart but a file of objects, `standard-install.yaml`: its folder holds that.
"""

import hashlib
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.cache import folder_appears_whole
from tools.embedded.binaries import CERT_MANAGER_VERSION, ENVOY_GATEWAY_VERSION, MODULES
from tools.errors import ToolError
from tools.gobuild import module_key, module_source
from tools.progress import Report, step

KSERVE_CHARTS = ("kserve-crd", "kserve-resources")
CERT_MANAGER_CHART = "cert-manager"
ENVOY_GATEWAY_CHARTS = ("gateway-crds-helm", "gateway-helm")
METRICS_SERVER_CHART = "metrics-server"
GATEWAY_API_FILE = "gateway-api/standard-install.yaml"

_KSERVE = "github.com/kserve/kserve"
_CERT_MANAGER = "github.com/cert-manager/cert-manager"
_ENVOY_GATEWAY = "github.com/envoyproxy/gateway"
_METRICS_SERVER = "sigs.k8s.io/metrics-server"
_GATEWAY_API = "sigs.k8s.io/gateway-api"
_STAMP = ".stamp"


def build_charts(folder: Path, report: Report) -> Path:
    """Return the folder with a folder per chart, made again when a module changed or a file in it did.

    The charts of KServe and metrics-server are copied as they are. The modules of cert-manager and Envoy Gateway hold
    parts; they are put together as their releases do: the version in Chart.yaml, cert-manager's CRDs in a template
    that `installCRDs` switches, Envoy Gateway's image in its values. Gateway API's standard channel is joined into the
    one file that its release publishes.

    Raises:
        ToolError: a module cannot be downloaded, or does not hold the charts.

    """

    def write(to: Path) -> None:
        _write_kserve("kubernetes", to)
        _join_gateway_api(module_source(MODULES / "envoy-gateway", _GATEWAY_API), to)
        _assemble_envoy_gateway(module_source(MODULES / "envoy-gateway", _ENVOY_GATEWAY), to)
        charts = module_source(MODULES / "metrics-server", _METRICS_SERVER) / "charts"
        _copy(charts / METRICS_SERVER_CHART, to / METRICS_SERVER_CHART)

    return _made(folder, ("kubernetes", "cert-manager", "envoy-gateway", "metrics-server"), write, report)


def build_kserve_charts(folder: Path, module: str, report: Report) -> Path:
    """Return the folder with KServe's charts in the release that a module folder pins, and cert-manager's beside them.

    Raises:
        ToolError: a module cannot be downloaded, or does not hold the charts.

    """
    return _made(folder, (module, "cert-manager"), lambda to: _write_kserve(module, to), report)


def _made(folder: Path, modules: Sequence[str], write: Callable[[Path], None], report: Report) -> Path:
    key = _key(modules)
    if _read_stamp(folder) != f"{key} {_content_hash(folder)}":
        with step(f"make the folder {folder.name}", report), folder_appears_whole(folder) as temporary:
            write(temporary)
            (temporary / _STAMP).write_text(f"{key} {_content_hash(temporary)}")
    return folder


def _write_kserve(module: str, to: Path) -> None:
    _copy_kserve(module_source(MODULES / module, _KSERVE), to)
    _assemble_cert_manager(module_source(MODULES / "cert-manager", _CERT_MANAGER), to)


def _copy_kserve(source: Path, to: Path) -> None:
    for chart in KSERVE_CHARTS:
        _copy(source / "charts" / chart, to / chart)


def _assemble_cert_manager(source: Path, to: Path) -> None:
    chart = to / CERT_MANAGER_CHART
    parts = source / "deploy" / "charts" / "cert-manager"
    _copy(parts / "templates", chart / "templates")
    shutil.copyfile(parts / "values.yaml", chart / "values.yaml")
    described = (parts / "Chart.template.yaml").read_text("utf-8").replace("{{IS_PRERELEASE}}", "false")
    (chart / "Chart.yaml").write_text(_versioned(described, CERT_MANAGER_VERSION), "utf-8")
    crds = [path.read_text("utf-8").strip() for path in sorted((source / "deploy" / "crds").glob("*.yaml"))]
    template = "\n---\n".join(crds)
    (chart / "templates" / "crds.yaml").write_text(
        f"{{{{- if .Values.installCRDs }}}}\n{template}\n{{{{- end }}}}\n", "utf-8"
    )


def _assemble_envoy_gateway(source: Path, to: Path) -> None:
    for chart in ENVOY_GATEWAY_CHARTS:
        _copy(source / "charts" / chart, to / chart)
        described = to / chart / "Chart.yaml"
        described.write_text(_versioned(described.read_text("utf-8"), ENVOY_GATEWAY_VERSION), "utf-8")
        template = to / chart / "values.tmpl.yaml"
        values = template.read_text("utf-8").replace("${GatewayImagePullPolicy}", "IfNotPresent")
        image = f"docker.io/envoyproxy/gateway:{ENVOY_GATEWAY_VERSION}"
        (to / chart / "values.yaml").write_text(values.replace("${GatewayImage}", image), "utf-8")


def _join_gateway_api(source: Path, to: Path) -> None:
    folder = source / "config" / "crd" / "standard"
    objects = [path.read_text("utf-8").strip() for path in sorted(folder.glob("gateway*.yaml"))]
    if not objects:
        raise _missing(folder)
    joined = to / GATEWAY_API_FILE
    joined.parent.mkdir()
    joined.write_text("\n---\n".join(objects) + "\n", "utf-8")


def _versioned(described: str, version: str) -> str:
    return re.sub(r"(?m)^(version|appVersion): .*$", rf"\1: {version}", described)


def _missing(folder: Path) -> ToolError:
    return ToolError(f"{folder} is not there", cure="run `go clean -modcache`, then the command again")


def _copy(source: Path, to: Path) -> None:
    """Copy a folder of the module cache, whose files are read-only."""
    if not source.is_dir():
        raise _missing(source)
    for path in sorted(source.rglob("*")):
        if path.is_file():
            target = to / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _key(modules: Sequence[str]) -> str:
    made_from = [*(module_key(MODULES / name) for name in modules), Path(__file__).read_text("utf-8")]
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
