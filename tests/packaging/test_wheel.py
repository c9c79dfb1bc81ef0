"""The wheel: built with no network, what is in it, and used from an environment that has nothing else of ours."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
UV = shutil.which("uv") or str(ROOT / ".venv-uv" / "bin" / "uv")


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel, and, beside it, what the wheel depends on."""

    folder: Path

    def run(self, command: str, *arguments: str, cwd: Path) -> str:
        """Run one of its commands elsewhere, and return what it printed."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            [str(self.folder / "bin" / command), *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    """What is in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A new environment with the wheel, installed with no network; dependencies come from the one at hand."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    uv = [UV, "--offline", "--no-cache", "--no-config", "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, str(folder)], check=True)
    subprocess.run([*uv, "pip", "install", "--no-deps", "--python", str(folder / "bin/python"), str(wheel)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return Installed(folder)


@pytest.mark.parametrize("package", ["pulumi_kserve", "pulumi_kserve_policies"])
def test_a_package_is_in_the_wheel_with_its_types(names: list[str], package: str) -> None:
    assert {f"{package}/__init__.py", f"{package}/py.typed"} <= set(names)


def test_every_file_of_the_packages_is_in_the_wheel(names: list[str]) -> None:
    roots = (ROOT / "components", ROOT / "policies")
    files = [(root, path) for root in roots for path in root.glob("pulumi_kserve*/**/*") if path.is_file()]
    assert {str(path.relative_to(root)) for root, path in files if path.suffix != ".pyc"} <= set(names)


def test_every_runtime_is_in_the_wheel(names: list[str]) -> None:
    runtimes = {f"pulumi_kserve/_data/{path.relative_to(ROOT)}" for path in (ROOT / "runtimes").glob("*/runtime.yaml")}
    assert runtimes
    assert runtimes <= set(names)


def test_the_licence_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/licenses/LICENSE"))
        assert archive.read(name) == (ROOT / "LICENSE").read_bytes()


def test_nothing_else_is_in_the_wheel(names: list[str]) -> None:
    assert {name.partition("/")[0] for name in names} == {
        "pulumi_kserve",
        "pulumi_kserve_policies",
        f"pulumi_kserve-{PROJECT['version']}.dist-info",
    }
    assert [name for name in names if "__pycache__" in name or "/tests/" in name] == []


def test_the_metadata_has_the_readme_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(name))
    assert metadata["License-Expression"] == "Apache-2.0"
    assert "# pulumi-kserve" in str(metadata.get_payload())


def test_two_builds_give_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert next(tmp_path.glob("*.whl")).read_bytes() == wheel.read_bytes()


def test_the_changelog_knows_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    headings = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    coming = re.search(r"^## \[Unreleased\]\n\nWhat will be (\S+)\.$", text, re.MULTILINE)
    assert PROJECT["version"] in headings or (coming and coming[1] == PROJECT["version"])


def test_the_installed_package_is_not_the_checkout(installed: Installed, tmp_path: Path) -> None:
    place = installed.run("python", "-c", "import pulumi_kserve; print(pulumi_kserve.__file__)", cwd=tmp_path)
    assert Path(place.strip()).is_relative_to(installed.folder)


def test_the_installed_package_has_all_public_names(installed: Installed, tmp_path: Path) -> None:
    code = "import pulumi_kserve as k; print(sorted(k.__all__) == sorted(n for n in k.__all__ if getattr(k, n)))"
    assert installed.run("python", "-c", code, cwd=tmp_path).strip() == "True"


def test_the_installed_package_has_the_runtime_catalogue(installed: Installed, tmp_path: Path) -> None:
    code = "from pulumi_kserve.platform.catalogue import catalogue; print(*catalogue())"
    expected = sorted(path.parent.name for path in (ROOT / "runtimes").glob("*/runtime.yaml"))
    assert installed.run("python", "-c", code, cwd=tmp_path).split() == expected


def test_the_installed_command_renders_an_example_elsewhere(installed: Installed, tmp_path: Path) -> None:
    example = tmp_path / "example"
    shutil.copytree(ROOT / "examples" / "sklearn-iris", example, ignore=shutil.ignore_patterns("__pycache__"))
    (example / "Pulumi.dev.yaml").write_text("config:\n  sklearn-iris:readerKey:\n    secure: v1:sealed\n", "utf-8")
    shown = installed.run("pulumi-kserve", "render", "--stack", "dev", cwd=example)
    kinds = {document["kind"] for document in yaml.safe_load_all(shown)}
    assert {"ClusterServingRuntime", "HelmRelease", "InferenceService"} <= kinds


def test_the_installed_command_prints_the_schema_of_stack_files(installed: Installed, tmp_path: Path) -> None:
    assert '"kserve:endpoints"' in installed.run("pulumi-kserve", "schema", cwd=tmp_path)
