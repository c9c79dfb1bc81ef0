"""KServe's own admission code against the library: nothing that we accept is refused by KServe.

`ORACLE_SPECS` says how many specs per release hypothesis makes; the examples are the same in every run.
"""

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests.conformance.gaps import GAPS
from tests.conformance.objects import OWN, model, service
from tests.conformance.rendering import render
from tests.conformance.rule import Rule
from tests.conformance.rules import RULES
from tests.conformance.strategies import Case, broken_objects, cases
from tools.oracle.judge import Oracle, Verdict, judge, releases, running
from tools.progress import Event

pytestmark = pytest.mark.e2e

SPECS = int(os.environ.get("ORACLE_SPECS", "1000"))
LEAST_SHARE_ACCEPTED = 0.3
LEAST_HITS = 20 if SPECS >= 10_000 else 1
LIVE = [(release, rule) for release in releases() for rule in RULES if release in rule.releases]
IDS = [f"{release}-{rule.name}" for release, rule in LIVE]
_MODEL = {"format": "sklearn", "uri": "s3://models/iris"}
STARTS = (
    Case("iris", "team", {"predictor": {"model": _MODEL}}),
    Case("iris", "team", {"predictor": {"model": _MODEL, "scaling": {"hpa": {"minReplicas": 1, "maxReplicas": 3}}}}),
    Case(
        "iris",
        "team",
        {
            "predictor": {
                "model": {**_MODEL, "version": "1", "env": {"A": "b"}, "resources": {"limits": {"cpu": "1"}}},
                "labels": {"tier": "gold"},
            },
            "overrides": {"spec": {"predictor": {"timeout": 30}}},
        },
    ),
)
_many = settings(
    max_examples=SPECS, database=None, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.fixture(scope="session")
def oracles() -> Iterator[Mapping[str, Oracle]]:
    """The oracle of each release, built first if need be."""
    with contextlib.ExitStack() as stack:
        yield {release: stack.enter_context(running(release, _told)) for release in releases()}


def _told(event: Event) -> None:
    if event.seconds is not None:
        print(f"{event.name}: {event.seconds:.0f} s")


@pytest.fixture(scope="session", params=releases())
def oracle(request: pytest.FixtureRequest, oracles: Mapping[str, Oracle]) -> Oracle:
    return oracles[str(request.param)]


def accepted(verdict: Verdict) -> Mapping[str, Any]:
    assert verdict.accepted, f"{verdict.stage}: {verdict.message}"
    assert verdict.object is not None
    return verdict.object


@pytest.mark.parametrize(("release", "rule"), LIVE, ids=IDS)
def test_an_object_that_breaks_a_rule_is_refused_for_it(
    oracles: Mapping[str, Oracle], release: str, rule: Rule
) -> None:
    verdict = oracles[release].judge(rule.broken, mode=rule.mode)
    assert (verdict.accepted, verdict.stage) == (False, rule.stage)
    assert rule.says in verdict.message


@pytest.mark.parametrize(("release", "rule"), LIVE, ids=IDS)
def test_the_same_object_without_the_break_is_accepted(oracles: Mapping[str, Oracle], release: str, rule: Rule) -> None:
    accepted(oracles[release].judge(rule.sound, mode=rule.mode))


def test_a_legacy_framework_key_is_stored_as_a_model(oracle: Oracle) -> None:
    stored = accepted(oracle.judge(service({"sklearn": {"storageUri": "s3://a/b"}})))
    assert stored["spec"]["predictor"]["model"]["modelFormat"] == {"name": "sklearn"}


@pytest.mark.parametrize("mode", ["Standard", "Knative"])
def test_the_mode_of_the_cluster_is_written_down_only_when_it_is_standard(oracle: Oracle, mode: str) -> None:
    stored = accepted(oracle.judge(service(), mode="Standard" if mode == "Standard" else "Knative"))
    written = stored["metadata"]["annotations"].get("serving.kserve.io/deploymentMode")
    assert written == (mode if mode == "Standard" else None)


def test_a_default_of_the_schema_is_stored(oracle: Oracle) -> None:
    stored = accepted(oracle.judge(service(model({"storageUri": None}, storageUris=[{"uri": "s3://a/b"}]))))
    assert stored["spec"]["predictor"]["storageUris"] == [{"uri": "s3://a/b", "mountPath": "/mnt/models"}]


def test_the_resources_of_the_chart_are_given_to_a_container(oracle: Oracle) -> None:
    stored = accepted(oracle.judge(service(OWN)))
    assert stored["spec"]["predictor"]["containers"][0]["resources"]["limits"] == {"cpu": "1", "memory": "2Gi"}


def test_a_field_that_the_schema_does_not_know_is_dropped_and_named(oracle: Oracle) -> None:
    verdict = oracle.judge(service(model(minReplica=2)))
    assert "minReplica" not in accepted(verdict)["spec"]["predictor"]
    assert verdict.warnings == ('unknown field "spec.predictor.minReplica"',)


def test_runtimes_are_compared_with_those_that_exist(oracle: Oracle) -> None:
    first, second = _runtime("first"), _runtime("second")
    assert oracle.judge(second).accepted
    assert "same priority assigned" in oracle.judge(second, existing=[first]).message


def test_a_list_of_objects_is_judged_in_order() -> None:
    verdicts = judge(releases()[-1], [service(), service({})])
    assert [verdict.accepted for verdict in verdicts] == [True, False]


def _runtime(name: str) -> dict[str, Any]:
    served = {"name": "sklearn", "version": "1", "autoSelect": True, "priority": 1}
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ClusterServingRuntime",
        "metadata": {"name": name},
        "spec": {"supportedModelFormats": [served], "protocolVersions": ["v1"], **OWN},
    }


