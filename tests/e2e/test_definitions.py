"""The committed CRDs of gateways are those of the pinned modules; `tools.schemas.definitions` writes them."""

from pathlib import Path

import pytest
from pulumi_kserve.platform.releases import RELEASES

from tools.schemas.definitions import DEFINITIONS, sets_of, write_definitions

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_the_crds_of_a_release_are_what_its_modules_give(release: str, tmp_path: Path) -> None:
    write_definitions(RELEASES[release], tmp_path)
    written = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert written == {name: (DEFINITIONS / name).read_bytes() for name in written}


def test_there_are_crds_of_the_supported_releases_only() -> None:
    pinned = {f"{name}-{version}.json" for row in RELEASES.values() for name, version in sets_of(row).items()}
    assert {file.name for file in DEFINITIONS.iterdir()} == pinned
