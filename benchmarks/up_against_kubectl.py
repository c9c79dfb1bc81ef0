"""How long from the command to a correct answer: `up` of one more endpoint, against `kubectl apply` of its YAML.

Both bring the same objects (the endpoint's user in the store, its Secrets, service account and InferenceService) to
the same running cluster, in turn, in one run. The YAML is what `up` made, under another endpoint's name, so that both
begin from the same state: neither finds anything of its own. Run it with `make bench`, on a stack that is up.
"""

import base64
import json
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import yaml
from pulumi import automation
from pulumi_kserve.live.cluster import DEPLOYMENTS, Cluster, Kind, connect
from rich.console import Console
from rich.table import Table

from tools.cache import embedded_root
from tools.local import engine
from tools.local.iris import train
from tools.local.project import Project
from tools.local.screen import Screen
from tools.local.up import open_workspace

ROUNDS = 3
NAMESPACE = "kserve-inference"
STORE = "model-store"
KUBECONFIG = embedded_root() / "kubeconfig"
KUBECTL = embedded_root() / "bin" / "kubectl"
_SERVER_SIDE = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid", "finalizers")
_KINDS = (
    (Kind("v1", "Secret", "secrets"), STORE),
    (Kind("batch/v1", "Job", "jobs"), STORE),
    (Kind("v1", "Secret", "secrets"), NAMESPACE),
    (Kind("v1", "ServiceAccount", "serviceaccounts"), NAMESPACE),
    (Kind("serving.kserve.io/v1beta1", "InferenceService", "inferenceservices"), NAMESPACE),
)


def main() -> None:
    """Measure both ways in turn, and print each round and the ratio of the medians."""
    project = Project(Path(__file__).parents[1])
    screen = Screen(Console(quiet=True))
    stack = engine.existing_stack(project, open_workspace(project, screen))
    if stack is None:
        raise SystemExit("there is no stack: run `make up` first")
    original = project.stack_file.read_text("utf-8")
    ups: list[float] = []
    applies: list[float] = []
    previews: list[float] = []
    try:
        for number in range(ROUNDS):
            ours, theirs = f"bench-up-{number}", f"bench-kc-{number}"
            previews.append(timed(partial(stack.preview, color="never")))
            project.stack_file.write_text(with_endpoint(original, ours), "utf-8")
            ups.append(timed(partial(up, stack, ours)))
            rendered = objects_of(ours, theirs)
            project.stack_file.write_text(original, "utf-8")
            stack.up(color="never")
            await_gone(ours)
            applies.append(timed(partial(apply, rendered, theirs)))
            kubectl("delete", "--ignore-not-found", "-f", "-", given=rendered)
            await_gone(theirs)
    finally:
        project.stack_file.write_text(original, "utf-8")
    report(ups, applies, previews)


def up(stack: automation.Stack, endpoint: str) -> None:
    """`up`, until the endpoint answers."""
    stack.up(color="never")
    await_answer(endpoint)


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def with_endpoint(original: str, name: str) -> str:
    """The stack file with one endpoint more, a copy of the first."""
    content: dict[str, Any] = yaml.safe_load(original)
    endpoints = content["config"]["kserve:endpoints"]
    endpoints[name] = next(iter(endpoints.values()))
    return yaml.safe_dump(content, sort_keys=False)


def cluster() -> Cluster:
    """The embedded cluster, as its admin."""
    return connect(str(KUBECONFIG), "embedded")


def objects_of(endpoint: str, renamed: str) -> str:
    """What `up` made for the endpoint, as YAML without what the API server added, under another name."""
    found: list[Mapping[str, Any]] = []
    with cluster() as here:
        for kind, namespace in _KINDS:
            wanted = [item for item in here.list(kind, namespace) if endpoint in item["metadata"]["name"]]
            found += [as_written(kind, item) for item in wanted]
    text = "---\n".join(yaml.safe_dump(item) for item in found).replace(endpoint, renamed)
    documents = list(yaml.safe_load_all(text))
    for document in documents:
        if document["kind"] == "Secret":
            document["data"] = {key: _renamed(value, endpoint, renamed) for key, value in document["data"].items()}
    return yaml.safe_dump_all(documents)


def _renamed(encoded: str, endpoint: str, renamed: str) -> str:
    return base64.b64encode(base64.b64decode(encoded).replace(endpoint.encode(), renamed.encode())).decode()


def as_written(kind: Kind, item: Mapping[str, Any]) -> dict[str, Any]:
    """The object without what the API server added."""
    metadata = {key: value for key, value in item["metadata"].items() if key not in _SERVER_SIDE}
    rest = {key: value for key, value in item.items() if key not in {"metadata", "status"}}
    written: dict[str, Any] = {"apiVersion": kind.api_version, "kind": kind.name, **rest, "metadata": metadata}
    if kind.name == "Job":
        metadata.pop("labels", None)
        written["spec"].pop("selector", None)
        written["spec"]["template"]["metadata"] = {}
    return written


def apply(rendered: str, endpoint: str) -> None:
    """`kubectl apply --server-side`, until the endpoint answers."""
    kubectl("apply", "--server-side", "-f", "-", given=rendered)
    await_answer(endpoint)


def kubectl(*arguments: str, given: str) -> None:
    """Run the cluster's own kubectl."""
    command = [str(KUBECTL), "--kubeconfig", str(KUBECONFIG), *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"kubectl {arguments[0]} failed: {done.stderr}")


def truth() -> Path:
    """Where scikit-learn's own answers stand."""
    return train(Project(Path(__file__).parents[1])).with_name("expected.json")


def await_answer(endpoint: str) -> None:
    """Wait until the endpoint answers one prediction."""
    expected = json.loads(truth().read_text("utf-8"))
    service = Kind("v1", "Service", "services")
    with cluster() as here:
        while True:
            found = here.get(service, f"{endpoint}-predictor", NAMESPACE)
            if found is not None and _answers(endpoint, found["spec"]["clusterIP"], expected):
                return
            time.sleep(0.1)


def _answers(endpoint: str, address: str, expected: Mapping[str, Any]) -> bool:
    try:
        url = f"http://{address}/v1/models/{endpoint}:predict"
        answer = httpx2.post(url, json={"instances": expected["instances"]}, timeout=1)
        return answer.is_success and answer.json()["predictions"] == expected["predictions"]
    except httpx2.HTTPError:
        return False


def await_gone(endpoint: str) -> None:
    """Wait until nothing of the endpoint runs."""
    with cluster() as here:
        while here.get(DEPLOYMENTS, f"{endpoint}-predictor", NAMESPACE) is not None:
            time.sleep(0.2)


def report(ups: list[float], applies: list[float], previews: list[float]) -> None:
    """Print the rounds and the ratio."""
    table = Table(title="seconds from the command to a correct answer")
    for column in ("round", "up", "kubectl apply", "empty preview"):
        table.add_column(column, justify="right")
    for number, (up, applied, preview) in enumerate(zip(ups, applies, previews, strict=True), start=1):
        table.add_row(str(number), f"{up:.1f}", f"{applied:.1f}", f"{preview:.1f}")
    medians = [statistics.median(each) for each in (ups, applies, previews)]
    table.add_row("median", *(f"{median:.1f}" for median in medians))
    console = Console()
    console.print(table)
    console.print(f"up / kubectl apply: {medians[0] / medians[1]:.2f}")


if __name__ == "__main__":
    main()
