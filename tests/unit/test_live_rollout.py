"""The rollout gate: it ends well only when the revision serves, and fails early with the reason."""

from collections.abc import Callable
from typing import Any

import pytest
from pulumi_kserve.errors import ClusterUnreachable, RolloutFailed
from pulumi_kserve.live import rollout
from pulumi_kserve.live.cause import reason_in
from pulumi_kserve.live.rollout import await_rollout
from pulumi_kserve.ownership import REVISION_ANNOTATION

from tests.unit.live_world import ENDPOINT, NAMESPACE, Clock, World, controller, deployment, pod, service, warning

CRASHED: dict[str, Any] = {"exitCode": 1, "reason": "Error"}
FETCH_FAILED: dict[str, Any] = {
    "restartCount": 1,
    "state": {"terminated": CRASHED},
    "lastState": {"terminated": CRASHED},
}


@pytest.fixture
def world() -> World:
    made = World()
    service(made)
    controller(made)
    return made


def wait(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    *,
    timeout: float = 100,
    replicas: int | None = None,
    canary: str | None = None,
    during: Callable[[float], object] | None = None,
) -> tuple[float, list[str]]:
    """Wait for revision r1; the seconds it took and what was reported."""
    clock = Clock(during)
    monkeypatch.setattr(rollout, "time", clock)
    said: list[str] = []
    await_rollout(
        world.cluster,
        namespace=NAMESPACE,
        endpoint=ENDPOINT,
        revision="r1",
        timeout=timeout,
        replicas=replicas,
        canary=canary,
        report=said.append,
    )
    return clock.now, said


def failure(world: World, monkeypatch: pytest.MonkeyPatch, *, timeout: float = 100) -> tuple[float, str]:
    """Wait for a rollout that fails; the seconds it took and its message."""
    clock = Clock()
    monkeypatch.setattr(rollout, "time", clock)
    with pytest.raises(RolloutFailed) as raised:
        await_rollout(world.cluster, namespace=NAMESPACE, endpoint=ENDPOINT, revision="r1", timeout=timeout)
    return clock.now, str(raised.value)


def test_a_revision_that_serves_ends_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(world)
    assert wait(world, monkeypatch) == (0, ["iris predictor: serves"])


def test_an_older_revision_does_not_count_though_it_is_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(world, "r0")
    seconds, said = wait(world, monkeypatch, during=lambda now: deployment(world) if now >= 3 else None)
    assert (seconds, said[0]) == (3, "iris predictor: KServe has not applied revision r1 yet")


def test_an_old_pod_that_still_answers_holds_the_gate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(world, wanted=2, new=2, replicas=3)
    seconds, said = wait(world, monkeypatch, during=lambda _: deployment(world, wanted=2, new=2))
    assert (seconds, said[0]) == (0.5, "iris predictor: 2 of 2 new pods are available, 1 old still there")


