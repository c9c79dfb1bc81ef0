"""What it costs to declare many InferenceServices, against as many plain resources written by hand.

Both programs are evaluated offline, each in a process of its own, in turn, in one run; see
:mod:`benchmarks.endpoint_programs`. Of each case the best round counts. Time is the process's CPU time, since an
evaluation waits for nothing and a busy machine makes others' time ours; memory is the peak beyond that of the same
program without endpoints. Run it with `make bench-render`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.goals import Goal, arguments, report

ROUNDS = 3
SHORT = 100
AGAIN_IF_SHORT = 3
"""A case of so few endpoints lasts half a second, which anything disturbs: it runs so many times in each round."""
COUNTS = (100, 1_000, 5_000)
JUDGED_FROM = 1_000
MOST_RATIO = 1.25
MOST_GROWTH = 1.3
_ROOT = Path(__file__).parents[1]
_MEBIBYTE = 1024


@dataclass(frozen=True)
class Figure:
    """The best of the rounds for one program and number of endpoints."""

    program: str
    endpoints: int
    resources: int
    cpu_seconds: float
    wall_seconds: float
    mebibytes: float
    """The peak beyond that of the program without endpoints."""


def main() -> None:
    """Measure all cases in turn, print the figures, and say which goals are met."""
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often; {ROUNDS} by default")
    parser.add_argument("--endpoints", type=int, nargs="+", default=COUNTS, help="how many; 100 1000 5000 by default")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder) / "plain.py", tuple(given.endpoints), given.rounds)
    report(table_of(figures), [asdict(each) for each in figures], list(goals(figures)), as_json=given.json)


def measure(source: Path, counts: Sequence[int], rounds: int) -> list[Figure]:
    """The figures of both programs, in the order of `counts`."""
    child("write", str(source))
    cases = [(program, count) for count in (0, *counts) for program in ("typed", "plain")]
    found: dict[tuple[str, int], list[dict[str, float]]] = {case: [] for case in cases}
    status = Console(stderr=True)
    with status.status("") as shown:
        for number in range(rounds):
            for program, count in cases if number % 2 == 0 else reversed(cases):
                shown.update(f"round {number + 1} of {rounds}: {count} endpoints, {program}")
                command = [program, str(count), *([str(source)] if program == "plain" else [])]
                times = AGAIN_IF_SHORT if count <= SHORT else 1
                found[program, count] += [json.loads(child(*command)) for _ in range(times)]
    return [figure(program, count, found) for program, count in cases if count]


def child(*command: str) -> str:
    """What a fresh process prints. It begins with this one's peak memory, so this one stays small."""
    program = [sys.executable, "-m", "benchmarks.endpoint_programs", *command]
    done = subprocess.run(program, capture_output=True, text=True, check=False, cwd=_ROOT)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def figure(program: str, count: int, found: Mapping[tuple[str, int], Sequence[Mapping[str, Any]]]) -> Figure:
    """The best of the rounds."""
    rounds, idle = found[program, count], found[program, 0]
    peak = min(each["peak_kib"] for each in rounds) - min(each["peak_kib"] for each in idle)
    return Figure(
        program=program,
        endpoints=count,
        resources=rounds[0]["resources"],
        cpu_seconds=min(each["cpu"] for each in rounds),
        wall_seconds=min(each["wall"] for each in rounds),
        mebibytes=peak / _MEBIBYTE,
    )


def table_of(figures: Sequence[Figure]) -> Table:
    """A row per program and number of endpoints, and the ratios."""
    table = Table(title="rendering InferenceServices with their default children, best round")
    for column in (
        "endpoints",
        "program",
        "resources",
        "CPU s",
        "wall s",
        "ms per endpoint",
        "MiB",
        "KiB per endpoint",
    ):
        table.add_column(column, justify="left" if column == "program" else "right")
    for each in figures:
        table.add_row(
            f"{each.endpoints:,}",
            each.program,
            f"{each.resources:,}",
            f"{each.cpu_seconds:.2f}",
            f"{each.wall_seconds:.2f}",
            f"{each.cpu_seconds / each.endpoints * 1000:.2f}",
            f"{each.mebibytes:.1f}",
            f"{each.mebibytes / each.endpoints * 1024:.0f}",
        )
    return table


def goals(figures: Sequence[Figure]) -> Iterator[Goal]:
    """The ratios, for the numbers of endpoints that a goal names."""
    by_case = {(each.program, each.endpoints): each for each in figures}
    counts = sorted({each.endpoints for each in figures})
    for count in counts:
        ours, theirs = by_case["typed", count], by_case["plain", count]
        if count >= JUDGED_FROM:
            shown = f"typed / plain, {count:,} endpoints"
            yield Goal(f"time, {shown}", ours.cpu_seconds / theirs.cpu_seconds, MOST_RATIO, "times")
            yield Goal(f"memory, {shown}", ours.mebibytes / theirs.mebibytes, MOST_RATIO, "times")
    few, many = (by_case["typed", count] for count in (counts[0], counts[-1]))
    if many.endpoints > few.endpoints:
        growth = (many.cpu_seconds / many.endpoints) / (few.cpu_seconds / few.endpoints)
        yield Goal(f"time per endpoint, {many.endpoints:,} / {few.endpoints:,}", growth, MOST_GROWTH, "times")


if __name__ == "__main__":
    main()
