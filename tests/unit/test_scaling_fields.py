"""Scaling: the fields and annotations of each kind, by mode, and what is refused."""

from typing import Any

import pytest
from pulumi_kserve.endpoints.spec.component import Component, component_fields
from pulumi_kserve.endpoints.spec.scaling import (
    CpuTrigger,
    External,
    Hpa,
    Keda,
    Kpa,
    NoScaling,
    Scaling,
    autoscaler_class,
    fixed_replicas,
    knative_annotations,
    least_replicas,
    most_replicas,
    scaling_annotations,
    scaling_fields,
)
from pulumi_kserve.endpoints.spec.triggers import PrometheusTrigger, trigger_fields

from tests.unit.kubernetes_fields import refusal
from tests.unit.whole_components import rendering

CLASS = "serving.kserve.io/autoscalerClass"
ALL: dict[str, Scaling] = {
    "none": NoScaling(replicas=2),
    "hpa": Hpa(min_replicas=1, max_replicas=3),
    "keda": Keda(min_replicas=0, max_replicas=3, triggers=(CpuTrigger(),)),
    "kpa": Kpa(min_replicas=0),
    "external": External(min_replicas=1),
}


def resource(name: str, **target: Any) -> dict[str, Any]:
    return {"type": "Resource", "resource": {"name": name, "target": target}}


@pytest.mark.parametrize("name", ALL)
def test_each_kind_has_its_class(name: str) -> None:
    assert autoscaler_class(ALL[name]) == name


@pytest.mark.parametrize("name", ALL)
def test_in_standard_mode_the_class_is_always_named(name: str) -> None:
    assert scaling_annotations(ALL[name], "Standard") == {CLASS: name}


@pytest.mark.parametrize(("name", "named"), [("none", False), ("kpa", False), ("hpa", True), ("external", True)])
def test_in_knative_mode_only_what_it_does_not_have_is_named(name: str, named: bool) -> None:  # noqa: FBT001 -- a table's column
    assert bool(scaling_annotations(ALL[name], "Knative")) is named


def test_a_fixed_number_is_the_minimum_in_standard_mode() -> None:
    assert scaling_fields(NoScaling(replicas=2), "Standard") == {"minReplicas": 2}


def test_a_fixed_number_is_minimum_and_maximum_in_knative_mode() -> None:
    assert scaling_fields(NoScaling(replicas=2), "Knative") == {"minReplicas": 2, "maxReplicas": 2}


def test_an_hpa_aims_at_80_percent_of_cpu_when_it_names_no_target() -> None:
    assert scaling_fields(Hpa(max_replicas=3), "Standard") == {
        "minReplicas": 1,
        "maxReplicas": 3,
        "autoScaling": {"metrics": [resource("cpu", type="Utilization", averageUtilization=80)]},
    }


@pytest.mark.parametrize(
    ("hpa", "metrics"),
    [
        (Hpa(max_replicas=3, cpu_percent=70), [resource("cpu", type="Utilization", averageUtilization=70)]),
        (Hpa(max_replicas=3, memory_percent=70), [resource("memory", type="Utilization", averageUtilization=70)]),
        (
            Hpa(max_replicas=3, cpu_percent=60, memory_average="4Gi"),
            [
                resource("cpu", type="Utilization", averageUtilization=60),
                resource("memory", type="AverageValue", averageValue="4Gi"),
            ],
        ),
    ],
)
def test_an_hpa_has_the_targets_that_it_names(hpa: Hpa, metrics: list[Any]) -> None:
    assert scaling_fields(hpa, "Standard")["autoScaling"]["metrics"] == metrics


def test_keda_carries_its_triggers_and_windows() -> None:
    keda = Keda(max_replicas=3, triggers=(CpuTrigger(percent=50),), scale_up_seconds=0, scale_down_seconds=300)
    assert scaling_fields(keda, "Standard")["autoScaling"] == {
        "metrics": [resource("cpu", type="Utilization", averageUtilization=50)],
        "behavior": {
            "scaleUp": {"stabilizationWindowSeconds": 0},
            "scaleDown": {"stabilizationWindowSeconds": 300},
        },
    }


def test_a_prometheus_trigger_names_its_secret_twice_below_as_kserve_has_it() -> None:
    trigger = PrometheusTrigger(
        server_address="http://p", query="q", threshold="5", auth_modes="basic", authentication="login"
    )
    assert trigger_fields(trigger)["external"]["authenticationRef"] == {
        "authModes": "basic",
        "authenticationRef": {"name": "login"},
    }


def test_a_whole_threshold_may_be_a_number() -> None:
    keda = Keda.parse(
        {"maxReplicas": 1, "triggers": [{"prometheus": {"serverAddress": "http://p", "query": "q", "threshold": 5}}]}
    )
    assert trigger_fields(keda.triggers[0])["external"]["target"] == {"type": "Value", "value": "5"}


def test_kpa_says_metric_and_target_in_fields() -> None:
    assert scaling_fields(Kpa(min_replicas=0, max_replicas=4, metric="rps", target=20), "Knative") == {
        "minReplicas": 0,
        "maxReplicas": 4,
        "scaleMetric": "rps",
        "scaleTarget": 20,
    }


