"""The tables and the texts that a run ends with."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tools.local.deployment import DeploymentFailed
from tools.local.predict import Prediction
from tools.local.project import STACK
from tools.local.status import EndpointStatus
from tools.local.up import Served

_LAST_LINES = 12
_LONGEST_LINE = 200


def served(console: Console, result: Served) -> None:
    """Print how an `up` ended: the table, the predictions, and what changed."""
    answers = {(answer.namespace, answer.endpoint): answer for answer in result.predictions}
    table = _table("endpoint", "serving", "URL", "model", "runtime", "seconds")
    for endpoint in result.endpoints:
        answer = answers.get((endpoint.namespace, endpoint.name))
        took = result.endpoint_seconds.get(endpoint.name)
        table.add_row(
            endpoint.name,
            _yes(value=answer is not None and answer.answer is not None),
            endpoint.url or "",
            endpoint.model or "",
            endpoint.runtime or "",
            f"{took:.1f}" if took is not None else "unchanged",
        )
    console.print(table)
    predictions(console, result.predictions)
    console.print(_changes(result), highlight=False)


def predictions(console: Console, answers: Sequence[Prediction]) -> None:
    """Print what every endpoint answered, beside scikit-learn's own answer."""
    for answer in answers:
        if answer.problem:
            console.print(f"[red]{escape(answer.endpoint)} gave no prediction: {escape(answer.problem)}[/]")
            continue
        console.print(f"{answer.endpoint} answered      {answer.answer}  in {answer.seconds:.2f} s", highlight=False)
        if answer.expected is not None:
            verdict = "[green]the same[/]" if answer.right else "[red]different[/]"
            console.print(f"{' ' * len(answer.endpoint)} scikit-learn  {answer.expected}  {verdict}", highlight=False)


def statuses(console: Console, found: Sequence[EndpointStatus]) -> None:
    """Print the table of `status`."""
    table = _table("endpoint", "namespace", "serving", "URL", "model", "runtime", "problem")
    for state in found:
        told = state.endpoint
        cells = (told.url or "", told.model or "", told.runtime or "", state.cause)
        table.add_row(told.name, told.namespace, _yes(value=state.serving), *map(escape, cells))
    console.print(table)


def failed(console: Console, error: DeploymentFailed) -> None:
    """Print what failed in which component, the end of the log, and what to try."""
    for failure in error.failures:
        of = "" if failure.component in {"", failure.resource} else f" of {failure.component}"
        head = f"{failure.resource}{of}" if failure.resource else failure.component
        console.print(f"[bold red]failed: {escape(head)}[/]")
        console.print(escape(failure.message), highlight=False, soft_wrap=True)
    told = {line.strip() for failure in error.failures for line in failure.message.splitlines()} - {""}
    lines = _last_lines(error.log, told)
    if lines:
        console.print(f"\n[bold]last lines of {escape(str(error.log))}[/]")
        console.print(escape("\n".join(lines)), style="dim", highlight=False, soft_wrap=True)
    names = dict.fromkeys(failure.component for failure in error.failures if failure.component != "the program")
    console.print("\n[bold]what to try[/]")
    for name in names:
        console.print(f"  pulumi-kserve explain {escape(name)}", highlight=False)
    console.print("  make status", highlight=False)
    console.print(f"  make up: it goes on where it stopped (stack {STACK})", highlight=False)
    console.print(f"  logs of all components: {escape(str(error.log.parent))}", highlight=False, soft_wrap=True)


def _last_lines(log: Path, told: set[str]) -> list[str]:
    """Return the end of the log, without what is on the screen already."""
    try:
        lines = log.read_text("utf-8").splitlines()
    except OSError:
        return []
    new = [line[:_LONGEST_LINE] for line in lines if line.strip() and not any(words in line for words in told)]
    return new[-_LAST_LINES:]


def _changes(result: Served) -> str:
    if not result.changed:
        same = result.changes.get("same", 0)
        return f"nothing changed: {same} resources are as they should be ({result.seconds:.1f} s)"
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(result.changes.items()) if count)
    return f"done in {result.seconds:.1f} s: {told}"


def _table(*columns: str) -> Table:
    table = Table(*columns, highlight=False)
    for column in table.columns:
        column.overflow = "fold"
    return table


def _yes(*, value: bool) -> str:
    return "[green]yes[/]" if value else "[red]no[/]"
