"""The spine's tools: a project of its own, a user's commands, a client under load, and what is in the cluster."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx2
import yaml
from pulumi_kserve.live import cluster as live
from pulumi_kserve.live.cluster import Cluster, Kind, connect
from rich.console import Console

from tools.cache import embedded_root
from tools.local import engine
from tools.local.config import new_stack
from tools.local.project import STACK, Project
from tools.local.screen import Screen
from tools.local.up import open_workspace

REPOSITORY = Path(__file__).parents[2]
KUBECONFIG = embedded_root() / "kubeconfig"
ENDPOINT = "sklearn-iris"
NAMESPACE = "kserve-inference"
LOG_TAIL = 6000
DEPLOYMENTS = live.DEPLOYMENTS
SECRETS = live.SECRETS
SERVICES = Kind("v1", "Service", "services")
_EPHEMERAL = frozenset({"Event", "Lease", "EndpointSlice", "Endpoints", "ControllerRevision", "ComponentStatus"})
_POLL = 0.2
PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    output: str
    seconds: float

    def require(self, code: int = 0) -> "Ended":
        """This, when the command ended with `code`; else its output as the test's message."""
        assert self.code == code, f"exit {self.code} instead of {code}:\n{self.output[-LOG_TAIL:]}"
        return self


@dataclass
class Spine:
    """One project folder and the commands on it."""

    project: Project

    @classmethod
    def in_folder(cls, folder: Path) -> "Spine":
        """A copy of the repository's own project, so that tests may edit its stack file."""
        for name in ("Pulumi.yaml", "__main__.py"):
            shutil.copy(REPOSITORY / name, folder / name)
        shutil.copytree(REPOSITORY / "stacks", folder / "stacks")
        return cls(Project(folder))

    def command(self, *arguments: str) -> list[str]:
        """A command of the main job on this project."""
        return [sys.executable, "-m", "tools.local", *arguments, "--project", str(self.project.root)]

    def run(self, *arguments: str, timeout: float = 900) -> Ended:
        """What `make up`, `make status`, `make predict` and `make down` run."""
        begun = time.monotonic()
        done = subprocess.run(
            self.command(*arguments),
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Ended(done.returncode, done.stdout, time.monotonic() - begun)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The same, not waited for; its output goes to a file in the project."""
        with (self.project.root / "background.log").open("w", encoding="utf-8") as output:
            return subprocess.Popen(
                self.command(*arguments), cwd=REPOSITORY, stdout=output, stderr=subprocess.STDOUT, text=True
            )

    def edit(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the stack file's `config:` in place."""
        content: dict[str, Any] = yaml.safe_load(self.project.stack_file.read_text("utf-8"))
        change(content["config"])
        self.project.stack_file.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")

    def edit_model(self, **values: Any) -> None:
        """Change the endpoint's model."""
        self.edit(lambda config: config["kserve:endpoints"][ENDPOINT]["predictor"]["model"].update(values))

    def edit_predictor(self, **values: Any) -> None:
        """Change the endpoint's predictor."""
        self.edit(lambda config: config["kserve:endpoints"][ENDPOINT]["predictor"].update(values))

    def set_secret(self, key: str, value: str) -> None:
        """Write a secret into the stack's config; the stack is made where there is none yet."""
        self.project.state.mkdir(parents=True, exist_ok=True)
        opened = open_workspace(self.project, Screen(Console(quiet=True)))
        stack = engine.existing_stack(self.project, opened) or new_stack(self.project, opened)
        engine.set_secret(stack, self.project, key, value)

    def preview(self) -> dict[str, int]:
        """How many resources a preview would change, by operation, without what stays the same."""
        screen = Screen(Console(quiet=True))
        stack = engine.existing_stack(self.project, open_workspace(self.project, screen))
        assert stack is not None, "there is no stack to preview"
        summary = stack.preview(color="never").change_summary
        return {str(operation): count for operation, count in summary.items() if count and operation != "same"}


def waited_for(what: str, seen: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """What `seen` returns as soon as it returns something true."""
    until = time.monotonic() + seconds
    while not (found := seen()):
        assert time.monotonic() < until, f"{what}: not seen in {seconds:.0f} s"
        time.sleep(0.5)
    return found


def embedded(command: str) -> Ended:
    """What `python -m tools.embedded` does, which must end well."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "tools.embedded", command],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=3500,
        check=False,
    )
    return Ended(done.returncode, done.stdout, time.monotonic() - begun).require()


def cluster() -> Cluster:
    """The embedded cluster, as its admin."""
    return connect(str(KUBECONFIG), "embedded")


def objects(here: Cluster) -> set[str]:
    """Every object that lasts, as `kind namespace/name`."""
    return {_name(kind, item) for kind in here.kinds() if kind.name not in _EPHEMERAL for item in here.list(kind)}


def text_of_all_but_secrets(here: Cluster) -> str:
    """Every object as JSON, but for the Secrets, which are where secrets belong."""
    return json.dumps([here.list(kind) for kind in here.kinds() if kind.name != "Secret"])


def secret_values(project: Project) -> list[str]:
    """The secrets that `up` made, decrypted."""
    opened = open_workspace(project, Screen(Console(quiet=True)))
    config = opened.get_all_config(STACK)
    return [value.value for value in config.values() if value.secret]


def files_of(project: Project) -> dict[str, str]:
    """State, logs, models and the stack file, by path."""
    files = [project.stack_file, *(file for file in project.own.rglob("*") if file.is_file())]
    return {str(file): file.read_text("utf-8", "replace") for file in files}


def arguments_of_all_processes() -> dict[str, str]:
    """The arguments of every process of this machine, the pods' among them."""
    found: dict[str, str] = {}
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found[str(file)] = file.read_text("utf-8", "replace")
        except OSError:
            continue
    return found


def _name(kind: Kind, item: Mapping[str, Any]) -> str:
    metadata = item["metadata"]
    return f"{kind.name}.{kind.api_version} {metadata.get('namespace', '')}/{metadata['name']}"


def engine_of(process: subprocess.Popen[str]) -> int:
    """The process id of the engine that `process` runs, when there is one."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
        except OSError:
            continue
        name = text.partition("(")[2].rpartition(")")[0]
        parent = int(text.rpartition(")")[2].split()[1])
        if name == "pulumi" and parent == process.pid:
            return int(status.parent.name)
    return 0


def kill_engine_when(process: subprocess.Popen[str], seen: Callable[[], bool], *, timeout: float = 300) -> None:
    """Kill the engine with -9 as soon as `seen` holds, and wait for the command to end."""
    end = time.monotonic() + timeout
    while not seen():
        assert process.poll() is None, "the command ended before what should interrupt it was seen"
        assert time.monotonic() < end, "what should interrupt the command was never seen"
        time.sleep(_POLL)
    engine = engine_of(process)
    assert engine, "no engine runs under the command"
    os.kill(engine, signal.SIGKILL)
    assert process.wait(timeout=120) != 0, "the command ended well although its engine was killed"


@dataclass
class Client:
    """Asks the endpoint over and over, each time on a fresh connection, from another thread."""

    url: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    per_second: float = 25.0
    answers: list[tuple[float, Any]] = field(default_factory=list[tuple[float, Any]])
    failures: list[str] = field(default_factory=list[str])
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])
    _begun: float = 0.0
    seconds: float = 0.0

    def __enter__(self) -> Self:
        self._begun = time.monotonic()
        workers = 4
        for number in range(workers):
            thread = threading.Thread(
                target=self._ask_until_stopped, args=(workers / self.per_second, number), daemon=True
            )
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=30)
        self.seconds = time.monotonic() - self._begun

    @property
    def rate(self) -> float:
        """Requests in a second, over the whole run."""
        return (len(self.answers) + len(self.failures)) / self.seconds

    def _ask_until_stopped(self, period: float, number: int) -> None:
        due = time.monotonic() + period * number / 4
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + period, time.monotonic() - period)
            self.ask()

    def ask(self) -> None:
        """Ask once, on a connection of its own."""
        try:
            answer = httpx2.post(self.url, json=dict(self.body), headers=dict(self.headers), timeout=10)
            answer.raise_for_status()
            self.answers.append((time.monotonic(), answer.json()["predictions"]))
        except (httpx2.HTTPError, ValueError, KeyError) as error:
            self.failures.append(f"{time.monotonic() - self._begun:.1f} s: {type(error).__name__}: {error}")


def endpoint_url(address: Cluster) -> str:
    """The predict URL at the Service's own address, which this machine reaches through the cluster's network."""
    service = address.get(SERVICES, f"{ENDPOINT}-predictor", NAMESPACE)
    assert service is not None
    return f"http://{service['spec']['clusterIP']}/v1/models/{ENDPOINT}:predict"


def instances(project: Project, version: str) -> tuple[dict[str, Any], list[int]]:
    """A request, and scikit-learn's own answer for a version of the model."""
    expected = json.loads((project.models / "iris" / version / "expected.json").read_text("utf-8"))
    return {"instances": expected["instances"]}, expected["predictions"]
