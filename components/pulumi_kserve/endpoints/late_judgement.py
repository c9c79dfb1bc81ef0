"""The same rules once more, for values that are known only while the program runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast

import pulumi

from pulumi_kserve.contracts import PlatformFacts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import RULES, judge
from pulumi_kserve.endpoints.admission.values import joined
from pulumi_kserve.endpoints.spec.paths import spec_path
from pulumi_kserve.endpoints.spec.service import InferenceServiceSpec
from pulumi_kserve.endpoints.spec.storage import SecretCredentials
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.inputs import is_output, locate
from pulumi_kserve.models import is_mapping, wire

__all__ = ["with_late_judgement"]

T = TypeVar("T")

_Steps: TypeAlias = tuple[str | int, ...]
_WHY: Final = {rule.name: rule.why.rstrip(".") for rule in RULES}


def with_late_judgement(
    manifest: Mapping[str, Any], subject: str, spec: InferenceServiceSpec, facts: PlatformFacts
) -> dict[str, Any]:
    """`manifest`, the Outputs in it judged together when they are known and before the object is made.

    What is still unknown in a preview is passed over. If anything is refused, every one of them fails with the same
    SpecError: it says where each stands and why such values are refused; never a value, which may be a secret.

    Args:
        manifest: An InferenceService that has no problem as far as it is known.
        subject: What the message is about.
        spec: What the user wrote.
        facts: The platform.

    """
    _locate_credentials(spec, subject)
    outputs = {id(output): (output, steps) for steps, output in _outputs_in(manifest, ())}
    if not outputs:
        return {**manifest}
    judgement = _Judgement(manifest, subject, spec, Context(facts.release, facts.mode, facts), outputs)
    judgement.locate()
    verdict = asyncio.ensure_future(judgement.pass_all())
    waiting = {key: _after(verdict, output) for key, (output, _) in outputs.items()}
    return {key: _filled(item, waiting) for key, item in manifest.items()}


@dataclass(frozen=True)
class _Judgement:
    """Judges the Outputs of one object."""

    manifest: Mapping[str, Any]
    subject: str
    spec: InferenceServiceSpec
    context: Context
    outputs: Mapping[int, tuple[pulumi.Output[Any], _Steps]]
    """The Outputs by their ids, each with the steps to where it stands."""

    def locate(self) -> None:
        """Tell the Outputs where the user wrote them."""
        for output, steps in self.outputs.values():
            locate(output, self._path(joined("", *steps)), self.subject)

    async def pass_all(self) -> None:
        """Wait for all, and fail with everything that is wrong with them."""
        known: dict[int, Any] = {}
        problems: list[Problem] = []
        for key, (output, _) in self.outputs.items():
            try:
                if await output.is_known():
                    known[key] = await output.future()
            except SpecError as error:  # of the wrong type
                if error.subject != self.subject:
                    raise
                problems += error.problems
        problems += self._refusals(known)
        if problems:
            raise SpecError(self.subject, problems)

    def _refusals(self, known: Mapping[int, Any]) -> list[Problem]:
        """Everything that the values are refused for, each by itself or several together."""
        found = self._judged(known)
        guilty: dict[tuple[str, str], list[_Steps]] = {}
        for key in known if found else ():
            for problem in self._judged({key: known[key]}):
                guilty.setdefault((problem.path, problem.rule), []).append(self.outputs[key][1])
        said = [self._said(each, guilty.get((each.path, each.rule), ())) for each in found]
        return [*dict.fromkeys(problem for problems in said for problem in problems)]

    def _judged(self, known: Mapping[int, Any]) -> list[Problem]:
        return judge(_filled(self.manifest, known), self.context)

    def _said(self, problem: Problem, guilty: Sequence[_Steps]) -> list[Problem]:
        """The problem at each of the Outputs that has it by itself, else where the rule finds it."""
        why, cure = _WHY[problem.rule], "Mend what computes the value"
        if not guilty:
            message = f"the values of several Outputs are refused together: {why}"
            return [Problem(self._path(self._outside(problem.path)), message, cure, problem.rule)]
        paths = [self._path(joined("", *steps)) for steps in guilty]
        return [Problem(path, f"the Output's value is refused: {why}", cure, problem.rule) for path in paths]

    def _outside(self, path: str) -> str:
        """`path`, but for one that leads into an Output the Output's own: keys in there may be secrets."""
        places = (joined("", *steps) for _, steps in self.outputs.values())
        return next((place for place in places if path.startswith((f"{place}.", f"{place}["))), path)

    def _path(self, path: str) -> str:
        return spec_path(path, self.manifest, self.spec)


def _locate_credentials(spec: InferenceServiceSpec, subject: str) -> None:
    """Tell the Outputs of the credentials where they stand: the object has none of them."""
    if spec.credentials is not None:
        arm = "secret" if isinstance(spec.credentials, SecretCredentials) else "workloadIdentity"
        for steps, output in _outputs_in(wire(spec.credentials), ("credentials", arm)):
            locate(output, joined("", *steps), subject)


def _outputs_in(value: Any, steps: _Steps) -> Iterator[tuple[_Steps, pulumi.Output[Any]]]:
    if is_output(value):
        yield steps, value
    elif is_mapping(value):
        for key, item in value.items():
            yield from _outputs_in(item, (*steps, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(cast("Sequence[Any]", value)):
            yield from _outputs_in(item, (*steps, index))


def _filled(value: Any, known: Mapping[int, Any]) -> Any:
    """`value` with other values for Outputs, by their ids."""
    if is_output(value):
        return known.get(id(value), value)
    if is_mapping(value):
        return {key: _filled(item, known) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_filled(item, known) for item in cast("Sequence[Any]", value)]
    return value


def _after(verdict: Awaitable[None], output: pulumi.Output[T]) -> pulumi.Output[T]:
    """`output`, with all that is known of it, but failing if the verdict does."""
    return pulumi.Output(
        _After(verdict, output.resources),
        _After(verdict, partial(cast("Callable[..., Awaitable[T]]", output.future), with_unknowns=True)),
        _After(verdict, output.is_known),
        _After(verdict, output.is_secret),
    )


class _After(Awaitable[T], Generic[T]):
    """Something that is asked for only once the verdict is there."""

    def __init__(self, verdict: Awaitable[None], ask: Callable[[], Awaitable[T]]) -> None:
        self._verdict, self._ask = verdict, ask

    def __await__(self) -> Generator[Any, None, T]:
        yield from self._verdict.__await__()
        return (yield from self._ask().__await__())
