"""How long `pulumi-kserve check` takes for 1 000 YAML documents, start-up included.

The documents are varied and lie in many files; one in twenty has something to find. Beside it stand the command's
start-up alone, on one document, and what only reading the same files as YAML takes in a fresh process. Run it with
`make bench-render`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.table import Table

from benchmarks.goals import Goal, arguments, report

ROUNDS = 3
DOCUMENTS = 1_000
PER_FILE = 20
WRONG_ONE_IN = 20
MOST_SECONDS = 5
_WHOLE = f"check of {DOCUMENTS:,} documents"
_CHECK = [str(Path(sys.executable).with_name("pulumi-kserve")), "check", "--format", "json"]
_READ = "import sys, yaml; [list(yaml.load_all(open(file), Loader=yaml.CSafeLoader)) for file in sys.argv[1:]]"


def main() -> None:
    """Measure each way in turn, and print the best round of each."""
    given = arguments(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = write(Path(folder))
        alone = Path(folder) / "alone.yaml"
        alone.write_text(yaml.safe_dump(document(0)), "utf-8")
        commands = {
            _WHOLE: [*_CHECK, *files],
            "check of one document": [*_CHECK, str(alone)],
            "reading them as YAML": [sys.executable, "-c", _READ, *files],
        }
        require_findings(commands[_WHOLE])
        rounds = [{name: timed(command) for name, command in commands.items()} for _ in range(ROUNDS)]
    best = {name: min(each[name] for each in rounds) for name in commands}
    table = Table("command", "seconds", title=f"{DOCUMENTS:,} documents in {len(files)} files, best of {ROUNDS} rounds")
    for name, seconds in best.items():
        table.add_row(name, f"{seconds:.2f}")
    goal = Goal(_WHOLE, best[_WHOLE], MOST_SECONDS, "seconds")
    report(table, [best], [goal], as_json=given.json)


def timed(command: Sequence[str]) -> float:
    """Seconds that the command takes."""
    begun = time.perf_counter()
    subprocess.run(command, capture_output=True, check=False)
    return time.perf_counter() - begun


def require_findings(command: Sequence[str]) -> None:
    """End the run unless the command finds something in exactly the documents that are wrong."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 1:
        raise SystemExit(f"check ended with {done.returncode}:\n{done.stderr}")
    verdicts = json.loads(done.stdout)
    found = {each["name"] for each in verdicts if each["findings"]}
    wrong = {document(number)["metadata"]["name"] for number in range(0, DOCUMENTS, WRONG_ONE_IN)}
    if len(verdicts) != DOCUMENTS or found != wrong:
        raise SystemExit(f"{len(verdicts)} verdicts; findings to explain: {sorted(found ^ wrong)[:5]}")


def write(folder: Path) -> list[str]:
    """All documents, in files of `PER_FILE`."""
    names: list[str] = []
    for first in range(0, DOCUMENTS, PER_FILE):
        file = folder / f"{first:05}.yaml"
        documents = [document(number) for number in range(first, first + PER_FILE)]
        file.write_text(yaml.safe_dump_all(documents, sort_keys=False), "utf-8")
        names.append(str(file))
    return names


def document(number: int) -> dict[str, Any]:
    """One InferenceService; one in `WRONG_ONE_IN` has something to find."""
    name = f"model-{number:04}"
    metadata = {"name": name, "namespace": f"team-{number % 7}", "labels": {"app.kubernetes.io/part-of": name}}
    kind = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": metadata}
    turn = number // WRONG_ONE_IN
    make = _SHAPES[(turn if number % WRONG_ONE_IN == 0 else number) % len(_SHAPES)]
    made: dict[str, Any] = {**kind, "spec": make(name)}
    if number % WRONG_ONE_IN == 0:
        _MISTAKES[turn % len(_MISTAKES)](made)
    return made


def _sklearn(name: str) -> dict[str, Any]:
    model = {
        "modelFormat": {"name": "sklearn", "version": "1"},
        "protocolVersion": "v2",
        "storageUri": f"s3://models/{name}/v1",
        "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    }
    return {"predictor": {"minReplicas": 2, "maxReplicas": 4, "scaleMetric": "cpu", "scaleTarget": 70, "model": model}}


def _huggingface(name: str) -> dict[str, Any]:
    model = {
        "modelFormat": {"name": "huggingface"},
        "args": ["--backend=huggingface", f"--model_name={name}", "--max_length=512"],
        "env": [{"name": "LOG_LEVEL", "valueFrom": {"configMapKeyRef": {"name": "logging", "key": "level"}}}],
        "storageUri": f"hf://{name}/instruct",
        "resources": {
            "requests": {"cpu": "1", "memory": "8Gi", "nvidia.com/gpu": "1"},
            "limits": {"cpu": "2", "memory": "8Gi", "nvidia.com/gpu": "1"},
        },
    }
    toleration = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    return {"predictor": {"model": model, "tolerations": [toleration], "nodeSelector": {"pool": "l4"}}}


def _container(name: str) -> dict[str, Any]:
    container = {
        "name": "kserve-container",
        "image": f"registry.example.com/{name}:1.0",
        "args": ["--port=8080"],
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5},
        "env": [{"name": "THREADS", "value": "4"}, {"name": "LEVEL", "value": "info"}],
        "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "2Gi"}},
        "securityContext": {"runAsNonRoot": True, "allowPrivilegeEscalation": False},
    }
    return {"predictor": {"containers": [container], "timeout": 30}}


def _transformed(name: str) -> dict[str, Any]:
    container = {"name": "kserve-container", "image": f"registry.example.com/{name}-transformer:1.0"}
    return {**_sklearn(name), "transformer": {"minReplicas": 1, "containers": [container]}}


_SHAPES: tuple[Callable[[str], dict[str, Any]], ...] = (_sklearn, _huggingface, _container, _transformed)


def _fewer_at_most_than_at_least(made: dict[str, Any]) -> None:
    made["spec"]["predictor"] |= {"minReplicas": 5, "maxReplicas": 3}


def _unknown_key(made: dict[str, Any]) -> None:
    made["spec"]["predictor"]["replicas"] = 2


def _wrong_type(made: dict[str, Any]) -> None:
    made["spec"]["predictor"]["timeout"] = "30s"


_MISTAKES: tuple[Callable[[dict[str, Any]], None], ...] = (_fewer_at_most_than_at_least, _unknown_key, _wrong_type)


if __name__ == "__main__":
    main()
