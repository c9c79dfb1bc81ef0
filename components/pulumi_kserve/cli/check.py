"""`check`: is KServe YAML what KServe accepts, and does it do what it says?"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_kserve.cli.exit_codes import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_kserve.cli.judgement import Verdict
    from pulumi_kserve.errors import Problem

__all__ = ["check"]


class Format(StrEnum):
    """How verdicts are printed."""

    TEXT = "text"
    JSON = "json"


def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="YAML files; - is standard input.")],
    release: Annotated[str | None, typer.Option(help="The KServe release. Default: the newest supported one.")] = None,
    mode: Annotated[str, typer.Option(help="The cluster's own deployment mode: standard or knative.")] = "standard",
    form: Annotated[Format, typer.Option("--format", help="For people, or for programs.")] = Format.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,  # noqa: FBT002 -- a flag
) -> None:
    """Judge plain KServe YAML by the rules that endpoints are held to, without a cluster.

    Objects of other kinds are passed over. Ends with 0 when nothing is found, with 1 when something is, and with 2 when
    a file cannot be read.
    """
    from pulumi_kserve.cli.judgement import judge_files  # noqa: PLC0415 -- loads Pulumi

    verdicts = judge_files(files, release, mode)
    if as_json or form is Format.JSON:
        json.dump([_plain(verdict) for verdict in verdicts], sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _show(verdicts)
    raise typer.Exit(Exit.FINDINGS if any(verdict.findings for verdict in verdicts) else Exit.FINE)


def _plain(verdict: Verdict) -> dict[str, object]:
    keys = ("file", "index", "item", "kind", "name", "namespace", "judged")
    findings = [
        {key: getattr(problem, key) for key in ("rule", "path", "line", "message", "cure")}
        for problem in verdict.findings
    ]
    return {**{key: getattr(verdict, key) for key in keys}, "findings": findings}


def _show(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        for problem in verdict.findings:
            print(_line(verdict, problem))
    if verdicts:
        _table(verdicts)
    judged = [verdict for verdict in verdicts if verdict.judged]
    found = sum(len(verdict.findings) for verdict in verdicts)
    over = len(verdicts) - len(judged)
    print(
        f"{_number(len(judged), 'object')} judged, {over} passed over: {_number(found, 'finding') if found else 'fine'}"
    )


def _line(verdict: Verdict, problem: Problem) -> str:
    """One line, whatever is in the YAML."""
    text = f"{verdict.file}:{problem.line}: {verdict.kind or '?'}/{verdict.name or '?'}: {problem}"
    return re.sub(r"[^ -~]", lambda match: match[0] if match[0].isprintable() else repr(match[0])[1:-1], text)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _table(verdicts: Sequence[Verdict]) -> None:
    from rich.console import Console  # noqa: PLC0415 -- only when a table is printed
    from rich.table import Table  # noqa: PLC0415 -- the same
    from rich.text import Text  # noqa: PLC0415 -- the same

    objects, findings = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for verdict in verdicts:
        row = (verdict.kind or "?", "judged" if verdict.judged else "passed over")
        objects[row] += 1
        findings[row] += len(verdict.findings)
    table = Table("kind", "", "objects", "findings")
    for row in sorted(objects):
        table.add_row(Text(row[0]), row[1], str(objects[row]), str(findings[row]))
    Console().print(table)
