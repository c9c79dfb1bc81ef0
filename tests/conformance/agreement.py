"""What two judges made of the same objects, and where they disagree."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import RULES, judge
from pulumi_kserve.errors import Problem

from tests.conformance.rule import Rule
from tools.oracle.judge import Oracle, Verdict

SOURCES: Final = {rule.name: rule.source for rule in RULES}


@dataclass
class Tally:
    """The counts of a run."""

    release: str
    kserve: Counter[str] = field(default_factory=Counter[str])
    """What KServe said: accepted, the rule of the table, or another rule."""
    ours: Counter[str] = field(default_factory=Counter[str])
    """How many objects each rule of ours refused."""
    alone: Counter[str] = field(default_factory=Counter[str])
    """How many objects that KServe refuses each rule of ours refused alone: without it they would get through."""
    disagreements: list[str] = field(default_factory=list[str])
    """What KServe refuses and we accept, and what a rule of KServe's refuses only here."""

    def add(self, rule: Rule, made: Mapping[str, Any], oracle: Oracle) -> None:
        """Judge an object on both sides."""
        verdict = oracle.judge(made, mode=rule.mode, previous=rule.previous)
        problems = judge(made, Context(oracle.release, rule.mode, previous=rule.previous))
        self.kserve[_outcome(rule, verdict)] += 1
        broken = {problem.rule for problem in problems}
        self.ours.update(broken)
        if len(broken) == 1 and not verdict.accepted:
            self.alone.update(broken)
        said = disagreement(verdict, problems)
        if said:
            self.disagreements.append(f"{rule.name}: {said}: {json.dumps(made, ensure_ascii=False)}")


def disagreement(verdict: Verdict, problems: Sequence[Problem]) -> str:
    """How the verdict and our problems contradict each other; empty if they do not.

    KServe may accept what a rule refuses that is not KServe's own; such rules are written down in the documentation.
    What KServe refuses, a rule of KServe's own must refuse.
    """
    own = [problem for problem in problems if SOURCES[problem.rule] == "kserve"]
    if not verdict.accepted:
        return "" if own else f"KServe refuses it ({verdict.stage}: {verdict.message}), the library does not"
    return f"KServe accepts it, the library says {own[0].rule}: {own[0]}" if own else ""


def _outcome(rule: Rule, verdict: Verdict) -> str:
    if verdict.accepted:
        return "accepted"
    if verdict.stage == rule.stage and rule.says in verdict.message:
        return rule.name
    return f"{verdict.stage}: another rule"
