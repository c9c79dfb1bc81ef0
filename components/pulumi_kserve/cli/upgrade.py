"""`upgrade`: what a change of KServe's release will do, before it is done."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer

from pulumi_kserve.cli.exit_codes import Exit
from pulumi_kserve.cli.program import ProgramArgument, StackOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_kserve.cli.upgrade_evaluation import Finding, Upgrade
    from pulumi_kserve.platform.upgrade import UpgradePlan

__all__ = ["upgrade"]

_MOST_ROWS: Final = 40
_MOST_PATHS: Final = 3
_FINDING: Final = ("rule", "path", "line", "message", "cure")
_Row = tuple[str, ...]


def upgrade(
    to: Annotated[str, typer.Option("--to", metavar="RELEASE", help="The new KServe release, for example 0.20.")],
    program: ProgramArgument = None,
    stack: StackOption = None,
    chart_source: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The new release's charts, where a stack takes charts from a folder."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,  # noqa: FBT002 -- a flag
) -> None:
    """Print what `pulumi up` would do with another KServe release, without doing anything.

    The program is evaluated as it is and with the release, offline: no cluster, no credentials, no Pulumi login.
    Ends with 0 when nothing is in the way, with 1 when something of yours would fail, and with 2 when there is no plan.
    """
    from pulumi_kserve.cli.upgrade_evaluation import planned  # noqa: PLC0415 -- loads Pulumi

    found = planned(program, stack, to, chart_source)
    if as_json:
        json.dump(_plain(found), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        _show(found)
    raise typer.Exit(Exit.FINDINGS if found.findings else Exit.FINE)


def _plain(found: Upgrade) -> dict[str, Any]:
    whole: dict[str, Any] = _camel(asdict(found.plan))
    for listed, endpoint in zip(whole["endpoints"], found.plan.endpoints, strict=True):
        listed["rolls"] = endpoint.rolls
    findings = [
        {
            "object": each.object,
            **{key: getattr(each.problem, key) for key in ("rule", "path", "line", "message", "cure")},
        }
        for each in found.findings
    ]
    said = {"nothingToDo": found.plan.nothing_to_do, "where": found.where}
    return {**whole, **said, "lost": [change.urn for change in found.plan.lost], "findings": findings}


def _camel(value: Any) -> Any:
    from pydantic.alias_generators import to_camel  # noqa: PLC0415 -- only when JSON is printed

    if isinstance(value, dict):
        return {to_camel(key): _camel(item) for key, item in cast("dict[str, Any]", value).items()}
    return [_camel(item) for item in cast("Sequence[Any]", value)] if isinstance(value, (list, tuple)) else value


def _show(found: Upgrade) -> None:
    plan = found.plan
    if plan.nothing_to_do:
        print(f"nothing to do: {', '.join(each.name for each in plan.platforms)} has KServe {plan.to} already")
        return
    for platform in plan.platforms:
        print(f"{platform.name}: KServe {platform.before} -> {platform.after}. Change {found.where}.")
    steps = [
        (str(number), step.what, _versions(step.before, step.after), step.restarts)
        for number, step in enumerate(plan.steps, start=1)
    ]
    _table("Steps, in the order of `pulumi up`", ("", "what", "version", "restarts"), steps)
    _table("Fields of KServe's objects", ("kind", "new", "dropped"), [*_fields(plan)])
    _table("Runtimes that change", ("runtime", "image", "serves"), [*_runtimes(plan)])
    _table("Endpoints", ("endpoint", "component", "pods", "restart", "requests"), [*_endpoints(plan)])
    _table("Resources", ("action", "resource", "changes"), [*_changes(plan)])
    for bad in plan.known_bad:
        print(f"known not to work in {plan.to}: {bad.feature} in {bad.mode} mode, {bad.reason}: {bad.issue}")
    _show_findings(found.findings)
    print(_summary(found))


def _versions(before: str, after: str) -> str:
    return f"{before or '(none)'} -> {after or '(none)'}" if before != after else before


def _fields(plan: UpgradePlan) -> Iterator[_Row]:
    for each in plan.fields:
        yield each.kind, str(len(each.added)), ", ".join(each.dropped) or "none"


def _runtimes(plan: UpgradePlan) -> Iterator[_Row]:
    for each in plan.runtimes:
        same = each.image_before == each.image_after
        image = f"{each.image_before}, other settings" if same else _versions(each.image_before, each.image_after)
        yield each.name, image, _some(each.used_by) or "no endpoint of this program"


def _endpoints(plan: UpgradePlan) -> Iterator[_Row]:
    for endpoint in plan.endpoints:
        for part in endpoint.parts:
            pods = "?" if part.replicas is None else str(part.replicas)
            outcome = part.interruption or ("answered throughout" if part.rolls else "")
            yield endpoint.place, part.component, pods, "yes" if part.rolls else "no", outcome


def _changes(plan: UpgradePlan) -> Iterator[_Row]:
    for change in plan.changes:
        stays = "the object stays" if change.retained else ""
        kind = change.type.rpartition(":")[2]
        yield change.action, f"{kind} {change.name}", _some(change.paths) or stays


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_PATHS
    return ", ".join(texts[:_MOST_PATHS]) + (f", {more} more" if more > 0 else "")


def _table(title: str, columns: _Row, rows: Sequence[_Row]) -> None:
    from rich import box  # noqa: PLC0415 -- only when a table is printed
    from rich.console import Console  # noqa: PLC0415 -- the same
    from rich.table import Table  # noqa: PLC0415 -- the same
    from rich.text import Text  # noqa: PLC0415 -- the same

    if not rows:
        return
    table = Table(box=box.SIMPLE, pad_edge=False, title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows[:_MOST_ROWS]:
        table.add_row(*map(Text, row))
    Console().print(table)
    if len(rows) > _MOST_ROWS:
        print(f"and {len(rows) - _MOST_ROWS} more: --json lists them")


def _show_findings(findings: Sequence[Finding]) -> None:
    for finding in findings:
        line = f":{finding.problem.line}" if finding.problem.line else ""
        text = f"{finding.object}{line}: {finding.problem}"
        print(re.sub(r"[^ -~]", lambda match: match[0] if match[0].isprintable() else repr(match[0])[1:-1], text))


def _summary(found: Upgrade) -> str:
    count = len(found.findings)
    wrong = f"{count} finding{'' if count == 1 else 's'} to mend first"
    if not found.plan.complete:
        return f"{wrong}; steps and resources are known once the program is accepted with KServe {found.plan.to}"
    actions = Counter(change.action for change in found.plan.changes)
    counted = ", ".join(f"{actions[action]} to {action}" for action in ("create", "update", "replace", "delete"))
    kept = "" if found.plan.lost else "; CRDs and endpoints keep their UIDs"
    return f"{counted}{kept}: {wrong if count else 'fine'}"
