"""What Knative's webhook refuses of the service that KServe makes: lengths of time, and ports."""

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_kserve.contracts import PlatformFacts
from pulumi_kserve.endpoints.admission import revisions
from pulumi_kserve.endpoints.admission.context import Context, Mode
from pulumi_kserve.endpoints.admission.registry import judge
from pulumi_kserve.platform.catalogue import catalogue
from pulumi_kserve.platform.releases import release_row

from tests.conformance.objects import BESIDE, CONTAINER, model, service

ROLLOUT = "serving.knative.dev/rollout-duration"
WINDOW = "autoscaling.knative.dev/window"
RETENTION = "autoscaling.knative.dev/scale-to-zero-pod-retention-period"
DELAY = "autoscaling.knative.dev/scaleDownDelay"
ONE = {"ports": [{"containerPort": 8080}]}
TWO = {"ports": [{"containerPort": 8080}, {"containerPort": 9000}]}


def found(
    manifest: Mapping[str, Any], mode: Mode = "Knative", facts: PlatformFacts | None = None
) -> list[tuple[str, str]]:
    problems = judge(manifest, Context("0.20", mode, facts), rules=revisions.RULES)
    return [(problem.rule, problem.path) for problem in problems]


def port(**fields: Any) -> dict[str, Any]:
    return {"ports": [{"containerPort": 8080, **fields}]}


def own(*containers: Mapping[str, Any]) -> dict[str, Any]:
    return service({"containers": [{**CONTAINER, **each} for each in containers]})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (ROLLOUT, "10m"),
        (ROLLOUT, "0s"),
        (ROLLOUT, "0"),
        (ROLLOUT, "2000ms"),
        (ROLLOUT, "1.5m"),
        (ROLLOUT, ".5m"),
        (ROLLOUT, ""),
        (ROLLOUT, "240h"),
        (WINDOW, "6s"),
        (WINDOW, "1h"),
        (DELAY, "15m"),
        (RETENTION, "1500ms"),
    ],
)
def test_a_length_of_time_that_knative_takes_is_accepted(key: str, value: str) -> None:
    assert found(service(annotations={key: value})) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (ROLLOUT, "500ms"),
        (ROLLOUT, "1s1ns"),
        (ROLLOUT, "600"),
        (ROLLOUT, "-10s"),
        (ROLLOUT, "soon"),
        (ROLLOUT, "2562048h"),
        (WINDOW, "5s"),
        (WINDOW, "61m"),
        (WINDOW, "6500ms"),
        (WINDOW, ""),
        (DELAY, "2h"),
        (RETENTION, "3601s"),
    ],
)
def test_a_length_of_time_that_knative_does_not_take_is_refused(key: str, value: str) -> None:
    assert found(service(annotations={key: value})) == [("knative-duration", f'metadata.annotations["{key}"]')]
    of_component = service(transformer={"containers": [CONTAINER], "annotations": {key: value}})
    assert found(of_component) == [("knative-duration", f'spec.transformer.annotations["{key}"]')]


def test_in_standard_mode_nothing_is_said_of_them() -> None:
    assert found(service(model(TWO), annotations={WINDOW: "soon"}), "Standard") == []


@pytest.mark.parametrize(
    "manifest",
    [
        own({}),
        own(ONE),
        own(port(name="h2c", protocol="TCP")),
        service({"containers": [{**CONTAINER, **ONE}, BESIDE]}),
        service(model(ONE, containers=[BESIDE])),
        service(model({"runtime": "of-our-own"}, containers=[BESIDE])),
    ],
)
def test_a_pod_with_one_port_is_accepted(manifest: Mapping[str, Any]) -> None:
    assert found(manifest) == []


@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        (own(TWO), "containers[0].ports[1]"),
        (service(model(TWO)), "model.ports[1]"),
        (service(model({**TWO, "runtime": "of-our-own"})), "model.ports[1]"),
        (
            service({"containers": [{**CONTAINER, **ONE}, {**BESIDE, **port(containerPort=9000)}]}),
            "containers[1].ports[0]",
        ),
        (service({"containers": [CONTAINER, BESIDE]}), "containers[0].ports"),
        (service(model(containers=[BESIDE])), "model.ports"),
        (own(port(name="http")), "containers[0].ports[0].name"),
        (own(port(protocol="UDP")), "containers[0].ports[0].protocol"),
        (own(port(hostPort=80)), "containers[0].ports[0].hostPort"),
        (own(port(containerPort=8012)), "containers[0].ports[0].containerPort"),
    ],
)
def test_ports_that_knative_does_not_take_are_refused(manifest: Mapping[str, Any], path: str) -> None:
    assert found(manifest) == [("knative-port", f"spec.predictor.{path}")]


def test_a_port_beside_that_of_the_runtime_is_one_too_many() -> None:
    runtime = catalogue()["sklearn"].facts(release_row("0.20").image_tag)
    facts = PlatformFacts(name="p", release="0.20", mode="Knative", gateway="kourier", runtimes=(runtime,))
    assert found(service(model(ONE)), facts=facts) == []
    assert found(service(model(port(containerPort=9000))), facts=facts) == [
        ("knative-port", "spec.predictor.model.ports[0]")
    ]
