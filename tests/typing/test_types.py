"""What must not type-check does not: mypy and pyright refuse exactly the marked lines of `refused/`."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFUSED = Path(__file__).parent / "refused"
FILES = sorted(REFUSED.glob("*.py"))

Lines = dict[str, set[int]]


def run(*command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@cache
def mypy_errors() -> Lines:
    found: Lines = {}
    said = run("mypy", f"--config-file={REFUSED / 'mypy.ini'}", *map(str, FILES))
    for name, line in re.findall(r"^(\S+?):(\d+): error:", said, re.MULTILINE):
        found.setdefault(Path(name).name, set()).add(int(line))
    return found


@cache
def pyright_errors() -> Lines:
    found: Lines = {}
    said = json.loads(run("pyright", "--outputjson", f"--pythonpath={sys.executable}", f"--project={REFUSED}"))
    for each in said["generalDiagnostics"]:
        found.setdefault(Path(each["file"]).name, set()).add(each["range"]["start"]["line"] + 1)
    return found


def refused_lines(file: Path) -> set[int]:
    lines = file.read_text("utf-8").splitlines()
    return {number for number, line in enumerate(lines, start=1) if "# refused: " in line}


@pytest.mark.parametrize("errors", [mypy_errors, pyright_errors])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_type_checker_refuses_the_marked_lines_and_no_other(file: Path, errors: Callable[[], Lines]) -> None:
    assert errors()[file.name] == refused_lines(file)
