"""Which program or stack a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pulumi_kserve.offline import Synthesis

__all__ = ["ProgramArgument", "StackOption", "evaluate"]

ProgramArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[PROGRAM]", help="A Python file or a project's folder. Default: the project here."),
]
StackOption = Annotated[str | None, typer.Option("--stack", "-s", help="The stack whose file gives the configuration.")]


def evaluate(program: Path | None, stack: str | None) -> Synthesis:
    """The program or stack, evaluated offline.

    Raises:
        ProjectError: Neither is named, or what is named is not there.
        Exception: Whatever the program raises.
    """
    from pulumi_kserve.offline import ProjectError, synth_program, synth_stack  # noqa: PLC0415 -- loads Pulumi
    from pulumi_kserve.offline.project import find_project, read_project  # noqa: PLC0415 -- the same

    if program is not None and stack is None:
        return synth_program(program)
    folder = find_project(Path.cwd()) if program is None else program
    if stack is None:
        known = ", ".join(read_project(folder).stacks) or "none"
        raise ProjectError(f"name a program or a stack: pulumi-kserve … --stack NAME. Stacks of {folder}: {known}.")
    if not folder.is_dir():
        raise ProjectError(f"a stack belongs to a project, and {folder} is no folder. Name the project's folder.")
    return synth_stack(folder, stack)
