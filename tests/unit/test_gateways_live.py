"""Whether a real gateway answers as it was last asked to."""

from typing import Any

import pytest
from pulumi_kserve.errors import ClusterUnreachable
from pulumi_kserve.live import gateway as live
from pulumi_kserve.live.cluster import Json, Kind

from tests.unit import live_world
from tests.unit.live_world import Clock, World

GATEWAYS = Kind("gateway.networking.k8s.io/v1", "Gateway", "gateways")
POLICIES = Kind("gateway.envoyproxy.io/v1alpha1", "SecurityPolicy", "securitypolicies")
POLICY = (POLICIES.api_version, POLICIES.name, "door")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(live_world, "KINDS", (*live_world.KINDS, GATEWAYS, POLICIES))
    return World()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(live, "time", made)
    return made


def condition(kind: str, status: str = "True", *, seen: int = 2, **more: str) -> dict[str, Any]:
    return {"type": kind, "status": status, "observedGeneration": seen, **more}


def gateway(world: World, *conditions: dict[str, Any], listeners: tuple[Json, ...] = ()) -> None:
    status = {"conditions": list(conditions), "listeners": list(listeners)}
    world.put(GATEWAYS, {"metadata": {"name": "door", "generation": 2}, "status": status})


def policy(world: World, *conditions: dict[str, Any]) -> None:
    ancestors = [{"conditions": list(conditions)}] if conditions else []
    world.put(POLICIES, {"metadata": {"name": "door", "generation": 2}, "status": {"ancestors": ancestors}})


def wait(world: World, *policies: tuple[str, str, str]) -> None:
    live.await_gateway(world.cluster, "door", namespace=live_world.NAMESPACE, policies=policies, timeout=5)


def refusal(world: World, *policies: tuple[str, str, str]) -> str:
    with pytest.raises(ClusterUnreachable) as caught:
        wait(world, *policies)
    return str(caught.value)


def test_a_programmed_gateway_with_an_accepted_policy_answers(world: World) -> None:
    gateway(world, condition("Accepted"), condition("Programmed"))
    policy(world, condition("Overridden"), condition("Accepted"))
    wait(world, POLICY)


def test_a_gateway_without_an_address_is_named_with_the_cure(world: World) -> None:
    gateway(world, condition("Programmed", "False", reason="AddressNotAssigned", message="none yet"))
    assert "AddressNotAssigned: none yet. Nothing gives its Service an address" in refusal(world)


def test_what_was_true_of_an_older_gateway_does_not_count(world: World) -> None:
    gateway(world, condition("Programmed", seen=1))
    assert "nobody has looked at the newest Gateway door" in refusal(world)


def test_a_listener_without_its_certificate_is_named(world: World) -> None:
    broken = {"name": "https", "conditions": [condition("Programmed", "False", reason="Invalid", message="no Secret")]}
    gateway(world, condition("Programmed"), listeners=(broken,))
    assert "listener https of Gateway door is not Programmed: Invalid: no Secret" in refusal(world)


def test_a_policy_that_nobody_accepted_keeps_the_gateway_unready(world: World) -> None:
    gateway(world, condition("Programmed"))
    policy(world)
    assert "nobody has looked at the newest SecurityPolicy door" in refusal(world, POLICY)


def test_a_refused_policy_is_named_with_the_controllers_words(world: World) -> None:
    gateway(world, condition("Programmed"))
    policy(world, condition("Accepted", "False", reason="Invalid", message="APIKeyAuth: duplicated API key"))
    assert "APIKeyAuth: duplicated API key" in refusal(world, POLICY)


def test_a_missing_policy_is_named(world: World) -> None:
    gateway(world, condition("Programmed"))
    assert "there is no SecurityPolicy door" in refusal(world, POLICY)


def test_a_cluster_without_the_gateway_api_is_told_from_a_slow_one(world: World) -> None:
    assert "there is no Gateway door" in refusal(world)


def test_a_gateway_that_becomes_ready_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway(world, condition("Programmed", "False", reason="Pending"))
    monkeypatch.setattr(live, "time", Clock(lambda _: gateway(world, condition("Programmed"))))
    wait(world)
