"""The embedded cluster's images, built a second time from nothing: the same bytes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.spine import REPOSITORY
from tools.cache import HOME_VARIABLE, embedded_root, file_sha256

pytestmark = pytest.mark.wide


def build(home: Path) -> dict[str, str]:
    """The digest of every image archive that a build into `home` makes."""
    command = [sys.executable, "-m", "tools.embedded", "build"]
    environment = {**os.environ, HOME_VARIABLE: str(home)}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {file.name: file_sha256(file) for file in sorted((home / "embedded" / "images").glob("*.tar"))}


def test_two_builds_of_all_images_have_the_same_bytes(tmp_path: Path) -> None:
    first = build(embedded_root().parent)
    assert len(first) >= 10
    assert build(tmp_path) == first
