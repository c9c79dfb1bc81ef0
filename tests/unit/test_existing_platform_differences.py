"""The look at a KServe that others run: every difference from what is said of it, at once and with its cure."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
from pulumi_kserve.errors import ClusterUnreachable, Problem, SpecError
from pulumi_kserve.live import cluster as live_cluster
from pulumi_kserve.live.cluster import CONFIG_MAPS, DEPLOYMENTS, INFERENCE_SERVICES, Cluster, Json, Kind
from pulumi_kserve.live.installed import DEFINITIONS
from pulumi_kserve.live.installed_gateway import GATEWAYS, INGRESS_CLASSES
from pulumi_kserve.live.installed_platform import CLUSTER_RUNTIMES, RUNTIMES, differences
from pulumi_kserve.live.route import HTTP_ROUTES
from pulumi_kserve.platform.existing_platform import (
    ExistingIngress,
    ExistingPlatform,
    ExistingPlatformSpec,
    ExistingStandard,
)
from pulumi_kserve.platform.releases import release_row
from pulumi_kserve.testing import synth

from tests.unit import live_world
from tests.unit.existing_platforms import BY_KSERVE, DOMAIN, INGRESS, INSIDE, KNATIVE, SHARED, SKLEARN, facts
from tests.unit.live_world import World
from tests.unit.programs import cluster

KNATIVE_SERVICES = Kind("serving.knative.dev/v1", "Service", "services")
GRAPHS = Kind("serving.kserve.io/v1alpha1", "InferenceGraph", "inferencegraphs")
TRAINED_MODELS = Kind("serving.kserve.io/v1alpha1", "TrainedModel", "trainedmodels")
OWN_KINDS = (INFERENCE_SERVICES, CLUSTER_RUNTIMES, RUNTIMES, GRAPHS, TRAINED_MODELS)
KINDS = (CLUSTER_RUNTIMES, RUNTIMES, GRAPHS, TRAINED_MODELS, GATEWAYS, INGRESS_CLASSES, DEFINITIONS)
OUTSIDE = {"ingressDomain": DOMAIN, "urlScheme": "https"}
CONFIGURED: dict[str, tuple[Json, str, Json]] = {
    "inside": (INSIDE, "Standard", {"disableIngressCreation": True}),
    "inside by its domain": (INSIDE, "Standard", {"ingressDomain": "svc.cluster.local"}),
    "shared gateway": (SHARED, "RawDeployment", {**OUTSIDE, "disableIngressCreation": True}),
    "kserve's routes": (
        BY_KSERVE,
        "Standard",
        {**OUTSIDE, "enableGatewayApi": True, "kserveIngressGateway": "gateways/shared"},
    ),
    "ingress": (
        INGRESS,
        "Standard",
        {**OUTSIDE, "ingressClassName": "nginx", "domainTemplate": "{{.Name}}-{{.Namespace}}.{{.IngressDomain}}"},
    ),
    "knative": (KNATIVE, "Serverless", {}),
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A cluster with all that any of the specs above names; a test configures KServe in it."""
    monkeypatch.setattr(live_world, "KINDS", (*live_world.KINDS, *KINDS, KNATIVE_SERVICES))
    made = World()
    monkeypatch.setattr(made.cluster, "refusal", judged)
    for kind in OWN_KINDS:
        define(made, kind)
    live_world.controller(made)
    image(made, "docker.io/kserve/kserve-controller:v0.20.0")
    runtime(made)
    gateway(made, [{"name": "all", "allowedRoutes": {"namespaces": {"from": "All"}}}])
    made.put(INGRESS_CLASSES, {"metadata": {"name": "nginx", "namespace": ""}})
    domains = {"metadata": {"name": "config-domain", "namespace": "knative-serving"}, "data": {DOMAIN: ""}}
    made.put(CONFIG_MAPS, domains)
    return made


def judged(service: Mapping[str, Any]) -> str | None:
    return "invalid name" if service["metadata"]["name"].startswith("0") else None


def define(world: World, kind: Kind, *, version: str = "") -> None:
    group, _, own = kind.api_version.rpartition("/")
    metadata = {"name": f"{kind.plural}.{group}", "namespace": ""}
    status = {"conditions": [{"type": "Established", "status": "True"}]}
    spec = {"versions": [{"name": version or own, "served": True}]}
    world.put(DEFINITIONS, {"metadata": metadata, "spec": spec, "status": status})


