"""What can go wrong offline, apart from the program's own errors, which come out as they are.

OfflineError
├── DuplicateUrn       two resources of one program have the same identity
├── UnstubbedInvoke    the program asks a provider something, and no answer was given
├── ProjectError       a project, stack or program cannot be found or run in-process
└── SdkChanged         the installed Pulumi SDK is not one this evaluator knows
"""

from __future__ import annotations

from importlib.metadata import version

from pulumi_kserve.errors import KServeError

__all__ = ["DuplicateUrn", "OfflineError", "ProjectError", "SdkChanged", "UnstubbedInvoke"]

TESTED_SDK = "3.258 to 3.272"


class OfflineError(KServeError):
    """Base of the errors of offline evaluation."""


class DuplicateUrn(OfflineError):  # noqa: N818 -- the engine's own name for it
    """Two resources of one program have the same URN; the engine refuses that too."""

    def __init__(self, urn: str) -> None:
        self.urn = urn
        super().__init__(
            f"Duplicate resource URN '{urn}': a URN holds the types of the parents but not their names. "
            "Give one of the two resources another name, for example by prefixing it with its parent's name."
        )


class UnstubbedInvoke(OfflineError):  # noqa: N818 -- it names what is missing
    """The program calls a provider function, and nothing says what it answers offline."""

    def __init__(self, token: str) -> None:
        self.token = token
        super().__init__(
            f"the program calls {token}, which only a provider can answer. "
            f"Give the answer: synth(..., invokes={{{token!r}: {{...}}}})."
        )


class ProjectError(OfflineError):
    """A project, stack or program cannot be found or run; the text says which, why and the cure."""


class SdkChanged(OfflineError, AttributeError):  # noqa: N818 -- it names what happened
    """The installed Pulumi SDK lacks, or asks for, something this evaluator does not know."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the installed Pulumi SDK {version('pulumi')} does not fit offline evaluation: {what}. "
            f"It was tested with pulumi {TESTED_SDK}: install one of these, or a newer pulumi-kserve."
        )
