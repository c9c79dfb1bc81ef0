"""KServe's own samples: each one that KServe accepts is made by the library, or refused by a rule that is written down.

Made means: what KServe stores of the sample and what it stores of our object are equal in meaning.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi_kserve as kserve
import pytest
import yaml
from pulumi_kserve.clouds import existing
from pulumi_kserve.contracts import Feature, PlatformFacts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import judge
from pulumi_kserve.errors import Problem
from pulumi_kserve.offline.problems import problems_in
from pulumi_kserve.platform.chart_runtimes import chart_runtimes
from pulumi_kserve.testing import manifests, synth

from tests.conformance.meaning import differences
from tests.conformance.reading import POOL, Mode, Reading, place_of, read, wanted_mode
from tests.conformance.rendering import FactsOnly
from tests.conformance.samples import (
    API_VERSION,
    MADE,
    NO_YAML,
    NOT_ACCEPTED,
    OTHER_VERSIONS,
    REFUSED,
    Sample,
    places,
    samples,
)
from tools.oracle.judge import Oracle, Verdict, releases, running

pytestmark = pytest.mark.e2e

LEAST_SHARE_TYPED = 0.9
ROOT = Path(__file__).parents[2]
STRICTER = ROOT / "docs" / "stricter-than-kserve.md"
GOLDEN = sorted((ROOT / "tests" / "golden").glob("*/*.yaml"))
CASES = [(release, place) for release in releases() for place in places(release)]
Found = Mapping[str, Mapping[str, Sample]]


@pytest.fixture(scope="module")
def found() -> Found:
    """The samples of each release, by place."""
    return {release: samples(release) for release in releases()}


@pytest.fixture(scope="module", params=releases())
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def oracles() -> Iterator[Mapping[str, Oracle]]:
    """The oracle of each release, built first if need be."""
    with running(releases()[0]) as first, running(releases()[-1]) as last:
        yield {first.release: first, last.release: last}


def platform_facts(release: str, mode: Mode) -> PlatformFacts:
    """A platform with the charts' runtimes, everything that an endpoint can need, and a pool with GPUs."""
    return PlatformFacts(
        name="kserve",
        release=release,
        mode=mode,
        gateway="cluster-local" if mode == "Standard" else "kourier",
        runtimes=chart_runtimes(release),
        features=tuple(Feature),
        pools=(POOL,),
    )


def render(reading: Reading, release: str) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The InferenceService that the library makes of a sample, or what it refuses it for."""

    def program() -> None:
        platform = FactsOnly(platform_facts(release, reading.mode), existing.Cluster("c", {"context": "c"}))
        kserve.InferenceService(reading.name, reading.spec, platform=platform, namespace=reading.namespace)

    try:
        return manifests(synth(program, stack="test"), "InferenceService")[0], ()
    except Exception as error:
        problems = problems_in(error)
        if not problems:
            raise
        return {}, problems


def judged(oracle: Oracle, manifest: Mapping[str, Any]) -> Verdict:
    placed = {**manifest, "metadata": {**manifest["metadata"], "namespace": place_of(manifest)}}
    return oracle.judge(placed, mode=wanted_mode(manifest))


def manifest_of(found: Found, release: str, place: str) -> Mapping[str, Any]:
    manifest = found[release][place].manifest
    assert manifest is not None
    return manifest


def test_every_sample_is_listed(found: Found, release: str) -> None:
    assert sorted(found[release]) == sorted(places(release))


@pytest.mark.parametrize(("release", "place"), CASES)
def test_a_sample_is_made_or_refused_as_listed(
    found: Found, oracles: Mapping[str, Oracle], release: str, place: str
) -> None:
    sample = found[release][place]
    if place in NO_YAML:
        assert sample.manifest is None
        return
    manifest = manifest_of(found, release, place)
    if place in OTHER_VERSIONS:
        assert manifest["apiVersion"] == OTHER_VERSIONS[place] != API_VERSION
    elif place in NOT_ACCEPTED:
        verdict = judged(oracles[release], manifest)
        assert (verdict.accepted, NOT_ACCEPTED[place] in verdict.message) == (False, True)
    elif place in REFUSED:
        assert judged(oracles[release], manifest).accepted
        assert refusals(manifest, release) == {REFUSED[place]}
    else:
        assert differing(manifest, oracles[release]) == {}


def refusals(manifest: Mapping[str, Any], release: str) -> set[str]:
    """The rules that refuse the sample as plain YAML; the component says no less of what is read."""
    reading = read(manifest)
    found = judge(manifest, Context(release, reading.mode, platform_facts(release, reading.mode)))
    _, problems = render(reading, release)
    assert {problem.message for problem in problems} >= {problem.reason for problem in found}
    return {problem.rule for problem in found}


def differing(manifest: Mapping[str, Any], oracle: Oracle) -> Mapping[str, Any]:
    """What the stored forms of the sample and of our object do not have in common."""
    reading = read(manifest)
    ours, problems = render(reading, oracle.release)
    assert problems == ()
    theirs, stored = judged(oracle, manifest), oracle.judge(ours, mode=reading.mode)
    assert theirs.object is not None, theirs.message
    assert stored.object is not None, stored.message
    return differences(theirs.object, stored.object, reading.mode)


@pytest.mark.parametrize("place", sorted(REFUSED))
def test_a_rule_that_refuses_a_sample_is_written_down(place: str) -> None:
    assert f"`{REFUSED[place]}`" in STRICTER.read_text("utf-8")


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_kserve_accepts_what_an_example_renders(oracles: Mapping[str, Oracle], golden: Path) -> None:
    services = [each for each in yaml.safe_load_all(golden.read_text("utf-8")) if each["kind"] == "InferenceService"]
    mode: Mode = "Knative" if golden.stem.endswith("-knative") else "Standard"
    verdicts = [oracles[golden.parent.name].judge(each, mode=mode) for each in services]
    assert [(verdict.message, verdict.warnings) for verdict in verdicts] == [("", ())] * len(services)


def test_nine_tenths_of_what_the_samples_say_is_typed(
    found: Found, release: str, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = [place for place in places(release) if place in MADE or place in REFUSED]
    readings = {place: read(manifest_of(found, release, place)) for place in listed}
    leaves = sum(reading.leaves for reading in readings.values())
    share = 1 - sum(reading.untyped for reading in readings.values()) / leaves
    with capsys.disabled():
        print(f"\nKServe {release}: {share:.1%} of {leaves} values in {len(readings)} samples have a typed field")
        for place, reading in readings.items():
            print(f"{reading.share:7.1%} of {reading.leaves:3} {place}")
    assert share >= LEAST_SHARE_TYPED