def image(world: World, name: str, **labels: str) -> None:
    found = world.objects[DEPLOYMENTS.plural][("kserve", "kserve-controller-manager")]
    found["metadata"]["labels"] = labels
    found["spec"]["template"] = {"spec": {"containers": [{"name": "manager", "image": name}]}}


def runtime(world: World, **spec: Any) -> None:
    formats = [{"name": "sklearn", "version": "1", "autoSelect": True, "priority": 1}]
    live = {"supportedModelFormats": formats, "protocolVersions": ["v1", "v2"], **spec}
    world.put(CLUSTER_RUNTIMES, {"metadata": {"name": SKLEARN, "namespace": ""}, "spec": live})


def gateway(world: World, listeners: list[Json], *, programmed: str = "True", message: str = "") -> None:
    conditions = [{"type": "Programmed", "status": programmed, "message": message}]
    metadata = {"name": "shared", "namespace": "gateways"}
    world.put(GATEWAYS, {"metadata": metadata, "spec": {"listeners": listeners}, "status": {"conditions": conditions}})


def configure(world: World, case: str, **ingress: Any) -> Json:
    """Configure KServe as the case needs it, with `ingress` laid over; the case's spec."""
    spec, mode, settings = CONFIGURED[case]
    data = {
        "deploy": json.dumps({"defaultDeploymentMode": mode}),
        "ingress": json.dumps({"ingressGateway": "a/b", **settings, **ingress}),
    }
    world.put(CONFIG_MAPS, {"metadata": {"name": "inferenceservice-config", "namespace": "kserve"}, "data": data})
    return spec


def found(world: World, spec: Json, say: Callable[[str], object] = lambda _: None) -> list[Problem]:
    parsed = ExistingPlatformSpec.parse(spec)
    return differences(world.cluster, parsed, facts(spec), release_row(parsed.release), say)


def one(world: World, spec: Json) -> str:
    (problem,) = found(world, spec)
    return str(problem)


@pytest.mark.parametrize("case", CONFIGURED)
def test_a_platform_that_is_as_said_is_taken(world: World, case: str) -> None:
    assert found(world, configure(world, case)) == []


@pytest.mark.parametrize("case", CONFIGURED)
def test_a_platform_that_is_not_there_is_named_in_all_its_parts_each_with_its_cure(world: World, case: str) -> None:
    for objects in world.objects.values():
        objects.clear()
    differing = found(world, CONFIGURED[case][0])
    assert {"release", "namespace", "runtimes[0]"} <= {problem.path for problem in differing}
    assert all(problem.cure and problem.rule == "existing-platform" for problem in differing)


SETTINGS: list[tuple[str, str, Any, str]] = [
    ("inside", "disableIngressCreation", False, "mode.standard.gateway.clusterLocal"),
    ("shared gateway", "disableIngressCreation", False, "mode.standard.gateway.sharedGateway"),
    ("shared gateway", "ingressDomain", "other.example.com", "mode.standard.gateway.sharedGateway.domain"),
    ("shared gateway", "urlScheme", "http", "mode.standard.gateway.sharedGateway.scheme"),
    ("kserve's routes", "enableGatewayApi", False, "mode.standard.gateway.kserveGateway"),
    ("kserve's routes", "disableIngressCreation", True, "mode.standard.gateway.kserveGateway"),
    ("kserve's routes", "kserveIngressGateway", "kserve/other", "mode.standard.gateway.kserveGateway.name"),
    ("kserve's routes", "ingressDomain", "", "mode.standard.gateway.kserveGateway.domain"),
    ("ingress", "enableGatewayApi", True, "mode.standard.gateway.ingress"),
    ("ingress", "ingressClassName", "istio", "mode.standard.gateway.ingress.className"),
    ("ingress", "domainTemplate", "{{ .Name }}.{{ .IngressDomain }}", "mode.standard.gateway.ingress"),
]


@pytest.mark.parametrize(("case", "key", "value", "path"), SETTINGS, ids=[f"{row[0]}, {row[1]}" for row in SETTINGS])
def test_a_setting_that_leads_requests_elsewhere_is_named_where_the_spec_says_it(
    world: World, case: str, key: str, value: Any, path: str
) -> None:
    said = one(world, configure(world, case, **{key: value}))
    assert said.startswith(f"{path}: ingress.{key} of ConfigMap kserve/inferenceservice-config is ")


def test_the_other_mode_is_named(world: World) -> None:
    configure(world, "knative")
    assert any(each.path == "mode" and '"Serverless"' in each.message for each in found(world, INSIDE))


