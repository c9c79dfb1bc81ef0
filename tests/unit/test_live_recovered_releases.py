"""Helm releases that a killed engine left half recorded are put right; somebody else's are refused by name."""

import base64
import gzip
import json
import socket
from pathlib import Path

import pytest
from pulumi_kserve.live import recovery
from pulumi_kserve.live.helm_releases import RELEASE_TYPE
from pulumi_kserve.live.orphans import orphaned_providers

from tests.unit.recovery_scene import (
    Scene,
    new_scene,
    object_in_state,
    pending_release,
    record,
    release_in_state,
    revision,
    revisions,
)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return new_scene(tmp_path, monkeypatch)


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


def test_a_release_that_helm_has_no_more_is_refreshed_and_its_patches_are_made_anew(scene: Scene) -> None:
    release = release_in_state(scene)
    patch = object_in_state(scene, "kubernetes:core/v1:ConfigMapPatch", "settings", dependencies=[release])
    scene.recover()
    unfinished = [one["urn"] for one in scene.stack.state["resources"] if "initErrors" in one]
    assert (scene.stack.refreshed, unfinished) == ([release], [patch])
    assert "is in the stack's state but not in Helm's records: it is refreshed" in scene.said[0]


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


def test_an_uninstall_that_outlived_its_engine_is_waited_for(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    release = release_in_state(scene)
    operation = {"type": "deleting", "resource": scene.stack.state["resources"][-1]}
    scene.stack.state["pending_operations"] = [operation]
    revision(scene.world, 1, "uninstalling")
    monkeypatch.setattr(recovery, "orphaned_providers", lambda: [1])

    def finish(_: float) -> None:
        scene.world.objects["secrets"].clear()

    monkeypatch.setattr("time.sleep", finish)
    scene.recover()
    assert (scene.stack.refreshed, "initErrors" in scene.stack.state["resources"][-1]) == ([release], False)
