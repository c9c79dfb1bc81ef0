"""Numbers and truth values as the API's fields hold them."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import Strict

__all__ = ["INT32", "Truth", "Whole"]

INT32: Final = 2**31 - 1
"""The largest number that an int32 field can hold."""
Whole: TypeAlias = Annotated[int, Strict()]
"""A whole number; ``true`` and the text ``"2"`` are none."""
Truth: TypeAlias = Annotated[bool, Strict()]
"""``true`` or ``false``; the text ``"yes"`` and the number 1 are neither."""