@pytest.mark.parametrize("key", ["deploy", "ingress"])
def test_a_section_that_is_not_json_is_named(world: World, key: str) -> None:
    spec = configure(world, "inside")
    world.objects[CONFIG_MAPS.plural]["kserve", "inferenceservice-config"]["data"][key] = "{"
    assert f"{key} of ConfigMap kserve/inferenceservice-config is not a JSON object" in one(world, spec)


RELEASE_TEXTS: list[tuple[str, dict[str, str]]] = [
    ("kserve/kserve-controller:v0.19.0", {}),
    ("registry.example.com:5000/kserve-controller:0.19.1-acme", {}),
    ("kserve-controller@sha256:0123", {"app.kubernetes.io/version": "v0.19.0"}),
    ("kserve-controller:stable", {"helm.sh/chart": "kserve-resources-v0.19.0"}),
]


@pytest.mark.parametrize(("name", "labels"), RELEASE_TEXTS, ids=[row[0] for row in RELEASE_TEXTS])
def test_another_release_is_named_with_what_tells_it(world: World, name: str, labels: dict[str, str]) -> None:
    image(world, name, **labels)
    said = one(world, configure(world, "inside"))
    assert said.startswith(f"release: the controller is of KServe 0.19 ({name}), and the spec says 0.20")


def test_a_release_that_nothing_tells_is_said_and_passes(world: World) -> None:
    image(world, "kserve-controller@sha256:0123")
    said: list[str] = []
    assert found(world, configure(world, "inside"), said.append) == []
    assert "which release of KServe runs" in said[0]


def test_a_controller_that_does_not_run_is_named_with_the_cure(world: World) -> None:
    live_world.controller(world, wanted=0, available=0)
    image(world, "kserve-controller:v0.20.0")
    assert "scale deployment kserve-controller-manager" in one(world, configure(world, "inside"))


def test_a_kind_in_another_version_is_named(world: World) -> None:
    define(world, INFERENCE_SERVICES, version="v1beta2")
    said = one(world, configure(world, "inside"))
    assert said.startswith("release: inferenceservices.serving.kserve.io is served in v1beta2, not in v1beta1")


