"""What a refused program is refused for, whichever error carries it."""

from __future__ import annotations

import pulumi

from pulumi_kserve.errors import Problem, SpecError

__all__ = ["problems_in"]


def problems_in(error: BaseException) -> tuple[Problem, ...]:
    """The problems with values that `error` is about; empty when it is about something else.

    The engine's errors hold message and cure as one text, so these come as the message.
    """
    if isinstance(error, SpecError):
        return error.problems
    if isinstance(error, pulumi.InputPropertiesError):
        return tuple(Problem(each["property_path"], each["reason"]) for each in error.errors or ()) or (
            Problem("", error.message),
        )
    if isinstance(error, pulumi.InputPropertyError):
        return (Problem(error.property_path, error.reason),)
    return ()
