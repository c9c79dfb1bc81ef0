"""Recovery: what is provably the stack's own is put right, everything else is refused by name and left alone."""

import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from pulumi import automation
from pulumi_kserve.errors import ClusterUnreachable, RecoveryRefused
from pulumi_kserve.live import recovery
from pulumi_kserve.live.cluster import CONFIG_MAPS, INFERENCE_SERVICES, Cluster
from pulumi_kserve.live.pending_operations import resolve, resolved_state
from pulumi_kserve.live.recovery import Recovery, refuse_stuck_destroy
from pulumi_kserve.live.stack_locks import find_locks, local_backend

from tests.unit.live_world import NAMESPACE, World
from tests.unit.recovery_scene import (
    DEAD_PID,
    LABEL,
    OURS,
    Scene,
    lock,
    new_scene,
    object_in_state,
    pending,
    pending_config_map,
    record,
    release_in_state,
    resource,
    revision,
)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return new_scene(tmp_path, monkeypatch)


def test_a_sound_stack_is_left_alone(scene: Scene) -> None:
    assert (scene.recover(), scene.said, scene.stack.imported) == (Recovery(), [], [])


def test_an_empty_stack_asks_no_cluster(scene: Scene) -> None:
    scene.stack.state = {}
    scene.recover()
    assert scene.world.requests == []


def test_the_lock_of_a_dead_process_is_released(scene: Scene) -> None:
    file = lock(scene.stack.work_dir, pid=DEAD_PID)
    assert scene.recover().changed
    assert list(file.parent.iterdir()) == []
    assert scene.said[0].startswith(f"released the lock of a dead engine (process {DEAD_PID} of ci@")


def test_the_lock_of_a_pid_that_another_process_has_since_is_released(scene: Scene) -> None:
    lock(scene.stack.work_dir, pid=os.getpid(), taken="2001-01-01T00:00:00Z")
    assert scene.recover().changed


def test_the_lock_of_a_zombie_is_released(scene: Scene) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    lock(scene.stack.work_dir, pid=child.pid, taken="2999-01-01T00:00:00Z")
    try:
        assert scene.recover().changed
    finally:
        child.wait()


def test_the_lock_of_a_running_process_is_refused_by_its_holder(scene: Scene) -> None:
    file = lock(scene.stack.work_dir, pid=os.getpid(), taken="2999-01-01T00:00:00Z")
    assert f"process {os.getpid()} of ci@" in scene.refusal()
    assert file.exists()


def test_the_lock_of_another_host_is_refused_with_the_command_that_releases_it(scene: Scene) -> None:
    lock(scene.stack.work_dir, pid=1, host="elsewhere")
    assert "on another host. If it is dead, run `pulumi cancel`" in scene.refusal()


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:///srv/state", "/srv/state"),
        ("file:///srv/state?no_tmp_dir=true", "/srv/state"),
        ("file://./state", "/project/state"),
        ("file://~", str(Path.home())),
        ("s3://bucket", None),
        ("https://api.pulumi.com", None),
    ],
)
def test_only_file_backends_have_locks_here(url: str, folder: str | None) -> None:
    found = local_backend(url, Path("/project"))
    assert found == (Path(folder) if folder else None)


def test_a_file_that_is_no_lock_is_left_out(tmp_path: Path) -> None:
    lock(str(tmp_path), pid=1).write_text("not JSON")
    assert find_locks(tmp_path, "shop", "dev") == []


def test_a_pending_create_of_nothing_is_forgotten(scene: Scene) -> None:
    pending_config_map(scene)
    assert scene.recover().done == ("kubernetes:core/v1:ConfigMap settings: was not created; the next up creates it",)
    assert "pending_operations" not in scene.stack.state


def test_an_object_of_ours_is_adopted_as_unfinished_under_the_manager_that_made_it(scene: Scene) -> None:
    operation = pending_config_map(scene)
    managers = [
        {"manager": "kubectl", "time": "2026-01-03T00:00:00Z"},
        {"manager": "pulumi-kubernetes-1a2b", "time": "2026-01-02T00:00:00Z"},
    ]
    scene.world.put(CONFIG_MAPS, {"metadata": {"name": "settings", "labels": OURS, "managedFields": managers}})
    scene.recover()
    adopted = scene.stack.state["resources"][-1]
    assert adopted["id"] == f"{NAMESPACE}/settings"
    assert adopted["outputs"]["__fieldManager"] == "pulumi-kubernetes-1a2b"
    assert adopted["outputs"]["__inputs"] == operation["resource"]["inputs"]
    assert adopted["initErrors"] == ["it was interrupted"]


@pytest.mark.parametrize("labels", [{}, {"pulumi-kserve/stack": "organization.shop.prod"}])
def test_an_object_of_somebody_else_is_refused_by_name(scene: Scene, labels: dict[str, str]) -> None:
    pending_config_map(scene)
    scene.world.put(CONFIG_MAPS, {"metadata": {"name": "settings", "labels": labels}})
    assert f"ConfigMap settings in namespace {NAMESPACE} exists but does not carry the label" in scene.refusal()


