"""KServe 0.19 to 0.20 on a real cluster, asked all the time: what the plan says is what happens; in this order."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
from pulumi_kserve.live.cluster import DEPLOYMENTS, INFERENCE_SERVICES, PODS, REPLICA_SETS, Cluster, Json, Kind

from tests.e2e.spine import (
    ENDPOINT,
    KUBECONFIG,
    NAMESPACE,
    REPOSITORY,
    Client,
    Ended,
    Spine,
    cluster,
    embedded,
    endpoint_url,
    instances,
    objects,
)
from tools.cache import embedded_root
from tools.embedded.extras import KSERVE_019
from tools.local.cluster import embedded_charts

pytestmark = pytest.mark.wide
CRDS = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False)
CONTROLLER = "kserve-controller-manager"
PREDICTOR = f"{ENDPOINT}-predictor"
MOST_ROLLS = 2
"""How often docs/upgrade.md says that the pods of an endpoint are exchanged."""
_KEPT = ("CustomResourceDefinition", "APIService")


@dataclass(frozen=True)
class Seen:
    """What must outlive an upgrade, and what may change in it."""

    uids: Mapping[str, str]
    """Of CRDs and InferenceServices."""
    pods: Mapping[str, frozenset[str]]
    """The UIDs of the pods of each Deployment, by namespace/name."""
    templates: frozenset[str]
    """The names of the endpoint's ReplicaSets: one for each pod template that it ever had."""
    image: str
    """The image of KServe's controller."""


@dataclass
class Watched:
    """The pods of a namespace, looked at five times a second by another thread: how many there were, and ready."""

    names: set[str] = field(default_factory=set[str])
    fewest_ready: int = 99
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join(timeout=30)

    def _look(self) -> None:
        with cluster() as here:
            while not self._stop.wait(0.2):
                pods = here.list(PODS, NAMESPACE, labels=f"app=isvc.{PREDICTOR}")
                self.names |= {pod["metadata"]["name"] for pod in pods}
                self.fewest_ready = min(self.fewest_ready, sum(map(is_ready, pods)))


@dataclass
class Upgrade:
    """One stack on its way from 0.19 to 0.20."""

    spine: Spine
    empty: set[str]
    """Every object of the cluster before the stack."""
    plan: dict[str, Any] = field(default_factory=dict[str, Any])
    before: Seen | None = None
    after: Seen | None = None
    client: Client | None = None
    pods: Watched = field(default_factory=Watched)
    log: str = ""


@pytest.fixture(scope="module")
def upgrade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgrade]:
    """A stack for 0.19 with two replicas, on the embedded cluster as if it were anybody's; not up yet."""
    spine = Spine.in_folder(tmp_path_factory.mktemp("project"))
    charts = spine.project.root / "charts"
    charts.mkdir()
    (charts / "0.19").symlink_to(KSERVE_019.charts(embedded_root()))
    (charts / "0.20").symlink_to(embedded_charts())
    spine.edit(lambda config: config["kserve:platform"].update({"release": "0.19"}))
    spine.edit(lambda config: config.update({"kserve:chartSource": str(charts / "0.19")}))
    spine.edit_predictor(scaling={"noScaling": {"replicas": 2}})
    embedded("down")
    with_019("up")
    with cluster() as here:
        empty = objects(here)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBE_CONTEXT", "embedded")
        patch.setenv("KUBECONFIG", str(KUBECONFIG))
        yield Upgrade(spine, empty)
        spine.run("down")
    embedded("down")


