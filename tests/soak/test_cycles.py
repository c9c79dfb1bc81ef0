"""Up and down, over and over: every time it serves, and every time nothing is left."""

import os
from pathlib import Path

import pytest

from tests.e2e.spine import Spine, cluster, embedded, objects

pytestmark = pytest.mark.soak
CYCLES = int(os.environ.get("SOAK_CYCLES", "10"))
_KEPT = ("CustomResourceDefinition", "APIService")


def test_every_up_serves_and_every_down_leaves_nothing_but_the_crds(tmp_path: Path) -> None:
    spine = Spine.in_folder(tmp_path)
    embedded("down")
    embedded("up")
    with cluster() as here:
        before = objects(here)
    try:
        for _ in range(CYCLES):
            spine.run("up").require()
            spine.run("down", "--keep-cluster").require()
            with cluster() as here:
                left = objects(here) - before
            assert [each for each in left if not each.startswith(_KEPT)] == []
    finally:
        embedded("down")
