"""Records what a file in the cache was made from and what came out, so that a stale or damaged file is noticed."""

import json
from pathlib import Path
from typing import cast

from tools.cache import file_sha256, write_atomically


def stamp(made: Path, *, key: str) -> None:
    """Record that `made` was made from what `key` hashes, and what it looks like now."""
    record = {"key": key, "sha256": file_sha256(made), "seen": _seen(made)}
    write_atomically(_stamp_path(made), json.dumps(record))


def stamped_sha256(made: Path) -> str:
    """Return the SHA-256 recorded for a file that `is_current` has found whole."""
    return str(_read(made)["sha256"])


def is_current(made: Path, *, key: str) -> bool:
    """Tell whether `made` is there, was made from the same things, and is undamaged.

    The content is read again only when the file's size or time differ from the record: a check of hundreds of
    megabytes stays a matter of milliseconds.
    """
    record = _read(made)
    if record.get("key") != key or not made.is_file():
        return False
    if record.get("seen") == _seen(made):
        return True
    if record.get("sha256") != file_sha256(made):
        return False
    stamp(made, key=key)
    return True


def _seen(made: Path) -> list[int]:
    status = made.stat()
    return [status.st_size, status.st_mtime_ns]


def _stamp_path(made: Path) -> Path:
    return made.parent / ".stamps" / f"{made.name}.json"


def _read(made: Path) -> dict[str, object]:
    try:
        return cast("dict[str, object]", json.loads(_stamp_path(made).read_text("utf-8")))
    except (FileNotFoundError, ValueError):
        return {}
