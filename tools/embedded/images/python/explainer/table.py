"""Rows of numbers, as the explainer is given them."""

import json
from pathlib import Path
from typing import Any

Rows = list[list[float]]


class NotATable(ValueError):  # noqa: N818 - it names what came
    """What came is no table of numbers; the text says what is wrong."""


def background(text: str) -> Rows:
    """Return the rows that `text` holds as JSON, or those of the file that it names.

    Raises:
        NotATable: it is neither.

    """
    try:
        return rows(json.loads(text if text.lstrip().startswith("[") else Path(text).read_text("utf-8")))
    except (OSError, json.JSONDecodeError) as error:
        raise NotATable(f"the background is neither rows as JSON nor a file of them: {error}") from error


def rows(value: Any, width: int | None = None) -> Rows:
    """Return `value` as at least one row of numbers, all of one width.

    Raises:
        NotATable: it is not that.

    """
    if not isinstance(value, list) or not value or not all(isinstance(row, list) for row in value):
        raise NotATable("the rows must be a list of at least one list of numbers")
    wanted = width or len(value[0])
    for place, row in enumerate(value):
        if not row or len(row) != wanted or not all(map(_is_number, row)):
            raise NotATable(f"row {place} must be {wanted or 'some'} numbers")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
