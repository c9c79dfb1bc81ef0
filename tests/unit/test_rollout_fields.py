"""Rollouts: the fields and annotations of each kind, and what is refused."""

from typing import Any

import pytest
from pulumi_kserve.endpoints.spec.component import Component, component_fields
from pulumi_kserve.endpoints.spec.rollout import (
    CanaryTraffic,
    GradualTraffic,
    PreviousRevision,
    Recreate,
    RollingUpdate,
    Rollout,
    rollout_annotations,
    rollout_fields,
)

from tests.unit.kubernetes_fields import refusal
from tests.unit.whole_components import rendering

TAG = "serving.kserve.io/enable-tag-routing"


@pytest.mark.parametrize(
    ("rollout", "fields"),
    [
        (None, {}),
        (RollingUpdate(), {"deploymentStrategy": {"type": "RollingUpdate"}}),
        (
            RollingUpdate(max_surge="50%", max_unavailable=0),
            {
                "deploymentStrategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxSurge": "50%", "maxUnavailable": 0},
                }
            },
        ),
        (Recreate(), {"deploymentStrategy": {"type": "Recreate"}}),
        (CanaryTraffic(traffic_percent=10), {"canaryTrafficPercent": 10}),
        (PreviousRevision(), {"canaryTrafficPercent": 0}),
        (GradualTraffic(duration="10m"), {}),
    ],
)
def test_each_rollout_has_its_fields(rollout: Rollout | None, fields: dict[str, Any]) -> None:
    assert rollout_fields(rollout) == fields


@pytest.mark.parametrize("rollout", [CanaryTraffic(traffic_percent=10, tag=True), PreviousRevision(tag=True)])
def test_a_tag_is_an_annotation_of_the_service(rollout: Rollout) -> None:
    assert rollout_annotations(rollout) == {TAG: "true"}


@pytest.mark.parametrize("rollout", [None, Recreate(), CanaryTraffic(traffic_percent=10), PreviousRevision()])
def test_without_a_tag_there_is_no_annotation(rollout: Rollout | None) -> None:
    assert rollout_annotations(rollout) == {}


@pytest.mark.parametrize("duration", ["0s", "1.5m", "1h30m", "2000ms"])
def test_a_gradual_rollout_takes_whole_seconds(duration: str) -> None:
    assert GradualTraffic(duration=duration).duration == duration


def test_a_gradual_rollout_is_an_annotation_of_the_component() -> None:
    fields = component_fields(Component(rollout=GradualTraffic(duration="10m")), rendering("Knative"), main=True)
    assert fields["annotations"] == {"serving.knative.dev/rollout-duration": "10m"}


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("both zero", {"rolling": {"maxSurge": 0, "maxUnavailable": "0%"}}, "rollout.rolling", "no pod"),
    ("more than all", {"rolling": {"maxUnavailable": "101%"}}, "rollout.rolling.maxUnavailable", "more than all"),
    ("no unit", {"rolling": {"maxSurge": "25"}}, "rollout.rolling.maxSurge", "'25%'"),
    ("a fraction", {"rolling": {"maxSurge": 0.5}}, "rollout.rolling.maxSurge", "a number of pods"),
    ("a share above all", {"canary": {"trafficPercent": 101}}, "rollout.canary.trafficPercent", "100"),
    ("a time without a unit", {"gradual": {"duration": "600"}}, "rollout.gradual.duration", "'600s'"),
    ("less than a second", {"gradual": {"duration": "500ms"}}, "rollout.gradual.duration", "whole number of seconds"),
    ("longer than can be read", {"gradual": {"duration": "2562048h"}}, "rollout.gradual.duration", "2562047h"),
    ("two at once", {"recreate": {}, "previous": {}}, "rollout", "exactly one"),
    ("a revision that KServe cannot pin", {"pinned": {"revision": "iris-1"}}, "rollout", "previous"),
]


@pytest.mark.parametrize(
    ("rollout", "path", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_wrong_rollout_is_refused(rollout: Any, path: str, reason: str) -> None:
    assert reason in refusal(Component, {"rollout": rollout})[path]
