"""KServe's own admission code against the library: both refuse the same, but for what is written down.

`ORACLE_SPECS` says how many specs per release hypothesis makes; the examples are the same in every run.
"""

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from pulumi_kserve.endpoints.admission.registry import RULES as OURS
from pulumi_kserve.errors import Problem

from tests.conformance.agreement import Tally
from tests.conformance.objects import OWN, model, service
from tests.conformance.rendering import render
from tests.conformance.rule import Rule
from tests.conformance.rules import RULES
from tests.conformance.strategies import STARTS, Case, broken_objects, cases
from tools.oracle.judge import Mode, Oracle, Verdict, judge, releases

pytestmark = pytest.mark.e2e

SPECS = int(os.environ.get("ORACLE_SPECS", "1000"))
LEAST_SHARE_ACCEPTED = 0.3
LEAST_HITS = 20 if SPECS >= 10_000 else 1
SHOWN = 20
LIVE = [(release, rule) for release in releases() for rule in RULES if release in rule.releases]
IDS = [f"{release}-{rule.name}" for release, rule in LIVE]
_many = settings(
    max_examples=SPECS, database=None, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def accepted(verdict: Verdict) -> Mapping[str, Any]:
    assert verdict.accepted, f"{verdict.stage}: {verdict.message}"
    assert verdict.object is not None
    return verdict.object


@pytest.mark.parametrize(("release", "rule"), LIVE, ids=IDS)
def test_an_object_that_breaks_a_rule_is_refused_for_it(
    oracles: Mapping[str, Oracle], release: str, rule: Rule
) -> None:
    verdict = oracles[release].judge(rule.broken, mode=rule.mode, previous=rule.previous)
    assert (verdict.accepted, verdict.stage) == (False, rule.stage)
    assert rule.says in verdict.message


@pytest.mark.parametrize(("release", "rule"), LIVE, ids=IDS)
def test_the_same_object_without_the_break_is_accepted(oracles: Mapping[str, Oracle], release: str, rule: Rule) -> None:
    accepted(oracles[release].judge(rule.sound, mode=rule.mode, previous=rule.previous))


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


@pytest.mark.parametrize("mode", ["Standard", "Knative"])
def test_kserve_accepts_whatever_the_library_accepts(
    oracle: Oracle, mode: Mode, capsys: pytest.CaptureFixture[str]
) -> None:
    ours: Counter[str] = Counter()

    @settings(_many, max_examples=SPECS // 2)
    @seed(f"{oracle.release} {mode}")
    @given(case=cases(mode, oracle.release))
    def agree(case: Case) -> None:
        manifest, problems = render(case, oracle.release, mode)
        ours.update({_place(problem) for problem in problems} if problems else ["accepted"])
        if manifest is not None:
            verdict = oracle.judge(manifest, mode=mode)
            accepted(verdict)
            assert verdict.warnings == ()

    agree()
    _show(capsys, f"the library, {oracle.release} {mode}", ours)
    assert ours["accepted"] >= LEAST_SHARE_ACCEPTED * (SPECS // 2)


def _place(problem: Problem) -> str:
    """The path, with names and positions that hypothesis chose left out."""
    return re.sub(r"^canaries\.[^.]+", "canaries.*", re.sub(r"\[.*?\]|(?<=env\.)\w+", "[]", problem.path))


@pytest.fixture(scope="session")
def tallies(oracles: Mapping[str, Oracle]) -> Mapping[str, Tally]:
    """What both judges made of the broken objects, by release."""
    return {release: _tally(oracle) for release, oracle in oracles.items()}


@pytest.fixture(params=releases())
def broken_run(request: pytest.FixtureRequest, tallies: Mapping[str, Tally]) -> Tally:
    """What both judges made of the broken objects of one release."""
    return tallies[str(request.param)]


def _tally(oracle: Oracle) -> Tally:
    starts = [manifest for case in STARTS if (manifest := render(case, oracle.release)[0])]
    live = [rule for release, rule in LIVE if release == oracle.release]
    tally = Tally(oracle.release)
    for rule in live:
        for made in (rule.broken, rule.sound):
            tally.add(rule, made, oracle)
        _judge_around(rule, oracle, starts, settings(_many, max_examples=SPECS // len(live) + 1), tally)
    return tally


def _judge_around(
    rule: Rule, oracle: Oracle, starts: Sequence[Mapping[str, Any]], share: settings, tally: Tally
) -> None:
    @seed(f"{oracle.release} {rule.name}")
    @share
    @given(made=broken_objects(rule, starts))
    def add(made: dict[str, Any]) -> None:
        tally.add(rule, made, oracle)

    add()


def test_a_third_of_the_broken_objects_is_accepted(broken_run: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    _show(capsys, f"KServe {broken_run.release} on broken objects", broken_run.kserve)
    assert broken_run.kserve["accepted"] >= LEAST_SHARE_ACCEPTED * broken_run.kserve.total()


def test_every_live_rule_is_hit(broken_run: Tally) -> None:
    live = [rule.name for release, rule in LIVE if release == broken_run.release]
    assert {name: broken_run.kserve[name] for name in live if broken_run.kserve[name] < LEAST_HITS} == {}


def test_the_library_and_kserve_refuse_the_same(broken_run: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    _show(capsys, f"rules of the library, {broken_run.release}, on broken objects", broken_run.ours)
    assert broken_run.disagreements[:SHOWN] == []


def test_the_run_would_turn_red_without_any_one_rule(
    tallies: Mapping[str, Tally], capsys: pytest.CaptureFixture[str]
) -> None:
    alone = sum((tally.alone for tally in tallies.values()), Counter[str]())
    _show(capsys, "objects that KServe refuses and one rule alone", alone)
    assert [rule.name for rule in OURS if rule.source == "kserve" and not alone[rule.name]] == []


def _show(capsys: pytest.CaptureFixture[str], what: str, counts: Counter[str]) -> None:
    """Print the counts even when pytest captures what tests print."""
    with capsys.disabled():
        print(f"\n{what}: {counts.total()}")
        for name, count in counts.most_common():
            print(f"{count:7} {name}")
