"""What the person waiting sees: running steps with their time on a terminal, plain lines in a log."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from tools.progress import Event

WORTH_TELLING = 2.0
"""Seconds from which on a step's time is told."""

_FIRST_WORD = 5.0
"""Seconds after which a log learns of a step that still runs, and then every so many seconds."""

_HEARTBEAT = 15.0


@dataclass
class _Running:
    name: str
    task: TaskID
    begun: float = field(default_factory=time.monotonic)
    told: float = 0.0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun


class Screen:
    """Shows what is running. Safe to use from the engine's event threads."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self._live = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._pulse = threading.Thread(target=self._tell_of_long_steps, daemon=True)

    def __enter__(self) -> Self:
        self._live.start()
        if not self.console.is_terminal:
            self._pulse.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closed.set()
        self._live.stop()

    def line(self, text: str, *, style: str = "") -> None:
        """Print one line as it is."""
        self.console.print(escape(text), style=style, highlight=False, soft_wrap=True)

    def begin(self, key: str, name: str) -> None:
        """Say that something runs now."""
        with self._lock:
            self._running.setdefault(key, _Running(name, self._live.add_task(name)))

    def end(self, key: str, *, said: str | None = None, always: bool = False, style: str = "") -> float:
        """Say that it is over, with its time if it took long or `always`; return the seconds."""
        with self._lock:
            done = self._running.pop(key, None)
        if done is None:
            return 0.0
        self._live.remove_task(done.task)
        self._live.refresh()
        if always or done.seconds >= WORTH_TELLING:
            self.line(f"  {said or done.name}  {done.seconds:.1f} s", style=style)
        return done.seconds

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Show a step while the block runs, and its time when it took long."""
        self.begin(name, name)
        try:
            yield
        except BaseException:
            self.end(name, said=f"{name}: failed", always=True, style="red")
            raise
        self.end(name)

    def report(self, event: Event) -> None:
        """Show the steps that the other tools report."""
        if event.seconds is None:
            self.begin(event.name, event.name)
        else:
            self.end(event.name)

    @contextmanager
    def given_away(self) -> Generator[None]:
        """Leave the terminal to a command that shows its own progress."""
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()

    def _tell_of_long_steps(self) -> None:
        while not self._closed.wait(0.5):
            with self._lock:
                due = [step for step in self._running.values() if step.seconds >= (step.told or _FIRST_WORD)]
                for step in due:
                    step.told = step.seconds + _HEARTBEAT
            for step in due:
                self.line(f"  ... {step.name} ({step.seconds:.0f} s)", style="dim")
