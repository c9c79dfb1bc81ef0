"""Programs and stack files on disk, evaluated offline."""

import contextlib
import json
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from pulumi_kserve.errors import StackFileError
from pulumi_kserve.offline import UNKNOWN, ProjectError, Secret, Synthesis, synth_program, synth_stack

PROJECT = "name: shop\nruntime: python\nstackConfigDir: stacks\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
    return folder


def stack(folder: Path, program: str, config: str = "", **files: str) -> Synthesis:
    """A project whose stack `dev` has this config block, evaluated."""
    write(
        folder,
        {"Pulumi.yaml": PROJECT, "__main__.py": program, "stacks/Pulumi.dev.yaml": f"config:\n{config}", **files},
    )
    return synth_stack(folder, "dev")


EXPORT = """
    import pulumi
    pulumi.export("it", pulumi.Config().get("key"))
    """
SEALED = (Secret(UNKNOWN), UNKNOWN)  # older SDKs forget that an unknown value is secret
EXPORT_SEALED = """
    import pulumi
    pulumi.export("it", pulumi.Config().require_secret("key"))
    """


def test_a_stack_of_a_project_is_evaluated_with_the_projects_name_and_its_own(tmp_path: Path) -> None:
    found = stack(tmp_path, EXPORT, "  shop:key: hello")
    assert (found.project, found.stack, found.outputs) == ("shop", "dev", {"it": "hello"})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("hello", "hello"),
        ("0.20", "0.20"),
        ("true", "true"),
        ("True", "True"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        ("010", "010"),
        ('"quoted"', "quoted"),
        ("", ""),
        ("~", ""),
        ("'null'", "null"),
    ],
)
def test_a_scalar_reaches_the_program_as_it_is_written(tmp_path: Path, written: str, read: str) -> None:
    assert stack(tmp_path, EXPORT, f"  shop:key: {written}").outputs == {"it": read}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{b: 1, a: [x, true, ~]}", {"a": ["x", True, None], "b": 1}),
        ("[0.5, 1e3, -2, 0x1F, 010, 0o17, 1_000]", [0.5, 1000.0, -2, 31, 8, 15, 1000]),
        ("[on, yes, 12:30, 2026-01-02, 1.2.3, '1']", ["on", "yes", "12:30", "2026-01-02", "1.2.3", "1"]),
        ("{a: &x {n: 1}, b: *x, c: {<<: *x, m: 2}}", {"a": {"n": 1}, "b": {"n": 1}, "c": {"m": 2, "n": 1}}),
    ],
)
def test_an_object_reaches_the_program_as_json_of_the_engines_reading(tmp_path: Path, written: str, read: Any) -> None:
    text = stack(tmp_path, EXPORT, f"  shop:key: {written}").outputs["it"]
    assert json.loads(text) == read


def test_the_projects_own_keys_need_no_prefix(tmp_path: Path) -> None:
    assert stack(tmp_path, EXPORT, "  key: hello").outputs == {"it": "hello"}


def test_a_sealed_value_is_an_unknown_secret_and_no_passphrase_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.setenv("PATH", "")
    assert stack(tmp_path, EXPORT_SEALED, "  key: {secure: v1:abc}").outputs["it"] in SEALED


def test_applies_on_a_sealed_value_do_not_run(tmp_path: Path) -> None:
    program = """
        import pulumi
        pulumi.export("it", pulumi.Config().require_secret("key").apply(lambda text: 1 / 0))
        """
    assert stack(tmp_path, program, "  key: {secure: v1:abc}").outputs["it"] in SEALED


def test_a_sealed_value_that_is_read_as_plain_text_is_unknown_wherever_it_ends(tmp_path: Path) -> None:
    assert stack(tmp_path, EXPORT, "  key: {secure: v1:abc}").outputs == {"it": UNKNOWN}


def test_a_sealed_value_inside_an_object_is_unknown_and_the_key_is_secret(tmp_path: Path) -> None:
    program = """
        import pulumi
        pulumi.export("it", pulumi.Config().require_secret_object("key"))
        """
    found = stack(tmp_path, program, "  key: {user: me, password: {secure: v1:abc}}")
    assert found.outputs == {"it": Secret({"user": "me", "password": UNKNOWN})}


def test_defaults_of_the_project_file_reach_the_program_and_the_stack_file_wins(tmp_path: Path) -> None:
    program = """
        import pulumi
        config = pulumi.Config()
        pulumi.export("it", [config.get(key) for key in ("a", "b", "c", "d")])
        """
    defaults = "config:\n  a: {type: string, default: A}\n  b: {value: 0.20}\n  c: C\n  d: {type: string}\n"
    found = stack(tmp_path, program, "  c: mine", **{"Pulumi.yaml": PROJECT + defaults})
    assert found.outputs == {"it": ["A", "0.20", "mine", None]}