def test_kpa_without_a_bound_renders_none() -> None:
    assert "maxReplicas" not in scaling_fields(Kpa(), "Knative")


def test_kpa_says_the_rest_in_annotations() -> None:
    kpa = Kpa(initial_scale=2, activation_scale=3, scale_down_delay="15m", window="30s", zero_retention="1m")
    assert knative_annotations(kpa) == {
        "autoscaling.knative.dev/activation-scale": "3",
        "autoscaling.knative.dev/initial-scale": "2",
        "autoscaling.knative.dev/scale-down-delay": "15m",
        "autoscaling.knative.dev/scale-to-zero-pod-retention-period": "1m",
        "autoscaling.knative.dev/window": "30s",
    }


def test_kserve_is_told_nothing_of_an_autoscaler_that_is_not_its_own() -> None:
    assert scaling_fields(External(min_replicas=2, max_replicas=9), "Standard") == {}


def test_only_a_component_beside_the_predictor_names_its_own_class() -> None:
    component = Component(scaling=Hpa(max_replicas=2))
    named = [component_fields(component, rendering(), main=main).get("annotations", {}) for main in (True, False)]
    assert named == [{}, {CLASS: "hpa"}]


@pytest.mark.parametrize(
    ("name", "fixed", "least", "most"),
    [("none", 2, 2, 2), ("hpa", None, 1, 3), ("keda", None, 0, 3), ("kpa", None, 0, None), ("external", None, 1, None)],
)
def test_the_bounds_of_each_kind(name: str, fixed: int | None, least: int, most: int | None) -> None:
    scaling = ALL[name]
    assert (fixed_replicas(scaling), least_replicas(scaling), most_replicas(scaling)) == (fixed, least, most)


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("no kind", {}, "scaling", "exactly one of the keys noScaling or hpa or keda or kpa or external"),
    ("two kinds", {"hpa": {"maxReplicas": 1}, "kpa": {}}, "scaling", "exactly one"),
    ("zero pods", {"noScaling": {"replicas": 0}}, "scaling.noScaling.replicas", "greater than or equal to 1"),
    ("an HPA to zero", {"hpa": {"minReplicas": 0, "maxReplicas": 1}}, "scaling.hpa.minReplicas", "equal to 1"),
    (
        "memory twice",
        {"hpa": {"maxReplicas": 1, "memoryPercent": 50, "memoryAverage": "1Gi"}},
        "scaling.hpa",
        "keep one",
    ),
    (
        "bytes without a unit",
        {"hpa": {"maxReplicas": 1, "memoryAverage": "512"}},
        "scaling.hpa.memoryAverage",
        "'512Mi'",
    ),
    ("no trigger", {"keda": {"maxReplicas": 1, "triggers": []}}, "scaling.keda.triggers", "at least 1"),
    (
        "memory of two kinds",
        {"keda": {"maxReplicas": 1, "triggers": [{"memory": {"percent": 1, "average": "1Gi"}}]}},
        "scaling.keda.triggers[0].memory",
        "exactly one of the keys percent or average",
    ),
    (
        "a threshold with a fraction",
        {
            "keda": {
                "maxReplicas": 1,
                "triggers": [{"prometheus": {"serverAddress": "h", "query": "q", "threshold": 0.5}}],
            }
        },
        "scaling.keda.triggers[0].prometheus.threshold",
        "string",
    ),
    (
        "a login without its secret",
        {
            "keda": {
                "maxReplicas": 1,
                "triggers": [
                    {"prometheus": {"serverAddress": "h", "query": "q", "threshold": 1, "authModes": "basic"}}
                ],
            }
        },
        "scaling.keda.triggers[0].prometheus",
        "TriggerAuthentication",
    ),
    (
        "a trigger that cannot work",
        {"keda": {"maxReplicas": 1, "triggers": [{"graphite": {}}]}},
        "scaling.keda.triggers[0]",
        "podMetric",
    ),
    ("a time without a unit", {"kpa": {"window": "60"}}, "scaling.kpa.window", "'60s'"),
    ("a time in words", {"kpa": {"window": "soon"}}, "scaling.kpa.window", "ms, s, m or h"),
    ("an initial scale of zero", {"kpa": {"initialScale": 0}}, "scaling.kpa.initialScale", "equal to 1"),
    ("a target above 32 bits", {"kpa": {"target": 2**31}}, "scaling.kpa.target", "2147483647"),
    ("behaviour of an HPA", {"hpa": {"maxReplicas": 1, "behavior": {}}}, "scaling.hpa.behavior", "unknown key"),
    ("a key that is nearly right", {"hpa": {"maxReplica": 1}}, "scaling.hpa.maxReplica", "'maxReplicas'"),
]


@pytest.mark.parametrize(
    ("scaling", "path", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_wrong_scaling_is_refused_with_path_and_reason(scaling: Any, path: str, reason: str) -> None:
    assert reason in refusal(Component, {"scaling": scaling})[path]


def test_a_maximum_below_the_minimum_is_left_to_admission() -> None:
    assert Hpa(min_replicas=3, max_replicas=2).max_replicas == 2
