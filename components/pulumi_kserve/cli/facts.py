"""`facts`: what a platform promises its endpoints, as a file to commit."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from pulumi_kserve.cli.program import evaluate
from pulumi_kserve.errors import KServeError, Problem, SpecError

__all__ = ["facts"]

OUTPUT = "facts"


def facts(
    stack: Annotated[str, typer.Option("--stack", "-s", help="The platform's stack.")],
    project: Annotated[Path | None, typer.Argument(help="The project's folder. Default: the project here.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write here, not to standard output.")] = None,
) -> None:
    """Print the facts of a stack's platform as JSON, offline.

    Commit the file beside the stack that reads this platform: PlatformRef(..., facts="facts/prod.json").
    """
    exported: Any = evaluate(project, stack).outputs.get(OUTPUT)
    if exported is None:
        raise KServeError(
            f"stack {stack!r} exports no {OUTPUT!r}. "
            f'Add to its program: pulumi.export("{OUTPUT}", platform.export_facts()).'
        )
    text = _text(stack, exported)
    if output is None:
        sys.stdout.write(text)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    print(f"wrote {output}", file=sys.stderr)


def _text(stack: str, exported: Any) -> str:
    problems = list(_not_plain(exported, OUTPUT))
    if problems:
        raise SpecError(f"facts of stack {stack}", problems)
    return json.dumps(exported, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _not_plain(value: Any, path: str) -> list[Problem]:
    """What cannot stand in a committed file: secrets, and values that only an update knows."""
    from pulumi_kserve.offline import Secret, Unknown  # noqa: PLC0415 -- loads Pulumi

    if isinstance(value, Secret):
        return [Problem(path, "is a secret", "Facts are committed: export only plain values")]
    if isinstance(value, Unknown):
        return [Problem(path, "is known after an update only", "Export plain values as facts")]
    steps: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        steps = [(f".{key}", item) for key, item in cast("dict[str, Any]", value).items()]
    elif isinstance(value, (list, tuple)):
        steps = [(f"[{index}]", item) for index, item in enumerate(cast("list[Any]", value))]
    return [problem for step, item in steps for problem in _not_plain(item, path + step)]
