"""Copies models: `python -m storage_initializer SRC DEST [SRC DEST ...]`.

KServe's own library does the work. The last line of a
failure says which source could not be copied and why: KServe shows the end of this log as the endpoint's failure.
"""

import os
import sys
import traceback

from kserve_storage import Storage
from kserve_storage.logging import configure_logging


def main(arguments: list[str]) -> int:
    """Copy every source to its destination; 0 when all are there, 1 at the first that fails, 2 for a wrong call."""
    if not arguments or len(arguments) % 2:
        return _fail("the arguments are pairs of a source and a destination: SRC DEST [SRC DEST ...]", code=2)
    if os.environ.get("CONFIDENTIAL_ENABLED", "").lower() == "true":
        return _fail("this storage initializer decrypts no models (CONFIDENTIAL_ENABLED is true)", code=2)
    configure_logging()
    for source, destination in zip(arguments[::2], arguments[1::2], strict=True):
        try:
            Storage.download_files([source], [destination])
        except RuntimeError as error:
            return _fail(f"{source}: {error}")
        except Exception as error:  # noqa: BLE001 - whatever a storage client throws ends as one clear line
            traceback.print_exc()
            return _fail(f"{source}: {type(error).__name__}: {error}")
    return 0


def _fail(why: str, *, code: int = 1) -> int:
    one_line = " ".join(why.split())
    print(f"Storage initializer failed: {one_line}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
