"""How long from the command to a correct answer: `up` of one more endpoint, against `kubectl apply` of its YAML.

Both bring the same objects (the endpoint's user in the store, its Secret, service account and
InferenceService) to the same running cluster, in turn, in one run. The YAML is what `up` made, so it is the same to
the byte but for what the API server adds. Run it with `make bench`, on a stack that is up.
"""

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
from tools.local.project import Project
from tools.local.screen import Screen
from tools.local.up import open_workspace

ROUNDS = 3
NAMESPACE = "kserve-inference"
STORE = "model-store"
ENDPOINT = "bench"
KUBECONFIG = embedded_root() / "kubeconfig"
KUBECTL = embedded_root() / "bin" / "kubectl"
_SERVER_SIDE = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid", "finalizers")
_KINDS = (
    (Kind("v1", "Secret", "secrets"), STORE, f"minio-user-{NAMESPACE}-{ENDPOINT}"),
    (Kind("batch/v1", "Job", "jobs"), STORE, None),
    (Kind("v1", "Secret", "secrets"), NAMESPACE, f"{ENDPOINT}-model-store"),
    (Kind("v1", "ServiceAccount", "serviceaccounts"), NAMESPACE, ENDPOINT),
    (Kind("serving.kserve.io/v1beta1", "InferenceService", "inferenceservices"), NAMESPACE, ENDPOINT),
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
        for _ in range(ROUNDS):
            previews.append(timed(lambda: stack.preview(color="never")))
            project.stack_file.write_text(with_endpoint(original), "utf-8")
            ups.append(timed(stack_up(stack)))
            rendered = objects_of_the_endpoint()
            project.stack_file.write_text(original, "utf-8")
            stack.up(color="never")
            await_gone()
            applies.append(timed(partial(apply, rendered)))
            delete(rendered)
            await_gone()
    finally:
        project.stack_file.write_text(original, "utf-8")
    report(ups, applies, previews)


def stack_up(stack: automation.Stack) -> Callable[[], None]:
    """`up`, until the endpoint answers."""

    def run() -> None:
        stack.up(color="never")
        await_answer()

    return run


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def with_endpoint(original: str) -> str:
    """The stack file with one endpoint more, a copy of the first."""
    content: dict[str, Any] = yaml.safe_load(original)
    endpoints = content["config"]["kserve:endpoints"]
    endpoints[ENDPOINT] = next(iter(endpoints.values()))
    return yaml.safe_dump(content, sort_keys=False)


def cluster() -> Cluster:
    """The embedded cluster, as its admin."""
    return connect(str(KUBECONFIG), "embedded")


def objects_of_the_endpoint() -> str:
    """What `up` made for the endpoint, as YAML without what the API server added."""
    found: list[Mapping[str, Any]] = []
    with cluster() as here:
        for kind, namespace, name in _KINDS:
            items = here.list(kind, namespace)
            wanted = [item for item in items if _is_ours(item["metadata"]["name"], name)]
            found += [_as_written(kind, item) for item in wanted]
    return "---\n".join(yaml.safe_dump(item) for item in found)


def _is_ours(name: str, wanted: str | None) -> bool:
    return name == wanted if wanted else name.startswith(f"user-{NAMESPACE}-{ENDPOINT}-")


def _as_written(kind: Kind, item: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in item["metadata"].items() if key not in _SERVER_SIDE}
    rest = {key: value for key, value in item.items() if key not in {"metadata", "status"}}
    written: dict[str, Any] = {"apiVersion": kind.api_version, "kind": kind.name, **rest, "metadata": metadata}
    if kind.name == "Job":
        metadata.pop("labels", None)
        written["spec"].pop("selector", None)
        written["spec"]["template"]["metadata"] = {}
    return written


def apply(rendered: str) -> None:
    """`kubectl apply --server-side`, until the endpoint answers."""
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=rendered)
    await_answer()


def delete(rendered: str) -> None:
    """Take the objects away again."""
    kubectl("delete", "--ignore-not-found", "-f", "-", given=rendered)


def kubectl(*arguments: str, given: str) -> None:
    """Run the cluster's own kubectl."""
    command = [str(KUBECTL), "--kubeconfig", str(KUBECONFIG), *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"kubectl {arguments[0]} failed: {done.stderr}")


def await_answer() -> None:
    """Wait until the endpoint answers one prediction."""
    expected = json.loads((Path(__file__).parents[1] / ".local/models/iris/v1/expected.json").read_text("utf-8"))
    service = Kind("v1", "Service", "services")
    with cluster() as here:
        while True:
            found = here.get(service, f"{ENDPOINT}-predictor", NAMESPACE)
            if found is not None and _answers(found["spec"]["clusterIP"], expected):
                return
            time.sleep(0.1)


def _answers(address: str, expected: Mapping[str, Any]) -> bool:
    try:
        url = f"http://{address}/v1/models/{ENDPOINT}:predict"
        answer = httpx2.post(url, json={"instances": expected["instances"]}, timeout=1)
        return answer.is_success and answer.json()["predictions"] == expected["predictions"]
    except httpx2.HTTPError:
        return False


def await_gone() -> None:
    """Wait until nothing of the endpoint runs."""
    with cluster() as here:
        while here.get(DEPLOYMENTS, f"{ENDPOINT}-predictor", NAMESPACE) is not None:
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