def test_kserve_accepts_whatever_the_library_accepts(oracle: Oracle, capsys: pytest.CaptureFixture[str]) -> None:
    ours: Counter[str] = Counter()

    @_many
    @given(case=cases())
    def agree(case: Case) -> None:
        manifest, problems = render(case, oracle.release)
        ours.update({problem.path for problem in problems} if problems else ["accepted"])
        if manifest is not None:
            verdict = oracle.judge(manifest)
            accepted(verdict)
            assert verdict.warnings == ()

    agree()
    _show(capsys, f"the library, {oracle.release}", ours)
    assert ours["accepted"] >= LEAST_SHARE_ACCEPTED * SPECS


@pytest.fixture(scope="session")
def broken_run(oracle: Oracle) -> Counter[str]:
    """What became of the broken objects: how many were accepted, and how many each rule refused."""
    starts = [manifest for case in STARTS if (manifest := render(case, oracle.release)[0])]
    live = [rule for release, rule in LIVE if release == oracle.release]
    counts: Counter[str] = Counter()
    for rule in live:
        _count_around(rule, oracle, starts, settings(_many, max_examples=SPECS // len(live) + 1), counts)
    return counts


def _count_around(
    rule: Rule, oracle: Oracle, starts: Sequence[Mapping[str, Any]], share: settings, counts: Counter[str]
) -> None:
    @seed(f"{oracle.release} {rule.name}")
    @share
    @given(made=broken_objects(rule, starts))
    def count(made: dict[str, Any]) -> None:
        counts[_outcome(rule, oracle.judge(made, mode=rule.mode))] += 1

    count()


def _outcome(rule: Rule, verdict: Verdict) -> str:
    if verdict.accepted:
        return "accepted"
    if verdict.stage == rule.stage and rule.says in verdict.message:
        return rule.name
    return f"{verdict.stage}: another rule"


def test_a_third_of_the_broken_objects_is_accepted(
    oracle: Oracle, broken_run: Counter[str], capsys: pytest.CaptureFixture[str]
) -> None:
    _show(capsys, f"KServe {oracle.release} on broken objects", broken_run)
    assert broken_run["accepted"] >= LEAST_SHARE_ACCEPTED * broken_run.total()


def test_every_live_rule_is_hit(oracle: Oracle, broken_run: Counter[str]) -> None:
    live = [rule.name for release, rule in LIVE if release == oracle.release]
    assert {name: broken_run[name] for name in live if broken_run[name] < LEAST_HITS} == {}


@pytest.mark.xfail(raises=AssertionError, reason="the library lacks the rule", strict=True)
@pytest.mark.parametrize("gap", GAPS)
def test_kserve_accepts_a_known_gap(oracle: Oracle, gap: str) -> None:
    manifest, _ = render(GAPS[gap], oracle.release)
    if manifest is not None:
        accepted(oracle.judge(manifest))


def _show(capsys: pytest.CaptureFixture[str], what: str, counts: Counter[str]) -> None:
    """Print the counts even when pytest captures what tests print."""
    with capsys.disabled():
        print(f"\n{what}: {counts.total()}")
        for name, count in counts.most_common():
            print(f"{count:7} {name}")
