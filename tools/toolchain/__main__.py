"""`python -m tools.toolchain`: have the toolchain ready, and print where it is."""

import sys

from tools.errors import ToolError
from tools.progress import Event
from tools.toolchain.toolchain import ready_toolchain


def main() -> int:
    """Fetch or build what is missing; exit code 2 when that cannot be done."""
    try:
        found = ready_toolchain(_say)
    except ToolError as error:
        print(f"cannot go on: {error}", file=sys.stderr)
        return 2
    print(f"pulumi {found.pulumi}\nprovider {found.provider}\nlanguage host {'yes' if found.language_host else 'no'}")
    return 0


def _say(event: Event) -> None:
    done = f"{event.seconds:.1f} s" if event.seconds is not None else "..."
    print(f"{event.name} {done}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
