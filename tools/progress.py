"""How long work tells the person waiting for it what it is doing."""

import contextlib
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """A step has begun (`seconds` is None), or is done after so many seconds."""

    name: str
    seconds: float | None = None


Report = Callable[[Event], None]


@contextlib.contextmanager
def step(name: str, report: Report) -> Generator[None]:
    """Report that a step begins, and its time when it ends well."""
    report(Event(name))
    begun = time.monotonic()
    yield
    report(Event(name, time.monotonic() - begun))
