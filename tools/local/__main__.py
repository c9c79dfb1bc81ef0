"""`python -m tools.local up|status|predict|down|train|env`: what the make targets run.

Exit codes: 0 fine, 1 something does not serve or failed, 2 the command could not run.
"""

import json
import shlex
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from pulumi_kserve.errors import KServeError
from rich.console import Console
from rich.markup import escape

from tools.errors import ToolError
from tools.local import report
from tools.local.deployment import DeploymentFailed
from tools.local.down import take_down
from tools.local.iris import train as train_iris
from tools.local.project import Project
from tools.local.screen import Screen
from tools.local.status import cluster_as_json, endpoint_statuses, predictions
from tools.local.up import bring_up, open_workspace

FOUND_SOMETHING = 1
COULD_NOT_RUN = 2
WIDE = 160
"""Columns of a table in a log."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
out = Console(width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, width=None if sys.stderr.isatty() else WIDE)

ProjectOption = Annotated[
    Path, typer.Option("--project", help="The project folder.", exists=True, file_okay=False, resolve_path=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
HERE = Path(__file__).parents[2]


@app.command()
def up(project: ProjectOption = HERE) -> None:
    """Bring everything up, and show a real prediction."""

    def run(screen: Screen) -> int:
        result = bring_up(Project(project), screen)
        report.served(out, result)
        return 0 if all(answer.right for answer in result.predictions) else FOUND_SOMETHING

    _finish(run)


@app.command()
def status(project: ProjectOption = HERE, *, as_json: JsonOption = False) -> None:
    """Show which endpoints serve."""

    def run(screen: Screen) -> int:
        cluster, found = endpoint_statuses(Project(project), screen)
        if as_json:
            _print_json({"cluster": cluster_as_json(cluster), "endpoints": [state.as_json() for state in found]})
        else:
            out.print(f"on {cluster}", highlight=False)
            report.statuses(out, found)
        return 0 if all(state.serving and state.current for state in found) else FOUND_SOMETHING

    _finish(run, console=err if as_json else out)


@app.command()
def predict(
    endpoint: Annotated[str | None, typer.Argument(help="One endpoint; else all of them.")] = None,
    project: ProjectOption = HERE,
    *,
    as_json: JsonOption = False,
) -> None:
    """Ask the served models, and compare with scikit-learn's own answers."""

    def run(screen: Screen) -> int:
        answers = predictions(Project(project), screen, endpoint)
        if as_json:
            _print_json([answer.as_json() for answer in answers])
        else:
            report.predictions(out, answers)
        return 0 if all(answer.right for answer in answers) else FOUND_SOMETHING

    _finish(run, console=err if as_json else out)


@app.command()
def down(
    project: ProjectOption = HERE,
    *,
    keep_cluster: Annotated[bool, typer.Option("--keep-cluster", help="Leave the cluster running.")] = False,
) -> None:
    """Take everything down; the user's files stay."""

    def run(screen: Screen) -> int:
        taken = take_down(Project(project), screen, keep_cluster=keep_cluster)
        told = "down: nothing of ours is left" if taken else "nothing was up"
        screen.line(told)
        return 0

    _finish(run)


@app.command()
def train(
    project: ProjectOption = HERE,
    version: Annotated[str, typer.Option(help="The version's folder.")] = "v1",
    label_shift: Annotated[int, typer.Option(help="Rename the classes, so that the answers differ.")] = 0,
) -> None:
    """Train one version of the iris model into the project's models."""

    def run(screen: Screen) -> int:
        with screen.step("train the iris model"):
            screen.line(str(train_iris(Project(project), version, label_shift=label_shift)))
        return 0

    _finish(run)


@app.command()
def env(project: ProjectOption = HERE) -> None:
    """Print the variables with which plain `pulumi` works on this stack: eval "$(python -m tools.local env)"."""

    def run(screen: Screen) -> int:
        found = Project(project)
        found.check()
        variables = open_workspace(found, screen).env_vars
        print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in sorted(variables.items())))
        return 0

    _finish(run, console=err)


def _finish(run: Callable[[Screen], int], *, console: Console = out) -> None:
    try:
        with Screen(console) as screen:
            code = run(screen)
    except DeploymentFailed as error:
        report.failed(err, error)
        code = FOUND_SOMETHING
    except (ToolError, KServeError) as error:
        err.print(f"[bold red]cannot go on:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        code = COULD_NOT_RUN
    except KeyboardInterrupt:
        err.print("\nstopped; the same command goes on where it stopped")
        code = COULD_NOT_RUN
    sys.exit(code)


def _print_json(data: Any) -> None:
    print(json.dumps(data, indent=2))


if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="Error in event stream")  # of an engine that was killed
    app()
