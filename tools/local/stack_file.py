"""Takes out of the user's stack file again what we wrote into it, and nothing else."""

import re
from collections.abc import Iterable
from typing import Any, cast

import yaml

from tools.cache import write_atomically
from tools.local.project import Project


def read_config(project: Project) -> dict[str, Any]:
    """Return the `config:` of the stack file as plain YAML; secrets stay encrypted."""
    content = cast("object", yaml.safe_load(project.stack_file.read_text("utf-8")))
    config = cast("dict[str, object]", content).get("config") if isinstance(content, dict) else None
    return cast("dict[str, Any]", config) if isinstance(config, dict) else {}


def keep_original(project: Project) -> None:
    """Remember the stack file as the user wrote it: the engine's edits keep comments, but not blank lines."""
    original = project.own / "stack-file.yaml"
    text = project.stack_file.read_text("utf-8")
    if not re.search(r"^encryptionsalt:", text, re.MULTILINE):
        write_atomically(original, text, mode=0o600)


def restore(project: Project, keys: Iterable[str]) -> None:
    """Take `keys` and the salt out of the stack file; if the user changed nothing else, it is as it was to the byte."""
    text = without(project.stack_file.read_text("utf-8"), keys)
    original = project.own / "stack-file.yaml"
    if original.is_file():
        before = original.read_text("utf-8")
        if yaml.safe_load(before) == yaml.safe_load(text) and _comments(before) == _comments(text):
            text = before
        original.unlink()
    if text != project.stack_file.read_text("utf-8"):
        mode = project.stack_file.stat().st_mode & 0o777
        write_atomically(project.stack_file, text, mode=mode)


def without(text: str, keys: Iterable[str]) -> str:
    """Return a stack file's text without these keys of `config:` and without its salt; all else stays in place."""
    kept: list[str] = []
    wanted = {*keys, "encryptionsalt"}
    dropping: int | None = None
    for line in text.splitlines(keepends=True):
        indent = len(line) - len(line.lstrip())
        if dropping is not None and line.strip() and indent > dropping:
            continue
        dropping = indent if _key(line) in wanted else None
        if dropping is None:
            kept.append(line)
    return "".join(kept)


def _key(line: str) -> str:
    found = re.match(r"""\s*["']?([\w-]+(?::[\w-]+)?)["']?:(\s|$)""", line)
    return found[1] if found else ""


def _comments(text: str) -> list[str]:
    return re.findall(r"#[^\n]*", text)
