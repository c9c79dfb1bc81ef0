"""Transformer, explainer, batcher, logger, autoscaler and storage, for real: one small stack."""

import hashlib
import json
import re
import shutil
import statistics
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pulumi_kserve.live.cluster import Kind

from tests.e2e import components
from tests.e2e.components import CHAIN, FEATURES, FULL_BATCH, MODELS, NAMESPACE, PAIR, SCALING, SINK, STOPPED
from tests.e2e.spine import DEPLOYMENTS, KUBECONFIG, SERVICES, Spine, cluster, embedded, instances, objects, waited_for
from tools.cache import embedded_root
from tools.local.iris import train

pytestmark = pytest.mark.e2e

PODS = Kind("v1", "Pod", "pods")
AUTOSCALERS = Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
SPECIES = ("setosa", "versicolor", "virginica")
_BEFORE: dict[str, set[str]] = {}
_KEPT = ("CustomResourceDefinition", "APIService")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spine]:
    """The stack of `components.py` on the embedded cluster; it is up at first."""
    made = Spine.in_folder(tmp_path_factory.mktemp("components"))
    shutil.copy(Path(components.__file__), made.project.root / "__main__.py")
    made.edit(_for_components)
    train(made.project, "v2", label_shift=1)
    embedded("down")
    embedded("up")
    with cluster() as here:
        _BEFORE["objects"] = objects(here)
    try:
        made.run("up").require()
        yield made
        made.run("down")
    finally:
        embedded("down")


def _for_components(config: dict[str, Any]) -> None:
    del config["kserve:endpoints"]
    config["kserve:provides"] = ["metrics-server"]  # the autoscaler's object is the claim here; it reads no metrics
    config["kserve:store"]["uploads"].append({"source": ".local/models/iris/v2", "path": "iris/v2"})


def address(service: str) -> str:
    """The URL of a Service at its own address, which this machine reaches through the cluster's network."""
    with cluster() as here:
        found = here.get(SERVICES, service, NAMESPACE)
    assert found is not None, f"there is no Service {service}"
    return f"http://{found['spec']['clusterIP']}"


def asked(url: str, body: Any) -> dict[str, Any]:
    """What an endpoint answers; the Service of a pod that has just become ready may take a moment."""

    def answered() -> httpx2.Response | None:
        try:
            answer = httpx2.post(url, json=body, timeout=30)
        except httpx2.TransportError:
            return None
        return None if answer.status_code in {502, 503, 504} else answer

    answer = waited_for(f"an answer from {url}", answered)
    assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
    return dict(answer.json())


def predict(endpoint: str, component: str = "predictor", verb: str = "predict") -> str:
    return f"{address(f'{endpoint}-{component}')}/v1/models/{endpoint}:{verb}"


def pods_of(endpoint: str, component: str = "predictor") -> list[dict[str, Any]]:
    labels = f"serving.kserve.io/inferenceservice={endpoint},component={component}"
    with cluster() as here:
        return list(here.list(PODS, NAMESPACE, labels=labels))


def calls_of_the_model(endpoint: str) -> float:
    """How often the model itself was asked, by its own count, behind whatever sidecar there is."""
    (pod,) = pods_of(endpoint)
    text = httpx2.get(f"http://{pod['status']['podIP']}:8080/metrics", timeout=10).text
    counts = re.findall(rf'^request_predict_seconds_count{{model_name="{endpoint}"}} (\S+)$', text, re.MULTILINE)
    return float(counts[0]) if counts else 0.0


def in_the_pod(pod: str, code: str) -> str:
    """What Python code prints in a pod's main container."""
    where = (f"--kubeconfig={KUBECONFIG}", "--context=embedded", f"--namespace={NAMESPACE}")
    ask = ("exec", pod, "--container=kserve-container", "--", "/usr/bin/python3.11", "-c", code)
    command = [str(embedded_root() / "bin" / "kubectl"), *where, *ask]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_transformer_answers_in_species_what_scikit_learn_answers_in_numbers(stack: Spine) -> None:
    body, truth = instances(stack.project, "v1")
    answer = asked(predict(CHAIN, "transformer"), body)
    assert answer["predictions"] == [SPECIES[index] for index in truth]


def test_a_transformer_hands_on_what_it_was_sent_in_other_units_and_shapes(stack: Spine) -> None:
    body, truth = instances(stack.project, "v1")
    in_inches = [dict(zip(FEATURES, (value / 2.54 for value in row), strict=True)) for row in body["instances"]]
    answer = asked(predict(CHAIN, "transformer"), {"unit": "in", "instances": in_inches})
    assert answer["predictions"] == [SPECIES[index] for index in truth]


def test_requests_that_come_together_reach_the_model_as_one_batch(stack: Spine) -> None:
    body, truth = instances(stack.project, "v1")
    one_each = [{"instances": [row]} for row in body["instances"][:FULL_BATCH]]
    url = predict(CHAIN)
    before = calls_of_the_model(CHAIN)
    with ThreadPoolExecutor(FULL_BATCH) as pool:
        answers = list(pool.map(partial(asked, url), one_each))
    assert [answer["predictions"] for answer in answers] == [[label] for label in truth[:FULL_BATCH]]
    batches = {answer["batchId"] for answer in answers}
    assert len(batches) == 1
    assert "" not in batches
    assert calls_of_the_model(CHAIN) - before == 1


