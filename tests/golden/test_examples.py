"""What the examples render, compared with the files beside this one; `make golden` writes them again."""

from pathlib import Path

import pytest
from pulumi_kserve.platform.releases import RELEASES
from pulumi_kserve.testing import manifests_yaml, synth_program

HERE = Path(__file__).parent
EXAMPLES = sorted(path.parent for path in (HERE.parents[1] / "examples").glob("*/__main__.py"))
READER_KEY = "a-secret-that-no-golden-file-shows"
RELEASE_NAMES = sorted(RELEASES)


def rendered(example: Path, release: str) -> str:
    config = {"release": release, "readerKey": READER_KEY}
    return manifests_yaml(synth_program(example, config=config))


@pytest.mark.parametrize("release", RELEASE_NAMES)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_renders_as_its_golden_file_says(example: Path, release: str, *, write_golden: bool) -> None:
    golden = HERE / release / f"{example.name}.yaml"
    found = rendered(example, release)
    if write_golden:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, "utf-8")
    assert found == golden.read_text("utf-8")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_renders_the_same_bytes_twice(example: Path) -> None:
    assert rendered(example, "0.20") == rendered(example, "0.20")


@pytest.mark.parametrize("golden", sorted(HERE.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_golden_file_belongs_to_an_example_and_a_release(golden: Path) -> None:
    assert golden.stem in {example.name for example in EXAMPLES}
    assert golden.parent.name in RELEASE_NAMES


@pytest.mark.parametrize("golden", sorted(HERE.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_golden_file_shows_a_secret(golden: Path) -> None:
    assert READER_KEY not in golden.read_text("utf-8")
