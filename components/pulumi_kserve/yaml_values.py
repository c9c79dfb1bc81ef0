"""Plain values out of the events of a YAML parser, each with its line.

Reading events, and not the parser's tree of nodes, keeps every limit in our hands: no recursion, so no depth can break
the interpreter; an alias counts as all that it stands for; and no tag ever makes an object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeGuard, cast

import yaml

from pulumi_kserve.errors import Problem
from pulumi_kserve.yaml_scalars import Dialect, plain_value, tagged_value

__all__ = ["MOST_DEPTH", "MOST_PROBLEMS", "MOST_VALUES", "Built", "Step", "UnusableError", "values_of"]

MOST_VALUES: Final = 1_000_000
"""Keys and values in one document, each alias counted as all that it stands for."""
MOST_DEPTH: Final = 100
"""Mappings and lists inside each other."""
MOST_PROBLEMS: Final = 100
"""Keys given twice that one document names."""

Step: TypeAlias = str | int
"""A mapping's key or a list's position."""

_TAG: Final = "tag:yaml.org,2002:"
_SCALAR_TAGS: Final = frozenset(f"{_TAG}{kind}" for kind in ("str", "null", "bool", "int", "float"))
_PLAIN_KEY: Final = re.compile(r"[\w:/-]+")


class UnusableError(Exception):
    """Why no value is made of a text: what it has, how to mend it, and the line."""

    def __init__(self, message: str, cure: str, line: int) -> None:
        super().__init__(message)
        self.message, self.cure, self.line = message, cure, line


@dataclass(slots=True)
class Built:
    """What one document holds. A value that several aliases name is one object."""

    value: Any = None
    line: int = 0
    """Where the value begins; 0 when there is none."""
    problems: list[Problem] = field(default_factory=list[Problem])
    """Keys that are given twice, the first `MOST_PROBLEMS`; the last one's value counts."""
    lines: dict[int, Any] = field(default_factory=dict[int, Any])
    """By id of a mapping or list: the line of each key or item."""
    texts: dict[tuple[int, Step], str] = field(default_factory=dict[tuple[int, Step], str])
    """By id of a mapping or list, and step into it: the text of a scalar whose value is no text."""


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end was not yet seen."""

    value: Any
    lines: Any
    anchor: str | None
    before: int
    """How many values came before it."""
    is_mapping: bool
    key: str = ""
    """The mapping's last key."""
    waits: bool = False
    """Whether that key waits for its value."""
    merging: bool = False
    """Whether that key is `<<`."""
    merged: list[Any] = field(default_factory=list[Any])
    """What stood under `<<`."""


def values_of(events: Iterator[yaml.Event], dialect: Dialect) -> Iterator[Built]:
    """Every document of a text, given its events.

    Raises:
        UnusableError: a tag, alias or key that cannot be used, or a limit that is passed.

    """
    builder = _Builder(dialect)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            builder = _Builder(dialect)
        elif isinstance(event, yaml.DocumentEndEvent):
            yield builder.built
        elif not isinstance(event, (yaml.StreamStartEvent, yaml.StreamEndEvent)):
            builder.take(event)


