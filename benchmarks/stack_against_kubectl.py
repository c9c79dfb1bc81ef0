"""How long from an empty cluster to a correct answer: `up` of stack local, against `kubectl apply` of its YAML.

The YAML is what `up` made: the manifests that Helm recorded, and our own objects without what the API server added.
It is applied the way people do it, `kubectl apply --server-side` again and again until all of it is accepted. Both
begin with an embedded cluster that has just been started, and end when the endpoint answers as scikit-learn does.
Run it with `make bench-stack`; it takes the embedded cluster down first.
"""

import base64
import gzip
import json
import subprocess
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from pulumi_kserve.live.cluster import SECRETS, Cluster
from rich.console import Console
from rich.table import Table

from benchmarks.up_against_kubectl import KUBECONFIG, KUBECTL, as_written, await_answer, cluster, timed
from tests.e2e.spine import ENDPOINT, Spine, embedded

ROUNDS = 2
RETRY_SECONDS = 1.0
LONGEST_SECONDS = 180.0
_STACK_LABEL = "pulumi-kserve/stack"
_DERIVED = frozenset(
    {"Deployment", "Service", "HorizontalPodAutoscaler", "ReplicaSet", "Pod", "EndpointSlice", "Endpoints"}
)
_KSERVES = "serving.kserve.io/inferenceservice"


def main() -> None:
    """Measure both ways, each on a cluster that has just been started, and print the ratio of the sums."""
    ups: list[float] = []
    applies: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            spine = Spine.in_folder(Path(folder))
            restart()
            ups.append(timed(partial(up, spine)))
            with cluster() as here:
                parts = [*helm_manifests(here), ("default", our_objects(here))]
            restart()
            applies.append(timed(partial(apply, parts)))
            embedded("down")
    report(ups, applies)


def restart() -> None:
    """An embedded cluster with nothing on it."""
    embedded("down")
    embedded("up")


def up(spine: Spine) -> None:
    """The main job, which ends with a prediction of its own."""
    spine.run("up").require()


def helm_manifests(here: Cluster) -> list[tuple[str, str]]:
    """What Helm rendered and recorded, with the namespace of each release, in the order of the installs."""
    found = [
        json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
        for secret in here.list(SECRETS, labels="owner=helm")
    ]
    found.sort(key=lambda release: release["info"]["first_deployed"])
    return [(release["namespace"], release["manifest"]) for release in found]


def our_objects(here: Cluster) -> str:
    """The objects that carry the stack's label, namespaces first, as YAML."""
    found: list[Mapping[str, Any]] = []
    for kind in here.kinds():
        items = here.list(kind, labels=_STACK_LABEL)
        made = [item for item in items if kind.name not in _DERIVED or _KSERVES not in item["metadata"]["labels"]]
        found += [as_written(kind, item) for item in made]
    return yaml.safe_dump_all(sorted(found, key=lambda item: item["kind"] != "Namespace"))


def apply(parts: list[tuple[str, str]]) -> None:
    """Apply everything until everything is accepted, then wait for the answer."""
    namespaces = yaml.safe_dump_all(
        [document for document in yaml.safe_load_all(parts[-1][1]) if document["kind"] == "Namespace"]
    )
    waiting = [("default", namespaces), *parts]
    end = time.monotonic() + LONGEST_SECONDS
    while waiting:
        refusals = {part: refusal(*part) for part in waiting}
        waiting = [part for part in waiting if refusals[part]]
        if waiting and time.monotonic() > end:
            raise SystemExit(f"kubectl apply is still refused: {refusals[waiting[0]]}")
        if waiting:
            time.sleep(RETRY_SECONDS)
    await_answer(ENDPOINT)


def refusal(namespace: str, manifest: str) -> str:
    """What `kubectl apply --server-side` did not take; `namespace` is for objects that name none."""
    config: dict[str, Any] = yaml.safe_load(KUBECONFIG.read_text("utf-8"))
    config["contexts"][0]["context"]["namespace"] = namespace
    with tempfile.NamedTemporaryFile("w", suffix=".kubeconfig") as kubeconfig:
        yaml.safe_dump(config, kubeconfig)
        kubeconfig.flush()
        command = [str(KUBECTL), "--kubeconfig", kubeconfig.name, "apply", "--server-side", "--force-conflicts"]
        done = subprocess.run([*command, "-f", "-"], input=manifest, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


def report(ups: list[float], applies: list[float]) -> None:
    """Print the rounds and the ratio."""
    table = Table(title="seconds from an empty cluster to a correct answer")
    for column in ("round", "up", "kubectl apply until accepted"):
        table.add_column(column, justify="right")
    for number, (ours, theirs) in enumerate(zip(ups, applies, strict=True), start=1):
        table.add_row(str(number), f"{ours:.1f}", f"{theirs:.1f}")
    console = Console()
    console.print(table)
    console.print(f"up / kubectl apply: {sum(ups) / sum(applies):.2f}")


if __name__ == "__main__":
    main()
