"""The command line `pulumi-kserve`: one file per command.

Every command ends with 0 when all is fine, 1 when it found something wrong, 2 when it could not run.
What a command prints for machines goes to standard output, everything else to standard error.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code."""
    from pulumi_kserve.cli.app import app  # noqa: PLC0415 -- importing this package must stay free

    try:
        app(args=None if arguments is None else list(arguments), prog_name="pulumi-kserve")
    except Exception as error:  # noqa: BLE001 -- every failure gets its exit code here
        from pulumi_kserve.cli.failure import report  # noqa: PLC0415 -- loads Pulumi

        sys.exit(report(error))
