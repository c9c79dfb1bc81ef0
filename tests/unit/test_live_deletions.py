"""What the state has and the cluster has not, or is deleting, is found, waited for, and explained if it stays."""

from typing import Any

import pytest
from pulumi_kserve.live.cluster import CONFIG_MAPS, INFERENCE_SERVICES, Cluster, Json
from pulumi_kserve.live.deletions import await_deletions, await_finalizers, find_deletions
from pulumi_kserve.live.helm_releases import RELEASE_TYPE

from tests.unit.live_world import ENDPOINT, NAMESPACE, Clock, World, controller, service

LABEL = "organization.shop.dev"
DELETED = {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["inferenceservice.finalizers"]}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    passing = Clock()
    monkeypatch.setattr("time.sleep", passing.sleep)
    monkeypatch.setattr("time.monotonic", passing.monotonic)
    return passing


def entry(api_version: str, kind: str, name: str, **more: Any) -> Json:
    token = f"kubernetes:{api_version}:{kind}"
    metadata = {"name": name, "namespace": NAMESPACE}
    inputs = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
    return {"urn": f"urn::{token}::{name}", "type": token, "id": f"{NAMESPACE}/{name}", "inputs": inputs, **more}


ENDPOINT_ENTRY = entry("serving.kserve.io/v1beta1", "InferenceService", ENDPOINT)
SETTINGS = entry("v1", "ConfigMap", "settings")


def silent(_: str) -> None:
    """Say nothing."""


def going(world: World) -> Json:
    made = service(world)
    made["metadata"].update(DELETED)
    return made


def places(cluster: Cluster, *resources: Json) -> list[str]:
    return [one.place for one in find_deletions(cluster, resources, LABEL)]


@pytest.mark.parametrize("labels", [{}, {"pulumi-kserve/stack": LABEL}])
def test_what_is_there_is_no_deletion(world: World, labels: dict[str, str]) -> None:
    world.put(CONFIG_MAPS, {"metadata": {"name": "settings", "labels": labels}})
    assert places(world.cluster, SETTINGS) == []


def test_what_is_gone_is_found(world: World) -> None:
    assert places(world.cluster, SETTINGS) == ["ConfigMap settings in namespace fraud"]


def test_what_is_of_a_kind_that_is_gone_is_gone(world: World) -> None:
    assert places(world.cluster, entry("gone.io/v1", "Thing", "a")) == ["Thing a in namespace fraud"]


def test_what_may_not_be_listed_is_not_judged(world: World) -> None:
    world.cluster.kinds()
    world.cluster.kind("v1", "ConfigMap")
    world.down = 1
    assert places(world.cluster, SETTINGS) == []


@pytest.mark.parametrize(
    "resource",
    [
        entry("v1", "ConfigMap", "a", type="kubernetes:core/v1:ConfigMapPatch"),
        entry("v1", "ConfigMap", "a", type=RELEASE_TYPE),
        entry("v1", "ConfigMap", "a", delete=True),
        entry("v1", "ConfigMap", "a", external=True),
        entry("v1", "ConfigMap", "a", type="kserve:index:Platform"),
        entry("v1", "ConfigMap", "a", id=""),
    ],
)
def test_what_is_no_object_of_the_stack_is_not_looked_for(world: World, resource: Json) -> None:
    assert places(world.cluster, resource) == []


def test_a_deletion_is_waited_for(world: World) -> None:
    going(world)
    found = find_deletions(world.cluster, [ENDPOINT_ENTRY], LABEL)
    controller(world)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        world.objects["inferenceservices"].clear()

    assert await_deletions(world.cluster, found, "kserve", say) == []
    assert said == ["InferenceService iris in namespace fraud: being deleted; waiting for the end"]


def test_another_object_of_that_name_ends_the_wait(world: World) -> None:
    going(world)
    found = find_deletions(world.cluster, [ENDPOINT_ENTRY], LABEL)
    world.objects["inferenceservices"].clear()
    controller(world)

    def say(_: str) -> None:
        world.put(INFERENCE_SERVICES, {"metadata": {"name": ENDPOINT, "uid": "another"}})

    assert await_deletions(world.cluster, found, "kserve", say) == []


def test_a_deletion_that_needs_a_controller_scaled_to_nothing_is_explained_at_once(world: World, clock: Clock) -> None:
    going(world)
    controller(world, wanted=0, available=0)
    found = find_deletions(world.cluster, [ENDPOINT_ENTRY], LABEL)
    (why,) = await_deletions(world.cluster, found, "kserve", silent)
    assert clock.now == 0
    assert "InferenceService iris in namespace fraud is being deleted" in why
    assert "inferenceservice.finalizers" in why
    assert "is scaled to 0 replicas. Scale it up: kubectl -n kserve scale deployment" in why


def test_a_deletion_without_end_names_its_finalizers(world: World, clock: Clock) -> None:
    going(world)
    controller(world, wanted=1, available=0)
    found = find_deletions(world.cluster, [ENDPOINT_ENTRY], LABEL)
    (why,) = await_deletions(world.cluster, found, "kserve", silent)
    assert clock.now == 120
    assert "not gone after 120 s: it waits for inferenceservice.finalizers" in why


def test_endpoints_can_go_while_the_controller_works(world: World) -> None:
    service(world)
    controller(world)
    assert await_finalizers(world.cluster, [ENDPOINT_ENTRY]) is None


def test_endpoints_that_are_gone_need_no_controller(world: World) -> None:
    assert await_finalizers(world.cluster, [ENDPOINT_ENTRY]) is None


def test_a_controller_that_starts_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service(world)
    controller(world, wanted=1, available=0)

    def start(_: float) -> None:
        controller(world)

    monkeypatch.setattr("time.sleep", start)
    assert await_finalizers(world.cluster, [ENDPOINT_ENTRY]) is None


@pytest.mark.parametrize(("wanted", "seconds"), [(0, 0), (1, 120)])
def test_without_a_controller_the_endpoints_are_named_with_the_cure(
    world: World, clock: Clock, wanted: int, seconds: int
) -> None:
    service(world)
    controller(world, wanted=wanted, available=0)
    why = await_finalizers(world.cluster, [ENDPOINT_ENTRY]) or ""
    assert clock.now == seconds
    assert "InferenceService fraud/iris would stay for ever" in why
    assert "kubectl -n kserve" in why


def test_the_controller_is_looked_for_where_the_state_has_it(world: World) -> None:
    service(world)
    release = {"type": RELEASE_TYPE, "outputs": {"name": "kserve-resources", "namespace": "elsewhere"}}
    assert "in namespace elsewhere does not exist" in (await_finalizers(world.cluster, [ENDPOINT_ENTRY, release]) or "")
