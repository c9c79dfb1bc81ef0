"""The errors of this package.

KServeError
├── SpecError              values are wrong: every problem found, each with its path and cure
│   └── StackFileError     the same, in a stack file: with file and line
├── ClusterUnreachable     a kubeconfig, context or API server that cannot be used
├── OfflineError           a program that cannot be evaluated offline (pulumi_kserve.offline)
├── RolloutFailed          an endpoint's new model does not serve
└── RecoveryRefused        something is in the way that is not provably ours

Components raise ``pulumi.InputPropertiesError`` with the same problems, because the engine
shows those per property; :func:`input_properties_error` makes one from the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pulumi

__all__ = [
    "ClusterUnreachable",
    "KServeError",
    "Problem",
    "RecoveryRefused",
    "RolloutFailed",
    "SpecError",
    "StackFileError",
    "input_properties_error",
]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong: where it is, what it is, and how to mend it."""

    path: str
    message: str
    cure: str = ""
    rule: str = ""
    line: int | None = None

    @property
    def reason(self) -> str:
        """The message followed by the cure."""
        return f"{self.message}. {self.cure}" if self.cure else self.message

    def __str__(self) -> str:
        """`path: message. cure`."""
        return f"{self.path}: {self.reason}" if self.path else self.reason

    def under(self, prefix: str) -> Problem:
        """The same problem seen from an object that holds this one at `prefix`."""
        joined = ".".join(part for part in (prefix, self.path) if part).replace(".[", "[")
        return Problem(joined, self.message, self.cure, self.rule, self.line)


class KServeError(Exception):
    """Base of all errors this package raises on purpose."""


class SpecError(KServeError, ValueError):
    """Values are wrong. `problems` holds all of them, in the order of the model's fields."""

    def __init__(self, subject: str, problems: Iterable[Problem]) -> None:
        self.subject = subject
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(subject, self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{self.subject}: {count} problem{'' if count == 1 else 's'}"
        return "\n".join([head, *(f"  - {problem}" for problem in self.problems)])


class StackFileError(SpecError):
    """A stack file is wrong; each problem names the file and, where it is known, the line."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        super().__init__(file, problems)

    def __str__(self) -> str:
        lines = [f"{self.file}: {len(self.problems)} problem{'' if len(self.problems) == 1 else 's'}"]
        for problem in self.problems:
            place = f"{self.file}:{problem.line}" if problem.line else self.file
            lines.append(f"  {place}: {problem}")
        return "\n".join(lines)


class ClusterUnreachable(KServeError):  # noqa: N818 -- it names a state, as the tree does
    """A kubeconfig, context or API server cannot be used; the text says which, why and the cure."""


class RolloutFailed(KServeError):  # noqa: N818 -- it names an outcome
    """An endpoint's new revision does not serve; the text holds the component's own words."""


class RecoveryRefused(KServeError):  # noqa: N818 -- it names an outcome
    """Something in the cluster or the state is not provably this stack's; nothing was touched."""


def input_properties_error(subject: str, problems: Sequence[Problem]) -> pulumi.InputPropertiesError:
    """The engine's error for `problems`: one text for people, one entry per property."""
    import pulumi  # noqa: PLC0415 -- errors are imported where Pulumi is not needed

    return pulumi.InputPropertiesError(
        str(SpecError(subject, problems)),
        [{"property_path": problem.path, "reason": problem.reason} for problem in problems],
    )
