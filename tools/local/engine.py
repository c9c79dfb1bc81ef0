"""The stack `local` in the real Pulumi engine, run by the Automation API.

With a language host the engine starts `__main__.py` itself, exactly as a plain `pulumi up` does; without one the same
file runs inline, in this process. Run for real: inline. Untested here: with the official language host.
"""

import contextlib
import os
import re
import runpy
import subprocess
from collections.abc import Callable, Generator, Mapping
from typing import Any

from pulumi import automation
from pulumi.automation.errors import CommandError, ConcurrentUpdateError, StackNotFoundError

from tools.errors import ToolError
from tools.local.project import STACK, Project
from tools.local.secrets import wrong_passphrase
from tools.toolchain.toolchain import Toolchain


class EngineError(ToolError):
    """The engine ended badly for a reason of its own; the deployment's own errors are told by its events."""


def workspace(project: Project, toolchain: Toolchain, variables: Mapping[str, str]) -> automation.LocalWorkspace:
    """Return the project as the engine sees it; Pulumi.yaml and the stack file are used as they are.

    Raises:
        ToolError: the engine does not run.

    """
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    environment = toolchain.environment() | dict(variables)
    environment["PULUMI_BACKEND_URL"] = os.environ.get("PULUMI_BACKEND_URL") or f"file://{project.state}"
    os.environ["PATH"] = environment["PATH"]
    try:
        return automation.LocalWorkspace(
            work_dir=str(project.root),
            program=None if toolchain.language_host else inline_program(project),
            env_vars=environment,
            pulumi_command=automation.PulumiCommand(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolError(f"{toolchain.pulumi} does not run: {error}", cure="remove it: it is fetched again") from error


def inline_program(project: Project) -> Callable[[], None]:
    """Return the project's `__main__.py` as a function, run as the language host would run it."""

    def program() -> None:
        with contextlib.chdir(project.root):
            runpy.run_path(str(project.root), run_name="__main__")

    return program


def existing_stack(project: Project, opened: automation.LocalWorkspace) -> automation.Stack | None:
    """Return the stack, or None when there is none yet.

    Raises:
        ToolError: the backend or the passphrase cannot be used.

    """
    with engine_errors(project):
        try:
            stack = automation.Stack.select(STACK, opened)
        except StackNotFoundError:
            return None
        opened.get_all_config(STACK)
        return stack


def new_stack(project: Project, opened: automation.LocalWorkspace) -> automation.Stack:
    """Make the stack.

    Raises:
        ToolError: the backend or the passphrase cannot be used.

    """
    with engine_errors(project):
        return automation.Stack.create(STACK, opened)


def set_secret(stack: automation.Stack, project: Project, key: str, value: str) -> None:
    """Write a secret into the stack's config; it goes to the engine by pipe, never by argument.

    Raises:
        ToolError: the passphrase does not fit, or the file cannot be written.

    """
    opened = stack.workspace
    done = subprocess.run(
        ["pulumi", "config", "set", key, "--secret", "--non-interactive", "--stack", stack.name],
        input=value,
        cwd=opened.work_dir,
        env=os.environ | dict(opened.env_vars),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise _told(project, done.stderr)


@contextlib.contextmanager
def engine_errors(project: Project) -> Generator[None]:
    """Turn the engine's refusals into errors that say what to do."""
    try:
        yield
    except ConcurrentUpdateError as error:
        raise EngineError(
            f"the stack {STACK} is locked by another run of Pulumi: {_last_words(error)}",
            cure=f"wait for it; if it is dead, `pulumi-kserve recover --stack {STACK}` releases the lock",
        ) from error
    except CommandError as error:
        raise _told(project, str(error)) from error


def outputs(stack: automation.Stack, project: Project) -> dict[str, Any]:
    """Return the stack's outputs as plain values.

    Raises:
        ToolError: the backend or the passphrase cannot be used.

    """
    with engine_errors(project):
        return {name: output.value for name, output in stack.outputs().items()}


def _told(project: Project, words: str) -> ToolError:
    if "incorrect passphrase" in words:
        return wrong_passphrase(project)
    if killed := re.search(r"code: -(\d+)", words):
        return EngineError(
            f"the engine was killed (signal {killed[1]})",
            cure="run the command again: what the killed engine left is put right first",
        )
    return EngineError(
        f"the engine refused: {_last_words(words)}",
        cure=f"see {project.logs}; `make status` tells what stands",
    )


def _last_words(error: object) -> str:
    found = re.findall(r"error: (.+)", str(error))
    return found[-1] if found else str(error).strip()[-500:]
