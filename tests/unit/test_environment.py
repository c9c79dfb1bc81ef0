"""`tools/environment.sh`, on machines made of fake executables."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "environment.sh"
BORROWED = ("bash", "dirname", "env", "head", "rm", "sort", "touch", "cat", "mkdir", "chmod")
PYTHON = """
case "$*" in
*version_info*) exit {old} ;;
*sys.executable*) echo python3 ;;
*ensurepip*) [ -e apt-was-here ] || exit {bare} ;;
*"-m venv"*) mkdir -p .venv-uv/bin && cat uv-of-the-index > .venv-uv/bin/uv && cat "$0" > .venv-uv/bin/python
    chmod +x .venv-uv/bin/uv .venv-uv/bin/python ;;
*) echo "pip $*" >> calls ;;
esac
"""
UV = """
case "$*" in
--version) echo "uv {version} (fake)" ;;
*) echo "uv-{version} $*" >> calls ;;
esac
"""


@dataclass(frozen=True)
class Machine:
    """A folder that is a project with the script, and a PATH with nothing but fakes."""

    root: Path

    def has(self, name: str, body: str) -> None:
        """Put an executable on the PATH."""
        file = self.root / "bin" / name
        file.write_text(f"#!{shutil.which('bash')}\n{body}\n", "utf-8")
        file.chmod(0o755)

    def run(self) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        return subprocess.run(
            [str(self.root / "tools" / SCRIPT.name)],
            env={"PATH": str(self.root / "bin")},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        """What was asked of uv and pip."""
        file = self.root / "calls"
        return file.read_text("utf-8").splitlines() if file.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A user's machine with a Python that can make environments, and no uv."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "tools").mkdir()
    for name in BORROWED:
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    shutil.copy(SCRIPT, tmp_path / "tools")
    (tmp_path / "uv-of-the-index").write_text(f"#!{shutil.which('bash')}\n{UV.format(version='0.13.9')}", "utf-8")
    machine = Machine(tmp_path)
    machine.has("python3", PYTHON.format(old=0, bare=0))
    machine.has("id", "echo 1000")
    return machine


def test_a_uv_that_fits_is_taken_from_the_path(machine: Machine) -> None:
    machine.has("uv", UV.format(version="0.14.0"))
    assert machine.run().returncode == 0
    assert machine.calls == ["uv-0.14.0 sync --quiet --frozen --all-groups --python python3"]


@pytest.mark.parametrize("version", [None, "0.4.30", "unreadable"])
def test_without_a_uv_that_fits_the_pinned_one_is_installed_by_hash(machine: Machine, version: str | None) -> None:
    if version:
        machine.has("uv", UV.format(version=version))
    assert machine.run().returncode == 0
    pip, sync = machine.calls
    assert "--require-hashes" in pip
    assert "tools/uv-requirements.txt" in pip
    assert sync.startswith("uv-0.13.9 sync")


def test_an_installed_uv_is_used_again(machine: Machine) -> None:
    machine.run()
    machine.run()
    assert [call.split()[0] for call in machine.calls] == ["pip", "uv-0.13.9", "uv-0.13.9"]


def test_a_python_that_is_too_old_is_refused_with_the_cure(machine: Machine) -> None:
    for name in ("python3", "python3.13", "python3.12", "python3.11"):
        machine.has(name, PYTHON.format(old=1, bare=0))
    done = machine.run()
    assert done.returncode == 2
    assert "there is no Python 3.11 or newer on PATH" in done.stderr
    assert "apt-get install python3" in done.stderr


def test_a_user_whose_python_makes_no_environments_is_told_what_to_install(machine: Machine) -> None:
    machine.has("python3", PYTHON.format(old=0, bare=1))
    done = machine.run()
    assert done.returncode == 2
    assert "apt-get install python3-venv" in done.stderr
    assert machine.calls == []


def test_root_on_debian_gets_the_missing_package_installed(machine: Machine) -> None:
    machine.has("python3", PYTHON.format(old=0, bare=1))
    machine.has("id", "echo 0")
    machine.has("apt-get", 'case "$*" in *install*python3-venv*) touch apt-was-here ;; esac')
    assert machine.run().returncode == 0
    assert machine.calls[-1].startswith("uv-0.13.9 sync")
