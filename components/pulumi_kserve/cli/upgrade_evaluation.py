"""Evaluates a program as it is and with another KServe release, and finds what would fail, for `upgrade`.

The release is set where a program can say it: in the configuration `kserve:platform`, and in the spec of every Platform
that the program makes, for the time of the second evaluation.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Final

from pulumi_kserve.cli.program import evaluate
from pulumi_kserve.contracts import PlatformFacts, PlatformRef, read_facts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import judge
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.field_table import check_fields
from pulumi_kserve.models import is_mapping
from pulumi_kserve.offline import Resource, synth_program
from pulumi_kserve.offline.problems import problems_in
from pulumi_kserve.offline.project import find_project, read_project
from pulumi_kserve.offline.records import plain
from pulumi_kserve.platform.charts import ChartFolder
from pulumi_kserve.platform.platform import Platform
from pulumi_kserve.platform.releases import Release
from pulumi_kserve.platform.spec import PlatformSpec
from pulumi_kserve.platform.upgrade import UpgradePlan, plan, target_row
from pulumi_kserve.platform.upgrade_platforms import PLATFORM_TYPE, Evaluation, with_release

__all__ = ["Finding", "Upgrade", "planned"]

_PLATFORM_KEY: Final = "kserve:platform"
_STACK: Final = "dev"
"""The stack's name where none is named; the same as for the evaluation without one."""
_GROUP: Final = "kubernetes:serving.kserve.io/"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something of the user's own that fails with the new release."""

    object: str
    """What it is about: an object, a component or a stack file."""
    problem: Problem
    """What is wrong, with its path there."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The plan, what is wrong, and where to change the release."""

    plan: UpgradePlan
    """What `pulumi up` would do."""
    where: str
    """Where the program says its release."""
    findings: tuple[Finding, ...] = field(default=())
    """What would fail; empty when the way is free."""


def planned(program: Path | None, stack: str | None, release: str, chart_source: Path | None = None) -> Upgrade:
    """The plan of a stack or program for another KServe release.

    Args:
        program: A Python file or a project's folder; None for the project here.
        stack: The stack whose file gives the configuration.
        release: The new release.
        chart_source: A folder of the new release's charts, for a program that takes charts from a folder.

    Raises:
        KServeError: nothing can be evaluated, or the release is unknown or older.
        Exception: Whatever the program raises as it is.

    """
    with redirect_stdout(sys.stderr):
        with _platforms() as references:
            before = Evaluation.of(evaluate(program, stack), references)
        row = target_row(release, before.platforms)
        where = _where(before, _config(program, stack))
        if all(facts.release == row.release for facts in before.platforms.values()):
            return Upgrade(plan(before, before, row), where)
        after, subject, problems = _second(program, stack, row, chart_source)
    found = plan(before, after, row)
    findings = [Finding(subject, problem) for problem in problems]
    findings += _judged(before, after, row, _Refused(subject, problems))
    findings += _of_plan(found, said=[f"{each.object} {each.problem}" for each in findings])
    return Upgrade(found, where, tuple(findings))


def _second(
    program: Path | None, stack: str | None, row: Release, chart_source: Path | None
) -> tuple[Evaluation | None, str, tuple[Problem, ...]]:
    """The evaluation with the new release; or who is refused in it, and for what."""
    config = _config(program, stack)
    if _PLATFORM_KEY in config:
        config = {**config, _PLATFORM_KEY: _with_release(config[_PLATFORM_KEY], row.release)}
    place = find_project(Path.cwd()) if program is None else program
    try:
        with _platforms(row, chart_source) as references:
            return Evaluation.of(synth_program(place, stack=stack or _STACK, config=config), references), "", ()
    except Exception as error:
        problems = problems_in(error)
        if not problems:
            error.add_note(f"while the program was evaluated with KServe {row.release}")
            raise
        return None, _subject(error), problems


def _config(program: Path | None, stack: str | None) -> dict[str, str]:
    """The configuration of the project and its stack."""
    folder = find_project(Path.cwd()) if program is None else program
    if not folder.is_dir():
        return {}
    project = read_project(folder)
    return {**project.config, **(project.stack_config(stack).config if stack else {})}


def _with_release(platform: str, release: str) -> str:
    said = _parsed(platform)
    return json.dumps({**said, "release": release}) if is_mapping(said) else platform


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _where(before: Evaluation, config: Mapping[str, str]) -> str:
    if not before.synthesis.of_type(PLATFORM_TYPE):
        return "the facts of the PlatformRef, once the platform's own stack is upgraded"
    said = _parsed(config.get(_PLATFORM_KEY, ""))
    if is_mapping(said) and "release" in said:
        return f"{_PLATFORM_KEY}.release in the stack file"
    in_file = any(key.startswith("kserve:") for key in config)
    return f"release of {_PLATFORM_KEY} in the stack file" if in_file else "release of PlatformSpec in the program"


