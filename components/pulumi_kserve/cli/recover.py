"""`recover`: make the next `pulumi up` work after the engine was killed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_kserve.cli.exit_codes import Exit

if TYPE_CHECKING:
    from pulumi.automation import Stack

__all__ = ["recover"]


def recover(
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack whose run was interrupted.")],
    project: Annotated[Path | None, typer.Argument(help="The project's folder. Default: the project here.")] = None,
    context: Annotated[str | None, typer.Option(help="The kubeconfig's context. Default: the stack's.")] = None,
    kubeconfig: Annotated[str | None, typer.Option(help="The kubeconfig file. Default: the stack's.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,  # noqa: FBT002 -- a flag
) -> None:
    """Put right what a killed engine left behind, so that the next `pulumi up` works.

    Releases the lock of a dead process on this host, refreshes pending operations and resolves
    half-recorded Helm releases. Touches nothing when anything is not provably this stack's.
    """
    if not yes:
        _ask(stack)
    chosen = _stack(project, stack)
    from pulumi_kserve.live.recovery import recover as put_right  # noqa: PLC0415 -- loads the Kubernetes client

    done = put_right(chosen, kubeconfig=kubeconfig, context=context, report=lambda line: print(f"  {line}"))
    print(f"stack {stack}: " + ("recovered; run `pulumi up` now" if done.changed else "nothing to recover"))


def _ask(stack: str) -> None:
    if not sys.stdin.isatty():
        print("error: recover asks before it changes anything. Without a terminal give --yes.", file=sys.stderr)
        raise typer.Exit(Exit.COULD_NOT_RUN)
    question = f"Release dead locks, refresh pending operations and resolve half-recorded releases of stack {stack}?"
    if not typer.confirm(question):
        raise typer.Exit(Exit.COULD_NOT_RUN)


def _stack(project: Path | None, stack: str) -> "Stack":
    from pulumi import automation  # noqa: PLC0415 -- loads Pulumi

    from pulumi_kserve.offline import ProjectError  # noqa: PLC0415 -- the same
    from pulumi_kserve.offline.project import find_project  # noqa: PLC0415 -- the same

    folder = project or find_project(Path.cwd())
    try:
        return automation.select_stack(stack_name=stack, work_dir=str(folder))
    except automation.StackNotFoundError as error:
        raise ProjectError(
            f"the backend has no stack {stack!r} of the project in {folder}. "
            "See `pulumi stack ls`, and check PULUMI_BACKEND_URL."
        ) from error
    except FileNotFoundError as error:
        raise ProjectError("there is no `pulumi` on PATH, and only it can read the stack. Install it.") from error
