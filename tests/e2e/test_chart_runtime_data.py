"""The committed data of the charts' runtimes is that of the pinned releases; `make schemas` writes it again."""

from pathlib import Path

import pytest
from pulumi_kserve.platform.releases import RELEASES

from tools.schemas.__main__ import RUNTIMES, write_runtimes

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_the_runtimes_of_a_release_are_what_its_chart_gives(release: str, tmp_path: Path) -> None:
    write_runtimes(RELEASES[release], tmp_path / "runtimes.yaml")
    assert (tmp_path / "runtimes.yaml").read_bytes() == (RUNTIMES / f"{release}.yaml").read_bytes()


def test_there_is_data_of_the_supported_releases_only() -> None:
    assert sorted(path.stem for path in RUNTIMES.iterdir()) == sorted(RELEASES)
