"""Judges the KServe objects in YAML files, as `check` does.

An InferenceService goes through every rule of admission, another KServe object through the field table of its kind,
lists item by item. Passed over are objects of other kinds, and mappings that do not claim to be an object.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

from pulumi_kserve.documents import Document, read_documents, read_file, read_stream
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import judge
from pulumi_kserve.errors import KServeError, Problem, SpecError
from pulumi_kserve.field_table import check_fields
from pulumi_kserve.models import is_mapping, nearest
from pulumi_kserve.platform.releases import DEFAULT_RELEASE, RELEASES, Release, release_row

__all__ = ["MOST_BYTES", "STANDARD_INPUT", "Verdict", "judge_files"]

MOST_BYTES: Final = 64 * 1024**2
"""The largest file."""
STANDARD_INPUT: Final = "<stdin>"
"""How standard input is called."""
_GROUP: Final = "serving.kserve.io"
_FORMER_GROUP: Final = "serving.kubeflow.org"
_NO_TABLE: Final = frozenset(
    {
        "LLMInferenceService",
        "LLMInferenceServiceConfig",
        "LocalModelCache",
        "LocalModelNamespaceCache",
        "LocalModelNode",
        "LocalModelNodeGroup",
    }
)
"""KServe's kinds that have no field table."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in one object."""

    file: str
    """The file as it was named; `STANDARD_INPUT` for standard input."""
    index: int
    """The document's position in the file, from 0; empty documents count."""
    item: str | None
    """Where the object stands in a document that is a list, for example `items[2]`; None: it is the document."""
    kind: str | None
    """Its kind; None: it has none."""
    name: str | None
    """Its name; None: it has none."""
    namespace: str | None
    """Its namespace; None: it has none."""
    judged: bool
    """Whether it was judged; objects of other kinds are passed over."""
    findings: tuple[Problem, ...]
    """All that is wrong with it, each with path and line in the document."""


def judge_files(names: Sequence[str], release: str | None = None, mode: str = "standard") -> list[Verdict]:
    """A verdict per object in the files, in their order; empty documents have none.

    Args:
        names: The files; `-` is standard input. A file named twice is read once.
        release: The KServe release; the newest supported one by default.
        mode: The cluster's own deployment mode, `standard` or `knative`.

    Raises:
        KServeError: a file cannot be read or is not YAML, or there is no such release or mode. It names all of them.

    """
    refusals: list[str] = []
    judgement = _judgement(release or DEFAULT_RELEASE, mode, refusals)
    verdicts = [
        verdict
        for name in dict.fromkeys(names)
        for document in _documents(name, refusals)
        if judgement is not None
        for verdict in judgement.of_document(_shown(name), document)
    ]
    if refusals:
        raise KServeError("\n  ".join(["nothing was checked", *refusals]))
    return verdicts


def _shown(name: str) -> str:
    return STANDARD_INPUT if name == "-" else name


def _documents(name: str, refusals: list[str]) -> Iterator[Document]:
    shown = _shown(name)
    try:
        if name == "-":
            content = read_stream(sys.stdin.buffer, shown=shown, most_bytes=MOST_BYTES)
        else:
            content = read_file(Path(name), shown=shown, most_bytes=MOST_BYTES)
        yield from read_documents(content, shown=shown)
    except SpecError as error:
        refusals += [f"{shown}:{each.line}: {each}" if each.line else f"{shown}: {each}" for each in error.problems]


def _judgement(release: str, mode: str, refusals: list[str]) -> _Judgement | None:
    try:
        row = release_row(release)
    except SpecError:
        refusals.append(f"--release: KServe {release} is not supported. {nearest(release, list(RELEASES))}")
        row = RELEASES[DEFAULT_RELEASE]
    known = {each.lower(): each for each in row.modes}
    if mode.lower() not in known:
        refusals.append(f"--mode: there is no mode {mode!r}. {nearest(mode, list(known))}")
    return None if refusals else _Judgement(row, known[mode.lower()])


