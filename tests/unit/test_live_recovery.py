"""Recovery: what is provably the stack's own is put right, everything else is refused by name and left alone."""

import base64
import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pulumi import automation
from pulumi_kserve.errors import ClusterUnreachable, RecoveryRefused
from pulumi_kserve.live import recovery
from pulumi_kserve.live.cluster import CONFIG_MAPS, SECRETS, Cluster, Json
from pulumi_kserve.live.helm_releases import RELEASE_TYPE
from pulumi_kserve.live.orphans import orphaned_providers
from pulumi_kserve.live.pending_operations import resolve, resolved_state
from pulumi_kserve.live.recovery import Recovery, explain_engine_error, recover
from pulumi_kserve.live.stack_locks import find_locks, local_backend

from tests.unit.live_world import NAMESPACE, World

LABEL = "organization.shop.dev"
OURS = {"pulumi-kserve/stack": LABEL}
DEAD_PID = 2**22 + 1


@dataclass
class FakeStack:
    """A stack on a file backend, whose engine is a dict."""

    work_dir: str
    state: Json
    name: str = "dev"
    imported: list[Json] = field(default_factory=list[Json])
    refreshed: list[str] = field(default_factory=list[str])

    @property
    def workspace(self) -> Any:
        return SimpleNamespace(
            work_dir=self.work_dir,
            pulumi_home=None,
            env_vars={"PULUMI_BACKEND_URL": f"file://{self.work_dir}"},
            pulumi_command=SimpleNamespace(run=self._run),
            project_settings=lambda: SimpleNamespace(name="shop"),
        )

    def get_all_config(self) -> Mapping[str, Any]:
        return {}

    def refresh(self, target: list[str]) -> None:
        self.refreshed += target

    def _run(self, arguments: list[str], _cwd: str, _env: Mapping[str, str]) -> Any:
        if arguments[1] == "import":
            self.state = json.loads(Path(arguments[-1]).read_text())["deployment"]
            self.imported.append(self.state)
        return SimpleNamespace(stdout=json.dumps({"version": 3, "deployment": self.state}))


@dataclass
class Scene:
    stack: FakeStack
    world: World
    said: list[str] = field(default_factory=list[str])

    def recover(self) -> Recovery:
        return recover(cast("automation.Stack", self.stack), report=self.said.append)

    def refusal(self) -> str:
        before = repr(self.world.objects)
        with pytest.raises(RecoveryRefused) as raised:
            self.recover()
        assert (repr(self.world.objects), self.stack.imported) == (before, [])
        return str(raised.value)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    world = World()

    def reach(*_: object) -> Cluster:
        return world.cluster

    monkeypatch.setattr(recovery, "connect", reach)
    monkeypatch.setattr(recovery, "orphaned_providers", list)
    monkeypatch.setattr(world.cluster, "close", list)
    return Scene(FakeStack(str(tmp_path), {"resources": [resource("v1:Other", "other")]}), world)


def resource(kind: str, name: str, **more: Any) -> Json:
    return {"urn": f"urn:pulumi:dev::shop::{kind}::{name}", "type": kind, "id": name, **more}


def pending(scene: Scene, operation: str, kind: str, name: str, inputs: Json | None = None) -> Json:
    described = resource(kind, name, inputs=inputs or {})
    del described["id"]
    made: Json = {"type": operation, "resource": described}
    scene.stack.state.setdefault("pending_operations", []).append(made)
    return made


def pending_config_map(scene: Scene, operation: str = "creating") -> Json:
    metadata = {"name": "settings", "namespace": NAMESPACE, "labels": OURS}
    kind = "kubernetes:core/v1:ConfigMap"
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    return pending(scene, operation, kind, "settings", inputs)


def pending_release(scene: Scene) -> None:
    pending(scene, "creating", RELEASE_TYPE, "kserve", {"name": "kserve", "namespace": NAMESPACE})


def lock(folder: str, *, pid: int, host: str = "", taken: str = "2026-11-22T15:03:05.807437094Z") -> Path:
    file = Path(folder) / ".pulumi/locks/organization/shop/dev/c524358e.json"
    file.parent.mkdir(parents=True)
    content = {"pid": pid, "username": "ci", "hostname": host or socket.gethostname(), "timestamp": taken}
    file.write_text(json.dumps(content))
    file.with_name(file.name + ".attrs").write_text("{}")
    return file


def revision(world: World, version: int, status: str, *, release: str = "kserve") -> Json:
    blob = base64.b64encode(gzip.compress(json.dumps({"info": {"status": status}}).encode()))
    return world.put(
        SECRETS,
        {
            "metadata": {
                "name": f"sh.helm.release.v1.{release}.v{version}",
                "resourceVersion": "7",
                "labels": {"owner": "helm", "name": release, "status": status, "version": str(version)},
            },
            "data": {"release": base64.b64encode(blob).decode()},
        },
    )


