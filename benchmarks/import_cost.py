"""What `import pulumi_kserve` adds to `import pulumi, pydantic`, in fresh processes.

The package loads its names on first use, so the cost of a program that uses them all is shown beside it. Run it with
`make bench-render`.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from rich.table import Table

from benchmarks.goals import Goal, arguments, report

PROCESSES = 10
MOST_MILLISECONDS = 100
_STEPS = {
    "import pulumi, pydantic": "import pulumi, pydantic",
    "import pulumi_kserve": "import pulumi_kserve",
    "its public names": "[getattr(pulumi_kserve, name) for name in pulumi_kserve.__all__]",
}
_TIMED = """
import json, time
times = {}
for name, step in json.loads(%r).items():
    begun = time.perf_counter()
    exec(step)
    times[name] = (time.perf_counter() - begun) * 1000
print(json.dumps(times))
"""


def main() -> None:
    """Time each step in fresh processes, and print the medians."""
    given = arguments(__doc__).parse_args()
    rounds = [one_process() for _ in range(PROCESSES)]
    table = Table(title=f"milliseconds in {PROCESSES} fresh processes, each step after the one above")
    for column in ("step", "median", "least", "most"):
        table.add_column(column, justify="left" if column == "step" else "right")
    figures: list[dict[str, object]] = []
    for step in _STEPS:
        times = [each[step] for each in rounds]
        figure = {"median": statistics.median(times), "least": min(times), "most": max(times)}
        table.add_row(step, *(f"{time:.1f}" for time in figure.values()))
        figures.append({"step": step, **figure})
    added = statistics.median(each["import pulumi_kserve"] for each in rounds)
    goal = Goal("import pulumi_kserve adds to pulumi and pydantic", added, MOST_MILLISECONDS, "ms")
    report(table, figures, [goal], as_json=given.json)


def one_process() -> dict[str, float]:
    """The milliseconds of each step in a fresh process."""
    command = [sys.executable, "-c", _TIMED % json.dumps(_STEPS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the imports failed:\n{done.stderr}")
    times: dict[str, float] = json.loads(done.stdout)
    return times


if __name__ == "__main__":
    main()