@contextmanager
def _platforms(row: Release | None = None, chart_source: Path | None = None) -> Generator[dict[str, PlatformFacts]]:
    """Note the facts that each PlatformRef reads; with a row, let every platform that is made meanwhile have it.

    Args:
        row: The release; None leaves it as the program says.
        chart_source: The folder of charts; None leaves charts where the program says.

    """
    read: dict[str, PlatformFacts] = {}
    make, refer = Platform.__init__, PlatformRef.__init__

    @wraps(make)
    def make_changed(self: Platform, name: str, spec: PlatformSpec | Mapping[str, Any], **options: Any) -> None:
        make(self, name, _changed(spec, row, chart_source), **options)

    @wraps(refer)
    def refer_changed(self: PlatformRef, name: str, *, facts: str | Path | PlatformFacts, **options: Any) -> None:
        known = facts if isinstance(facts, PlatformFacts) else read_facts(Path(facts))
        read[name] = with_release(known, row) if row else known
        refer(self, name, facts=read[name], **options)

    setattr(Platform, "__init__", make_changed)  # noqa: B010 -- type checkers know no method that is exchanged
    setattr(PlatformRef, "__init__", refer_changed)  # noqa: B010 -- the same
    try:
        yield read
    finally:
        setattr(Platform, "__init__", make)  # noqa: B010 -- the same
        setattr(PlatformRef, "__init__", refer)  # noqa: B010 -- the same


def _changed(
    spec: PlatformSpec | Mapping[str, Any], row: Release | None, chart_source: Path | None
) -> PlatformSpec | Mapping[str, Any]:
    """The spec with that release; a wrong one as it is, so that the Platform says what is wrong."""
    try:
        said = PlatformSpec.parse(spec)
    except SpecError:
        return spec
    release = {"release": row.release} if row else {}
    charts = {"chart_source": ChartFolder(path=str(chart_source.resolve()))} if chart_source else {}
    return said.model_copy(update={**release, **charts})


def _subject(error: Exception) -> str:
    if isinstance(error, SpecError):
        return error.subject
    return str(error).partition("\n")[0].rpartition(": ")[0]


@dataclass(frozen=True)
class _Refused:
    """What the second evaluation said already."""

    subject: str
    problems: tuple[Problem, ...]

    def covers(self, name: str) -> bool:
        """Whether an endpoint was judged there in its own words."""
        prefix = f"kserve:endpoints.{name}"
        in_file = any(f"{problem.path}.".startswith(f"{prefix}.") for problem in self.problems)
        return in_file or self.subject == f"InferenceService {name!r}"


def _judged(before: Evaluation, after: Evaluation | None, row: Release, refused: _Refused) -> Iterator[Finding]:
    """What the rules of the new release say of KServe's objects, and those of the old one do not."""
    home = before.homes()
    new = {found.urn: found for found in after.synthesis.resources} if after else {}
    pairs = {urn: (facts, with_release(facts, row)) for urn, facts in before.platforms.items()}
    for old in before.synthesis.kubernetes():
        kind, name = old.type.rpartition(":")[2], _name(old)
        now, then = pairs.get(home[old.urn], (None, None))
        if not old.type.startswith(_GROUP) or now is None or then is None or now.release == then.release:
            continue
        if refused.covers(name):
            continue
        known = {(each.path, each.rule) for each in _broken(kind, old, now, None)}
        for problem in _broken(kind, new.get(old.urn, old), then, old):
            if (problem.path, problem.rule) not in known:
                yield Finding(f"{kind} {name!r}", problem)


def _name(resource: Resource) -> str:
    metadata = resource.inputs.get("metadata")
    return str(metadata.get("name", resource.name)) if is_mapping(metadata) else resource.name


def _broken(kind: str, resource: Resource, facts: PlatformFacts, previous: Resource | None) -> list[Problem]:
    manifest: dict[str, Any] = plain(resource.inputs)
    if kind == "InferenceService":
        stored = plain(previous.inputs) if previous else None
        return judge(manifest, Context(facts.release, facts.mode, facts, stored))
    try:
        return check_fields(facts.release, kind, manifest)
    except SpecError as error:
        return [*error.problems]


def _of_plan(found: UpgradePlan, *, said: Sequence[str]) -> Iterator[Finding]:
    for bad in found.known_bad:
        for place in bad.used_by:
            if any(bad.issue in text and place.rpartition("/")[2] in text for text in said):
                continue
            message = f"{bad.feature} does not work in {bad.mode} mode: {bad.reason} ({bad.issue})"
            cure = "Stay on the release, or do without it"
            yield Finding(f"InferenceService {place!r}", Problem("", message, cure, "known-bad"))
    for change in found.lost:
        forced = f" because {', '.join(change.forced_by)} cannot change in place" if change.forced_by else ""
        message = f"would be {change.action}d{forced}: its UID and all that it owns are lost"
        yield Finding(change.name, Problem("", message, "Look at `pulumi preview`, and protect it", "uid-lost"))
