"""KServe's live rules, judged by the library alone: the same table that the oracle proves against KServe's own code."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import RULES, judge
from pulumi_kserve.errors import Problem

from tests.conformance.rule import Rule as Live
from tests.conformance.rules import RULES as LIVE_RULES

SOURCES = {rule.name: rule.source for rule in RULES}
LIVE = [(release, rule) for rule in LIVE_RULES for release in rule.releases]
IDS = [f"{release}-{rule.name}" for release, rule in LIVE]


def refused_by_kserve(manifest: Mapping[str, Any], release: str, live: Live) -> list[Problem]:
    context = Context(release, live.mode, previous=live.previous)
    return [problem for problem in judge(manifest, context) if SOURCES[problem.rule] == "kserve"]


@pytest.mark.parametrize(("release", "live"), LIVE, ids=IDS)
def test_an_object_that_kserve_refuses_is_refused(release: str, live: Live) -> None:
    assert refused_by_kserve(live.broken, release, live)


@pytest.mark.parametrize(("release", "live"), LIVE, ids=IDS)
def test_an_object_that_kserve_accepts_breaks_no_rule_of_kserve(release: str, live: Live) -> None:
    assert refused_by_kserve(live.sound, release, live) == []


@pytest.mark.parametrize(("release", "live"), LIVE, ids=IDS)
def test_every_problem_says_where_what_and_how_to_mend_it(release: str, live: Live) -> None:
    problems = judge(live.broken, Context(release, live.mode, previous=live.previous))
    assert [problem for problem in problems if not (problem.path and problem.message and problem.cure)] == []


def test_the_problems_of_a_rule_carry_its_name() -> None:
    wrong = {
        (rule.name, problem.rule)
        for release, live in LIVE
        for rule in RULES
        for problem in judge(live.broken, Context(release, live.mode, previous=live.previous), rules=[rule])
        if problem.rule != rule.name
    }
    assert wrong == set()


def test_no_two_rules_have_one_name() -> None:
    assert [name for name, count in Counter(rule.name for rule in RULES).items() if count > 1] == []


def test_a_rule_of_another_release_is_silent() -> None:
    manifest = next(live.broken for live in LIVE_RULES if live.name == "V17 resource of the key broker")
    assert "confidential-resource" not in {problem.rule for problem in judge(manifest, Context("0.19", "Standard"))}


def test_the_problems_come_in_the_order_of_the_rules() -> None:
    manifest = {"metadata": {"name": "1iris", "labels": {"team": "a b"}}, "spec": {"predictor": {"minReplicas": "x"}}}
    found = [problem.rule for problem in judge(manifest, Context("0.20", "Standard"))]
    order = [rule.name for rule in RULES]
    assert found == sorted(found, key=order.index)
    assert {"schema", "labels", "name-pattern", "implementations"} <= set(found)


def test_judging_changes_nothing() -> None:
    for live in LIVE_RULES:
        before = repr(live.broken)
        judge(live.broken, Context("0.20", live.mode))
        assert repr(live.broken) == before
