"""What containers name and their pods must have: volumes of mounts, and ports of probes."""

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_kserve.contracts import FormatFacts, PlatformFacts, RuntimeFacts
from pulumi_kserve.endpoints.admission import pod_references
from pulumi_kserve.endpoints.admission.context import Context, Mode
from pulumi_kserve.endpoints.admission.registry import judge
from pulumi_kserve.platform.catalogue import catalogue
from pulumi_kserve.platform.chart_runtimes import chart_runtimes
from pulumi_kserve.platform.releases import release_row

from tests.conformance.objects import CONTAINER, HUGGING_FACE, NO_SCALING, canary, model, service, worker

SCRATCH: dict[str, Any] = {"volumes": [{"name": "scratch", "emptyDir": {}}]}
PORTS = {"ports": [{"containerPort": 8080, "name": "rest"}]}
CATALOGUE = catalogue()["sklearn"].facts(release_row("0.20").image_tag)
FOREIGN = RuntimeFacts(name="theirs", formats=(FormatFacts(name="sklearn", auto_select=True),))


def mounting(name: str) -> dict[str, Any]:
    return {"volumeMounts": [{"name": name, "mountPath": "/x"}]}


def asking(port: Any) -> dict[str, Any]:
    return {"readinessProbe": {"httpGet": {"port": port}}}


def own(**container: Any) -> dict[str, Any]:
    return {"containers": [{**CONTAINER, **container}]}


def found(manifest: Mapping[str, Any], *runtimes: RuntimeFacts, mode: Mode = "Standard") -> list[tuple[str, str]]:
    facts = PlatformFacts(name="p", release="0.20", mode=mode, gateway="envoy", runtimes=runtimes) if runtimes else None
    problems = judge(manifest, Context("0.20", mode, facts), rules=pod_references.RULES)
    return [(problem.rule, problem.path) for problem in problems]


@pytest.mark.parametrize(
    "predictor",
    [
        {**own(**mounting("scratch")), **SCRATCH},
        {**own(), **SCRATCH, "initContainers": [{"name": "init", "image": "a", **mounting("scratch")}]},
        model(mounting("scratch"), **SCRATCH),
        model({**HUGGING_FACE, **mounting("devshm")}),
        model({"runtime": "of-our-own", **mounting("cache")}),
        model(mounting("mnt-models"), storageUris=[{"uri": "s3://a/b", "mountPath": "/mnt/models/base"}]),
        worker(containers=[{**CONTAINER, **mounting("shm")}]),
        worker(volumes=SCRATCH["volumes"], containers=[{**CONTAINER, **mounting("scratch")}]),
        own(**asking(8080)),
        own(**asking("rest"), **PORTS),
        model({**asking("rest"), **PORTS}),
        model({"runtime": "of-our-own", **asking("rest")}),
    ],
)
def test_what_a_pod_has_is_accepted(predictor: Mapping[str, Any]) -> None:
    assert found(service(predictor, annotations=NO_SCALING)) == []


@pytest.mark.parametrize(
    ("predictor", "path"),
    [
        (own(**mounting("scratch")), "containers[0].volumeMounts[0].name"),
        (model(mounting("devshm")), "model.volumeMounts[0].name"),
        (model({**HUGGING_FACE, **mounting("dev-shm")}), "model.volumeMounts[0].name"),
        (own(volumeDevices=[{"name": "disk", "devicePath": "/dev/x"}]), "containers[0].volumeDevices[0].name"),
        (
            worker(**SCRATCH, containers=[{**CONTAINER, **mounting("scratchy")}]),
            "workerSpec.containers[0].volumeMounts[0].name",
        ),
        (
            {**worker(containers=[{**CONTAINER, **mounting("scratch")}]), **SCRATCH},
            "workerSpec.containers[0].volumeMounts[0].name",
        ),
    ],
)
def test_a_mount_of_a_volume_that_is_not_there_is_refused(predictor: Mapping[str, Any], path: str) -> None:
    assert found(service(predictor, annotations=NO_SCALING)) == [("volume-missing", f"spec.predictor.{path}")]


@pytest.mark.parametrize(
    ("predictor", "path"),
    [
        (own(**asking("rest")), "containers[0].readinessProbe.httpGet.port"),
        (own(**asking("8080"), **PORTS), "containers[0].readinessProbe.httpGet.port"),
        (own(livenessProbe={"tcpSocket": {"port": "grpc"}}, **PORTS), "containers[0].livenessProbe.tcpSocket.port"),
        (own(startupProbe={"tcpSocket": {"port": "grpc"}}), "containers[0].startupProbe.tcpSocket.port"),
        (own(lifecycle={"preStop": {"httpGet": {"port": "grpc"}}}), "containers[0].lifecycle.preStop.httpGet.port"),
        (model(asking("rest")), "model.readinessProbe.httpGet.port"),
    ],
)
def test_a_probe_of_a_port_that_has_not_that_name_is_refused(predictor: Mapping[str, Any], path: str) -> None:
    assert found(service(predictor)) == [("probe-port", f"spec.predictor.{path}")]


def test_what_a_foreign_runtime_brings_is_not_known() -> None:
    manifest = service(model({**mounting("cache"), **asking("rest")}))
    assert found(manifest, FOREIGN) == []
    assert [rule for rule, _ in found(manifest, *chart_runtimes("0.20"))] == ["volume-missing", "probe-port"]


def test_the_catalogues_runtimes_bring_a_folder_for_temporary_files() -> None:
    assert found(service(model(mounting("tmp"))), CATALOGUE) == []
    assert found(service(model(mounting("temp"))), CATALOGUE) != []


def test_a_canary_has_the_stable_predictors_volumes_and_ports_unless_it_says_its_own() -> None:
    same = canary(**model({**mounting("scratch"), **asking("rest")}))
    other = canary(**model(mounting("scratch"), volumes=[{"name": "other", "emptyDir": {}}]))
    assert found(service(model(PORTS, **SCRATCH), canary=[same])) == []
    assert found(service(model(PORTS, **SCRATCH), canary=[other])) == [
        ("volume-missing", "spec.canary[0].predictor.model.volumeMounts[0].name")
    ]


def test_knative_calls_a_port_http_that_has_no_name() -> None:
    assert found(service(own(**asking("http"))), mode="Knative") == []
    assert found(service(own(**asking("http"))), mode="Standard") != []
    assert found(service(own(**asking("http"), ports=[{"containerPort": 80, "name": "h2c"}])), mode="Knative") != []