def test_a_status_of_an_older_generation_does_not_count(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(world, observedGeneration=0)
    seconds, _ = wait(world, monkeypatch, during=lambda _: deployment(world))
    assert seconds == 0.5


def test_a_deployment_that_wants_no_pods_has_nothing_to_wait_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(world, wanted=0, new=0)
    assert wait(world, monkeypatch)[0] == 0


def test_a_stopped_endpoint_has_nothing_to_wait_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service(world)["metadata"]["annotations"] = {"serving.kserve.io/stop": "true"}
    assert wait(world, monkeypatch) == (0, ["iris predictor: stopped"])


def test_the_asked_number_of_pods_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(world)
    seconds, said = wait(
        world, monkeypatch, replicas=2, during=lambda now: deployment(world, wanted=2, new=2) if now >= 2 else None
    )
    assert (seconds, said[0]) == (2, "iris predictor: 1 of 2 pods are asked for yet")


def test_a_model_that_cannot_be_fetched_fails_at_once_in_the_initializers_words(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment(world, wanted=1, new=0, updatedReplicas=1, replicas=2, availableReplicas=1)
    name = pod(world, init=FETCH_FAILED)["metadata"]["name"]
    world.logs[name, "storage-initializer", False] = "Copying s3://models/v9\nRuntimeError: no objects under v9\n"
    seconds, text = failure(world, monkeypatch)
    assert seconds == 0
    assert "the model cannot be fetched" in text
    assert f"pod {name}, container storage-initializer (Error, exit code 1, 1 restarts)" in text
    assert "why: RuntimeError: no objects under v9" in text
    assert "The previous revision keeps answering" in text


def test_one_failed_fetch_may_be_a_passing_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(world, new=0)
    pod(world, init={"restartCount": 0, "state": {"terminated": CRASHED}})
    seconds, _ = wait(world, monkeypatch, during=lambda now: deployment(world) if now >= 4 else None)
    assert seconds == 4


def test_the_log_of_the_attempt_before_is_read_while_the_next_one_runs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment(world, new=0)
    state: dict[str, Any] = {"restartCount": 2, "state": {"running": {}}, "lastState": {"terminated": CRASHED}}
    name = pod(world, init=state)["metadata"]["name"]
    world.logs[name, "storage-initializer", True] = "ValueError: the attempt before\n"
    world.logs[name, "storage-initializer", False] = "starting again\n"
    assert "why: ValueError: the attempt before" in failure(world, monkeypatch)[1]


@pytest.mark.parametrize(
    ("main", "words", "seconds"),
    [
        ({"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 3}, "keeps ending", 0),
        ({"state": {"waiting": {"reason": "ErrImageNeverPull", "message": "absent"}}}, "cannot be pulled", 20),
        ({"state": {"waiting": {"reason": "ImagePullBackOff", "message": "denied"}}}, "ImagePullBackOff: denied", 20),
        ({"state": {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "x"'}}}, 'secret "x"', 10),
    ],
)
def test_a_container_that_cannot_run_fails_before_the_timeout(
    world: World, monkeypatch: pytest.MonkeyPatch, main: dict[str, Any], words: str, seconds: float
) -> None:
    deployment(world, new=0)
    pod(world, main=main)
    took, text = failure(world, monkeypatch, timeout=600)
    assert (took, words in text) == (seconds, True)


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (["INFO x", "RuntimeError: no objects", "cleaning up"], "RuntimeError: no objects"),
        (["2026-11-22 15:39:05.588 1 init ERROR [s.py:f():42] Access Denied"], "Access Denied"),
        (
            ["2026-11-22T15:39:05Z main ERROR: refused", "Storage initializer failed: s3://m"],
            "Storage initializer failed: s3://m",
        ),
        (["just", "words"], "words"),
        ([], ""),
    ],
)
def test_the_reason_is_the_last_line_that_names_an_error(log: list[str], reason: str) -> None:
    assert reason_in(log) == reason


def test_a_container_that_ran_out_of_memory_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(world, new=0)
    killed = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    pod(world, main={"restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": killed})
    assert "cure: Raise its memory limit" in failure(world, monkeypatch)[1]


UNSCHEDULABLE: dict[str, Any] = {
    "phase": "Pending",
    "conditions": [
        {"type": "PodScheduled", "reason": "Unschedulable", "message": "0/3 nodes: Insufficient nvidia.com/gpu"}
    ],
}


def test_a_pod_that_no_node_can_take_fails_when_nobody_adds_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(world, new=0)
    pod(world, **UNSCHEDULABLE)
    seconds, text = failure(world, monkeypatch, timeout=600)
    assert (seconds, "Insufficient nvidia.com/gpu" in text) == (120, True)


def test_a_pod_for_which_a_node_is_being_added_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(world, new=0)
    warning(world, pod(world, **UNSCHEDULABLE), "TriggeredScaleUp", "pool l4 1->2")
    assert failure(world, monkeypatch, timeout=600)[0] == 600


def test_pods_that_a_quota_refuses_fail_the_rollout(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    conditions = [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: team"}]
    deployment(world, new=0, updatedReplicas=0, conditions=conditions)
    assert "exceeded quota: team" in failure(world, monkeypatch)[1]


def test_a_deployment_past_its_progress_deadline_fails_the_rollout(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    conditions = [{"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "has timed out"}]
    deployment(world, new=0, conditions=conditions)
    assert failure(world, monkeypatch)[0] == 5


def test_an_endpoint_without_a_fitting_runtime_fails_in_kserves_words(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = {"reason": "NoSupportingRuntime", "message": "no runtime found to support onnx"}
    service(world, ready="False", modelStatus={"lastFailureInfo": reason})
    seconds, text = failure(world, monkeypatch)
    assert (seconds, "NoSupportingRuntime: no runtime found to support onnx" in text) == (30, True)


def test_a_reconcile_error_from_before_the_change_does_not_count(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    warning(world, service(world), "InternalError", "an old error", when="2025-12-31T00:00:00Z")
    assert "an old error" not in failure(world, monkeypatch)[1]


@pytest.mark.parametrize(
    ("wanted", "available", "words"),
    [
        (0, 0, "is scaled to 0 replicas"),
        (1, 0, "has 0 of 1 replicas available"),
        (1, 1, "has 1 of 1 replicas available"),
    ],
)
def test_a_controller_that_does_not_apply_the_revision_is_named_at_the_timeout(
    world: World, monkeypatch: pytest.MonkeyPatch, wanted: int, available: int, words: str
) -> None:
    deployment(world, "r0")
    controller(world, wanted=wanted, available=available)
    seconds, text = failure(world, monkeypatch)
    assert seconds == 100
    assert "KServe's controller has not applied this revision" in text
    assert f"Deployment kserve-controller-manager in namespace kserve {words}" in text


def test_pods_that_serve_while_the_service_is_not_ready_fail_with_its_condition(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment(world)
    service(world, ready="False")["status"]["conditions"][1]["reason"] = "NoIngressClass"
    seconds, text = failure(world, monkeypatch, timeout=600)
    assert (seconds, "NoIngressClass" in text) == (60.5, True)


def test_another_component_that_is_not_ready_yet_has_its_own_gate(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment(world)
    conditions = service(world)["status"]["conditions"]
    conditions[1]["status"] = "False"
    conditions.append({"type": "TransformerReady", "status": "False"})
    assert wait(world, monkeypatch)[0] == 0


def test_a_canary_is_watched_under_its_own_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(world, "r0")
    deployment(world, name=f"{ENDPOINT}-next-predictor")
    assert wait(world, monkeypatch, canary="next") == (0, ["iris canary next: serves"])


def test_a_canary_serves_though_the_endpoint_is_not_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service(world, ready="False")
    deployment(world, name=f"{ENDPOINT}-next-predictor")
    assert wait(world, monkeypatch, canary="next")[0] == 0


def test_a_canary_that_kserve_has_not_made_is_named_with_the_revision_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"name": "next", "annotations": {REVISION_ANNOTATION: "r1"}}
    service(world)["spec"]["canary"] = [{"predictor": asked, "trafficPercent": 10}]
    with pytest.raises(RolloutFailed) as raised:
        wait(world, monkeypatch, canary="next", timeout=5)
    assert f"endpoint {NAMESPACE}/{ENDPOINT}, canary next, does not serve" in str(raised.value)
    assert "the InferenceService asks for revision r1" in str(raised.value)


def test_an_api_server_that_is_away_for_a_moment_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment(world)
    world.down = 5
    assert wait(world, monkeypatch)[0] == 2.5


def test_an_api_server_that_stays_away_ends_the_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.down = 10_000
    with pytest.raises(ClusterUnreachable):
        wait(world, monkeypatch, timeout=600)
