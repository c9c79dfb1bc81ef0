"""Reads YAML documents safely, and knows the line of every value.

Values are plain: text, numbers, truth values, None, dicts and lists. The limits are those of
:mod:`~pulumi_kserve.yaml_values`, and what a scalar means is said by a dialect of :mod:`~pulumi_kserve.yaml_scalars`.
https://yaml.org/spec/1.1/
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeGuard, cast

import yaml

from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.yaml_scalars import ENGINE, KUBERNETES, Dialect
from pulumi_kserve.yaml_values import Built, Step, UnusableError, values_of

__all__ = ["ENGINE", "KUBERNETES", "Dialect", "Document", "read_documents", "read_file", "read_stream"]

_STEP: Final = re.compile(r"""\[("(?:[^"\\]|\\.)*"|'[^']*'|[^\]]*)\]|([^.\[\]]+)""")
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MIB: Final = 1024**2


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a YAML text. A value that several aliases name is one object, so change none."""

    index: int
    """Its position in the text, from 0; empty documents count."""
    built: Built
    """Its value, with the lines."""

    @property
    def value(self) -> Any:
        """What it holds; None when it is empty."""
        return self.built.value

    @property
    def line(self) -> int:
        """The line its value begins on."""
        return self.built.line

    @property
    def problems(self) -> Sequence[Problem]:
        """Keys that are given twice; the last one's value counts."""
        return self.built.problems

    def line_of(self, path: str) -> int | None:
        """The line of what stands at `path`, or of the nearest above it that is there.

        A path is written as in a :class:`~pulumi_kserve.errors.Problem`: `spec.containers[0].name`,
        `metadata.labels["a.b/c"]`. A key's line is where the key stands. None when not even the first step is there.
        """
        steps = [_step(match) for match in _STEP.finditer(path)]
        here, line = self.value, None
        while steps:
            step, used = _next(here, steps)
            if step is None:
                break
            places: Any = self.built.lines[id(here)]
            line, here, steps = cast("int", places[step]), here[step], steps[used:]
        return line

    def text_of(self, *steps: Step) -> str | None:
        """The scalar at the end of `steps` as it is written; None when there is none."""
        here = self.value
        for step in steps[:-1]:
            here = here[step]
        value = here[steps[-1]]
        return value if isinstance(value, str) else self.built.texts.get((id(here), steps[-1]))


def read_file(path: Path, *, shown: str, most_bytes: int) -> bytes:
    """The content of the file at `path`.

    Raises:
        SpecError: it cannot be read, is a folder, or has more than `most_bytes` bytes.

    """
    try:
        with path.open("rb") as stream:
            return read_stream(stream, shown=shown, most_bytes=most_bytes)
    except IsADirectoryError as error:
        raise _refusal(shown, "is a folder", f"Name the files in it, for example {shown.rstrip('/')}/*.yaml") from error
    except OSError as error:
        raise _refusal(shown, f"cannot be read: {error.strerror or error}", "Name a file that is there") from error


def read_stream(stream: BinaryIO, *, shown: str, most_bytes: int) -> bytes:
    """All that `stream` still gives.

    Raises:
        SpecError: it gives more than `most_bytes` bytes.

    """
    content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise _refusal(shown, f"is larger than {most_bytes / _MIB:g} MiB", "Split it into several files")
    return content


def read_documents(content: bytes, *, shown: str, dialect: Dialect = KUBERNETES) -> Iterator[Document]:
    """The documents in `content`, one after the other, as they are read.

    Raises:
        SpecError: the content is not UTF-8 or not YAML, has a tag other than those of JSON's types, nests too deep or
            holds too much. `shown` is the error's subject, its one problem has a line.

    """
    text = _text(content, shown)
    parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for index, built in enumerate(values_of(yaml.parse(text, Loader=parser), dialect)):
            yield Document(index, built)
    except yaml.MarkedYAMLError as error:
        message = ", ".join(part for part in (error.context, error.problem) if part)
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise _refusal(shown, f"is not YAML: {message}", _cure(text, line), line) from None
    except UnusableError as error:
        raise _refusal(shown, error.message, error.cure or _cure(text, error.line), error.line) from None


def _refusal(shown: str, message: str, cure: str, line: int | None = None) -> SpecError:
    return SpecError(shown, [Problem("", message, cure, "unreadable", line)])


def _text(content: bytes, shown: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = content[error.start]
        raise _refusal(shown, f"is not UTF-8: byte 0x{found:02x}", "Save it as UTF-8", line) from None
    odd = _UNPRINTABLE.search(text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        name = f"U+{ord(odd[0]):04X}"
        raise _refusal(shown, f"is not YAML: it holds the character {name}", "Remove it, or escape it in quotes", line)
    return text


def _cure(text: str, line: int) -> str:
    """What probably went wrong on that line."""
    lines = text.splitlines()
    wrong = lines[line - 1] if 0 < line <= len(lines) else ""
    if "{{" in wrong:
        return "Render the template first, and check what comes out"
    if "\t" in wrong:
        return "Indent with spaces, not with tabs"
    return "Mend it there or just above; quote text that has ': ', ' #' or begins with one of %@`&*!|>{["


def _step(match: re.Match[str]) -> str:
    quoted, plain = match.groups()
    if plain is not None:
        return str(plain)
    text = str(quoted)
    with contextlib.suppress(ValueError):
        return str(json.loads(text))
    return text[1:-1] if text[:1] in {"'", '"'} else text


def _next(here: Any, steps: Sequence[str]) -> tuple[Step | None, int]:
    """The first step into `here`, and how many of `steps` it takes: a key may hold dots."""
    if isinstance(here, dict):
        for used in range(1, len(steps) + 1):
            if (key := ".".join(steps[:used])) in here:
                return key, used
    if _is_list(here) and steps[0].isdecimal() and int(steps[0]) < len(here):
        return int(steps[0]), 1
    return None, 0


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
