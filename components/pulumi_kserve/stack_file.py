"""Stack files and project files: what they hold, and where each value stands, so that a problem names its line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from pulumi_kserve.documents import ENGINE, Document, read_documents, read_file
from pulumi_kserve.errors import Problem, SpecError, StackFileError
from pulumi_kserve.yaml_values import Built

__all__ = ["MOST_BYTES", "StackFile", "read_mapping"]

MOST_BYTES: Final = 4 * 1024**2
"""The largest stack or project file: tens of thousands of lines."""
_PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml")
_SETTINGS: Final = "config.kserve:"
"""Where the keys of :class:`~pulumi_kserve.settings.StackSettings` lie, which judges them."""


def read_mapping(path: Path) -> Document:
    """The mapping in the YAML file at `path`, read as the engine does; an empty file gives an empty one.

    A key of ``kserve:`` that a stack file gives twice is no error here, but one of the document's problems: the
    settings tell it together with all else that is wrong with them.

    Raises:
        StackFileError: the file cannot be read, is not YAML, is too large, has a key twice, or is no single mapping.

    """
    shown = _shown(path)
    try:
        content = read_file(path, shown=shown, most_bytes=MOST_BYTES)
        found = list(read_documents(content, shown=shown, dialect=ENGINE))
    except SpecError as error:
        raise StackFileError(shown, error.problems) from error
    document = found[0] if found else Document(0, Built())
    judged_later = () if path.name in _PROJECT_FILES else (_SETTINGS,)
    problems = [problem for problem in document.problems if not problem.path.startswith(judged_later)]
    if document.value in (None, ""):
        document = Document(0, Built({}))
    elif not isinstance(document.value, dict):
        problems.append(Problem("", "must be a mapping of keys to values", line=document.line))
    if len(found) > 1:
        problems.append(Problem("", "has more than one document", "Keep one", line=found[1].line or None))
    if problems:
        raise StackFileError(shown, problems)
    return document


@dataclass(frozen=True)
class StackFile:
    """The file of one stack. `shown` is how messages call it: its path, or the stack's name when it is not there."""

    shown: str
    path: Path | None = None

    @classmethod
    def find(cls, folder: Path, stack: str) -> StackFile:
        """The file of `stack` in the project in `folder`, where its Pulumi.yaml says stack files lie.

        Raises:
            StackFileError: the file is too large, or Pulumi.yaml cannot be used.

        """
        name = f"Pulumi.{stack.rpartition('/')[2]}.yaml"
        file = folder / _stack_folder(folder) / name
        if not file.is_file():
            return cls(f"config of stack {stack}")
        shown = str(file.relative_to(folder))
        try:
            read_file(file, shown=shown, most_bytes=MOST_BYTES)
        except SpecError as error:
            raise StackFileError(shown, error.problems) from error
        return cls(shown, file)

    def located(self, problem: Problem, namespace: str) -> Problem:
        """`problem`, whose path starts at a key under `namespace`, with that prefix and its line."""
        line = self._document.line_of(f"config.{namespace}:{problem.path}") if self._document else None
        return replace(problem, path=f"{namespace}:{problem.path}", line=line)

    @property
    def given_twice(self) -> list[Problem]:
        """The keys of ``kserve:`` that are given twice, with their lines."""
        found = self._document.problems if self._document else ()
        return [replace(each, path=each.path.removeprefix("config.")) for each in found]

    @cached_property
    def _document(self) -> Document | None:
        """None where the file cannot be used: the engine has read it, so what is wrong with it is not news."""
        try:
            return read_mapping(self.path) if self.path else None
        except StackFileError:
            return None


def _shown(path: Path) -> str:
    """The path from the project's folder, or as it is where there is no project."""
    homes = [folder for folder in path.parents if any((folder / name).is_file() for name in _PROJECT_FILES)]
    return str(path.relative_to(homes[0]) if homes else path)


def _stack_folder(folder: Path) -> str:
    project = folder / "Pulumi.yaml"
    if not project.is_file():
        return ""
    content = read_mapping(project).value
    place = content.get("stackConfigDir") or content.get("config")
    return place if isinstance(place, str) else ""
