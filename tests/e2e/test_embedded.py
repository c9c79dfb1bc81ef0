"""The embedded cluster, for real: sealed while it is up, and gone without a trace when it is down."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.spine import REPOSITORY

pytestmark = pytest.mark.e2e


def embedded(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.embedded", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=3500, check=False)


def checks() -> list[dict[str, Any]]:
    """What `verify` looked at, each with what it found."""
    found: list[dict[str, Any]] = json.loads(embedded("verify", "--json").stdout)
    assert found
    return found


@pytest.fixture(scope="module")
def running() -> Iterator[None]:
    """A cluster that is up, and down again in the end."""
    embedded("down")
    up = embedded("up")
    assert up.returncode == 0, up.stdout + up.stderr
    yield
    embedded("down")


@pytest.mark.usefixtures("running")
def test_while_it_is_up_nothing_leaves_it_and_nothing_listens_outside() -> None:
    assert [check for check in checks() if not check["holds"]] == []


@pytest.mark.usefixtures("running")
def test_a_second_up_finds_all_as_it_should_be() -> None:
    assert embedded("up").returncode == 0


@pytest.mark.usefixtures("running")
def test_when_it_is_down_nothing_of_it_is_left() -> None:
    assert embedded("down").returncode == 0
    assert [check for check in checks() if not check["holds"]] == []