def test_who_may_not_read_definitions_is_still_told_that_the_kinds_are_served(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(world, monkeypatch, DEFINITIONS)
    assert found(world, configure(world, "inside")) == []


def test_what_may_not_be_looked_at_is_a_difference_and_hides_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(world, monkeypatch, CONFIG_MAPS)
    runtime(world, disabled=True)
    assert [each.path for each in found(world, INSIDE)] == ["cluster", "runtimes[0]"]


def refuse(world: World, monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    answer = world.cluster.get

    def get(asked: Kind, name: str, namespace: str | None = None) -> Json | None:
        if asked == kind:
            raise ClusterUnreachable("forbidden (403)")
        return answer(asked, name, namespace)

    monkeypatch.setattr(world.cluster, "get", get)


def answer_dry_runs(world: World, monkeypatch: pytest.MonkeyPatch, refusal: str | None) -> None:
    def answer(_service: object) -> str | None:
        return refusal

    monkeypatch.setattr(world.cluster, "refusal", answer)


REFUSALS = [
    ("failed calling webhook (500)", "namespace", "port 9443"),
    ("users may not create (403)", "probeNamespace", "in which these credentials may create"),
    ("there is no namespace default", "probeNamespace", "Name a namespace that exists"),
]


@pytest.mark.parametrize(("refusal", "path", "cure"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_a_dry_run_that_is_refused_is_named_with_the_reason(
    world: World, monkeypatch: pytest.MonkeyPatch, refusal: str, path: str, cure: str
) -> None:
    answer_dry_runs(world, monkeypatch, refusal)
    said = one(world, configure(world, "inside"))
    assert said.startswith(f"{path}: ")
    assert refusal in said
    assert cure in said


def test_webhooks_that_judge_nothing_are_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_dry_runs(world, monkeypatch, None)
    assert one(world, configure(world, "inside")).startswith("namespace: no webhook of KServe's judges")


OTHER_RUNTIMES: list[tuple[Json, str]] = [
    ({"disabled": True}, "is disabled"),
    ({"supportedModelFormats": [{"name": "sklearn", "version": "1"}]}, "format sklearn 1 to be chosen by KServe"),
    ({"protocolVersions": ["v1"]}, "does not serve the protocol v2"),
]


@pytest.mark.parametrize(("spec", "said"), OTHER_RUNTIMES, ids=[row[1] for row in OTHER_RUNTIMES])
def test_a_runtime_that_serves_otherwise_is_named(world: World, spec: Json, said: str) -> None:
    runtime(world, **spec)
    assert said in one(world, configure(world, "inside"))


def test_a_runtime_of_a_namespace_is_looked_for_there(world: World) -> None:
    configure(world, "inside")
    mine = {"name": "mine", "namespace": "fraud", "formats": [{"name": "mine"}]}
    assert "furtherRuntimes[0]: there is no ServingRuntime fraud/mine" in one(world, {"furtherRuntimes": [mine]})


EVERYBODY = {"namespaces": {"from": "All"}}
SHUT = "takes routes from other namespaces"
LISTENERS: list[tuple[str, list[Json], str]] = [
    ("its own namespace", [{"allowedRoutes": {"namespaces": {"from": "Same"}}}], SHUT),
    ("nothing said", [{"hostname": DOMAIN}], SHUT),
    (
        "another domain",
        [{"hostname": host, "allowedRoutes": EVERYBODY} for host in ("*.other.org", DOMAIN)],
        f"*.{DOMAIN}",
    ),
    ("endpoints' own names", [{"hostname": f"*.{DOMAIN}", "allowedRoutes": EVERYBODY}], f"answers {DOMAIN}"),
]


@pytest.mark.parametrize(("listeners", "said"), [row[1:] for row in LISTENERS], ids=[row[0] for row in LISTENERS])
def test_a_gateway_that_does_not_take_the_routes_is_named(world: World, listeners: list[Json], said: str) -> None:
    spec = configure(world, "shared gateway")
    gateway(world, listeners)
    assert said in one(world, spec)


def test_a_gateway_with_both_names_is_taken(world: World) -> None:
    spec = configure(world, "shared gateway")
    selected = {"namespaces": {"from": "Selector"}}
    gateway(world, [{"hostname": host, "allowedRoutes": selected} for host in (DOMAIN, f"*.{DOMAIN}")])
    assert found(world, spec) == []


def test_a_gateway_that_is_not_programmed_is_named_with_the_reason(world: World) -> None:
    spec = configure(world, "shared gateway")
    gateway(world, [{"allowedRoutes": EVERYBODY}], programmed="False", message="no address")
    assert "Gateway gateways/shared is not programmed: no address" in one(world, spec)


GONE: list[tuple[str, Kind, str]] = [
    ("shared gateway", GATEWAYS, "there is no Gateway gateways/shared"),
    ("ingress", INGRESS_CLASSES, "there is no IngressClass nginx"),
    ("inside", CLUSTER_RUNTIMES, f"there is no ClusterServingRuntime {SKLEARN}"),
]


@pytest.mark.parametrize(("case", "kind", "said"), GONE, ids=[row[1].name for row in GONE])
def test_what_is_gone_is_named(world: World, case: str, kind: Kind, said: str) -> None:
    spec = configure(world, case)
    world.objects[kind.plural].clear()
    assert said in one(world, spec)


@pytest.mark.parametrize(
    ("case", "kind", "said"),
    [
        ("shared gateway", HTTP_ROUTES, "does not serve HTTPRoutes"),
        ("knative", KNATIVE_SERVICES, "does not serve Knative's Services"),
    ],
)
def test_an_api_that_is_not_served_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, case: str, kind: Kind, said: str
) -> None:
    spec = configure(world, case)
    monkeypatch.setattr(live_world, "KINDS", tuple(each for each in live_world.KINDS if each != kind))
    assert said in one(world, spec)


def test_a_domain_that_knative_does_not_have_is_named(world: World) -> None:
    spec = configure(world, "knative")
    del world.objects[CONFIG_MAPS.plural]["knative-serving", "config-domain"]
    assert "does not name the domain models.example.com" in one(world, spec)


def test_the_hook_fails_with_every_difference_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> Cluster:
        return world.cluster

    monkeypatch.setattr(live_cluster, "connect", connect)
    world.objects[INGRESS_CLASSES.plural].clear()
    made: list[ExistingPlatform] = []
    spec = ExistingPlatformSpec(mode=ExistingStandard(gateway=ExistingIngress(class_name="nginx", domain=DOMAIN)))
    hooks = synth(lambda: made.append(ExistingPlatform("there", spec, cluster=cluster()))).hooks
    look = cast("Any", hooks["there-is-as-said"]).callback

    async def asked() -> None:
        await look(None)

    with pytest.raises(SpecError, match=r"(?s)not as ExistingPlatform 'there' says: \d+ problems.*IngressClass nginx"):
        asyncio.run(asked())
