"""KServe's configuration: every field has a place, what nothing reads is refused, what is unset stays as it was."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pulumi_kserve as kserve
import pytest
from pulumi_kserve.errors import SpecError
from pulumi_kserve.models import Spec
from pulumi_kserve.platform.configuration import KServeConfiguration
from pulumi_kserve.platform.configuration.defaults import default_configuration, webhook_names
from pulumi_kserve.platform.configuration.fields import FIELDS, ConfigurationField
from pulumi_kserve.platform.configuration.judgement import configuration_problems
from pulumi_kserve.platform.configuration.rendering import chart_values, laid_over, patched_keys, start_hash
from pulumi_kserve.platform.modes import ClusterLocal, EnvoyGateway, Gateway, IngressClass, IstioGateway, Standard
from pulumi_kserve.platform.releases import RELEASES
from pulumi_kserve.testing import synth
from pydantic.alias_generators import to_camel

from tests.unit.configuration_samples import EVERYTHING, sample
from tests.unit.programs import cluster, predictor

CLASS = IngressClass.parse({"name": "nginx", "host": "models.example.com", "auth": {"reason": "only for a test"}})
NEWEST = max(RELEASES)


def configuration(**values: Any) -> KServeConfiguration:
    return KServeConfiguration.parse(values)


def leaves(model: type[Spec], path: str = "") -> Iterator[str]:
    """The path of every field that is no model itself; a logger's storage is written as a whole."""
    for name, field in model.model_fields.items():
        inner = [each for each in (field.annotation, *get_args(field.annotation)) if isinstance(each, type)]
        below = next((each for each in inner if issubclass(each, Spec)), None)
        if below is None or name == "storage":
            yield path + name
        else:
            yield from leaves(below, f"{path}{name}.")


def refused(spec: dict[str, Any], gateway: Gateway, release: str = NEWEST) -> dict[str, str]:
    found = configuration_problems(KServeConfiguration.parse(spec), Standard(gateway=gateway), release)
    return {problem.path: problem.reason for problem in found}


def test_every_field_has_a_place_in_the_config_map() -> None:
    assert sorted(leaves(KServeConfiguration)) == sorted(field.path for field in FIELDS)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: str(field.path))
def test_a_field_is_reached_by_values_or_by_the_patch(field: ConfigurationField) -> None:
    one = KServeConfiguration.parse(sample(field.path))
    assert bool(field.values) <= bool(chart_values(one))
    patched = patched_keys(one, Standard(), NEWEST)
    assert all(key in patched for key in field.keys) if field.patched else field.values


def test_a_configuration_that_says_nothing_changes_nothing() -> None:
    assert chart_values(KServeConfiguration()) == {}
    assert patched_keys(KServeConfiguration(), Standard(), NEWEST) == {}


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_a_patched_key_keeps_what_the_chart_says_of_the_rest(release: str) -> None:
    patched = patched_keys(configuration(logger={"batchSize": 5}), Standard(), release)
    assert json.loads(patched["logger"]) == default_configuration(release)["logger"] | {"batchSize": 5}
    assert list(patched) == ["logger"]


def test_a_patched_key_holds_what_values_say_of_it_too() -> None:
    patched = patched_keys(
        configuration(router={"image": "example.com/router:v1", "imagePullSecrets": ["docker"]}), Standard(), NEWEST
    )
    found = json.loads(patched["router"])
    assert (found["image"], found["imagePullSecrets"]) == ("example.com/router:v1", ["docker"])


def test_the_rollout_keeps_the_mode_of_the_platform() -> None:
    patched = patched_keys(configuration(rollout={"maxSurge": "50%", "maxUnavailable": "0%"}), Standard(), NEWEST)
    assert json.loads(patched["deploy"]) == {
        "defaultDeploymentMode": "Standard",
        "deploymentRolloutStrategy": {"defaultRollout": {"maxSurge": "50%", "maxUnavailable": "0%"}},
    }


@pytest.mark.parametrize(
    ("image", "name", "tag"),
    [
        ("example.com:5000/agent:v1", "example.com:5000/agent", "v1"),
        (f"kserve/agent@sha256:{'a' * 64}", "kserve/agent@sha256", "a" * 64),
        (f"kserve/agent:v1@sha256:{'a' * 64}", "kserve/agent:v1@sha256", "a" * 64),
    ],
    ids=["tag", "digest", "both"],
)
def test_an_image_is_cut_where_the_chart_joins_it(image: str, name: str, tag: str) -> None:
    assert chart_values(configuration(agent={"image": image}))["kserve"]["agent"] == {"image": name, "tag": tag}


@pytest.mark.parametrize("image", ["kserve/agent", "localhost:5000/agent", "agent@sha256:abc"])
def test_an_image_without_tag_or_digest_is_refused(image: str) -> None:
    with pytest.raises(SpecError, match=r"agent\.image"):
        configuration(agent={"image": image})


def test_large_numbers_are_values_of_text_because_helm_would_write_them_with_an_exponent() -> None:
    values = chart_values(configuration(storageInitializer={"modelcar": {"uid": 1_000_650_000}}))
    assert values["kserve"]["storage"]["uidModelcar"] == "1000650000"