@pytest.mark.parametrize("operation", ["updating", "deleting"])
def test_what_was_being_changed_is_refreshed(scene: Scene, operation: str) -> None:
    urn = pending_config_map(scene, operation)["resource"]["urn"]
    scene.recover()
    assert scene.stack.refreshed == [urn]
    assert "pending_operations" not in scene.stack.state


def test_a_pending_create_of_another_cloud_stays_for_its_owner_to_judge(scene: Scene) -> None:
    operation = pending(scene, "creating", "aws:s3/bucket:Bucket", "models")
    scene.recover()
    assert scene.stack.imported == []
    assert scene.stack.state["pending_operations"] == [operation]


def test_what_an_adopted_object_replaces_stays_to_be_deleted() -> None:
    world = World()
    old = resource("kubernetes:core/v1:ConfigMap", "settings")
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new", "namespace": NAMESPACE}}
    operation = {"type": "creating", "resource": {**old, "inputs": inputs}}
    world.put(CONFIG_MAPS, {"metadata": {"name": "new", "labels": OURS}})
    state = resolved_state({"resources": [old]}, resolve(world.cluster, [operation], LABEL))
    assert [(one["id"], one.get("delete", False)) for one in state["resources"]] == [
        (f"{NAMESPACE}/new", False),
        ("settings", True),
    ]


def test_pending_operations_need_the_cluster(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    pending_config_map(scene)
    monkeypatch.setattr(recovery, "connect", _unreachable)
    with pytest.raises(ClusterUnreachable):
        scene.recover()


def test_without_pending_operations_an_unreachable_cluster_is_left_to_the_engine(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "connect", _unreachable)
    assert not scene.recover().changed
    assert scene.said == ["Helm's records were not looked at: gone"]


def _unreachable(*_: object) -> Cluster:
    raise ClusterUnreachable("gone")


def test_a_second_recovery_has_nothing_to_do(scene: Scene) -> None:
    lock(scene.stack.work_dir, pid=DEAD_PID)
    pending_config_map(scene)
    record(scene.world)
    revision(scene.world, 1, "pending-install")
    assert (scene.recover().changed, scene.recover().changed) == (True, False)


def test_an_object_that_went_after_its_run_had_ended_is_refreshed(scene: Scene) -> None:
    urn = object_in_state(scene, "kubernetes:core/v1:ConfigMap", "settings")
    assert scene.recover().done == (
        "ConfigMap settings in namespace fraud is gone: the next up makes it again",
        "refreshed 1 resources",
    )
    assert scene.stack.refreshed == [urn]


def test_the_gate_of_an_endpoint_that_is_gone_is_passed_anew(scene: Scene) -> None:
    endpoint = object_in_state(scene, "kubernetes:serving.kserve.io/v1beta1:InferenceService", "iris")
    gate = object_in_state(scene, "kubernetes:apps/v1:DeploymentPatch", "gate", dependencies=[endpoint])
    scene.recover()
    unfinished = {one["urn"]: one.get("initErrors") for one in scene.stack.state["resources"]}
    assert unfinished[gate] == ["it was interrupted"]
    assert scene.stack.refreshed == [endpoint]


def test_a_deletion_that_does_not_end_is_refused_with_its_cause(scene: Scene) -> None:
    object_in_state(scene, "kubernetes:serving.kserve.io/v1beta1:InferenceService", "iris")
    metadata = {"name": "iris", "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a"], "labels": OURS}
    scene.world.put(INFERENCE_SERVICES, {"metadata": metadata})
    assert "InferenceService iris in namespace fraud is being deleted; it waits for a" in scene.refusal()


@pytest.mark.parametrize(("known", "unrecorded"), [(False, True), (True, False)])
def test_only_objects_that_the_state_does_not_know_need_an_up_before_a_destroy(
    scene: Scene, *, known: bool, unrecorded: bool
) -> None:
    record(scene.world)
    if known:
        release_in_state(scene)
    revision(scene.world, 1, "pending-install")
    assert scene.recover().unrecorded is unrecorded


def test_a_destroy_of_endpoints_without_their_controller_is_refused(scene: Scene) -> None:
    object_in_state(scene, "kubernetes:serving.kserve.io/v1beta1:InferenceService", "iris")
    scene.world.put(INFERENCE_SERVICES, {"metadata": {"name": "iris"}})
    with pytest.raises(RecoveryRefused, match="destroy refused, nothing was touched"):
        refuse_stuck_destroy(cast("automation.Stack", scene.stack))


@pytest.mark.parametrize("empty", [True, False])
def test_a_destroy_without_endpoints_is_not_refused(scene: Scene, *, empty: bool) -> None:
    if empty:
        scene.stack.state = {}
    refuse_stuck_destroy(cast("automation.Stack", scene.stack))
