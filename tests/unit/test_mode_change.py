"""A change of an endpoint's deployment mode: refused with the downtime named, unless it is allowed."""

from typing import Any

import pulumi_kserve as kserve
import pytest
from pulumi_kserve.endpoints.mode_change import Standing, refuse_mode_change
from pulumi_kserve.errors import SpecError
from pulumi_kserve.live.cluster import INFERENCE_SERVICES
from pulumi_kserve.offline.records import Resource
from pulumi_kserve.testing import synth

from tests.unit.live_world import ENDPOINT, NAMESPACE, World
from tests.unit.programs import cluster, predictor


def world(mode: str | None, **status: str) -> World:
    made = World()
    annotations = {"serving.kserve.io/deploymentMode": mode} if mode else {}
    made.put(INFERENCE_SERVICES, {"metadata": {"name": ENDPOINT, "annotations": annotations}, "status": status})
    return made


def look(made: World, mode: str) -> None:
    refuse_mode_change(Standing(ENDPOINT, NAMESPACE, mode), made.cluster)


@pytest.mark.parametrize("word", ["allowRecreate", "Knative", "Standard", "answers nothing", "allow_recreate"])
def test_another_mode_is_refused_with_the_downtime_and_the_cure(word: str) -> None:
    with pytest.raises(SpecError, match=word):
        look(world("Knative"), "Standard")


def test_the_mode_in_the_status_wins_over_the_annotation() -> None:
    with pytest.raises(SpecError, match="runs in Knative mode"):
        look(world("Standard", deploymentMode="Knative"), "Standard")


@pytest.mark.parametrize("mode", ["Standard", "RawDeployment", None])
def test_the_same_mode_by_any_name_passes(mode: str | None) -> None:
    look(world(mode), "Standard")


def test_an_endpoint_that_is_not_there_yet_passes() -> None:
    look(World(), "Standard")


def test_refusing_deletes_nothing() -> None:
    made = world("Knative")
    with pytest.raises(SpecError):
        look(made, "Standard")
    assert made.has(INFERENCE_SERVICES, ENDPOINT)


def service(**spec: Any) -> Resource:
    def program() -> None:
        platform = kserve.Platform("kserve", {}, cluster=cluster())
        kserve.InferenceService("iris", {**predictor(), **spec}, platform=platform, namespace="team")

    return synth(program, stack="test").named("iris-inference-service")


def test_a_replacement_deletes_first_only_where_it_is_allowed() -> None:
    assert [service().delete_before_replace, service(allowRecreate=True).delete_before_replace] == [False, True]


def test_a_change_of_the_mode_replaces_the_object() -> None:
    assert 'metadata.annotations["serving.kserve.io/deploymentMode"]' in service().replace_on_changes
