"""How the command shows steps, tables and errors to the person at the terminal."""

import contextlib
import json
import time
from collections.abc import Generator, Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from tools.errors import ToolError
from tools.progress import Event, Report

_WORTH_SHOWING_SECONDS = 2.0

output = Console(soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)


@contextlib.contextmanager
def progress() -> Generator[Report]:
    """Yield a report that shows what is being done, and prints every step of more than two seconds with its time."""
    begun: dict[str, None] = {}
    with contextlib.ExitStack() as screen:
        spinner = screen.enter_context(errors.status("…")) if errors.is_terminal else None

        def report(event: Event) -> None:
            if event.seconds is None:
                begun[event.name] = None
            else:
                begun.pop(event.name, None)
                if event.seconds >= _WORTH_SHOWING_SECONDS:
                    errors.print(f"  {event.name}: {event.seconds:.1f} s", highlight=False, markup=False)
            if spinner:
                spinner.update(", ".join(begun) or "…")

        yield report


def show_error(error: ToolError) -> None:
    """Print what went wrong and the cure."""
    errors.print(f"error: {error.problem}", style="red", highlight=False, markup=False)
    errors.print(f"to fix it: {error.cure}", highlight=False, markup=False)


def show_json(content: object) -> None:
    """Print data as JSON, for programs."""
    print(json.dumps(content, indent=2))


def show_table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Print rows as a table, one column for each name."""
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*(str(row[column]) for column in columns))
    output.print(table)


def local_time(seconds: float) -> str:
    """Return a time of day for people."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
