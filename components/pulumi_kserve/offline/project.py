"""Find a project's program and stack file, and run the program as the language host would."""

from __future__ import annotations

import importlib
import os
import runpy
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pulumi_kserve.offline.errors import ProjectError
from pulumi_kserve.offline.monitor import Computed, Invokes
from pulumi_kserve.offline.records import Synthesis
from pulumi_kserve.offline.stack_config import (
    StackConfig,
    config_block,
    engine_text,
    full_key,
    read_stack_config,
    read_yaml,
)
from pulumi_kserve.offline.synth import synth

__all__ = ["Project", "find_project", "read_project", "synth_program", "synth_stack"]

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")


@dataclass(frozen=True, slots=True)
class Project:
    """A Pulumi project on disk."""

    folder: Path
    """Where the project file lies."""
    name: str
    """The project's name."""
    entry: Path
    """The Python file that is the program."""
    stack_folder: Path
    """Where the stack files lie."""
    config: Mapping[str, str]
    """Defaults from the project file, by full key."""

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks that have a file."""
        files = sorted(self.stack_folder.glob("Pulumi.*.yaml"))
        return tuple(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files)

    def stack_config(self, stack: str) -> StackConfig:
        """The configuration of `stack`.

        Raises:
            ProjectError: The stack has no file.
            StackFileError: The file is wrong.

        """
        path = self.stack_folder / f"Pulumi.{stack}.yaml"
        if not path.is_file():
            known = ", ".join(self.stacks) or "none"
            raise ProjectError(
                f"stack {stack!r} has no file {path}. Stacks with a file: {known}. "
                f"Name one of these, or write the file."
            )
        return read_stack_config(path, project=self.name)


def synth_stack(
    project_dir: str | os.PathLike[str],
    stack: str,
    *,
    preview: bool = True,
    invokes: Invokes | None = None,
    computed: Computed | None = None,
) -> Synthesis:
    """Evaluate the project in `project_dir` with the configuration of `stack`.

    Sealed values (``secure:``) are secrets with an unknown value; no passphrase is needed.

    Raises:
        ProjectError: There is no project, no such stack, or the program is not Python.
        StackFileError: The stack file or project file is wrong.
        Exception: Whatever :func:`~pulumi_kserve.offline.synth` raises.

    """
    project = read_project(Path(project_dir))
    file = project.stack_config(stack)
    return synth(
        _program(project.entry),
        project=project.name,
        stack=stack,
        config={**project.config, **file.config},
        secret_keys=file.secret_keys,
        preview=preview,
        invokes=invokes,
        computed=computed,
        root=str(project.folder),
    )


def synth_program(
    path: str | os.PathLike[str],
    *,
    stack: str = "dev",
    config: Mapping[str, str] | None = None,
    preview: bool = True,
    invokes: Invokes | None = None,
    computed: Computed | None = None,
) -> Synthesis:
    """Evaluate a Python file, or the program of a folder with a Pulumi.yaml, without a stack file.

    Args:
        path: The file or folder.
        stack: The stack's name; no stack file is read.
        config: Configuration by key.
        preview: As in :func:`~pulumi_kserve.offline.synth`.
        invokes: As in :func:`~pulumi_kserve.offline.synth`.
        computed: As in :func:`~pulumi_kserve.offline.synth`.

    Raises:
        ProjectError: There is no such program, or it is not Python.
        StackFileError: The project file is wrong.
        Exception: Whatever :func:`~pulumi_kserve.offline.synth` raises.

    """
    place = Path(path)
    if not place.is_dir():
        if place.suffix != ".py" or not place.is_file():
            raise ProjectError(f"{place} is no program. Give a Python file, or a folder with a Pulumi.yaml.")
        root, alone = str(place.resolve().parent), _program(place.resolve())
        return synth(alone, stack=stack, config=config, preview=preview, invokes=invokes, computed=computed, root=root)
    project = read_project(place)
    return synth(
        _program(project.entry),
        project=project.name,
        stack=stack,
        config={**project.config, **(config or {})},
        preview=preview,
        invokes=invokes,
        computed=computed,
        root=str(project.folder),
    )


def find_project(start: Path) -> Path:
    """The nearest folder, from `start` upwards, that holds a project file.

    Raises:
        ProjectError: There is none.

    """
    for folder in (start.resolve(), *start.resolve().parents):
        if any((folder / name).is_file() for name in PROJECT_FILES):
            return folder
    raise ProjectError(f"no Pulumi.yaml in {start} or above it. Go to a project, or name a program.")


def read_project(folder: Path) -> Project:
    """The project in `folder`.

    Raises:
        ProjectError: There is no project file, or its program is not Python.
        StackFileError: The project file is wrong.

    """
    folder = folder.resolve()
    file = next((folder / name for name in PROJECT_FILES if (folder / name).is_file()), None)
    if file is None:
        raise ProjectError(f"{folder} has no Pulumi.yaml. Name a folder that has one, or a Python file.")
    document = read_yaml(file).value
    name = str(document.get("name") or folder.name)
    return Project(
        folder=folder,
        name=name,
        entry=_entry(file, document),
        stack_folder=folder / str(document.get("stackConfigDir") or ""),
        config=_defaults(file, name),
    )


def _entry(file: Path, document: Mapping[str, Any]) -> Path:
    runtime: Any = document.get("runtime")
    language = cast("dict[str, Any]", runtime).get("name") if isinstance(runtime, dict) else runtime
    if language != "python":
        raise ProjectError(f"{file} has the runtime {language!r}; only Python programs run in-process.")
    place = file.parent / str(document.get("main") or "")
    entry = place / "__main__.py" if place.is_dir() else place
    if not entry.is_file():
        raise ProjectError(f"{file} says that the program is {entry}, which is not there. Mend `main:`.")
    return entry


def _defaults(file: Path, project: str) -> dict[str, str]:
    """Configuration that the project file gives to every stack: values, and defaults of declarations."""
    document = read_yaml(file)
    result: dict[str, str] = {}
    for name, entry in config_block(file, document).items():
        place, value = f"config.{name}", entry
        if isinstance(entry, dict):
            declaration = cast("dict[str, Any]", entry)
            given = next((word for word in ("value", "default") if word in declaration), None)
            if given is None:
                continue
            place, value = f"{place}.{given}", declaration[given]
        result[full_key(name, project)], _ = engine_text(value, document.raw.get(place))
    return result


def _program(entry: Path) -> Callable[[], None]:
    """The file as a program, run with folder, path and arguments as the language host sets them."""

    def run() -> None:
        with _at(entry):
            runpy.run_path(str(entry), run_name="__main__")

    return run


@contextmanager
def _at(entry: Path) -> Generator[None]:
    """In the entry's folder, able to import its neighbours; everything is put back afterwards."""
    folder, arguments, loaded = Path.cwd(), sys.argv, set(sys.modules)
    os.chdir(entry.parent)
    sys.path.insert(0, str(entry.parent))
    sys.argv = [str(entry)]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        os.chdir(folder)
        sys.path.remove(str(entry.parent))
        sys.argv = arguments
        _forget_neighbours(entry.parent, loaded)


def _forget_neighbours(folder: Path, loaded: set[str]) -> None:
    """Unload what the program imported from its own folder: the next program may use the same names."""
    for name in sorted(set(sys.modules) - loaded):
        top = name.partition(".")[0]
        if (folder / f"{top}.py").is_file() or (folder / top).is_dir():
            del sys.modules[name]