def test_what_the_chart_would_paste_into_json_unquoted_is_refused() -> None:
    with pytest.raises(SpecError, match=r"credentials\.s3\.region"):
        configuration(credentials={"s3": {"region": 'eu", "s3VerifySSL": "0'}})


def test_a_percentage_is_wanted_where_the_api_server_takes_nothing_else() -> None:
    with pytest.raises(SpecError, match="no text but percentages"):
        configuration(rollout={"maxSurge": "1", "maxUnavailable": "0%"})


def test_a_rollout_that_could_replace_no_pod_is_refused() -> None:
    with pytest.raises(SpecError, match="no pod could ever be replaced"):
        configuration(rollout={"maxSurge": "0%", "maxUnavailable": "0%"})


@pytest.mark.parametrize("template", ["{{ .Name }}.{{ .IngressDomain }}", "{{ .Name }}-{{ .Labels.team }}"])
def test_a_template_that_is_not_known_or_not_unique_is_refused(template: str) -> None:
    with pytest.raises(SpecError, match=r"ingress\.domainTemplate"):
        configuration(ingress={"domainTemplate": template})


@pytest.mark.parametrize(
    ("spec", "host"),
    [({}, "iris-fraud.example.com"), ({"domainTemplate": "{{.Name}}.{{.Namespace}}.ml"}, "iris.fraud.ml")],
    ids=["KServe's own", "said"],
)
def test_the_host_of_an_endpoint_is_known_before_the_cluster_is(spec: dict[str, str], host: str) -> None:
    ingress = {"name": "nginx", "host": "example.com", "auth": {"reason": "a trial inside"}}
    mode = {"standard": {"gateway": {"ingress": ingress}}}

    def program() -> None:
        platform = kserve.Platform("kserve", {"mode": mode, "configuration": {"ingress": spec}}, cluster=cluster())
        endpoint = kserve.InferenceService("iris", predictor(), platform=platform, namespace="fraud")
        assert endpoint.url == f"http://{host}"

    synth(program)


@pytest.mark.parametrize("name", ["batcher", "service", "deploy"])
def test_a_key_that_is_left_out_says_why(name: str) -> None:
    with pytest.raises(SpecError, match=f"{name} is no key here: .+"):
        KServeConfiguration.parse({name: {}})


def test_a_certificate_file_without_its_config_map_is_refused() -> None:
    with pytest.raises(SpecError, match="name that too"):
        configuration(logger={"caFile": "ca.crt"})


def test_a_setting_of_a_later_release_is_refused_with_the_release_that_has_it() -> None:
    found = refused({"storageInitializer": {"ociMode": "native"}}, ClusterLocal(), "0.19")
    assert "Use release 0.20" in found["configuration.storageInitializer.ociMode"]
    assert refused({"storageInitializer": {"ociMode": "native"}}, ClusterLocal(), "0.20") == {}


@pytest.mark.parametrize(
    "gateway", [ClusterLocal(), EnvoyGateway(), IstioGateway()], ids=lambda each: type(each).__name__
)
def test_host_names_are_the_gateways_where_there_is_one(gateway: Gateway) -> None:
    spec = {"ingress": {"domainTemplate": "{{ .Name }}.{{ .Namespace }}.{{ .IngressDomain }}"}}
    assert list(refused(spec, gateway)) == ["configuration.ingress.domainTemplate"]
    assert refused(spec, CLASS) == {}


@pytest.mark.parametrize(
    "path",
    ["ingress.path_template", "ingress.additional_domains", "ingress.disable_route_timeouts", "metrics.aggregate",
     "metrics.scrape"],
)  # fmt: skip
def test_what_nothing_reads_in_standard_mode_is_refused(path: str) -> None:
    camel = ".".join(map(to_camel, path.split(".")))
    assert list(refused(sample(path), CLASS)) == [f"configuration.{camel}"]


def test_everything_at_once_is_refused_at_once() -> None:
    assert len(refused(EVERYTHING, ClusterLocal(), "0.19")) == 7


def test_the_controller_restarts_for_what_it_reads_when_it_starts_and_for_nothing_else() -> None:
    values = {"kserve": {"controller": {"gateway": {"disableIstioVirtualHost": True}}}}
    logger = patched_keys(configuration(logger={"batchSize": 5}), Standard(), NEWEST)
    gpus = patched_keys(configuration(multiNode={"gpuResourceTypes": ["example.com/gpu"]}), Standard(), NEWEST)
    assert start_hash(values, logger)[1] == ""
    assert start_hash(values, gpus)[1] != ""
    assert start_hash(values, logger)[0] == start_hash(values, gpus)[0]
    assert start_hash(values, {}, ["keda"])[0] != start_hash(values, {})[0]


def test_of_two_values_the_upper_one_is_right_and_mappings_are_merged() -> None:
    assert laid_over({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}, "d": 4}) == {"a": {"b": 3, "c": 2}, "d": 4}


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_a_release_has_webhooks_of_both_kinds(release: str) -> None:
    assert {kind: bool(found) for kind, found in webhook_names(release).items()} == {
        "MutatingWebhookConfiguration": True,
        "ValidatingWebhookConfiguration": True,
    }
