"""What each layer of a platform hands to its chart, and in which order the layers come."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pulumi
import pytest
from pulumi_kserve.ownership import STACK_LABEL
from pulumi_kserve.platform.charts import ChartFolder, ChartMirror
from pulumi_kserve.platform.layers import (
    envoy_gateway,
    gateway_api,
    istio,
    metrics_server,
    model_cache,
)
from pulumi_kserve.platform.layers.custom_resources import definitions
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext
from pulumi_kserve.platform.releases import RELEASES, release_row
from pulumi_kserve.platform.served import Served
from pulumi_kserve.testing import Synthesis, synth

from tests.unit.programs import cluster

HELM = "kubernetes:helm.sh/v3:Release"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
Install = Callable[[LayerContext, Sequence[pulumi.Resource]], Layer]


def gateway_crds(context: LayerContext, below: Sequence[pulumi.Resource]) -> Layer:
    return gateway_api.install(context, delete_crds=False, depends_on=below)


def envoy(context: LayerContext, below: Sequence[pulumi.Resource]) -> Layer:
    return envoy_gateway.install(context, delete_crds=False, depends_on=below)


def mesh(context: LayerContext, below: Sequence[pulumi.Resource]) -> Layer:
    return istio.install(context, depends_on=below)


def metrics(context: LayerContext, below: Sequence[pulumi.Resource]) -> Layer:
    return metrics_server.install(context, cert_manager=False, depends_on=below)


def cache(context: LayerContext, below: Sequence[pulumi.Resource]) -> Layer:
    return model_cache.install(context, namespace="kserve", jobs_namespace=None, delete_crds=False, depends_on=below)


LAYERS: dict[str, Install] = {
    "gateway-api": gateway_crds,
    "envoy-gateway": envoy,
    "istio": mesh,
    "metrics-server": metrics,
    "model-cache": cache,
}


def installed(
    *layers: Install, release: str = "0.20", source: ChartFolder | ChartMirror | None = None, ready: str = "ready"
) -> Synthesis:
    """The layers one upon the other, and an object that needs the last one."""

    def program() -> None:
        here = cluster()
        parent = pulumi.ComponentResource("test:index:Parent", "parent", None, _provided(here.provider))
        context = LayerContext("p", parent, here, release_row(release), source, "stack")
        below: list[pulumi.Resource] = []
        for install in layers:
            below = [install(context, below).ready]
        pulumi.ComponentResource("test:index:Above", ready, None, pulumi.ResourceOptions(depends_on=below))

    return synth(program)


def _provided(provider: pulumi.ProviderResource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(providers=[provider])


def needs(found: Synthesis, above: str, below: str) -> bool:
    return found.named(below).urn in found.named(above).dependencies


@pytest.mark.parametrize(
    ("layers", "order"),
    [
        ([gateway_crds, envoy], ["p-envoy-gateway-crds-envoyproxies", "p-eg", "p-gate-eg"]),
        (
            [gateway_crds, envoy],
            ["p-gateway-api-crds-httproutes", "p-namespace-envoy-gateway-system", "p-record-eg", "p-eg"],
        ),
        (
            [gateway_crds, mesh],
            ["p-gateway-api-crds-gateways", "p-namespace-istio-system", "p-istio-base", "p-istio-cni", "p-istiod"],
        ),
        ([mesh], ["p-istiod", "p-gate-istiod", "p-istio-strict-mtls"]),
        ([metrics], ["p-record-metrics-server", "p-metrics-server", "p-gate-metrics-server"]),
        ([cache], ["p-kserve-localmodel-crd", "p-kserve-localmodel-resources", "p-gate-kserve-localmodel-resources"]),
    ],
)
def test_each_part_of_a_layer_waits_for_the_one_below(layers: list[Install], order: list[str]) -> None:
    found = installed(*layers)
    assert [(below, above) for below, above in pairwise(order) if not needs(found, above, below)] == []


@pytest.mark.parametrize(
    ("layer", "last"),
    [
        (gateway_crds, "p-gateway-api-crds-gatewayclasses"),
        (envoy, "p-gate-eg"),
        (mesh, "p-istio-strict-mtls"),
        (metrics, "p-gate-metrics-server"),
        (cache, "p-gate-kserve-localmodel-resources"),
    ],
)
def test_what_needs_a_layer_waits_for_its_last_part(layer: Install, last: str) -> None:
    assert needs(installed(layer), "ready", last)


@pytest.mark.parametrize("release", sorted(RELEASES))
@pytest.mark.parametrize("layer", sorted(set(LAYERS) - {"gateway-api"}))
def test_every_chart_comes_in_the_version_of_the_row(release: str, layer: str) -> None:
    row = release_row(release)
    rows = (
        *(row.kserve_localmodel_crd, row.kserve_localmodel_resources, row.metrics_server),
        *(row.gateway_helm, row.istio_base, row.istio_cni, row.istiod),
    )
    pinned = {chart.name: chart.version for chart in rows}
    found = installed(LAYERS[layer], release=release)
    charts = [each.inputs for each in found.of_type(HELM)]
    assert charts
    for chart in charts:
        assert chart["version"] == pinned[str(chart["chart"]).rpartition("/")[2]]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_mirror_changes_only_where_charts_come_from(layer: str) -> None:
    official = installed(LAYERS[layer])
    mirrored = installed(LAYERS[layer], source=ChartMirror(registry="oci://registry.example.com/charts"))
    for each in mirrored.of_type(HELM):
        there = {**official.named(each.name).inputs}
        name = str(there["chart"]).rpartition("/")[2]
        there.pop("repositoryOpts", None)
        assert each.inputs == {**there, "chart": f"oci://registry.example.com/charts/{name}"}


@pytest.mark.parametrize("layer", LAYERS)
def test_every_object_of_a_layer_names_its_stack(layer: str) -> None:
    found = installed(LAYERS[layer])
    objects = [each for each in found.kubernetes() if each.type != HELM]
    unnamed = [each.name for each in objects if each.inputs["metadata"]["labels"].get(STACK_LABEL) != "stack"]
    assert unnamed == []


@pytest.mark.parametrize("release", sorted(RELEASES))
@pytest.mark.parametrize("served", [gateway_api.SERVED, envoy_gateway.SERVED], ids=["gateway-api", "envoy-gateway"])
def test_the_kinds_that_are_needed_come_in_the_versions_that_are_needed(release: str, served: Sequence[Served]) -> None:
    found = installed(gateway_crds, envoy, release=release).of_type(DEFINITION)
    there = {
        (each.inputs["metadata"]["name"], version["name"])
        for each in found
        for version in each.inputs["spec"]["versions"]
        if version["served"]
    }
    assert {(kind.definition, kind.version) for kind in served} <= there


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_the_gateway_api_comes_in_its_stable_channel_and_the_version_of_the_row(release: str) -> None:
    annotations = [
        each["metadata"]["annotations"] for each in definitions("gateway-api", RELEASES[release].gateway_api)
    ]
    assert {each["gateway.networking.k8s.io/channel"] for each in annotations} == {"standard"}
    assert RELEASES[release].gateway_api in {each["gateway.networking.k8s.io/bundle-version"] for each in annotations}


@pytest.mark.parametrize("layer", [gateway_crds, envoy])
def test_every_crd_of_a_gateway_is_waited_for_until_it_is_established(layer: Install) -> None:
    waits = [
        each.inputs["metadata"]["annotations"]["pulumi.com/waitFor"] for each in installed(layer).of_type(DEFINITION)
    ]
    assert set(waits) == {"condition=Established"}


@pytest.mark.parametrize(("delete_crds", "kept"), [(False, True), (True, False)])
def test_the_crds_of_gateways_are_kept_unless_told_otherwise(*, delete_crds: bool, kept: bool) -> None:
    def install(context: LayerContext, below: Sequence[pulumi.Resource]) -> Layer:
        return envoy_gateway.install(context, delete_crds=delete_crds, depends_on=below)

    assert {each.retain_on_delete for each in installed(install).of_type(DEFINITION)} == {kept}


def test_envoy_gateways_chart_brings_no_crds_of_its_own() -> None:
    assert installed(envoy).named("p-eg").inputs["skipCrds"] is True


def test_envoy_gateway_leaves_nothing_behind_that_helm_would_not_delete() -> None:
    assert envoy_gateway.values({})["topologyInjector"] == {"enabled": False}


def test_envoy_gateway_does_not_bring_the_policy_of_the_gateway_api_a_second_time() -> None:
    assert envoy_gateway.values({})["crds"] == {"gatewayAPI": {"safeUpgradePolicy": {"enabled": False}}}


def test_official_charts_bring_their_own_images() -> None:
    found = installed(envoy, metrics)
    assert "global" not in found.named("p-eg").inputs["values"]
    assert found.named("p-metrics-server").inputs["values"] == {}


def test_charts_of_a_folder_run_the_images_that_were_proven_with_them(tmp_path: Path) -> None:
    row = release_row("0.20")
    for chart in (row.gateway_helm, row.metrics_server):
        (tmp_path / chart.name).mkdir()
        (tmp_path / chart.name / "Chart.yaml").write_text(f"version: {chart.version}\n")
    found = installed(envoy, metrics, source=ChartFolder(path=str(tmp_path)))
    envoys = found.named("p-eg").inputs["values"]["global"]["images"]["envoyProxy"]
    assert envoys == {"image": "docker.io/envoyproxy/envoy:distroless-v1.38.2"}
    assert found.named("p-metrics-server").inputs["values"] == {"image": {"tag": "v0.9.0"}}


@pytest.mark.parametrize(
    ("layer", "namespace", "standard"),
    [
        (envoy, "envoy-gateway-system", "restricted"),
        (mesh, "istio-system", "restricted"),
        (mesh, "istio-cni", "privileged"),
        (cache, "kserve-localmodel-jobs", "baseline"),
    ],
)
def test_a_layers_namespace_enforces_what_its_pods_keep(layer: Install, namespace: str, standard: str) -> None:
    made = installed(layer).named(f"p-namespace-{namespace}").inputs
    assert made["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == standard


def test_the_whole_mesh_refuses_plain_text() -> None:
    made = installed(mesh).named("p-istio-strict-mtls").inputs
    assert (made["metadata"]["namespace"], made["spec"]) == ("istio-system", {"mtls": {"mode": "STRICT"}})


def test_sidecars_fit_into_namespaces_that_are_restricted() -> None:
    pilot = istio.istiod_values()["pilot"]
    assert pilot["cni"] == {"enabled": True}
    assert pilot["seccompProfile"] == {"type": "RuntimeDefault"}


def test_init_containers_reach_the_network_through_a_native_sidecar() -> None:
    assert istio.istiod_values()["pilot"]["env"] == {"ENABLE_NATIVE_SIDECARS": "true"}


def test_the_agent_of_the_model_cache_runs_on_labelled_nodes_only() -> None:
    agent = model_cache.values()["kserve"]["localmodelnode"]["controller"]
    assert agent["nodeSelector"] == {"kserve/localmodel": "worker"}


def test_the_model_caches_crds_are_kept_unless_told_otherwise() -> None:
    assert installed(cache).named("p-kserve-localmodel-crd").retain_on_delete is True


def test_the_api_server_checks_the_certificate_of_metrics_server_where_one_is_issued() -> None:
    assert metrics_server.values({}, cert_manager=True) == {
        "tls": {"type": "cert-manager"},
        "apiService": {"insecureSkipTLSVerify": False},
    }


def test_previews_do_not_ask_whether_metrics_are_served() -> None:
    assert installed(metrics).named("p-gate-metrics-server").hooks["before_create"]
