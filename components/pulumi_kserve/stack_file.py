"""A stack file as text: where each value stands, so that a problem can name its line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from pulumi_kserve.errors import Problem

__all__ = ["StackFile"]


@dataclass(frozen=True)
class StackFile:
    """The file of one stack. `shown` is how messages call it: its path, or the stack's name when it is not there."""

    shown: str
    lines: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])

    @classmethod
    def find(cls, folder: Path, stack: str) -> StackFile:
        """The file of `stack` in the project in `folder`, where its Pulumi.yaml says stack files lie."""
        name = f"Pulumi.{stack.rpartition('/')[2]}.yaml"
        file = folder / _stack_folder(folder) / name
        if not file.is_file():
            return cls(f"config of stack {stack}")
        root = yaml.compose(file.read_text(), Loader=yaml.SafeLoader)
        return cls(str(file.relative_to(folder)), dict(_lines(root, ())) if root else {})

    def located(self, problem: Problem, namespace: str) -> Problem:
        """`problem`, whose path starts at a key under `namespace`, with that prefix and its line."""
        steps = tuple(re.findall(r"[^.\[\]]+", problem.path))
        keys = ("config", f"{namespace}:{steps[0]}", *steps[1:]) if steps else ("config",)
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return replace(problem, path=f"{namespace}:{problem.path}", line=self.lines.get(keys))


def _stack_folder(folder: Path) -> str:
    project = folder / "Pulumi.yaml"
    if not project.is_file():
        return ""
    content: dict[str, Any] = yaml.safe_load(project.read_text()) or {}
    return str(content.get("stackConfigDir") or content.get("config") or "")


def _lines(node: yaml.Node, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], int]]:
    found: list[tuple[tuple[str, ...], int]] = []
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            found += [(here, key.start_mark.line + 1), *_lines(value, here)]
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            here = (*path, str(index))
            found += [(here, value.start_mark.line + 1), *_lines(value, here)]
    return found
