"""`diagnose`: one cause, its cure and the evidence, for any endpoint."""

import pytest
from pulumi_kserve.live.cluster import DEPLOYMENTS, PODS
from pulumi_kserve.live.diagnosis import Diagnosis, diagnose

from tests.unit.live_world import ENDPOINT, NAMESPACE, World, controller, deployment, pod, service, warning

CRASHED = {"terminated": {"exitCode": 1, "reason": "Error"}}


@pytest.fixture
def world() -> World:
    made = World()
    service(made)
    deployment(made)
    controller(made)
    return made


def ask(world: World) -> Diagnosis:
    return diagnose(world.cluster, NAMESPACE, ENDPOINT)


def test_an_endpoint_that_serves_has_no_cause(world: World) -> None:
    found = ask(world)
    assert (found.serving, found.current, found.summary, found.cure) == (True, True, "", "")


def test_a_failed_update_is_told_from_the_old_pod_that_serves(world: World) -> None:
    deployment(world, new=0, replicas=2, availableReplicas=1)
    name = pod(world, init={"restartCount": 1, "state": CRASHED, "lastState": CRASHED})["metadata"]["name"]
    world.logs[name, "storage-initializer", False] = "RuntimeError: no objects under v9\n"
    found = ask(world)
    assert (found.serving, found.current) == (True, False)
    assert found.summary == "the model cannot be fetched: RuntimeError: no objects under v9"
    assert found.log == ("RuntimeError: no objects under v9",)


def test_an_endpoint_that_does_not_exist_brings_the_nearest_names(world: World) -> None:
    found = diagnose(world.cluster, NAMESPACE, "irris")
    assert found.summary == "there is no InferenceService irris in namespace fraud"
    assert "fraud/iris" in found.cure


def test_a_stopped_endpoint_says_how_to_start_it(world: World) -> None:
    service(world)["metadata"]["annotations"] = {"serving.kserve.io/stop": "true"}
    assert "Remove the annotation" in ask(world).cure


def test_a_service_that_is_not_ready_though_its_pods_are_says_why(world: World) -> None:
    conditions = service(world, ready="False")["status"]["conditions"]
    conditions.append({"type": "IngressReady", "status": "False", "reason": "GatewayMissing"})
    found = ask(world)
    assert (found.serving, found.summary) == (False, "the InferenceService is not Ready: IngressReady: GatewayMissing")


def test_a_deployment_of_knative_mode_is_found_by_its_labels(world: World) -> None:
    made = world.objects["deployments"].pop((NAMESPACE, "iris-predictor"))
    made["metadata"] = {
        **made["metadata"],
        "name": "iris-predictor-00001-deployment",
        "labels": {"serving.kserve.io/inferenceservice": ENDPOINT, "component": "predictor"},
    }
    world.put(DEPLOYMENTS, made)
    assert ask(world).serving


def test_the_evidence_holds_every_object_with_its_words(world: World) -> None:
    running = {"state": {"running": {"startedAt": "x"}}, "ready": True}
    warning(world, pod(world, main=running), "Unhealthy", "probe failed")
    service(world, modelStatus={"transitionStatus": "UpToDate", "lastFailureInfo": {"reason": "ModelLoadFailed"}})
    evidence = {piece.kind: piece.says for piece in ask(world).evidence}
    assert list(evidence) == ["InferenceService", "Deployment", "ReplicaSet", "Pod", "Controller"]
    assert "last failure: ModelLoadFailed" in evidence["InferenceService"]
    assert "warning Unhealthy: probe failed" in evidence["Pod"]


def test_pods_of_older_revisions_are_left_out(world: World) -> None:
    old = pod(world)
    old["metadata"]["ownerReferences"] = [{"uid": "another"}]
    world.put(PODS, old)
    assert "Pod" not in {piece.kind for piece in ask(world).evidence}


def test_a_diagnosis_becomes_json_and_back(world: World) -> None:
    found = ask(world)
    assert Diagnosis.model_validate_json(found.model_dump_json()) == found
