"""Follows the engine's events: what changes now, how long each change took, and what failed."""

import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from pulumi.automation.events import DiagnosticEvent, EngineEvent, StepEventMetadata

from tools.local.screen import Screen

_QUIET = {"same", "read", "read-discard", "discard", "refresh", "import"}
_NOISE = re.compile(
    r"from \$PATH|expected to have version|resource plugin kubernetes|The preview may be incomplete"
    r"|^\s*$|Duration:|update failed$"
)
_INLINE = re.compile(r"^(an unhandled error occurred: )?(Program exited .*\n)?(python inline source runtime error: ?)?")
_COLOR = re.compile(r"<\{%.*?%\}>")
_SERVED = "kubernetes:serving.kserve.io/"
_DONE = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced"}


@dataclass(frozen=True)
class Failure:
    """One thing that failed: the component it belongs to, the resource, and its own words."""

    component: str
    resource: str
    message: str


@dataclass
class _Span:
    begun: float
    ended: float


@dataclass
class Events:
    """Takes the engine's events of one run, shows them, and keeps what the report needs."""

    screen: Screen
    log: TextIO
    failures: list[Failure] = field(default_factory=list[Failure])
    _parents: dict[str, str] = field(default_factory=dict[str, str])
    _spans: dict[str, _Span] = field(default_factory=dict[str, "_Span"])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, event: EngineEvent) -> None:
        """Take one event; called from the engine's own thread."""
        with self._lock:
            if event.resource_pre_event:
                self._begins(event.resource_pre_event.metadata)
            elif event.res_outputs_event:
                self._ends(event.res_outputs_event.metadata)
            elif event.res_op_failed_event:
                self._failed(event.res_op_failed_event.metadata)
            elif event.diagnostic_event:
                self._says(event.diagnostic_event)

    def seconds_of(self, component: str) -> float | None:
        """Return how long an endpoint took to change, from KServe's own object on; None when nothing of it changed."""
        mine = {urn: span for urn, span in self._spans.items() if component_of(urn, self._parents) == component}
        if not mine:
            return None
        served = [span.begun for urn, span in mine.items() if _SERVED in urn]
        begun = min(served or [span.begun for span in mine.values()])
        return max(span.ended for span in mine.values()) - begun

    def _begins(self, step: StepEventMetadata) -> None:
        state = step.new or step.old
        if state and state.parent:
            self._parents[step.urn] = state.parent
        if str(step.op.value) not in _QUIET:
            self._spans.setdefault(step.urn, _Span(time.monotonic(), time.monotonic()))
        if _is_shown(step):
            self.screen.begin(_key(step), f"{step.op.value} {label(step.urn)}")

    def _ends(self, step: StepEventMetadata) -> None:
        if step.urn in self._spans:
            self._spans[step.urn].ended = time.monotonic()
        if _is_shown(step):
            done = f"{_DONE.get(str(step.op.value), str(step.op.value))} {label(step.urn)}"
            seconds = self.screen.end(_key(step), said=done)
            self.log.write(f"{done} {seconds:.1f} s\n")

    def _failed(self, step: StepEventMetadata) -> None:
        self.screen.end(_key(step), said=f"failed: {label(step.urn)}", always=True, style="red")
        self.log.write(f"failed {label(step.urn)}\n")

    def _says(self, said: DiagnosticEvent) -> None:
        if said.severity == "debug":
            return
        message = plain(said.message)
        if said.severity != "error" and (said.ephemeral or _NOISE.search(message)):
            return
        self.log.write(f"{said.severity} {label(said.urn) if said.urn else ''}: {_without_traceback(message)}\n")
        self.log.flush()
        if said.severity == "error":
            self._keep(said.urn or "", message)
        elif said.severity in {"warning", "info"}:
            style = "yellow" if said.severity == "warning" else "dim"
            self.screen.line(f"  {label(said.urn) + ': ' if said.urn else ''}{message}", style=style)

    def _keep(self, urn: str, message: str) -> None:
        words = _without_traceback(message)
        known = any(words == failure.message for failure in self.failures)
        if words and not known and not _NOISE.search(words.splitlines()[-1]):
            where = component_of(urn, self._parents) or "the program"
            self.failures.append(Failure(where, label(urn) if urn else "", words))


def component_of(urn: str, parents: dict[str, str]) -> str:
    """Return the name of the outermost of our components that a resource belongs to, else its own label."""
    found = ""
    at = urn
    while at:
        if re.search(r"(^|\$|::)kserve:index:\w+::", at):
            found = at.rpartition("::")[2]
        at = parents.get(at, "")
    return found or (label(urn) if urn else "")


def label(urn: str) -> str:
    """Return a resource's kind and name, as people say it."""
    kind, _, name = urn.split("::", 2)[-1].partition("::")
    return f"{kind.rpartition(':')[2]} {name}".strip()


def plain(message: str) -> str:
    """Return a message without the engine's colour marks."""
    return _COLOR.sub("", message).strip()


def open_log(folder: Path, name: str) -> TextIO:
    """Open the log of a new run; the log before it is kept beside it."""
    path = folder / f"{name}.log"
    if path.exists():
        path.replace(folder / f"{name}.before.log")
    log = path.open("w", encoding="utf-8")
    path.chmod(0o600)
    return log


def _is_shown(step: StepEventMetadata) -> bool:
    """Components and the stack only hold what changes in them."""
    return str(step.op.value) not in _QUIET and not re.search(r"(kserve:index|pulumi:pulumi):\w+$", step.type)


def _key(step: StepEventMetadata) -> str:
    return f"{step.op.value} {step.urn}"


def _without_traceback(message: str) -> str:
    words, _, _ = _INLINE.sub("", message).partition("\nTraceback (most recent call")
    return words.strip()