@dataclass(frozen=True)
class _Judgement:
    """Judges documents for one release and mode."""

    row: Release
    mode: str

    @cached_property
    def _context(self) -> Context:
        return Context(self.row.release, "Knative" if self.mode == "Knative" else "Standard")

    @cached_property
    def _tables(self) -> Mapping[str, str]:
        """The API version of each kind that has a field table."""
        return {kind: version for kind, version in self.row.api_versions.items() if kind not in _NO_TABLE}

    def of_document(self, file: str, document: Document) -> Iterator[Verdict]:
        """The verdicts on a document's objects."""
        if document.value is None:
            return
        for place, value in _objects(document.value, ""):
            findings = [] if place else list(document.problems)
            judged = self._is_ours(value)
            if judged:
                findings += [_below(place, problem) for problem in self._findings(value)]
            if _is_list(value) and not findings:
                continue
            lines = [replace(each, line=each.line or document.line_of(each.path) or document.line) for each in findings]
            yield _verdict(file, document.index, place, value, tuple(lines), judged=judged)

    def _is_ours(self, value: Any) -> bool:
        if not is_mapping(value) or _is_list(value):
            return True
        kind, group, _ = _type(value)
        if kind is None or group is None:
            return "kind" in value or "apiVersion" in value
        if group in {_GROUP, _FORMER_GROUP}:
            return kind not in _NO_TABLE
        return kind == "InferenceService"

    def _findings(self, value: Any) -> Iterator[Problem]:
        if not is_mapping(value):
            yield Problem("", "is no object", "Write a mapping with apiVersion and kind", "no-object")
            return
        kind, group, version = _type(value)
        if kind is None or group is None:
            for key, known in (("kind", kind), ("apiVersion", group)):
                if known is None:
                    yield Problem(key, "is missing, or is no text", "Say what the object is", "no-kind")
        elif _is_list(value):
            if not isinstance(value.get("items"), list):
                yield Problem("items", "is no list", "List the objects here", "no-object")
        elif kind not in self._tables:
            yield Problem("kind", f"KServe has no kind {kind!r}", nearest(kind, [*self._tables, *_NO_TABLE]), "kind")
        elif version != self._tables[kind]:
            message = f"KServe {self.row.release} has no {kind} of {version!r}"
            yield Problem(
                "apiVersion", message, f"Write {self._tables[kind]}, and the fields of that version", "api-version"
            )
        else:
            yield from self._broken_rules(kind, value)

    def _broken_rules(self, kind: str, value: Mapping[str, Any]) -> list[Problem]:
        """The API server writes the status itself, so what stands there is not judged."""
        manifest = {key: item for key, item in value.items() if key != "status"}
        if kind == "InferenceService":
            return judge(manifest, self._context)
        return check_fields(self.row.release, kind, manifest)


def _objects(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """An object, and all that it lists when it is a list, each with its place."""
    yield place, value
    if not _is_list(value) or not isinstance(value.get("items"), list):
        return
    kind = str(value["kind"]).removesuffix("List")
    implied = {"apiVersion": value["apiVersion"], "kind": kind} if kind else {}
    for index, item in enumerate(cast("list[Any]", value["items"])):
        here = f"{place}.items[{index}]" if place else f"items[{index}]"
        yield from _objects({**implied, **item} if is_mapping(item) else item, here)


def _is_list(value: Any) -> bool:
    """Whether it is a `List` of anything, or KServe's own list of one kind."""
    if not is_mapping(value):
        return False
    kind, group, version = _type(value)
    return (kind == "List" and version == "v1") or (group == _GROUP and str(kind).endswith("List"))


def _type(value: Mapping[str, Any]) -> tuple[str | None, str | None, str]:
    """Kind, API group and API version; None for what is no text."""
    kind, version = value.get("kind"), value.get("apiVersion")
    group = version.rpartition("/")[0] if isinstance(version, str) else None
    return (kind if isinstance(kind, str) and kind else None), group, str(version)


def _below(place: str, problem: Problem) -> Problem:
    return problem.under(place) if place else problem


def _verdict(file: str, index: int, place: str, value: Any, findings: tuple[Problem, ...], *, judged: bool) -> Verdict:
    known: Mapping[str, Any] = value if is_mapping(value) else {}
    metadata = known.get("metadata")
    texts = [known.get("kind"), *(metadata.get(key) if is_mapping(metadata) else None for key in ("name", "namespace"))]
    kind, name, namespace = (each if isinstance(each, str) else None for each in texts)
    return Verdict(file, index, place or None, kind, name, namespace, judged, findings)