def with_019(command: str) -> None:
    """Run `python -m tools.embedded` with what KServe 0.19 needs."""
    arguments = [sys.executable, "-m", "tools.embedded", command, "--with", KSERVE_019.name]
    done = subprocess.run(arguments, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def planned(spine: Spine, *options: str) -> Ended:
    """What `pulumi-kserve upgrade` says."""
    program = Path(sys.executable).with_name("pulumi-kserve")
    charts = spine.project.root / "charts" / "0.20"
    arguments = ["upgrade", "--stack", "local", "--to", "0.20", "--chart-source", str(charts), *options]
    begun = time.monotonic()
    done = subprocess.run(
        [program, *arguments],
        cwd=spine.project.root,
        env={**os.environ, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Ended(done.returncode, done.stdout, time.monotonic() - begun)


def is_ready(pod: Json) -> bool:
    conditions = {each["type"]: each["status"] for each in pod.get("status", {}).get("conditions", ())}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def seen(here: Cluster) -> Seen:
    """The cluster as it is now."""
    kept = [("CRD", each) for each in here.list(CRDS)]
    kept += [("InferenceService", each) for each in here.list(INFERENCE_SERVICES)]
    controller = here.get(DEPLOYMENTS, CONTROLLER, "kserve")
    assert controller is not None
    images = {each["name"]: each["image"] for each in controller["spec"]["template"]["spec"]["containers"]}
    return Seen(
        {f"{kind} {each['metadata']['name']}": each["metadata"]["uid"] for kind, each in kept},
        pods_of_deployments(here),
        frozenset(each["metadata"]["name"] for each in here.list(REPLICA_SETS, NAMESPACE) if owner(each) == PREDICTOR),
        images["manager"],
    )


def pods_of_deployments(here: Cluster) -> dict[str, frozenset[str]]:
    homes = {
        each["metadata"]["uid"]: f"{each['metadata']['namespace']}/{owner(each)}" for each in here.list(REPLICA_SETS)
    }
    found: dict[str, set[str]] = {}
    for pod in here.list(PODS):
        home = next((homes.get(each["uid"]) for each in pod["metadata"].get("ownerReferences", ())), None)
        if home and "deletionTimestamp" not in pod["metadata"]:
            found.setdefault(home, set()).add(pod["metadata"]["uid"])
    return {home: frozenset(uids) for home, uids in found.items()}


def owner(item: Json) -> str:
    return next((str(each["name"]) for each in item["metadata"].get("ownerReferences", ())), "")


def require(found: Any) -> Any:
    assert found is not None, "the test before did not get that far"
    return found


def test_019_serves_a_correct_prediction_from_two_pods(upgrade: Upgrade) -> None:
    upgrade.spine.run("up").require()
    body, truth = instances(upgrade.spine.project, "v1")
    with cluster() as here:
        client = Client(endpoint_url(here), body)
        upgrade.before = seen(here)
    client.ask()
    assert [answer for _, answer in client.answers] == [truth]
    assert len(upgrade.before.pods[f"{NAMESPACE}/{PREDICTOR}"]) == 2
    assert upgrade.before.image.endswith("/kserve-controller:v0.19.0")


def test_the_plan_is_printed_and_finds_nothing_in_the_way(upgrade: Upgrade) -> None:
    said = planned(upgrade.spine).output
    upgrade.plan = json.loads(planned(upgrade.spine, "--json").output)
    assert "KServe 0.19 -> 0.20" in said
    assert "CRDs and endpoints keep their UIDs: fine" in said
    assert upgrade.plan["findings"] == []
    assert [endpoint["rolls"] for endpoint in upgrade.plan["endpoints"]] == [True]
    assert [part["interruption"] for part in upgrade.plan["endpoints"][0]["parts"]] == [""]


def test_no_request_fails_while_the_release_changes(upgrade: Upgrade) -> None:
    charts = upgrade.spine.project.root / "charts" / "0.20"
    upgrade.spine.edit(lambda config: config["kserve:platform"].update({"release": "0.20"}))
    upgrade.spine.edit(lambda config: config.update({"kserve:chartSource": str(charts)}))
    body, truth = instances(upgrade.spine.project, "v1")
    with cluster() as here:
        url = endpoint_url(here)
    with upgrade.pods, Client(url, body) as client:
        time.sleep(3)
        upgrade.spine.run("up").require()
        time.sleep(3)
    with cluster() as here:
        upgrade.after = seen(here)
    upgrade.client = client
    upgrade.log = (upgrade.spine.project.logs / "up.log").read_text("utf-8")
    assert client.failures == []
    assert client.rate >= 20
    assert [answer for _, answer in client.answers if answer != truth] == []


def test_the_update_changes_the_resources_that_the_plan_names_and_no_other(upgrade: Upgrade) -> None:
    done = {"created": "create", "updated": "update", "replaced": "replace", "deleted": "delete"}
    lines = [line.split() for line in upgrade.log.splitlines()]
    changed = {(done[line[0]], *line[1:3]) for line in lines if line and line[0] in done}
    said = {(each["action"], each["type"].rpartition(":")[2], each["name"]) for each in upgrade.plan["changes"]}
    assert changed == said


def test_crds_and_endpoints_keep_their_uids(upgrade: Upgrade) -> None:
    before, after = require(upgrade.before), require(upgrade.after)
    assert upgrade.plan["lost"] == []
    assert {name: after.uids.get(name) for name in before.uids} == before.uids


def test_the_controller_is_the_new_one(upgrade: Upgrade) -> None:
    assert require(upgrade.after).image.endswith("/kserve-controller:v0.20.0")


def test_those_pods_restart_that_the_plan_names_and_no_other(upgrade: Upgrade) -> None:
    before, after = require(upgrade.before), require(upgrade.after)
    restarted = {home for home, pods in before.pods.items() if after.pods.get(home) != pods}
    endpoints = {f"{each['namespace']}/{each['name']}-predictor" for each in upgrade.plan["endpoints"] if each["rolls"]}
    assert restarted == {f"kserve/{CONTROLLER}", *endpoints}


def test_pods_of_the_endpoint_are_exchanged_no_more_often_than_the_page_says(upgrade: Upgrade) -> None:
    before, after = require(upgrade.before), require(upgrade.after)
    assert 1 <= len(after.templates - before.templates) <= MOST_ROLLS
    assert upgrade.pods.fewest_ready >= 2


def test_a_second_preview_is_empty(upgrade: Upgrade) -> None:
    assert upgrade.spine.preview() == {}


def test_up_again_changes_nothing(upgrade: Upgrade) -> None:
    assert "nothing changed" in upgrade.spine.run("up").require().output
    with cluster() as here:
        assert seen(here) == upgrade.after


def test_there_is_nothing_more_to_upgrade(upgrade: Upgrade) -> None:
    assert "nothing to do" in planned(upgrade.spine).output


def test_down_leaves_nothing_but_the_crds(upgrade: Upgrade) -> None:
    upgrade.spine.run("down").require()
    with cluster() as here:
        left = objects(here) - upgrade.empty
    assert [each for each in left if not each.startswith(_KEPT)] == []
    assert any("inferenceservices.serving.kserve.io" in each for each in left)
