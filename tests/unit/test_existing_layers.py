"""Layers that somebody else installed: an update looks at them first, and names all that is missing."""

from typing import Any, get_args

import pulumi
import pytest
from pulumi_kserve.errors import ClusterUnreachable
from pulumi_kserve.live import installed
from pulumi_kserve.live.cluster import Kind
from pulumi_kserve.live.installed import DEFINITIONS, await_served
from pulumi_kserve.platform.existing import ExistingLayer, LayerName
from pulumi_kserve.platform.layers import cert_manager, envoy_gateway, gateway_api, istio, metrics_server
from pulumi_kserve.platform.layers.existing import check_existing, faults_of, namespace_of
from pulumi_kserve.platform.layers.helm_release import LayerContext
from pulumi_kserve.platform.releases import release_row
from pulumi_kserve.platform.served import Served
from pulumi_kserve.platform_facts import Feature
from pulumi_kserve.testing import Synthesis, synth

from tests.unit import live_world
from tests.unit.live_world import Clock, World
from tests.unit.programs import cluster

ROW = release_row("0.20")
NAMES: tuple[LayerName, ...] = get_args(LayerName)
SERVED = {
    "cert-manager": cert_manager.SERVED,
    "envoy-gateway": envoy_gateway.SERVED,
    "gateway-api": gateway_api.SERVED,
    "istio": istio.SERVED,
    "metrics-server": metrics_server.SERVED,
}
CLUSTER_WIDE = {"GatewayClass", "ClusterIssuer"}
METRICS = Served("metrics.k8s.io/v1beta1", "PodMetrics")