def record(world: World, *, labels: Mapping[str, str] = OURS) -> None:
    metadata = {"name": "pulumi-kserve-release-kserve", "labels": dict(labels)}
    world.put(CONFIG_MAPS, {"metadata": metadata, "data": {"release": "kserve"}})


def release_in_state(scene: Scene) -> str:
    known = resource(RELEASE_TYPE, "kserve", outputs={"name": "kserve", "namespace": NAMESPACE})
    scene.stack.state["resources"].append(known)
    return str(known["urn"])


def revisions(world: World) -> list[str]:
    return [name.rpartition(".")[2] for _, name in world.objects["secrets"]]


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


@pytest.mark.parametrize("status", ["pending-install", "deployed", "failed"])
def test_a_recorded_release_that_the_state_does_not_have_loses_its_records_only(scene: Scene, status: str) -> None:
    record(scene.world)
    revision(scene.world, 1, status)
    scene.recover()
    assert revisions(scene.world) == []
    wrong = f"Helm release kserve in namespace fraud is recorded by Helm ({status}) but not in the stack's state"
    assert scene.said == [f"{wrong}: removed 1 revision record; its objects stay"]


@pytest.mark.parametrize("labels", [None, {"pulumi-kserve/stack": "organization.shop.prod"}])
def test_a_release_without_our_record_is_refused_with_the_commands(scene: Scene, labels: dict[str, str] | None) -> None:
    pending_release(scene)
    if labels:
        record(scene.world, labels=labels)
    revision(scene.world, 1, "deployed")
    text = scene.refusal()
    assert "`helm uninstall kserve --namespace fraud`" in text
    assert f"`pulumi import {RELEASE_TYPE} <resource> fraud/kserve`" in text


def test_a_release_that_state_and_helm_agree_on_is_left_alone(scene: Scene) -> None:
    record(scene.world)
    release_in_state(scene)
    revision(scene.world, 1, "deployed")
    assert not scene.recover().changed


def test_a_pending_upgrade_loses_that_revision_and_is_refreshed(scene: Scene) -> None:
    urn = release_in_state(scene)
    revision(scene.world, 1, "superseded")
    revision(scene.world, 2, "deployed")
    revision(scene.world, 3, "pending-upgrade")
    scene.recover()
    assert (revisions(scene.world), scene.stack.refreshed) == (["v1", "v2"], [urn])


def test_an_interrupted_uninstall_is_called_failed_so_that_up_and_destroy_both_go_on(scene: Scene) -> None:
    release_in_state(scene)
    secret = revision(scene.world, 1, "uninstalling")
    scene.recover()
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    assert json.loads(gzip.decompress(packed)) == {"info": {"status": "failed"}}
    assert secret["metadata"]["labels"]["status"] == "failed"
    assert scene.stack.state["resources"][-1]["initErrors"] == ["it was interrupted"]
    assert scene.stack.refreshed == []


def test_a_provider_that_outlived_its_engine_is_waited_for(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    pending_release(scene)
    record(scene.world)
    revision(scene.world, 1, "pending-install")
    monkeypatch.setattr(recovery, "orphaned_providers", lambda: [1])

    def finish(_: float) -> None:
        revision(scene.world, 1, "deployed")

    monkeypatch.setattr("time.sleep", finish)
    scene.recover()
    assert scene.said[0].startswith("a provider of the killed engine still works on Helm release kserve")


def test_only_a_provider_whose_engine_is_gone_is_an_orphan(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        for pid, words in {
            "1": "/bin/pulumi-resource-kubernetes\x00127.0.0.1:1\0",
            "2": f"/bin/pulumi-resource-kubernetes\x00127.0.0.1:{port}\0",
            "3": "/bin/sleep\x00127.0.0.1:1\0",
        }.items():
            (tmp_path / pid).mkdir()
            (tmp_path / pid / "cmdline").write_text(words)
        assert orphaned_providers(tmp_path) == [1]


def test_a_second_recovery_has_nothing_to_do(scene: Scene) -> None:
    lock(scene.stack.work_dir, pid=DEAD_PID)
    pending_config_map(scene)
    record(scene.world)
    revision(scene.world, 1, "pending-install")
    assert (scene.recover().changed, scene.recover().changed) == (True, False)


@pytest.mark.parametrize(
    "error",
    [
        "error: cannot re-use a name that is still in use",
        "another operation (install/upgrade/rollback) is in progress",
        "the stack is currently locked by 1 lock(s)",
    ],
)
def test_errors_of_an_interrupted_run_name_the_exact_command(error: str) -> None:
    assert "pulumi-kserve recover --stack dev" in (explain_engine_error([error], "dev") or "")


def test_other_errors_are_left_to_the_engine() -> None:
    assert explain_engine_error(["quota exceeded"], "dev") is None