@pytest.mark.parametrize(
    ("text", "path", "line", "message"),
    [
        ("config:\n  a: 1\n  b: 2\n  a: 3\n", "config.a", 4, "twice, first on line 2"),
        ("config:\n  k:\n    x: {n: 1,\n      n: 2}\n", "config.k.x.n", 4, "twice, first on line 3"),
        ("config: [a]\n", "config", None, "must be a mapping"),
        ("- a\n", "", 1, "must be a mapping"),
        ("config:\n  a: [\n", "", 3, "is not YAML"),
    ],
)
def test_a_wrong_stack_file_is_refused_with_path_and_line(
    tmp_path: Path, text: str, path: str, line: int | None, message: str
) -> None:
    write(tmp_path, {"Pulumi.yaml": PROJECT, "__main__.py": EXPORT, "stacks/Pulumi.dev.yaml": text})
    with pytest.raises(StackFileError, match=message) as caught:
        synth_stack(tmp_path, "dev")
    assert [(problem.path, problem.line) for problem in caught.value.problems] == [(path, line)]
    assert caught.value.file.endswith("Pulumi.dev.yaml")


def test_an_empty_stack_file_is_fine(tmp_path: Path) -> None:
    write(tmp_path, {"Pulumi.yaml": PROJECT, "__main__.py": EXPORT, "stacks/Pulumi.dev.yaml": ""})
    assert synth_stack(tmp_path, "dev").outputs == {}


def test_a_stack_without_a_file_is_refused_with_the_stacks_that_have_one(tmp_path: Path) -> None:
    write(tmp_path, {"Pulumi.yaml": PROJECT, "__main__.py": EXPORT, "stacks/Pulumi.prod.yaml": ""})
    with pytest.raises(ProjectError, match="Stacks with a file: prod"):
        synth_stack(tmp_path, "dev")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "has no Pulumi.yaml"),
        ({"Pulumi.yaml": "name: x\nruntime: yaml\n"}, "only Python programs"),
        ({"Pulumi.yaml": "name: x\nruntime: {name: nodejs}\n"}, "only Python programs"),
        ({"Pulumi.yaml": "name: x\nruntime: python\nmain: app\n"}, "Mend `main:`"),
    ],
)
def test_a_project_that_cannot_run_in_process_is_refused(tmp_path: Path, files: dict[str, str], message: str) -> None:
    write(tmp_path, files)
    with pytest.raises(ProjectError, match=message):
        synth_program(tmp_path)


def test_a_program_may_lie_in_the_folder_that_main_names(tmp_path: Path) -> None:
    write(tmp_path, {"Pulumi.yaml": "name: x\nruntime: python\nmain: app\n", "app/__main__.py": EXPORT})
    assert synth_program(tmp_path, config={"key": "v"}).outputs == {"it": "v"}


def test_a_file_is_a_program_too(tmp_path: Path) -> None:
    write(tmp_path, {"one.py": EXPORT})
    found = synth_program(tmp_path / "one.py", stack="s", config={"key": "v"})
    assert (found.stack, found.outputs) == ("s", {"it": "v"})


@pytest.mark.parametrize("name", ["absent.py", "absent", "notes.txt"])
def test_what_is_no_program_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"notes.txt": ""})
    with pytest.raises(ProjectError, match="is no program"):
        synth_program(tmp_path / name)


def test_a_program_runs_as_main_in_its_own_folder_and_finds_its_neighbours(tmp_path: Path) -> None:
    program = """
        import os, sys
        from pathlib import Path
        import pulumi
        from neighbour import WORD
        pulumi.export("it", [__name__, Path(__file__).name, WORD, Path("data.txt").read_text(), os.getcwd(), sys.argv])
        """
    found = stack(tmp_path, program, **{"neighbour.py": "WORD = 'hello'\n", "data.txt": "data"})
    entry = str(tmp_path / "__main__.py")
    assert found.outputs == {"it": ["__main__", "__main__.py", "hello", "data", str(tmp_path), [entry]]}


def test_neighbours_of_one_program_are_not_those_of_the_next(tmp_path: Path) -> None:
    program = """
        import pulumi
        from neighbour import WORD
        pulumi.export("it", WORD)
        """
    words: list[str] = []
    for word in ("one", "two"):
        folder = tmp_path / word
        folder.mkdir()
        words.append(stack(folder, program, **{"neighbour.py": f"WORD = '{word}'\n"}).outputs["it"])
    assert words == ["one", "two"]


@pytest.mark.parametrize("program", ["import pulumi\n", "1 / 0\n"])
def test_folder_path_arguments_and_modules_are_put_back(tmp_path: Path, program: str) -> None:
    before = (Path.cwd(), list(sys.path), list(sys.argv), set(sys.modules))
    write(tmp_path, {"one.py": f"import beside\n{program}", "beside.py": ""})
    with contextlib.suppress(ZeroDivisionError):
        synth_program(tmp_path / "one.py")
    assert (Path.cwd(), list(sys.path), list(sys.argv), set(sys.modules)) == before


def test_an_error_of_a_program_points_at_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"one.py": "import pulumi\n\nraise RuntimeError('here')\n"})
    with pytest.raises(RuntimeError, match="here") as caught:
        synth_program(tmp_path / "one.py")
    last = caught.traceback[-1]
    assert (Path(last.path).name, last.lineno) == ("one.py", 2)
