"""What the exit codes mean."""

from enum import IntEnum

__all__ = ["Exit"]


class Exit(IntEnum):
    """How a command ends."""

    FINE = 0
    FINDINGS = 1
    COULD_NOT_RUN = 2
