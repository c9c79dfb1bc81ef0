"""The committed field tables are those of the pinned releases; `make schemas` writes them again."""

from pathlib import Path

import pytest
from pulumi_kserve.platform.releases import RELEASES

from tools.schemas.__main__ import FIELDS, GATEWAY_FIELDS, write_gateway_tables, write_tables

pytestmark = pytest.mark.e2e


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_the_tables_of_a_release_are_what_its_crds_give(release: str, tmp_path: Path) -> None:
    write_tables(RELEASES[release], tmp_path / release)
    assert contents(tmp_path / release) == contents(FIELDS / release)


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_the_tables_of_a_gateways_kinds_are_what_their_crds_give(release: str, tmp_path: Path) -> None:
    write_gateway_tables(RELEASES[release], tmp_path / release)
    assert contents(tmp_path / release) == contents(GATEWAY_FIELDS / release)


def test_there_are_tables_of_the_supported_releases_only() -> None:
    assert sorted(path.name for path in FIELDS.iterdir()) == sorted(RELEASES)
