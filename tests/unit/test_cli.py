"""The command line: what it prints where, and its exit codes."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any, Self

import jsonschema
import pytest
import yaml
from pulumi_kserve.cli import main
from pulumi_kserve.errors import ClusterUnreachable, RecoveryRefused
from pulumi_kserve.live import cluster as live_cluster
from pulumi_kserve.live import diagnosis as live_diagnosis
from pulumi_kserve.live import recovery as live_recovery
from pulumi_kserve.live.diagnosis import Diagnosis, Evidence


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str | Path) -> Ended:
        with pytest.raises(SystemExit) as caught:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ended(int(caught.value.code or 0), said.out, said.err)

    return run


CONFIG_MAP = """
    import pulumi
    pulumi.CustomResource("kubernetes:core/v1:ConfigMap", "c", {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": pulumi.get_stack()}})
    """


def project(folder: Path, program: str, stack: str = "") -> Path:
    (folder / "stacks").mkdir()
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\nstackConfigDir: stacks\n")
    (folder / "stacks" / "Pulumi.dev.yaml").write_text(stack)
    (folder / "__main__.py").write_text(dedent(program))
    return folder


def test_help_lists_every_command_and_loads_neither_pulumi_nor_pydantic() -> None:
    code = (
        "import sys\nfrom pulumi_kserve.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit as end: print('ended', end.code)\n"
        "print('loaded', sorted({'pulumi', 'pydantic', 'lightkube', 'yaml'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(command in said for command in ("render", "check", "schema", "runtimes", "facts", "explain", "recover"))
    assert "ended 0" in said
    assert "loaded []" in said


def test_render_prints_the_manifests_of_a_stack_as_yaml(run: Run, tmp_path: Path) -> None:
    ended = run("render", "--stack", "dev", project(tmp_path, CONFIG_MAP))
    assert (ended.code, ended.err) == (0, "")
    assert yaml.safe_load(ended.out)["data"] == {"k": "dev"}


def test_render_finds_the_project_above_where_it_is_called(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path, CONFIG_MAP) / "stacks")
    assert "kind: ConfigMap" in run("render", "-s", "dev").out


def test_render_takes_a_python_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(dedent(CONFIG_MAP))
    assert "kind: ConfigMap" in run("render", tmp_path / "one.py").out


def test_render_says_what_it_cannot_show(run: Run, tmp_path: Path) -> None:
    program = 'import pulumi\npulumi.ComponentResource("k:index:Chart", "c", {}, None, remote=True)\n'
    ended = run("render", project(tmp_path, program))
    assert (ended.code, ended.out) == (0, "")
    assert "not shown: c (k:index:Chart)" in ended.err


REFUSALS = {
    "a spec": """
        from pulumi_kserve.errors import Problem, SpecError
        raise SpecError("InferenceService 'iris'", [
            Problem("predictor.model", "is missing", "Give a model"), Problem("labels.x", "is no label")])
        """,
    "a component": """
        from pulumi_kserve.errors import Problem, input_properties_error
        raise input_properties_error("InferenceService 'iris'", [
            Problem("predictor.model", "is missing", "Give a model"), Problem("labels.x", "is no label")])
        """,
}


@pytest.mark.parametrize("program", REFUSALS.values(), ids=REFUSALS)
def test_wrong_values_are_listed_with_path_reason_and_cure_and_end_with_1(
    run: Run, tmp_path: Path, program: str
) -> None:
    ended = run("render", project(tmp_path, program))
    assert (ended.code, ended.out) == (1, "")
    for words in ("InferenceService 'iris': 2 problems", "predictor.model", "is missing", "Give a model", "labels.x"):
        assert words in ended.err
    assert "Traceback" not in ended.err


def test_a_wrong_stack_file_is_listed_with_file_and_line(run: Run, tmp_path: Path) -> None:
    ended = run("render", "-s", "dev", project(tmp_path, CONFIG_MAP, "config:\n  a: 1\n  a: 2\n"))
    assert ended.code == 1
    assert "Pulumi.dev.yaml:3: config.a" in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["render"], "Stacks of"),
        (["render", "-s", "prod"], "Stacks with a file: dev"),
        (["render", "absent.py"], "is no program"),
        (["render", "__main__.py", "-s", "dev"], "is no folder"),
        (["facts", "-s", "dev"], "exports no 'facts'"),
        (["recover", "-s", "dev"], "give --yes"),
        (["explain"], "Missing argument"),
        (["nonsense"], "No such command"),
    ],
)
def test_a_command_that_cannot_run_says_what_it_needs_and_ends_with_2(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(project(tmp_path, CONFIG_MAP))
    ended = run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert "Traceback" not in ended.err


def test_outside_of_a_project_render_says_so(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = run("render", "-s", "dev")
    assert ended.code == 2
    assert "no Pulumi.yaml" in ended.err


def test_a_program_that_crashes_shows_its_traceback_and_ends_with_2(run: Run, tmp_path: Path) -> None:
    ended = run("render", project(tmp_path, "def f():\n    1 / 0\nf()\n"))
    assert (ended.code, ended.out) == (2, "")
    assert "ZeroDivisionError" in ended.err
    assert "__main__.py" in ended.err


FACTS = 'import pulumi\npulumi.export("facts", {})\n'


def test_facts_are_printed_as_json(run: Run, tmp_path: Path) -> None:
    ended = run("facts", "-s", "dev", project(tmp_path, FACTS.format('{"name": "kserve", "pools": [1]}')))
    assert ended.code == 0
    assert json.loads(ended.out) == {"name": "kserve", "pools": [1]}


def test_facts_are_written_to_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "facts" / "dev.json"
    ended = run("facts", "-s", "dev", "-o", file, project(tmp_path, FACTS.format('{"name": "kserve"}')))
    assert (ended.code, ended.out) == (0, "")
    assert json.loads(file.read_text()) == {"name": "kserve"}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ('{"a": [{"b": pulumi.Output.secret(1)}]}', "facts.a[0].b\n      is a secret"),
        (
            '{"a": pulumi.CustomResource("t:index:T", "t", {}).id}',
            "facts.a\n      is known after an update only",
        ),
    ],
)
def test_facts_that_cannot_be_committed_are_refused_with_their_path(
    run: Run, tmp_path: Path, facts: str, words: str
) -> None:
    ended = run("facts", "-s", "dev", project(tmp_path, FACTS.replace("{}", facts)))
    assert (ended.code, ended.out) == (1, "")
    assert words in ended.err


def test_schema_prints_the_json_schema_of_a_stack_file(run: Run) -> None:
    ended = run("schema")
    schema = json.loads(ended.out)
    assert ended.code == 0
    config = schema["properties"]["config"]
    assert {"kserve:platform", "kserve:endpoints", "kserve:namespaces"} <= set(config["properties"])
    jsonschema.validate({"config": {"kserve:endpoints": {}, "aws:region": "eu-central-1"}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": {"kserve:endpoint": {}}}, schema)


class FakeCluster:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def found(*, serving: bool, current: bool) -> Diagnosis:
    return Diagnosis(
        namespace="ns",
        endpoint="iris",
        serving=serving,
        current=current,
        summary="" if current else "the model cannot be fetched: no such key",
        where="Pod iris-1",
        cure="Upload the model",
        log=("last words",),
        evidence=(Evidence(kind="Pod", name="iris-1", says=("phase [Pending]",)),),
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `explain` asks of a cluster; the test says in `answer` what it finds."""
    seen: dict[str, Any] = {"answer": found(serving=False, current=False)}

    def connect(kubeconfig: str | None, context: str | None) -> FakeCluster:
        seen.update(kubeconfig=kubeconfig, context=context)
        return FakeCluster()

    def diagnose(_: FakeCluster, namespace: str, endpoint: str) -> object:
        seen.update(namespace=namespace, endpoint=endpoint)
        return seen["answer"]

    monkeypatch.setattr(live_cluster, "connect", connect)
    monkeypatch.setattr(live_diagnosis, "diagnose", diagnose)
    return seen


def test_explain_shows_cause_cure_log_and_evidence_of_an_endpoint(run: Run, asked: dict[str, Any]) -> None:
    ended = run("explain", "iris", "-n", "ns", "--context", "kind")
    assert (asked["namespace"], asked["endpoint"], asked["context"]) == ("ns", "iris", "kind")
    for words in ("ns/iris: does not serve", "no such key", "Upload the model", "last words", "phase [Pending]"):
        assert words in ended.out


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (found(serving=True, current=True), 0, "serves its newest"),
        (found(serving=True, current=False), 1, "serves an older"),
        (found(serving=False, current=False), 1, "does not serve"),
    ],
)
def test_explain_ends_with_0_only_when_the_newest_revision_serves(
    run: Run, asked: dict[str, Any], answer: Diagnosis, code: int, words: str
) -> None:
    asked["answer"] = answer
    ended = run("explain", "ns/iris")
    assert (ended.code, words in ended.out, asked["namespace"]) == (code, True, "ns")


