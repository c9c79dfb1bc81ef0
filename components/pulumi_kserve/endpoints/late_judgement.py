"""The same rules once more, for values that are known only while the program runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, cast

from pulumi_kserve.contracts import PlatformFacts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import RULES, judge
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.values import joined
from pulumi_kserve.endpoints.spec.paths import spec_path
from pulumi_kserve.endpoints.spec.service import InferenceServiceSpec
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.inputs import is_output
from pulumi_kserve.models import is_mapping

__all__ = ["with_late_judgement"]

_Steps: TypeAlias = tuple[str | int, ...]


def with_late_judgement(
    manifest: Mapping[str, Any], subject: str, spec: InferenceServiceSpec, facts: PlatformFacts
) -> dict[str, Any]:
    """`manifest`, each Output in it judged when it is known and before the object is made.

    Each is judged by itself, as if the others were still unknown. One that would be refused fails with a SpecError that
    says where it stands and why such values are refused; never the value, which may be a secret.

    Args:
        manifest: An InferenceService that has no problem as far as it is known.
        subject: What the message is about.
        spec: What the user wrote.
        facts: The platform.

    """
    context = Context(facts.release, facts.mode, facts)

    def check(steps: _Steps, known: Any) -> Any:
        broken = {problem.rule for problem in judge(_replaced(manifest, steps, known), context)}
        if broken:
            path = spec_path(joined("", *steps), manifest, spec)
            raise SpecError(subject, [_said(path, rule) for rule in RULES if rule.name in broken])
        return known

    def wrapped(value: Any, steps: _Steps) -> Any:
        if is_output(value):
            return value.apply(partial(check, steps))
        if is_mapping(value):
            return {key: wrapped(item, (*steps, key)) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            items = cast("Sequence[Any]", value)
            return [wrapped(item, (*steps, index)) for index, item in enumerate(items)]
        return value

    return {**manifest, **{key: wrapped(manifest[key], (key,)) for key in ("metadata", "spec")}}


def _replaced(value: Any, steps: _Steps, known: Any) -> Any:
    if not steps:
        return known
    first, rest = steps[0], steps[1:]
    if is_mapping(value):
        return {**value, str(first): _replaced(value[str(first)], rest, known)}
    items = [*cast("Sequence[Any]", value)]
    items[int(first)] = _replaced(items[int(first)], rest, known)
    return items


def _said(path: str, rule: Rule) -> Problem:
    return Problem(path, f"the Output's value is refused: {rule.why}", "Mend what computes the value", rule.name)
