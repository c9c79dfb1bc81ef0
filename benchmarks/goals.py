"""What the benchmarks of one process's speed are held against, and how it is printed.

A goal that is missed ends no run: a timing of a shared machine is a figure to look at, never an assertion.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["Goal", "arguments", "report"]


@dataclass(frozen=True)
class Goal:
    """A figure, and the most that it shall be."""

    claim: str
    measured: float
    most: float
    unit: str

    @property
    def met(self) -> bool:
        return self.measured <= self.most


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The command line that all of them have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser


def report(table: Table, figures: Sequence[object], goals: Sequence[Goal], *, as_json: bool) -> None:
    """Print a table of figures and one of goals, or both as JSON."""
    if as_json:
        found: dict[str, Any] = {
            "figures": list(figures),
            "goals": [{**asdict(each), "met": each.met} for each in goals],
        }
        json.dump(found, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    console = Console()
    console.print(table)
    judged = Table("goal", "measured", "at most", "")
    for goal in goals:
        judged.add_row(goal.claim, f"{goal.measured:.2f} {goal.unit}", f"{goal.most:g} {goal.unit}", _said(goal))
    console.print(judged)


def _said(goal: Goal) -> str:
    return "[green]met[/]" if goal.met else "[red]missed[/]"
