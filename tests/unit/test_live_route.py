"""Requests leave what an update removes before the update begins, and never go to what does not serve."""

from collections.abc import Callable, Mapping

import pytest
from pulumi_kserve.errors import RolloutFailed
from pulumi_kserve.live import route as live_route
from pulumi_kserve.live.cluster import Json
from pulumi_kserve.live.route import HTTP_ROUTES, Departure, withdraw

from tests.unit.live_world import ENDPOINT, NAMESPACE, Clock, World, deployment

ROUTE = f"{ENDPOINT}-host"
STABLE, NEXT, LATER = f"{ENDPOINT}-predictor", f"{ENDPOINT}-next-predictor", f"{ENDPOINT}-later-predictor"


def route(world: World, weights: Mapping[str, int], name: str = ROUTE) -> Json:
    """A route to the Services that are named, each with its weight, as the Gateway has taken it."""
    refs = [{"name": service, "port": 80, "weight": weight} for service, weight in weights.items()]
    rule = {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": refs}
    return put(world, name, [rule])


def put(world: World, name: str, rules: list[Json]) -> Json:
    made = world.put(HTTP_ROUTES, {"metadata": {"name": name, "generation": 1}, "spec": {"rules": rules}})
    observed(made)
    return made


def observed(thing: Json, *, generation: int = 1) -> None:
    conditions = [{"type": "Accepted", "status": "True", "observedGeneration": generation}]
    thing["status"] = {"parents": [{"conditions": conditions}]}


def leave(*services: str, routes: tuple[str, ...] = (ROUTE,), downtime_allowed: bool = False) -> Departure:
    return Departure(ENDPOINT, NAMESPACE, routes, services, downtime_allowed)


def run(
    world: World, departure: Departure, monkeypatch: pytest.MonkeyPatch, during: Callable[[float], object] | None = None
) -> tuple[float, list[str]]:
    """Withdraw; the seconds it took and what was reported."""
    clock = Clock(during)
    monkeypatch.setattr(live_route, "time", clock)
    said: list[str] = []
    withdraw(world.cluster, departure, said.append)
    return clock.now, said


def shares(made: Json, rule: int = 0) -> dict[str, int]:
    return {ref["name"]: ref["weight"] for ref in made["spec"]["rules"][rule]["backendRefs"]}


def test_an_update_that_removes_nothing_touches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    route(world, {STABLE: 90, NEXT: 10})
    assert run(world, leave(STABLE, NEXT), monkeypatch) == (0, [])
    assert not [request for request in world.requests if request.startswith("PATCH")]


def test_an_endpoint_without_routes_has_nothing_to_move(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(World(), leave(STABLE), monkeypatch) == (0, [])


def test_the_share_of_a_canary_that_goes_is_the_stable_predictors(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    made = route(world, {STABLE: 90, NEXT: 10})
    deployment(world, name=STABLE)
    _, said = run(world, leave(STABLE), monkeypatch)
    assert shares(made) == {STABLE: 100}
    assert said == [f"{ENDPOINT}: HTTPRoute {ROUTE} sends requests to {STABLE} only"]


def test_every_route_and_rule_of_the_endpoint_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    below = f"{ENDPOINT}-path"
    found = [route(world, {STABLE: 90, NEXT: 10}, name) for name in (ROUTE, below)]
    deployment(world, name=STABLE)
    run(world, leave(STABLE, routes=(ROUTE, below)), monkeypatch)
    assert [shares(made) for made in found] == [{STABLE: 100}, {STABLE: 100}]


def test_what_stays_keeps_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    made = route(world, {STABLE: 70, NEXT: 20, LATER: 10})
    deployment(world, name=STABLE)
    run(world, leave(STABLE, LATER), monkeypatch)
    assert shares(made) == {STABLE: 90, LATER: 10}


def test_a_canary_that_becomes_the_predictor_takes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    made = route(world, {STABLE: 90, NEXT: 10})
    deployment(world, name=NEXT)
    run(world, leave(NEXT), monkeypatch)
    assert shares(made) == {NEXT: 100}


def test_a_predictor_that_does_not_serve_yet_leaves_the_share_to_a_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    made = route(world, {STABLE: 90, NEXT: 10})
    deployment(world, name=NEXT)
    run(world, leave(LATER, NEXT), monkeypatch)
    assert shares(made) == {NEXT: 100}


def test_the_rule_of_an_explainer_that_goes_leads_to_the_predictor(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    explain = {"backendRefs": [{"name": f"{ENDPOINT}-explainer", "port": 80, "weight": 100}]}
    made = put(world, ROUTE, [explain, {"backendRefs": [{"name": STABLE, "port": 80, "weight": 100}]}])
    deployment(world, name=STABLE)
    run(world, leave(STABLE), monkeypatch)
    assert [shares(made, rule) for rule in (0, 1)] == [{STABLE: 100}, {STABLE: 100}]


def test_what_matches_a_request_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    made = route(world, {STABLE: 90, NEXT: 10})
    before = made["spec"]["rules"][0]["matches"]
    deployment(world, name=STABLE)
    run(world, leave(STABLE), monkeypatch)
    assert made["spec"]["rules"][0]["matches"] == before


def test_nothing_is_removed_while_nothing_else_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    made = route(world, {STABLE: 100})
    deployment(world, name=LATER, new=0)
    with pytest.raises(RolloutFailed, match=rf"before {LATER} serves\n  cure: serve it as a canary"):
        run(world, leave(LATER), monkeypatch)
    assert shares(made) == {STABLE: 100}


def test_downtime_that_is_allowed_leaves_the_route_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    made = route(world, {STABLE: 100})
    assert run(world, leave(LATER, downtime_allowed=True), monkeypatch) == (0, [])
    assert shares(made) == {STABLE: 100}


def test_the_update_waits_until_the_gateway_has_taken_the_change(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    made = route(world, {STABLE: 90, NEXT: 10})
    made["metadata"]["generation"] = 2  # as the API server counts a change of the spec
    deployment(world, name=STABLE)
    seconds, _ = run(
        world, leave(STABLE), monkeypatch, during=lambda now: observed(made, generation=2) if now >= 4 else None
    )
    assert 4 < seconds < 10


def test_a_gateway_that_takes_no_change_stops_the_update(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    made = route(world, {STABLE: 90, NEXT: 10})
    made["metadata"]["generation"] = 2
    deployment(world, name=STABLE)
    with pytest.raises(RolloutFailed, match=f"{NAMESPACE}/{ROUTE}: its Gateway has not taken the change in 60 s"):
        run(world, leave(STABLE), monkeypatch)


def test_a_route_that_no_gateway_has_seen_stops_the_update(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    del route(world, {STABLE: 90, NEXT: 10})["status"]
    deployment(world, name=STABLE)
    with pytest.raises(RolloutFailed, match="has not taken"):
        run(world, leave(STABLE), monkeypatch)
