"""The engine's Kubernetes provider: on PATH, else an installed plugin, else the official one, else built.

Run for real: the provider on PATH, and the build. Untested against the real release: `pulumi plugin install`; the
tests put a fake `pulumi` in its place.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tools.cache import toolchain_root
from tools.gobuild import GoBinary, build, is_built
from tools.progress import Report, step
from tools.toolchain.download import Unavailable, require_reachable
from tools.toolchain.pulumi_cli import is_built_here

VERSION = "4.25.0"
"""The version that our lock file pins for the Python package too: engine and program must agree."""

RELEASES = "https://github.com/pulumi/pulumi-kubernetes/releases"

_NAME = "pulumi-resource-kubernetes"
_MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_INSTALL_SECONDS = 600

BINARY = GoBinary(
    name=_NAME,
    module_dir=Path(__file__).parent / "modules" / _NAME,
    package=".",
    ldflags=f"-s -w -X main.version={VERSION}",
    embeds={name: f"{_MODULE}:cmd/{_NAME}/{name}" for name in ("schema.json", "terraform-mapping.json")},
)


def kubernetes_provider(pulumi: Path, report: Report, *, releases: str = RELEASES) -> Path:
    """Return the path of the provider for the engine `pulumi`.

    Raises:
        ToolError: there is none and it can be neither installed nor built.

    """
    if found := shutil.which(_NAME) or _installed(pulumi):
        return Path(found)
    built = toolchain_root() / "bin"
    if shutil.which("go") and is_built(BINARY, built):
        return built / _NAME
    try:
        return _official(pulumi, releases, report)
    except Unavailable:
        return build(BINARY, built, report)


def _installed(pulumi: Path) -> Path | None:
    wanted = f"resource-kubernetes-v{VERSION.rpartition('.')[0]}.*/{_NAME}"
    found = [path for home in _homes(pulumi) for path in sorted((home / "plugins").glob(wanted)) if path.is_file()]
    return found[-1] if found else None


def _homes(pulumi: Path) -> list[Path]:
    named = os.environ.get("PULUMI_HOME")
    own = [toolchain_root() / "home"] if pulumi.is_relative_to(toolchain_root()) else []
    return [Path(named)] if named else [*own, Path.home() / ".pulumi"]


def _official(pulumi: Path, releases: str, report: Report) -> Path:
    if is_built_here() and pulumi == toolchain_root() / "bin" / "pulumi":
        raise Unavailable("the engine had to be built, so the official plugin is out of reach as well")
    require_reachable(releases)
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "1", "PULUMI_HOME": str(_homes(pulumi)[0])}
    command = [str(pulumi), "plugin", "install", "resource", "kubernetes", f"v{VERSION}"]
    try:
        with step(f"install the Kubernetes provider {VERSION}", report):
            subprocess.run(command, env=environment, capture_output=True, check=True, timeout=_INSTALL_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        raise Unavailable(f"`{' '.join(command)}` failed: {error}") from error
    if there := _installed(pulumi):
        return there
    raise Unavailable(f"`{' '.join(command)}` left no plugin under {_homes(pulumi)[0] / 'plugins'}")
