"""What README and docs show: Python and YAML are executed, commands, options and targets are looked up."""

import json
import re
import runpy
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import typer.main
import yaml
from pulumi_kserve.cli.app import app as package_commands
from pulumi_kserve.testing import manifests, synth_program, synth_stack

from tests.docs.snippets import LANGUAGES, ROOT, Snippet, snippets
from tools.embedded.__main__ import app as embedded_commands
from tools.local.__main__ import app as local_commands

APPS = {
    "pulumi-kserve": package_commands,
    "python -m tools.embedded": embedded_commands,
    "python -m tools.local": local_commands,
}
OTHER_COMMANDS = {"pip install pulumi-kserve", "pulumi config set --secret", "python -m tools.toolchain"}


def holds_tests(snippet: Snippet) -> bool:
    return "def test_" in snippet.code


def command_lines() -> Iterator[Any]:
    for snippet in snippets("bash"):
        for number, line in enumerate(snippet.code.splitlines(), start=snippet.line + 1):
            if line.strip() and not line.startswith("#"):
                yield pytest.param(line, id=f"{snippet.page.name}:{number}")


def targets() -> list[str]:
    return re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def refusal(words: list[str]) -> str:
    """Why a command line would not be understood; nothing when it would be."""
    name = next((name for name in APPS if words[: len(name.split())] == name.split()), None)
    if name is None:
        return "" if any(" ".join(words).startswith(known) for known in OTHER_COMMANDS) else "an unknown command"
    group = cast("Any", typer.main.get_command(APPS[name]))
    rest = words[len(name.split()) :]
    if rest[0] not in group.commands:
        return f"{name} has no command {rest[0]}"
    options = {option for parameter in group.commands[rest[0]].params for option in parameter.opts}
    unknown = [word for word in rest[1:] if word.startswith("-") and word not in options]
    return f"{name} {rest[0]} has no option {unknown[0]}" if unknown else ""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run a shown program in, with the facts that the pages write with `pulumi-kserve facts`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "facts").mkdir()
    facts = synth_stack(ROOT, "local").outputs["facts"]
    (tmp_path / "facts" / "local.json").write_text(json.dumps(facts), "utf-8")
    return tmp_path


@pytest.mark.parametrize("snippet", snippets(), ids=str)
def test_a_snippet_names_its_language(snippet: Snippet) -> None:
    assert snippet.language in LANGUAGES


@pytest.mark.parametrize("snippet", [each for each in snippets("python") if not holds_tests(each)], ids=str)
def test_a_program_that_a_page_shows_makes_an_endpoint(snippet: Snippet, project: Path) -> None:
    program = project / "program.py"
    program.write_text(snippet.code, "utf-8")
    assert manifests(synth_program(program), "InferenceService")


@pytest.mark.parametrize("snippet", [each for each in snippets("python") if holds_tests(each)], ids=str)
def test_a_test_that_a_page_shows_passes(snippet: Snippet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    module = tmp_path / "shown.py"
    module.write_text(snippet.code, "utf-8")
    shown = {name: each for name, each in runpy.run_path(str(module)).items() if name.startswith("test_")}
    assert shown
    for each in shown.values():
        cast("Callable[[], None]", each)()


@pytest.mark.parametrize("snippet", snippets("yaml"), ids=str)
def test_a_stack_file_that_a_page_shows_evaluates(snippet: Snippet, tmp_path: Path) -> None:
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.shown.yaml").write_text(snippet.code, "utf-8")
    config = yaml.safe_load(snippet.code)["config"]
    for upload in config.get("kserve:store", {}).get("uploads", []):
        folder = tmp_path / upload["source"]
        folder.mkdir(parents=True)
        (folder / "model.joblib").write_bytes(b"a model")
    services = manifests(synth_stack(tmp_path, "shown"), "InferenceService")
    assert sorted(each["metadata"]["name"] for each in services) == sorted(config.get("kserve:endpoints", {}))


@pytest.mark.parametrize("line", list(command_lines()))
def test_a_command_that_a_page_shows_is_there(line: str) -> None:
    words = [word for word in shlex.split(line.partition(" > ")[0]) if not re.match(r"^[A-Z_]+=", word)]
    if words[0] == "make":
        assert set(words[1:]) <= set(targets())
    else:
        assert refusal(words) == ""


@pytest.mark.parametrize("page", sorted({snippet.page for snippet in snippets()}), ids=lambda page: page.name)
def test_a_target_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"`(?:[A-Z_]+=\S+ )?make ([a-z][a-z0-9-]*)`", page.read_text("utf-8"))
    assert set(named) <= set(targets())