def test_shap_values_add_up_to_the_difference_from_the_mean_prediction(stack: Spine) -> None:
    body, truth = instances(stack.project, "v1")
    explained = asked(predict(CHAIN, "explainer", "explain"), {"instances": body["instances"][-2:]})["explanations"]
    assert [each["prediction"] for each in explained] == truth[-2:]
    for each in explained:
        assert set(each["attributions"]) == set(FEATURES)
        assert each["base_value"] == pytest.approx(statistics.fmean(truth))
        assert sum(each["attributions"].values()) == pytest.approx(each["prediction"] - each["base_value"])
        assert any(abs(value) > 0.01 for value in each["attributions"].values())


def test_the_sink_gets_request_and_response_under_one_id(stack: Spine) -> None:
    body, _ = instances(stack.project, "v1")
    asked_for = {"instances": body["instances"][:3], "asked_by": "the test of the logger"}
    answer = asked(predict(PAIR), asked_for)
    events = f"{address(SINK)}/events"

    def both() -> list[dict[str, Any]]:
        kept = httpx2.get(events, timeout=10).json()
        ids = {each["id"] for each in kept if each["data"] == asked_for}
        found = [each for each in kept if each["id"] in ids]
        return found if len(found) > 1 else []

    request, response = sorted(waited_for("both events at the sink", both), key=lambda each: each["type"])
    assert request["type"] == "org.kubeflow.serving.inference.request"
    assert response["type"] == "org.kubeflow.serving.inference.response"
    assert response["data"] == answer
    for event in (request, response):
        assert (event["inferenceservicename"], event["namespace"], event["component"]) == (PAIR, NAMESPACE, "predictor")


def test_the_autoscaler_is_exactly_as_declared(stack: Spine) -> None:
    del stack
    with cluster() as here:
        found = here.get(AUTOSCALERS, f"{PAIR}-predictor", NAMESPACE)
        others = [each["metadata"]["name"] for each in here.list(AUTOSCALERS, NAMESPACE)]
    assert found is not None
    assert others == [f"{PAIR}-predictor"]
    spec = found["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (SCALING.min_replicas, SCALING.max_replicas)
    target = {"type": "Utilization", "averageUtilization": SCALING.cpu_percent}
    assert spec["metrics"] == [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"{PAIR}-predictor"}


def test_two_storage_uris_lie_under_their_two_mount_paths(stack: Spine) -> None:
    (pod,) = pods_of(PAIR)
    code = (
        "import hashlib, json, pathlib; print(json.dumps({str(file): hashlib.sha256(file.read_bytes()).hexdigest() "
        "for file in pathlib.Path('/mnt/models').rglob('model.joblib')}))"
    )
    trained = {
        f"{mount}/model.joblib": hashlib.sha256((stack.project.models / path / "model.joblib").read_bytes()).hexdigest()
        for mount, path in MODELS.items()
    }
    assert json.loads(in_the_pod(pod["metadata"]["name"], code)) == trained
    assert max(Counter(trained.values()).values()) == 1


def test_our_servers_run_without_root_and_cannot_change_their_image(stack: Spine) -> None:
    del stack
    code = "import os; print(os.getuid(), os.access('/', os.W_OK), os.access('/tmp', os.W_OK))"
    for component in ("transformer", "explainer"):
        (pod,) = pods_of(CHAIN, component)
        assert in_the_pod(pod["metadata"]["name"], code).split() == ["1000", "False", "False"]


def test_a_second_up_changes_nothing(stack: Spine) -> None:
    assert "nothing changed" in stack.run("up").require().output


def test_a_stopped_endpoint_has_no_pods_and_up_ends_well(stack: Spine) -> None:
    stack.edit(lambda config: config.update({STOPPED: True}))
    stack.run("up").require()
    waited_for("no pods of the stopped endpoint", lambda: not pods_of(PAIR))
    with cluster() as here:
        assert here.get(DEPLOYMENTS, f"{PAIR}-predictor", NAMESPACE) is None
        assert here.get(DEPLOYMENTS, f"{CHAIN}-predictor", NAMESPACE) is not None
    assert "nothing changed" in stack.run("up").require().output


def test_a_stopped_endpoint_started_again_answers(stack: Spine) -> None:
    stack.edit(lambda config: config.update({STOPPED: False}))
    stack.run("up").require()
    body, truth = instances(stack.project, "v1")
    assert asked(predict(PAIR), body)["predictions"] == truth


def test_deletion_leaves_nothing_but_the_crds(stack: Spine) -> None:
    stack.run("down", "--keep-cluster").require()
    with cluster() as here:
        left = objects(here) - _BEFORE["objects"]
    assert [each for each in left if not each.startswith(_KEPT)] == []
