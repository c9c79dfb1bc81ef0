"""The engine's events, the report, the configuration, and the exit codes."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pulumi import automation
from pulumi.automation.errors import CommandError
from pulumi.automation.events import EngineEvent
from pulumi_kserve.errors import ClusterUnreachable
from rich.console import Console
from typer.testing import CliRunner

from tools.errors import ToolError
from tools.local import __main__ as command_line
from tools.local import config, engine, report
from tools.local.cluster import Cluster
from tools.local.deployment import DeploymentFailed, followed
from tools.local.events import Events, Failure, component_of, label, open_log
from tools.local.predict import Endpoint, Prediction
from tools.local.project import Project
from tools.local.screen import Screen
from tools.local.up import Served

ROOT = "urn:pulumi:local::pulumi-kserve::"
SERVICE = ROOT + "kserve:index:InferenceService::iris"
OBJECT = ROOT + "kserve:index:InferenceService$kubernetes:serving.kserve.io/v1beta1:InferenceService::iris-isvc"
PLATFORM = ROOT + "kserve:index:Platform::kserve"
RELEASE = ROOT + "kserve:index:Platform$kubernetes:helm.sh/v3:Release::kserve-resources"
IRIS = Endpoint(
    name="iris", namespace="ml", url="http://iris", model="s3://m/iris", runtime="sklearn", predict_path="/p"
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path)
    for name in ("Pulumi.yaml", "__main__.py", "stacks/Pulumi.local.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("config: {}\n", "utf-8")
    found.check()
    return found


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def console(shown: io.StringIO) -> Console:
    return Console(file=shown, width=160)


@pytest.fixture
def events(console: Console) -> Events:
    return Events(Screen(console), io.StringIO())


def engine_event(kind: str, content: dict[str, object]) -> EngineEvent:
    from_json = cast("Callable[[dict[str, object]], EngineEvent]", EngineEvent.from_json)  # pyright: ignore[reportUnknownMemberType]
    return from_json({"sequence": 1, "timestamp": 0, kind: content})


def step(kind: str, op: str, urn: str, parent: str = "") -> EngineEvent:
    nothing: dict[str, object] = {}
    state = {"urn": urn, "type": "t", "parent": parent, "provider": "", "id": "", "inputs": nothing, "outputs": nothing}
    metadata = {"op": op, "urn": urn, "type": "t", "provider": "", "new": state, "old": None}
    return engine_event(kind, {"metadata": metadata, "status": 1, "steps": 1})


def diagnostic(severity: str, message: str, urn: str = "") -> EngineEvent:
    return engine_event("diagnosticEvent", {"severity": severity, "message": message, "color": "never", "urn": urn})


@pytest.mark.parametrize(
    ("urn", "said"),
    [(OBJECT, "InferenceService iris-isvc"), (RELEASE, "Release kserve-resources"), (SERVICE, "InferenceService iris")],
)
def test_a_resource_is_called_by_kind_and_name(urn: str, said: str) -> None:
    assert label(urn) == said


def test_a_resource_belongs_to_its_outermost_component() -> None:
    assert component_of(OBJECT, {OBJECT: SERVICE, SERVICE: PLATFORM}) == "kserve"


def test_a_resource_of_no_component_is_called_by_itself() -> None:
    assert component_of(ROOT + "kubernetes:core/v1:Namespace::ml", {}) == "Namespace ml"


def test_an_endpoint_takes_from_its_own_object_to_the_last_below_it(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([1.0, 1.0, 3.0, 3.0, 8.0, 9.0])
    monkeypatch.setattr("tools.local.events.time", SimpleNamespace(monotonic=lambda: next(clock)))
    events.take(step("resourcePreEvent", "create", SERVICE))
    events.take(step("resourcePreEvent", "create", OBJECT, SERVICE))
    events.take(step("resOutputsEvent", "create", OBJECT, SERVICE))
    assert events.seconds_of("iris") == 5.0


def test_an_unchanged_endpoint_took_no_time(events: Events) -> None:
    events.take(step("resourcePreEvent", "same", SERVICE))
    events.take(step("resOutputsEvent", "same", SERVICE))
    assert events.seconds_of("iris") is None


def test_an_error_is_kept_once_with_its_component(events: Events) -> None:
    events.take(step("resourcePreEvent", "create", OBJECT, SERVICE))
    events.take(diagnostic("error", "<{%reset%}>no such model<{%reset%}>\n", OBJECT))
    events.take(diagnostic("error", "no such model", OBJECT))
    events.take(diagnostic("error", "update failed"))
    assert events.failures == [Failure("iris", "InferenceService iris-isvc", "no such model")]


@pytest.mark.parametrize(
    "message",
    [
        "python inline source runtime error: stack.yaml:3: typo",
        "an unhandled error occurred: python inline source runtime error: stack.yaml:3: typo",
    ],
)
def test_a_program_that_fails_is_told_without_its_traceback(events: Events, message: str) -> None:
    events.take(diagnostic("error", f"{message}\nTraceback (most recent call last):\n  File x"))
    assert events.failures == [Failure("the program", "", "stack.yaml:3: typo")]


@pytest.mark.parametrize(
    ("severity", "message", "seen"),
    [
        ("warning", "careful", True),
        ("info", "waiting for the rollout", True),
        ("debug", "registering resource", False),
        ("warning", "using pulumi-resource-kubernetes from $PATH at /x", False),
    ],
)
def test_what_matters_is_shown_and_noise_is_not(
    events: Events, shown: io.StringIO, *, severity: str, message: str, seen: bool
) -> None:
    events.take(diagnostic(severity, message, SERVICE))
    assert (message in shown.getvalue()) is seen


def test_a_failed_resource_is_shown_at_once(events: Events, shown: io.StringIO) -> None:
    events.take(step("resourcePreEvent", "create", RELEASE, PLATFORM))
    events.take(step("resOpFailedEvent", "create", RELEASE, PLATFORM))
    assert "failed: Release kserve-resources" in shown.getvalue()


def test_the_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    for words in ("first", "second"):
        with open_log(tmp_path, "up") as log:
            log.write(words)
    assert [(tmp_path / name).read_text("utf-8") for name in ("up.before.log", "up.log")] == ["first", "second"]


def command_error(stderr: str) -> CommandError:
    return CommandError(automation.CommandResult(stdout="all it printed", stderr=stderr, code=255))


def test_a_failed_deployment_carries_its_failures_and_its_log(project: Project, console: Console) -> None:
    def run() -> None:
        with followed(project, Screen(console), "up") as events:
            events.take(diagnostic("error", "no such model", OBJECT))
            raise command_error("error: update failed")

    with pytest.raises(DeploymentFailed) as failed:
        run()
    assert [failure.message for failure in failed.value.failures] == ["no such model"]
    assert "no such model" in failed.value.log.read_text("utf-8")
    assert "all it printed" in (project.logs / "up.engine.log").read_text("utf-8")


def test_an_engine_that_could_not_run_is_told_in_its_own_words(project: Project, console: Console) -> None:
    with (
        pytest.raises(ToolError, match="the engine refused: no space"),
        followed(project, Screen(console), "up"),
    ):
        raise command_error("error: no space")


def test_a_killed_engine_is_called_killed(project: Project) -> None:
    killed = CommandError(automation.CommandResult(stdout="", stderr="", code=-9))
    with pytest.raises(ToolError, match=r"killed \(signal 9\)"), engine.engine_errors(project):
        raise killed


@pytest.mark.parametrize("words", ["error: incorrect passphrase", "error: get stack secrets: incorrect passphrase"])
def test_a_wrong_passphrase_names_the_stack_file_and_the_variables(project: Project, words: str) -> None:
    with (
        pytest.raises(ToolError, match=r"does not open .*Pulumi\.local\.yaml") as refused,
        engine.engine_errors(project),
    ):
        raise command_error(words)
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" in refused.value.cure


def test_a_secret_reaches_the_engine_by_pipe_and_never_by_argument(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "pulumi"
    fake.write_text('#!/bin/sh\necho "$*" > ran\n/bin/cat > given\n', "utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    opened = SimpleNamespace(work_dir=str(tmp_path), env_vars={"PATH": str(tmp_path)})
    stack = cast("automation.Stack", SimpleNamespace(workspace=opened, name="local"))
    engine.set_secret(stack, project, "kserve:key", "hush")
    assert "hush" not in (tmp_path / "ran").read_text("utf-8")
    assert (tmp_path / "given").read_text("utf-8") == "hush"


class Stack:
    """Stands for the stack; writes down what is set."""

    def __init__(self) -> None:
        self.set: dict[str, str] = {}
        self.removed: list[str] = []

    def set_all_config(self, values: dict[str, automation.ConfigValue]) -> None:
        self.set |= {key: value.value for key, value in values.items()}

    def remove_config(self, key: str) -> None:
        self.removed.append(key)


@pytest.fixture
def configured(project: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Cluster], tuple[Stack, list[str]]]:
    def run(content: str, cluster: Cluster) -> tuple[Stack, list[str]]:
        project.stack_file.write_text(content, "utf-8")
        made: list[str] = []

        def set_secret(_: object, __: object, key: str, ___: str) -> None:
            made.append(key)

        monkeypatch.setenv("PULUMI_KSERVE_HOME", str(project.root))
        monkeypatch.setattr(engine, "set_secret", set_secret)
        stack = Stack()
        config.configure(cast("automation.Stack", stack), project, cluster)
        return stack, made

    return run


Configured = Callable[[str, Cluster], tuple[Stack, list[str]]]
EMBEDDED = Cluster("embedded", Path("/k"), "embedded", "u")
SECRETS = "".join(f"  {key}: {{secure: x}}\n" for key in config.SECRETS)


def test_a_new_stack_gets_the_cluster_the_charts_and_its_secrets(configured: Configured, project: Project) -> None:
    stack, made = configured("config: {}\n", EMBEDDED)
    charts = str(project.root / "embedded" / "charts")
    assert stack.set == {"kserve:kubeconfig": "/k", "kserve:context": "embedded", "kserve:chartSource": charts}
    assert made == list(config.SECRETS)


def test_a_configured_stack_is_not_touched(configured: Configured) -> None:
    context = Cluster("context", Path("/k"), "mine", "u")
    stack, made = configured(f"config:\n  kserve:kubeconfig: /k\n  kserve:context: mine\n{SECRETS}", context)
    assert (stack.set, stack.removed, made) == ({}, [], [])


@pytest.mark.parametrize(("charts", "removed"), [("{home}/embedded/charts", ["kserve:chartSource"]), ("/mine", [])])
def test_elsewhere_the_embedded_charts_are_dropped_and_the_users_own_kept(
    configured: Configured, project: Project, *, charts: str, removed: list[str]
) -> None:
    context = Cluster("context", Path("/k"), "mine", "u")
    there = charts.format(home=project.root)
    stack, _ = configured(f"config:\n  kserve:chartSource: {there}\n{SECRETS}", context)
    assert stack.removed == removed


def prediction(answer: list[int] | None, expected: list[int] | None, problem: str | None = None) -> Prediction:
    return Prediction("iris", "ml", [[1.0]], answer, expected, 0.1, problem)


def test_a_served_endpoint_is_shown_with_both_answers(console: Console, shown: io.StringIO) -> None:
    report.served(console, Served([IRIS], [prediction([1], [1])], {"create": 3}, 12.0, {"iris": 4.2}))
    told = shown.getvalue()
    assert all(word in told for word in ("http://iris", "s3://m/iris", "sklearn", "4.2", "yes", "the same", "3 create"))


def test_a_second_up_says_that_nothing_changed(console: Console, shown: io.StringIO) -> None:
    report.served(console, Served([IRIS], [prediction([1], [1])], {"same": 40}, 3.0, {"iris": None}))
    assert "nothing changed: 40 resources" in shown.getvalue()


def test_a_different_answer_is_shown_as_different(console: Console, shown: io.StringIO) -> None:
    report.predictions(console, [prediction([1], [2])])
    assert "different" in shown.getvalue()


def test_a_failure_names_component_words_log_and_what_to_try(
    console: Console, shown: io.StringIO, tmp_path: Path
) -> None:
    log = tmp_path / "up.log"
    log.write_text("created Namespace ml\nfailed InferenceService iris-isvc\n", "utf-8")
    report.failed(console, DeploymentFailed([Failure("iris", "InferenceService iris-isvc", "no [such] model")], log))
    told = shown.getvalue()
    wanted = (
        "InferenceService iris-isvc of iris",
        "no [such] model",
        "created Namespace ml",
        "explain iris",
        str(tmp_path),
    )
    assert all(word in told for word in wanted)


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Served([IRIS], [prediction([1], [1])], {"same": 1}, 1.0), 0),
        (Served([IRIS], [prediction([1], [2])], {"same": 1}, 1.0), 1),
        (Served([IRIS], [prediction(None, None, "503: no")], {"same": 1}, 1.0), 1),
        (DeploymentFailed([Failure("iris", "x", "no")], Path("/none/up.log")), 1),
        (ToolError("no", cure="yes"), 2),
        (ClusterUnreachable("no"), 2),
        (KeyboardInterrupt(), 2),
    ],
)
def test_up_ends_with_the_code_of_its_outcome(
    project: Project, monkeypatch: pytest.MonkeyPatch, outcome: Served | BaseException, code: int
) -> None:
    def bring_up(*_: object) -> Served:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(command_line, "bring_up", bring_up)
    ran = CliRunner().invoke(command_line.app, ["up", "--project", str(project.root)])
    assert ran.exit_code == code


def test_status_of_nothing_could_not_run_and_says_how_to_begin(project: Project) -> None:
    ran = CliRunner().invoke(command_line.app, ["status", "--project", str(project.root), "--json"])
    assert ran.exit_code == 2


def test_predictions_as_json_hold_both_answers(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def predictions(*_: object) -> list[Prediction]:
        return [prediction([1], [1])]

    monkeypatch.setattr(command_line, "predictions", predictions)
    ran = CliRunner().invoke(command_line.app, ["predict", "--json", "--project", str(project.root)])
    told: Any = json.loads(ran.stdout)
    assert (told[0]["answer"], told[0]["expected"], told[0]["right"]) == ([1], [1], True)


def test_the_program_runs_as_the_language_host_would_run_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import os, pathlib\npathlib.Path('ran').write_text(__name__ + ' ' + os.getcwd())\n"
    (project.root / "__main__.py").write_text(program, "utf-8")
    monkeypatch.chdir("/")
    engine.inline_program(project)()
    assert (project.root / "ran").read_text("utf-8") == f"__main__ {project.root}"