def kind_of(served: Served) -> Kind:
    plural = served.plural or served.kind.lower()
    return Kind(served.api_version, served.kind, plural, namespaced=served.kind not in CLUSTER_WIDE)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A cluster in which every layer is installed, Istio with strict mutual TLS."""
    every = tuple(kind_of(kind) for kinds in SERVED.values() for kind in kinds)
    monkeypatch.setattr(live_world, "KINDS", (*live_world.KINDS, DEFINITIONS, *every))
    made = World()
    for kinds in SERVED.values():
        for kind in kinds:
            if kind.definition:
                define(made, kind)
    strict(made)
    return made


def define(world: World, kind: Served, *versions: str, established: str = "True") -> None:
    listed = [{"name": version, "served": True} for version in versions or (kind.version,)]
    metadata = {"name": kind.definition, "namespace": ""}
    status = {"conditions": [{"type": "Established", "status": established}]}
    world.put(DEFINITIONS, {"metadata": metadata, "spec": {"versions": listed}, "status": status})


def strict(world: World, mode: str = "STRICT", namespace: str = "istio-system", **spec: Any) -> None:
    policy = {"metadata": {"name": "default", "namespace": namespace}, "spec": {"mtls": {"mode": mode}, **spec}}
    world.put(kind_of(istio.SERVED[0]), policy)


def messages(world: World, name: LayerName, layer: ExistingLayer | None = None) -> list[str]:
    return [fault.message for fault in faults_of(world.cluster, name, layer or ExistingLayer(), ROW)]


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_that_is_there_is_taken(world: World, name: LayerName) -> None:
    assert messages(world, name) == []


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"metrics-server"}))
def test_all_that_is_missing_is_named_at_once(world: World, name: LayerName) -> None:
    world.objects["customresourcedefinitions"].clear()
    assert messages(world, name) == [f"there is no CustomResourceDefinition {kind.definition}" for kind in SERVED[name]]


@pytest.mark.parametrize(
    ("name", "version"),
    [("cert-manager", "v1.17.0"), ("envoy-gateway", "v1.8.1"), ("gateway-api", "v1.5.1"), ("istio", "1.27.1")],
)
def test_the_cure_names_a_version_that_fits_and_the_way_out(world: World, name: LayerName, version: str) -> None:
    world.objects["customresourcedefinitions"].clear()
    (cure,) = {fault.cure for fault in faults_of(world.cluster, name, ExistingLayer(), ROW)}
    assert version in cure
    assert "remove the entry: the platform then installs it" in cure


def test_a_kind_that_is_served_in_another_version_only_is_named_with_both(world: World) -> None:
    define(world, gateway_api.SERVED[2], "v1alpha2", "v1beta1")
    assert messages(world, "gateway-api") == [
        "httproutes.gateway.networking.k8s.io is served in v1alpha2 and v1beta1, not in v1"
    ]


def test_a_definition_that_is_not_established_is_named(world: World) -> None:
    define(world, gateway_api.SERVED[0], established="False")
    assert messages(world, "gateway-api") == [
        "the CustomResourceDefinition gatewayclasses.gateway.networking.k8s.io is not established"
    ]


def test_a_webhook_that_refuses_is_named_with_its_own_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_probe: object) -> str:
        return "x509: unknown authority"

    monkeypatch.setattr(world.cluster, "refusal", refuse)
    assert messages(world, "cert-manager") == ["a dry run of a Issuer is refused: x509: unknown authority"]


def test_metrics_that_nothing_serves_are_named() -> None:
    assert messages(World(), "metrics-server") == [
        "no API metrics.k8s.io/v1beta1 with a PodMetrics is registered",
        "no API metrics.k8s.io/v1beta1 with a NodeMetrics is registered",
    ]


def test_a_metrics_api_that_does_not_answer_is_named_with_the_reason(world: World) -> None:
    world.down = 1
    (message,) = messages(world, "metrics-server")
    assert message.startswith("the API metrics.k8s.io/v1beta1 does not answer: ")


@pytest.mark.parametrize("spec", [{"mode": "PERMISSIVE"}, {"selector": {"matchLabels": {"app": "a"}}}])
def test_a_mesh_that_takes_plain_text_is_refused(world: World, spec: dict[str, Any]) -> None:
    strict(world, **spec)
    (message,) = messages(world, "istio")
    assert "namespace istio-system has the mode STRICT" in message


def test_the_meshs_root_namespace_may_have_another_name(world: World) -> None:
    world.objects["peerauthentications"].clear()
    strict(world, namespace="mesh")
    assert messages(world, "istio", ExistingLayer(namespace="mesh")) == []


@pytest.mark.parametrize("name", NAMES)
def test_an_existing_layer_has_the_name_of_the_feature_that_a_cluster_brings(name: LayerName) -> None:
    assert Feature(name)


@pytest.mark.parametrize(
    ("name", "said", "namespace"),
    [
        ("envoy-gateway", None, "envoy-gateway-system"),
        ("istio", None, "istio-system"),
        ("istio", "mesh", "mesh"),
    ],
)
def test_where_a_layer_runs_is_as_said_or_as_its_documentation_has_it(
    name: LayerName, said: str | None, namespace: str
) -> None:
    assert namespace_of(name, ExistingLayer(namespace=said)) == namespace


def checked(name: LayerName, release: str = "0.20", **options: Any) -> Synthesis:
    def program() -> None:
        here = cluster()
        parent = pulumi.ComponentResource(
            "test:index:Parent", "parent", None, pulumi.ResourceOptions(providers=[here.provider])
        )
        context = LayerContext("p", parent, here, release_row(release), None, "stack")
        check_existing(context, name, ExistingLayer(), **options)

    return synth(program)


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_that_is_there_is_not_installed_but_looked_at(name: LayerName) -> None:
    (marker,) = checked(name).kubernetes()
    assert (marker.inputs["kind"], sorted(marker.hooks)) == ("ConfigMap", ["before_create", "before_update"])


def test_another_release_looks_again() -> None:
    def marker(release: str) -> dict[str, Any]:
        data: dict[str, Any] = checked("gateway-api", release).named("p-existing-gateway-api").inputs["data"]
        return data

    assert marker("0.19") != marker("0.20")


def test_the_marker_lies_where_it_is_told_to() -> None:
    (marker,) = checked("istio", home="kserve").kubernetes()
    assert marker.inputs["metadata"]["namespace"] == "kserve"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    passing = Clock()
    monkeypatch.setattr(installed, "time", passing)
    return passing


def test_a_kind_that_comes_late_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = gateway_api.SERVED[0]
    del world.objects["customresourcedefinitions"]["", kind.definition]
    monkeypatch.setattr(installed, "time", Clock(lambda _seconds: define(world, kind)))
    await_served(world.cluster, [kind], what="gateway-api")


@pytest.mark.usefixtures("clock")
def test_a_kind_that_never_comes_fails_with_the_reason() -> None:
    with pytest.raises(
        ClusterUnreachable, match=r"metrics-server does not answer after 300 s: no API metrics\.k8s\.io"
    ):
        await_served(World().cluster, [METRICS], what="metrics-server")
