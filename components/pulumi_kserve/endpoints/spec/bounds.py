"""The largest numbers that fields of the API hold."""

from __future__ import annotations

from typing import Final

__all__ = ["INT32"]

INT32: Final = 2**31 - 1
"""The most that a 32-bit field holds."""
