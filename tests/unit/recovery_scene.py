"""A stack on a file backend, and the cluster it is on, for tests of what a killed engine leaves."""

import base64
import gzip
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pulumi import automation
from pulumi_kserve.errors import RecoveryRefused
from pulumi_kserve.live import recovery
from pulumi_kserve.live.cluster import CONFIG_MAPS, SECRETS, Cluster, Json
from pulumi_kserve.live.helm_releases import RELEASE_TYPE
from pulumi_kserve.live.recovery import Recovery, recover

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


def new_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A stack of which all is well."""
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


def object_in_state(scene: Scene, kind: str, name: str, **more: Any) -> str:
    version, _, word = kind.removeprefix("kubernetes:").rpartition(":")
    metadata = {"name": name, "namespace": NAMESPACE, "labels": OURS}
    inputs = {"apiVersion": version.removeprefix("core/"), "kind": word.removesuffix("Patch"), "metadata": metadata}
    made = resource(kind, name, inputs=inputs, **more) | {"id": f"{NAMESPACE}/{name}"}
    scene.stack.state["resources"].append(made)
    return str(made["urn"])