class _Builder:
    """Makes the value of one document."""

    def __init__(self, dialect: Dialect) -> None:
        self.built = Built()
        self._dialect = dialect
        self._count = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int, str | None]] = {}
        self._takers: dict[type, Any] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._mapping,
            yaml.SequenceStartEvent: self._sequence,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
        }

    def take(self, event: Any) -> None:
        """One more event of the document."""
        self._takers[type(event)](event, event.start_mark.line + 1)

    def _scalar(self, event: Any, line: int) -> None:
        self._counted(1, line)
        value = self._value(event, line)
        text = None if isinstance(value, str) else event.value
        if event.anchor:
            self._anchors[event.anchor] = (value, 1, text)
        if self._wants_key():
            self._key(event.value, line, merging=event.value == "<<" and event.implicit[0])
        else:
            self._put(value, line, text)

    def _value(self, event: Any, line: int) -> Any:
        if event.tag is None and event.implicit[0]:
            return plain_value(event.value, self._dialect)
        if event.tag in (None, "!"):
            return event.value
        if event.tag not in _SCALAR_TAGS:
            raise _wrong_tag(event.tag, line)
        kind = event.tag.removeprefix(_TAG)
        try:
            return tagged_value(event.value, kind, self._dialect)
        except ValueError:
            raise UnusableError(f"has the tag !!{kind} at a value that is none", "Remove the tag", line) from None

    def _mapping(self, event: Any, line: int) -> None:
        self._begin(event, line, _Open({}, {}, event.anchor, self._count, is_mapping=True))

    def _sequence(self, event: Any, line: int) -> None:
        self._begin(event, line, _Open([], [], event.anchor, self._count, is_mapping=False))

    def _begin(self, event: Any, line: int, new: _Open) -> None:
        self._counted(1, line)
        if event.tag not in (None, "!", f"{_TAG}map" if new.is_mapping else f"{_TAG}seq"):
            raise _wrong_tag(event.tag, line)
        if self._wants_key():
            raise UnusableError("has a mapping or list where a key belongs", "", line)
        if len(self._open) == MOST_DEPTH:
            raise UnusableError(f"nests deeper than {MOST_DEPTH} mappings and lists", "Make it flatter", line)
        self._put(new.value, line, None)
        self.built.lines[id(new.value)] = new.lines
        self._open.append(new)

    def _end(self, _: Any, line: int) -> None:
        done = self._open.pop()
        for source in done.merged:
            for each in source if _is_list(source) else [source]:
                self._merge(done, each, line)
        if done.anchor:
            self._anchors[done.anchor] = (done.value, self._count - done.before, None)

    def _alias(self, event: Any, line: int) -> None:
        known = self._anchors.get(event.anchor)
        if known is None:
            inside = any(each.anchor == event.anchor for each in self._open)
            message = "stands inside of what it names" if inside else "names an anchor that is not above it"
            raise UnusableError(f"has the alias *{event.anchor}, which {message}", "Write the value out", line)
        value, size, text = known
        self._counted(size, line)
        if not self._wants_key():
            self._put(value, line, text)
        elif isinstance(value, (dict, list)):
            raise UnusableError(f"has a key *{event.anchor} that is no text", "Write the key out", line)
        else:
            self._key(value if text is None else text, line, merging=False)

    def _counted(self, more: int, line: int) -> None:
        self._count += more
        if self._count > MOST_VALUES:
            message = f"holds more than {MOST_VALUES:,} values, each alias counted as all that it stands for"
            raise UnusableError(message, "Split the document, or use fewer aliases", line)

    def _wants_key(self) -> bool:
        return bool(self._open) and self._open[-1].is_mapping and not self._open[-1].waits

    def _key(self, key: str, line: int, *, merging: bool) -> None:
        top = self._open[-1]
        top.key, top.waits, top.merging = key, True, merging
        if merging:
            return
        if key in top.lines and len(self.built.problems) < MOST_PROBLEMS:
            message = f"is given twice, first on line {top.lines[key]}"
            self.built.problems.append(Problem(self._path(), message, "Keep one of them", "duplicate-key", line))
        top.lines[key] = line

    def _path(self) -> str:
        """Where the key stands that was read last."""
        path = ""
        for each in self._open:
            if not each.is_mapping:
                path += f"[{len(each.value) - 1}]"
            elif not _PLAIN_KEY.fullmatch(each.key):
                path += f"[{json.dumps(each.key)}]"
            else:
                path += f".{each.key}" if path else each.key
        return path

    def _put(self, value: Any, line: int, text: str | None) -> None:
        if not self._open:
            self.built.value, self.built.line = value, line
            return
        top = self._open[-1]
        top.waits = False
        if top.merging:
            if not isinstance(value, (dict, list)):
                raise _wrong_merge(line)
            top.merged.append(value)
            return
        step: Step = top.key
        if top.is_mapping:
            top.value[step] = value
        else:
            step = len(top.value)
            top.value.append(value)
            top.lines.append(line)
        if text is not None:
            self.built.texts[id(top.value), step] = text

    def _merge(self, target: _Open, source: Any, line: int) -> None:
        """Give `target` the keys of `source` that it has not itself."""
        if not isinstance(source, dict):
            raise _wrong_merge(line)
        given = cast("Mapping[str, Any]", source)
        lines, texts = self.built.lines[id(given)], self.built.texts
        for key in [key for key in given if key not in target.value]:
            target.value[key], target.lines[key] = given[key], lines[key]
            if (id(given), key) in texts:
                texts[id(target.value), key] = texts[id(given), key]


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _wrong_merge(line: int) -> UnusableError:
    return UnusableError("has something other than mappings under '<<'", "Merge mappings only", line)


def _wrong_tag(tag: str, line: int) -> UnusableError:
    shown = tag.replace(_TAG, "!!", 1)
    return UnusableError(
        f"has the tag {shown}", "Remove it: values are text, numbers, truth values, lists, mappings", line
    )
