"""`python -m tools.embedded`: a real single-node Kubernetes with no Docker.

Exit codes: 0 fine, 1 the cluster is not as it should be, 2 the command could not do its work.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Annotated

import typer

from tools.embedded import console, node, preflight, processes, verify
from tools.embedded.api import Api
from tools.embedded.components import ORDER
from tools.embedded.extras import EXTRAS, named
from tools.embedded.layout import Layout
from tools.errors import ToolError

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
Extras = Annotated[list[str] | None, typer.Option("--with", help="what more to build: " + ", ".join(EXTRAS))]


@app.command()
def up(*, extras: Extras = None) -> None:
    """Bring the cluster up, built first where needed; on a healthy cluster it changes nothing."""
    begun = time.monotonic()
    with console.progress() as report:
        layout = node.up(report, named(extras or []))
    console.output.print(f"the cluster is up ({time.monotonic() - begun:.1f} s); kubeconfig: {layout.kubeconfig}")


@app.command()
def down() -> None:
    """Take the cluster down and check that nothing is left of it; what was built, images and logs stay."""
    begun = time.monotonic()
    with console.progress() as report:
        findings = node.down(report)
    _show_findings([finding for finding in findings if not finding.holds])
    console.output.print(f"the cluster is down, nothing of it is left ({time.monotonic() - begun:.1f} s)")


@app.command()
def build(*, extras: Extras = None) -> None:
    """Build binaries, images and charts, without starting anything."""
    with console.progress() as report:
        built = node.build(report, named(extras or []))
    console.output.print(f"binaries: {built.bin}\ncharts: {built.charts}\nimages: {len(built.images)}")


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Show the components with process, start and memory; exit 1 unless all run and the node is Ready."""
    layout = Layout.standard()
    rows = [_component_row(name) for name in ORDER]
    ready = layout.kubeconfig.exists() and Api(layout).node_is_ready()
    if as_json:
        console.show_json({"ready": ready, "kubeconfig": str(layout.kubeconfig), "components": rows})
    else:
        console.show_table(("component", "pid", "since", "memory"), [_for_people(row) for row in rows])
        console.output.print("the node is Ready" if ready else "the node is not Ready; logs: " + str(layout.logs))
    if not ready or any(row["pid"] is None for row in rows):
        raise typer.Exit(1)


@app.command(name="verify")
def verify_claims(*, as_json: AsJson = False) -> None:
    """Check that a running cluster is sealed, or that nothing is left of one taken down; exit 1 when not."""
    preflight.check_machine()
    layout = Layout.standard()
    preflight.check_owner(layout)
    findings = verify.running(layout) if layout.kubeconfig.exists() else verify.gone(layout)
    if as_json:
        console.show_json([finding.as_dict() for finding in findings])
        raise typer.Exit(0 if all(finding.holds for finding in findings) else 1)
    _show_findings(findings)


@app.command()
def rotate_credentials() -> None:
    """Write a new admin certificate into the kubeconfig."""
    layout = node.rotate_credentials()
    console.output.print(f"new credentials are in {layout.kubeconfig}")


@app.command()
def logs(
    component: Annotated[str, typer.Argument(help="one of: " + ", ".join(ORDER))],
    lines: Annotated[int, typer.Option(help="how many lines from the end")] = 50,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on as lines are written")] = False,
) -> None:
    """Show the log of a component."""
    if component not in ORDER:
        raise ToolError(f"there is no component {component}", cure=f"name one of {', '.join(ORDER)}")
    log = Layout.standard().log(component)
    if not log.exists():
        raise ToolError(f"there is no log yet: {log}", cure="run `up` first")
    subprocess.run(["tail", f"--lines={lines}", *(["--follow"] if follow else []), str(log)], check=False)


def main(run: Callable[[], object] = app) -> int:
    """Run the command line and return the exit code."""
    try:
        run()
    except ToolError as error:
        console.show_error(error)
        return 2
    return 0


def _component_row(name: str) -> dict[str, object]:
    found = processes.describe(name)
    if found is None:
        return {"component": name, "pid": None, "since": None, "memory": None}
    return {"component": name, "pid": found.pid, "since": found.since, "memory": found.resident_bytes}


def _for_people(row: dict[str, object]) -> dict[str, object]:
    since, memory = row["since"], row["memory"]
    if not isinstance(since, float) or not isinstance(memory, int):
        return {**row, "pid": "-", "since": "not running", "memory": "-"}
    return {**row, "since": console.local_time(since), "memory": f"{memory >> 20} MiB"}


def _show_findings(findings: list[verify.Finding]) -> None:
    for finding in findings:
        mark = "holds" if finding.holds else "FAILS"
        console.output.print(f"  {mark}  {finding.claim}{f' ({finding.seen})' if finding.seen else ''}", markup=False)
    if not all(finding.holds for finding in findings):
        raise typer.Exit(1)


if __name__ == "__main__":
    sys.exit(main())
