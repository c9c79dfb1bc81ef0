"""The benchmarks compare what they say they compare."""

from pathlib import Path

import pytest
from pulumi_kserve.offline import Synthesis, synth
from pulumi_kserve.testing import manifests

from benchmarks.endpoint_programs import plain, plain_source, typed

NAMES = ["name-of-endpoint", "b", "c"]


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Synthesis, Synthesis]:
    source: Path = tmp_path_factory.mktemp("plain") / "plain.py"
    source.write_text(plain_source(), "utf-8")
    return synth(typed(NAMES)), synth(plain(NAMES, source))


def test_both_programs_declare_the_same_resources(declared: tuple[Synthesis, Synthesis]) -> None:
    ours, theirs = ([(each.urn, each.parent, each.dependencies) for each in found.resources] for found in declared)
    assert ours == theirs


def test_the_sample_endpoints_manifests_are_the_same_in_both_programs(declared: tuple[Synthesis, Synthesis]) -> None:
    ours, theirs = ([each for each in manifests(found) if NAMES[0] in str(each)] for found in declared)
    assert ours == theirs
    assert "InferenceService" in {each["kind"] for each in ours}
