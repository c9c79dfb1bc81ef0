"""YAML documents and stack files: plain values, the line of each, and no harm from a bad text."""

import math
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from pulumi_kserve.documents import ENGINE, KUBERNETES, Dialect, Document, read_documents, read_file
from pulumi_kserve.errors import Problem, SpecError, StackFileError
from pulumi_kserve.offline import synth_stack
from pulumi_kserve.stack_file import MOST_BYTES, StackFile, read_mapping
from pulumi_kserve.yaml_values import MOST_DEPTH, MOST_PROBLEMS


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every claim holds with libyaml and without."""
    if request.param == "SafeLoader":
        monkeypatch.delattr(yaml, "CSafeLoader")


def read(text: str | bytes, dialect: Dialect = KUBERNETES) -> list[Document]:
    content = text if isinstance(text, bytes) else dedent(text).encode()
    return list(read_documents(content, shown="a.yaml", dialect=dialect))


def values(text: str, dialect: Dialect = KUBERNETES) -> list[Any]:
    return [document.value for document in read(text, dialect)]


def refused(text: str | bytes) -> Problem:
    with pytest.raises(SpecError) as caught:
        read(text)
    assert caught.value.subject == "a.yaml"
    (problem,) = caught.value.problems
    return problem


def bomb(levels: int) -> str:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(rows)


TEXTS: list[tuple[str, list[Any]]] = [
    ("", []),
    ("# nothing\n", []),
    ("---\n", [None]),
    ("---\n---\na: 1\n", [None, {"a": 1}]),
    ("a: 1\n---\nb: 2\n...\n---\nc: 3\n", [{"a": 1}, {"b": 2}, {"c": 3}]),
    ("- a\n- [b, {c: d}]\n", [["a", ["b", {"c": "d"}]]]),
    ("text\n", ["text"]),
    ("\ufeffa: 1\n", [{"a": 1}]),
    ("a: {}\nb: []\nc:\n", [{"a": {}, "b": [], "c": None}]),
    ("1: a\ntrue: b\n", [{"1": "a", "true": "b"}]),
    ("größe: ü\n", [{"größe": "ü"}]),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_every_document_of_a_text_becomes_plain_values(text: str, expected: list[Any]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("written", "engine", "kubernetes"),
    [
        ("on", "on", True),
        ("No", "No", False),
        ("y", "y", True),
        ("True", True, True),
        ("'true'", "true", "true"),
        ("! true", "true", "true"),
        ("~", None, None),
        ("010", 8, 8),
        ("0o17", 15, 15),
        ("0x1F", 31, 31),
        ("1_000", 1000, 1000),
        ("0x_", "0x_", "0x_"),
        ("09", 9.0, 9.0),
        ("1e3", 1000.0, 1000.0),
        (".5", 0.5, 0.5),
        ("-.inf", -math.inf, -math.inf),
        ("12:30", "12:30", "12:30"),
        ("2026-01-02", "2026-01-02", "2026-01-02"),
        ("1.2.3", "1.2.3", "1.2.3"),
        ("9" * 5000, math.inf, math.inf),
        ("!!str 1", "1", "1"),
        ("!!int '1'", 1, 1),
        ("!!float 1", 1.0, 1.0),
        ("!!null ''", None, None),
        ("!!map {a: 1}", {"a": 1}, {"a": 1}),
        ("!!seq [1]", [1], [1]),
    ],
)
def test_a_scalar_means_what_it_means_to_its_reader(written: str, engine: Any, kubernetes: Any) -> None:
    found = [values(f"v: {written}\n", dialect)[0]["v"] for dialect in (ENGINE, KUBERNETES)]
    assert [(type(each), each) for each in found] == [(type(each), each) for each in (engine, kubernetes)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x {n: 1}\nb: *x\n", {"a": {"n": 1}, "b": {"n": 1}}),
        ("a: &x 010\nb: *x\n", {"a": 8, "b": 8}),
        ("a: &x k\n*x : v\n", {"a": "k", "k": "v"}),
        ("&x k: 1\nb: *x\n", {"k": 1, "b": "k"}),
        ("a: &x {n: 1, m: 1}\nb: {<<: *x, m: 2}\n", {"a": {"n": 1, "m": 1}, "b": {"m": 2, "n": 1}}),
        ("a: &x {n: 1}\nb: {<<: [*x, {n: 2, m: 2}]}\n", {"a": {"n": 1}, "b": {"n": 1, "m": 2}}),
        ("a: {'<<': 1}\n", {"a": {"<<": 1}}),
        ("a: &x 1\nb: &x 2\nc: *x\n", {"a": 1, "b": 2, "c": 2}),
    ],
)
def test_anchors_aliases_and_merges_work(text: str, expected: Any) -> None:
    assert values(text) == [expected]


NESTED = """\
    # a comment
    kind: X
    metadata:
      labels:
        app.kubernetes.io/name: a
        k: b
    spec: &anchored
      list:
      - name: a
      -
        name: b
      - [1,
         2]
    other:
      <<: *anchored
      own: 1
    """


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("kind", 2),
        ("metadata.labels", 4),
        ('metadata.labels["app.kubernetes.io/name"]', 5),
        ("metadata.labels['app.kubernetes.io/name']", 5),
        ("metadata.labels[app.kubernetes.io/name]", 5),
        ("metadata.labels.app.kubernetes.io/name", 5),
        ("metadata.labels.k", 6),
        ("metadata.labels.missing", 4),
        ("spec.list[0]", 9),
        ("spec.list[0].name", 9),
        ("spec.list[1].name", 11),
        ("spec.list[1].name.deeper", 11),
        ("spec.list[2][1]", 13),
        ("spec.list[7].name", 8),
        ("spec.list.name", 8),
        ("other.own", 16),
        ("other.list[0].name", 9),
        ("absent.name", None),
        ('kind["\\x"]', 2),
        ("", None),
    ],
)
def test_a_path_has_the_line_of_the_nearest_that_is_there(path: str, line: int | None) -> None:
    assert read(NESTED)[0].line_of(path) == line


def test_lines_count_from_the_beginning_of_the_file() -> None:
    found = read("a: 1\n---\n\nb:\n  c: 1\n")[1]
    assert (found.index, found.line, found.line_of("b.c")) == (1, 4, 5)


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        (("a",), "010"),
        (("b",), "x"),
        (("c", 1), "~"),
        (("c",), None),
        (("d",), "010"),
        (("e", "n"), "1_0"),
    ],
)
def test_the_text_of_a_scalar_is_as_it_is_written(steps: tuple[str | int, ...], text: str | None) -> None:
    document = read("a: &a 010\nb: x\nc: [1, ~]\nd: *a\ne: {<<: {n: 1_0}}\n", ENGINE)[0]
    assert document.text_of(*steps) == text


@pytest.mark.parametrize(
    ("text", "path", "line", "first"),
    [
        ("a: 1\nb: 2\na: 3\n", "a", 3, 1),
        ("k:\n  x: {n: 1,\n    n: 2}\n", "k.x.n", 3, 2),
        ("k:\n- a: 1\n- a: 1\n  b: 1\n  a: 2\n", "k[1].a", 5, 3),
        ("a.b/c: 1\nk: {a.b/c: 1,\n a.b/c: 2}\n", 'k["a.b/c"]', 3, 2),
        ("a: 1\n'a': 2\n", "a", 2, 1),
    ],
)
def test_a_key_that_is_given_twice_is_noted_with_both_lines(text: str, path: str, line: int, first: int) -> None:
    (document,) = read(text)
    (problem,) = document.problems
    assert (problem.path, problem.line, problem.rule) == (path, line, "duplicate-key")
    assert f"twice, first on line {first}" in problem.message


def test_of_a_flood_of_keys_given_twice_the_first_are_named() -> None:
    assert len(read("a: 1\n" * (MOST_PROBLEMS * 3))[0].problems) == MOST_PROBLEMS


@pytest.mark.parametrize(
    ("text", "line", "words", "cure"),
    [
        ("a: [\n", 2, "is not YAML", "Mend it"),
        ("a:\n\t- b\n", 2, "is not YAML", "spaces, not with tabs"),
        ("a: b: c\n", 1, "is not YAML", "quote text"),
        ("a: 1\n---\nb: {{ .Values.x }}\n", 3, "where a key belongs", "Render the template"),
        ("b:\n  {{- if x }}\n", 2, "is not YAML|where a key belongs", "Render the template"),
        (b"a: 1\nb: \xff\n", 2, "is not UTF-8: byte 0xff", "Save it as UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, "is not UTF-8", "Save it as UTF-8"),
        (b"a: 1\nb: \x00\n", 2, "the character U\\+0000", "Remove it"),
        ("a:\n  b: !!python/object/apply:os.system [ls]\n", 2, "the tag !!python/object", "Remove it"),
        ("a: !mine {b: 1}\n", 1, "the tag !mine", "Remove it"),
        ("a: !!binary aGk=\n", 1, "the tag !!binary", "Remove it"),
        ("!!set x: 1\n", 1, "the tag !!set", "Remove it"),
        ("a: !!int x\n", 1, "the tag !!int", "Remove the tag"),
        ("a: !!seq {b: 1}\n", 1, "the tag !!seq", "Remove it"),
        ("a: 1\n? [b]\n: c\n", 2, "where a key belongs", "Mend it"),
        ("a: &x [1]\n*x : 1\n", 2, "a key \\*x", "Write the key out"),
        ("a: 1\nb: *x\n", 2, "alias \\*x, which names an anchor that is not above", "Write the value out"),
        ("a: &x [1, *x]\n", 1, "alias \\*x, which stands inside", "Write the value out"),
        ("a: &x [1]\nb:\n  <<: 1\n  c: 1\n", 3, "under '<<'", "Merge mappings only"),
        ("a: " + "[" * 100_000, 1, f"deeper than {MOST_DEPTH}", "flatter"),
        ("a:\n" + "".join(" " * n + "- \n" for n in range(3000)), MOST_DEPTH + 1, f"deeper than {MOST_DEPTH}", "flat"),
        (bomb(9), 6, "holds more than 1,000,000 values", "fewer aliases"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused_with_line_and_cure(
    text: str | bytes, line: int, words: str, cure: str
) -> None:
    problem = refused(text)
    assert problem.line == line
    assert re.search(words, problem.message)
    assert cure in problem.cure


def test_a_small_bomb_is_a_value() -> None:
    assert len(values(bomb(3))[0]["a2"]) == 10


def test_documents_before_a_wrong_one_are_read() -> None:
    documents = read_documents(b"a: 1\n---\nb: [\n", shown="a.yaml")
    assert next(documents).value == {"a": 1}
    with pytest.raises(SpecError):
        next(documents)


def test_a_folder_is_refused_with_the_way_to_name_its_files(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"is a folder\. .* folder/\*\.yaml"):
        read_file(tmp_path, shown="folder/", most_bytes=9)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read: No such file"):
        read_file(tmp_path / "absent", shown="absent", most_bytes=9)


def test_a_file_that_is_too_large_is_refused_and_not_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(SpecError, match="is larger than 1 MiB"):
        read_file(file, shown="large", most_bytes=2**20)


def stack(folder: Path, text: str) -> Path:
    """A project whose program leaves a file behind, and whose stack file is `text`."""
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (folder / "__main__.py").write_text("open('ran', 'w').close()\n")
    (folder / "Pulumi.dev.yaml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("# " + "x" * 10_000_000, None, "is larger than 4 MiB"),
        (f"config:\n  a: 1\nx:\n  {bomb(9).replace(chr(10), chr(10) + '  ')}\n", 9, "holds more than 1,000,000 values"),
        ("config:\n  a: !!python/none\n", 2, "has the tag !!python/none"),
        ("config:\n\ta: 1\n", 2, "is not YAML"),
        ("config: {}\n---\nconfig: {}\n", 3, "more than one document"),
        ("config:\n  a: \x00\n", 2, "the character U\\+0000"),
    ],
)
def test_a_stack_file_that_cannot_be_used_is_one_message_and_nothing_runs(
    tmp_path: Path, text: str, line: int | None, words: str
) -> None:
    folder = stack(tmp_path, text)
    with pytest.raises(StackFileError, match=words) as caught:
        synth_stack(folder, "dev")
    assert [problem.line for problem in caught.value.problems] == [line]
    assert caught.value.file == "Pulumi.dev.yaml"
    assert not (folder / "ran").exists()


def test_all_keys_given_twice_in_a_stack_file_are_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text("config:\n  a: 1\n  a: 2\n  aws:b: {c: 1, c: 2}\n")
    with pytest.raises(StackFileError) as caught:
        read_mapping(file)
    found = [(problem.path, problem.line) for problem in caught.value.problems]
    assert found == [("config.a", 3), ("config.aws:b.c", 4)]


def test_a_key_of_our_settings_that_is_given_twice_is_left_to_the_settings(tmp_path: Path) -> None:
    folder = stack(tmp_path, "config:\n  kserve:b: {c: 1,\n    c: 2}\n")
    assert read_mapping(folder / "Pulumi.dev.yaml").value == {"config": {"kserve:b": {"c": 2}}}
    found = StackFile.find(folder, "dev").given_twice
    assert [(problem.path, problem.line) for problem in found] == [("kserve:b.c", 3)]


def test_a_key_of_our_settings_that_the_project_file_gives_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\nconfig:\n  kserve:b: 1\n  kserve:b: 2\n")
    with pytest.raises(StackFileError, match=r"Pulumi.yaml:5: config.kserve:b: is given twice"):
        read_mapping(tmp_path / "Pulumi.yaml")


def test_a_stack_file_is_called_by_its_path_in_the_project(tmp_path: Path) -> None:
    folder = stack(tmp_path, "")
    (folder / "stacks").mkdir()
    (folder / "stacks" / "Pulumi.dev.yaml").write_text("config: [\n")
    with pytest.raises(StackFileError) as caught:
        read_mapping(folder / "stacks" / "Pulumi.dev.yaml")
    assert caught.value.file == "stacks/Pulumi.dev.yaml"


def test_a_stack_file_without_a_project_is_called_by_the_path_it_was_named_by(tmp_path: Path) -> None:
    (tmp_path / "alone.yaml").write_text("config: [\n")
    with pytest.raises(StackFileError) as caught:
        read_mapping(tmp_path / "alone.yaml")
    assert caught.value.file == str(tmp_path / "alone.yaml")


def test_a_stack_file_with_bytes_beyond_the_limit_is_found_too_large(tmp_path: Path) -> None:
    folder = stack(tmp_path, "#" * (MOST_BYTES + 1))
    with pytest.raises(StackFileError, match="is larger than 4 MiB"):
        StackFile.find(folder, "dev")


def test_a_config_block_in_the_project_file_does_not_hide_the_stack_file(tmp_path: Path) -> None:
    folder = stack(tmp_path, "config: {}\n")
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\nconfig:\n  a: {default: 1}\n")
    assert StackFile.find(folder, "dev").shown == "Pulumi.dev.yaml"


def test_where_the_stack_file_cannot_be_read_a_problem_has_no_line(tmp_path: Path) -> None:
    found = StackFile.find(stack(tmp_path, "config: [\n"), "dev")
    assert found.located(Problem("endpoints", "is wrong"), "kserve") == Problem("kserve:endpoints", "is wrong")
