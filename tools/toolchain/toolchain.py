"""The engine, the provider, and whether the engine can start Python programs by itself."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tools.cache import toolchain_root
from tools.progress import Report
from tools.toolchain.kubernetes_provider import kubernetes_provider
from tools.toolchain.pulumi_cli import pulumi_cli


@dataclass(frozen=True)
class Toolchain:
    """A Pulumi CLI and a Kubernetes provider that work together.

    Without a `language_host` the engine cannot start `__main__.py` itself: the program is then run inline, by the
    Automation API in our own process.
    """

    pulumi: Path
    provider: Path
    language_host: bool

    def environment(self) -> dict[str, str]:
        """Return the variables the engine is run with, on top of the caller's own.

        A Pulumi that was here before keeps its own home, with its plugins and logins.
        """
        folders = [str(self.pulumi.parent), str(self.provider.parent), *os.get_exec_path()]
        variables = {"PATH": os.pathsep.join(dict.fromkeys(folders)), "PULUMI_SKIP_UPDATE_CHECK": "1"}
        root = toolchain_root()
        if "PULUMI_HOME" not in os.environ and self.pulumi.is_relative_to(root):
            variables["PULUMI_HOME"] = str(root / "home")
        return variables


def ready_toolchain(report: Report) -> Toolchain:
    """Return the toolchain of this machine, fetched or built first where it is missing.

    Raises:
        ToolError: a Pulumi that is here is too old, or one can be neither downloaded nor built.

    """
    pulumi = pulumi_cli(report)
    provider = kubernetes_provider(pulumi, report)
    beside = os.pathsep.join([str(pulumi.parent), *os.get_exec_path()])
    return Toolchain(pulumi, provider, language_host=shutil.which("pulumi-language-python", path=beside) is not None)
