"""Every rule of the library is needed: without it, something wrong would get through.

`test_oracle.py` shows that KServe refuses every broken object of the rule table; here each of KServe's rules is taken
out, and one of those objects then passes. For every other rule there is an object that only it refuses.
"""

from collections.abc import Mapping

import pytest
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import RULES as OURS
from pulumi_kserve.endpoints.admission.registry import judge
from pulumi_kserve.endpoints.admission.rule import Rule as OurRule

from tests.conformance.rules import RULES
from tests.conformance.stricter import EXAMPLES, Example
from tools.oracle.judge import Oracle

SHARED = [rule for rule in OURS if rule.source == "kserve"]
FURTHER = [rule for rule in OURS if rule.source != "kserve"]
IDS = [f"{example.rule}-{release}" for example in EXAMPLES for release in example.releases]
CASES = [(example, release) for example in EXAMPLES for release in example.releases]


def _let_through_without(ours: OurRule) -> list[str]:
    others = [rule for rule in OURS if rule is not ours]
    return [
        f"{row.name} ({release})"
        for row in RULES
        for release in row.releases
        if release in ours.releases
        if not judge(row.broken, Context(release, row.mode, previous=row.previous), rules=others)
    ]


@pytest.mark.parametrize("rule", SHARED, ids=lambda rule: rule.name)
def test_without_a_rule_something_that_kserve_refuses_gets_through(
    rule: OurRule, capsys: pytest.CaptureFixture[str]
) -> None:
    let_through = _let_through_without(rule)
    with capsys.disabled():
        print(f"\nwithout {rule.name}: {'; '.join(let_through) or 'nothing'}")
    assert let_through != []


@pytest.mark.parametrize(("example", "release"), CASES, ids=IDS)
def test_only_its_own_rule_refuses_an_example(example: Example, release: str) -> None:
    found = {problem.rule for problem in judge(example.manifest, example.context(release))}
    assert found == {example.rule, *example.also}


@pytest.mark.e2e
@pytest.mark.parametrize(("example", "release"), CASES, ids=IDS)
def test_kserve_accepts_an_example(oracles: Mapping[str, Oracle], example: Example, release: str) -> None:
    verdict = oracles[release].judge(example.manifest, mode=example.mode)
    assert verdict.accepted, verdict.message


@pytest.mark.parametrize("rule", FURTHER, ids=lambda rule: rule.name)
def test_a_rule_that_is_not_kserves_has_an_example_in_every_release(rule: OurRule) -> None:
    shown = {release for example in EXAMPLES if example.rule == rule.name for release in example.releases}
    assert shown == set(rule.releases)
