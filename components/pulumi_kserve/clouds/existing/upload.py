"""Small model files from this machine, as the data of a ConfigMap."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.offline import active as offline_active

__all__ = ["ModelFiles", "model_files"]

_LIMIT = 900_000
_OFFLINE = {"offline": ""}


@dataclass(frozen=True)
class ModelFiles:
    """Files by key, in base64, and a digest of their names and contents."""

    data: dict[str, str]
    digest: str


def model_files(folder: Path) -> ModelFiles:
    """The files of `folder`, at any depth; a key spells ``/`` as ``__``.

    An offline evaluation does not need the folder.

    Raises:
        SpecError: the folder is missing or empty, or its files do not fit in a ConfigMap.

    """
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    if not files and offline_active():
        return ModelFiles(_OFFLINE, "offline")
    problem = _problem(folder, files)
    if problem is not None:
        raise SpecError(f"model folder {folder}", [problem])
    contents = {"__".join(file.relative_to(folder).parts): file.read_bytes() for file in files}
    digest = hashlib.sha256()
    for key, content in contents.items():
        digest.update(f"{key}\0{len(content)}\0".encode() + content)
    return ModelFiles(
        {key: base64.b64encode(content).decode() for key, content in contents.items()}, digest.hexdigest()[:10]
    )


def _problem(folder: Path, files: list[Path]) -> Problem | None:
    if not folder.is_dir():
        return Problem("source", f"{folder} is not a folder", "Train the model first, or mend the path")
    if not files:
        return Problem("source", f"{folder} holds no file", "Put the model's files there")
    size = sum(file.stat().st_size for file in files)
    if size > _LIMIT:
        return Problem(
            "source",
            f"{folder} holds {size} bytes; a ConfigMap carries at most {_LIMIT}",
            "Copy it into the bucket with the store's own client, and leave `source` out",
        )
    return None
