"""Say why a command failed, and choose its exit code."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

from pulumi_kserve.cli.exit_codes import Exit
from pulumi_kserve.errors import KServeError, Problem, SpecError
from pulumi_kserve.offline.problems import problems_in

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["report"]


def report(error: Exception) -> Exit:
    """Print `error` for a person, and give the exit code it means.

    Wrong values are findings, listed with path, reason and cure. Our own other errors, and those of the
    `pulumi` command, say all there is to say. Anything else is a fault of the program or of ours, and
    comes with its traceback.
    """
    found = problems_in(error)
    if found:
        _list(_subject(error), found)
        return Exit.FINDINGS
    if isinstance(error, KServeError) or type(error).__module__.startswith("pulumi.automation"):
        _say(f"error: {error}")
    else:
        traceback.print_exception(error, file=sys.stderr)
    return Exit.COULD_NOT_RUN


def _subject(error: Exception) -> str:
    if isinstance(error, SpecError):
        return error.subject
    return str(error).partition("\n")[0].partition(": ")[0]


def _list(subject: str, problems: Sequence[Problem]) -> None:
    count = len(problems)
    _say(f"{subject or 'values'}: {count} problem{'' if count == 1 else 's'}")
    for problem in problems:
        place = f"{subject}:{problem.line}: " if problem.line else ""
        _say(f"  {place}{problem.path or '(no path)'}")
        _say(f"      {problem.message}")
        if problem.cure:
            _say(f"      cure: {problem.cure}")


def _say(text: str) -> None:
    print(text, file=sys.stderr)