def test_explain_gives_json(run: Run, asked: dict[str, Any]) -> None:
    answer = json.loads(run("explain", "iris", "--json").out)
    assert answer["cure"] == "Upload the model"
    assert asked["namespace"] == "default"


def test_a_cluster_that_cannot_be_reached_ends_with_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise ClusterUnreachable("the API server does not answer")

    monkeypatch.setattr(live_cluster, "connect", connect)
    ended = run("explain", "iris")
    assert (ended.code, ended.err) == (2, "error: the API server does not answer\n")


@pytest.fixture
def recovery(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `recover` does; the test says in `error` or `done` how it ends."""
    seen: dict[str, Any] = {"done": ()}

    def select_stack(*, stack_name: str, work_dir: str) -> str:
        seen.update(stack=stack_name, folder=work_dir)
        if "missing" in seen:
            raise seen["missing"]
        return "the stack"

    def put_right(chosen: str, **options: Any) -> live_recovery.Recovery:
        seen.update(chosen=chosen, **options)
        if "error" in seen:
            raise seen["error"]
        for line in seen["done"]:
            options["report"](line)
        return live_recovery.Recovery(seen["done"])

    monkeypatch.setattr("pulumi.automation.select_stack", select_stack)
    monkeypatch.setattr(live_recovery, "recover", put_right)
    return seen


@pytest.mark.parametrize(("done", "words"), [((), "nothing to recover"), (("released a lock",), "released a lock")])
def test_recover_says_what_it_did(
    run: Run, recovery: dict[str, Any], tmp_path: Path, done: tuple[str, ...], words: str
) -> None:
    recovery["done"] = done
    ended = run("recover", "-s", "dev", "--yes", project(tmp_path, ""))
    assert (ended.code, words in ended.out) == (0, True)
    assert (recovery["stack"], recovery["folder"], recovery["chosen"]) == ("dev", str(tmp_path), "the stack")


def test_a_refused_recovery_ends_with_2_and_its_reason(run: Run, recovery: dict[str, Any], tmp_path: Path) -> None:
    recovery["error"] = RecoveryRefused("recovery refused, nothing was touched")
    ended = run("recover", "-s", "dev", "--yes", project(tmp_path, ""))
    assert (ended.code, ended.err) == (2, "error: recovery refused, nothing was touched\n")


def test_recovery_without_the_pulumi_command_says_so(run: Run, recovery: dict[str, Any], tmp_path: Path) -> None:
    recovery["missing"] = FileNotFoundError("pulumi")
    ended = run("recover", "-s", "dev", "--yes", project(tmp_path, ""))
    assert (ended.code, "no `pulumi` on PATH" in ended.err) == (2, True)
