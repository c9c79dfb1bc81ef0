"""House rules that a test can check; what they are for is in CONTRIBUTING.md."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "benchmarks",
    "components",
    "docs",
    "examples",
    "policies",
    "runtimes",
    "stacks",
    "tests",
    "tools",
    ".ci",
    ".github",
)
SKIPPED = {"__pycache__", "node_modules"}
TEXTS = {"", ".cfg", ".md", ".py", ".sh", ".toml", ".yaml", ".yml"}
FORBIDDEN_WORDS = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|home/\w+)/\w")
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
NAMED_PATH = re.compile(r"`((?:" + "|".join(map(re.escape, FOLDERS)) + r")/[\w./-]*)`")
LONGEST_FILE = 400
LONGEST_FUNCTION = 45
LONGEST_CONSTRUCTOR = 60


def files() -> Iterator[Path]:
    yield from (path for path in sorted(ROOT.iterdir()) if path.is_file())
    for folder in FOLDERS:
        found = (path for path in sorted((ROOT / folder).rglob("*")) if path.is_file())
        yield from (path for path in found if SKIPPED.isdisjoint(path.parts))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


FILES = list(files())
PYTHON = [path for path in FILES if path.suffix == ".py"]
AUTOMATION = [".ci/run", ".pre-commit-config.yaml", *map(relative, sorted((ROOT / ".github").rglob("*.yml")))]
PAGES = [path for path in FILES if path.suffix == ".md"]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


def phony_targets() -> list[str]:
    text = (ROOT / "Makefile").read_text("utf-8")
    return [name for line in re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE) for name in line.split()]


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_a_module_and_its_functions_are_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    limit = {"__init__": LONGEST_CONSTRUCTOR}
    too_long = {node.name: length(node) for node in functions if length(node) > limit.get(node.name, LONGEST_FUNCTION)}
    assert too_long == {}


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_a_file_is_named_by_a_word_of_the_domain(path: Path) -> None:
    stem = path.stem.lower().replace("-", "_").replace("cert_manager", "")
    assert FORBIDDEN_WORDS.isdisjoint(stem.split("_"))


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix in TEXTS], ids=relative)
def test_a_file_names_no_path_of_one_machine(path: Path) -> None:
    found = [line for line in path.read_text("utf-8").splitlines() if MACHINE_PATH.search(line)]
    assert found == []


def test_source_roots_are_no_packages() -> None:
    roots = ("components", "policies", "runtimes", "stacks", "tests")
    assert [name for name in roots if (ROOT / name / "__init__.py").exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_a_path_that_a_page_names_is_there(page: Path) -> None:
    named = NAMED_PATH.findall(page.read_text("utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_make_help_explains_every_target_in_one_line() -> None:
    shown = subprocess.run(["make", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True).stdout
    explained = [line.split(maxsplit=1) for line in shown.splitlines() if not line.startswith("make")]
    assert sorted(name for name, *_ in explained) == sorted(phony_targets())
    assert [name for name, *text in explained if not text] == []


@pytest.mark.parametrize("name", AUTOMATION)
def test_automation_calls_only_make_targets_that_exist(name: str) -> None:
    called = re.findall(r"\bmake ([a-z][a-z0-9-]*)", (ROOT / name).read_text("utf-8"))
    assert set(called) <= set(phony_targets())


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    assert "for target in test e2e; do" in (ROOT / ".ci/run").read_text("utf-8")


@pytest.mark.parametrize("workflow", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=relative)
def test_a_workflow_pins_its_actions_and_starts_with_no_permissions(workflow: Path) -> None:
    text = workflow.read_text("utf-8")
    assert yaml.safe_load(text)["permissions"] == {}
    actions = re.findall(r"uses: ([^.\s]\S*)", text)
    assert [action for action in actions if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)] == []
