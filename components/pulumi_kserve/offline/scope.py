"""Whether this code runs inside an offline evaluation."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["active", "enter"]

_ACTIVE: ContextVar[bool] = ContextVar("pulumi_kserve_offline", default=False)


def active() -> bool:
    """Whether a synth runs the current code, so that files of the real world need not be there."""
    return _ACTIVE.get()


def enter() -> None:
    """Mark the current context, and every task started from it, as offline."""
    _ACTIVE.set(True)
