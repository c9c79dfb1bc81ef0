"""The oracle's modules and its errors; what it says of objects is tested end to end, because it needs Go."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pulumi_kserve.platform.releases import RELEASES

from tools.errors import ToolError
from tools.oracle.judge import judge, module_folders, oracle_binary, releases, running
from tools.progress import Event, Report


def test_every_supported_release_has_an_oracle() -> None:
    assert set(releases()) == set(RELEASES)


@pytest.mark.parametrize("folder", list(module_folders()), ids=lambda folder: str(folder.name))
def test_a_module_pins_the_release_of_its_folder(folder: Path) -> None:
    pinned = re.findall(r"^\tgithub\.com/kserve/kserve v(\S+)", (folder / "go.mod").read_text("utf-8"), re.MULTILINE)
    assert pinned == [f"{folder.name}.0"]


def test_a_release_without_an_oracle_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(ToolError, match=re.escape(", ".join(releases()))):
        oracle_binary("0.1", _ignore)


def test_an_oracle_that_ends_is_an_error_with_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "oracle"
    program.write_text("#!/bin/sh\nread question\necho 'no such mode' >&2\nexit 1\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr("tools.oracle.judge.oracle_binary", _always(program))
    with pytest.raises(ToolError, match="no such mode"):
        judge("0.20", [{}])


def test_an_oracle_that_answers_is_read_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "oracle"
    answer = '{"accepted": false, "stage": "schema", "message": "why", "warnings": ["w"]}'
    program.write_text(f"#!/bin/sh\nwhile read question; do echo '{answer}'; done\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr("tools.oracle.judge.oracle_binary", _always(program))
    first, second = judge("0.20", [{}, {}])
    assert first == second
    assert (first.accepted, first.stage, first.message, first.warnings) == (False, "schema", "why", ("w",))


def test_an_update_is_asked_with_the_object_that_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, asked = tmp_path / "oracle", tmp_path / "asked"
    answer = '{"accepted": true, "warnings": []}'
    program.write_text(f"#!/bin/sh\nread question\necho \"$question\" > {asked}\necho '{answer}'\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr("tools.oracle.judge.oracle_binary", _always(program))
    with running("0.20") as oracle:
        oracle.judge({"kind": "new"}, previous={"kind": "stored"})
    assert json.loads(asked.read_text("utf-8"))["old"] == {"kind": "stored"}


def _always(program: Path) -> Callable[[str, Report], Path]:
    def binary(release: str, report: Report) -> Path:
        report(Event(release))
        return program

    return binary


def _ignore(_: Event) -> None:
    pass
