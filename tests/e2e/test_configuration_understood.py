"""What we say of KServe's configuration and certificates, rendered by Helm itself and read by KServe's own code."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_kserve.platform.certificates import CertManager, Provided
from pulumi_kserve.platform.configuration import KServeConfiguration
from pulumi_kserve.platform.configuration.defaults import default_configuration
from pulumi_kserve.platform.configuration.fields import FIELDS, ConfigurationField
from pulumi_kserve.platform.layers.kserve import Controller, values
from pulumi_kserve.platform.modes import Standard
from pulumi_kserve.platform.releases import RELEASES

from tests.unit.configuration_samples import EVERYTHING
from tools.charts.render import Rendered, rendered
from tools.oracle.judge import Understanding, running
from tools.schemas.__main__ import CONFIGURATION, write_configuration
from tools.schemas.crds import kserve_source

pytestmark = pytest.mark.e2e

NAMESPACE = "models-system"
PEM = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"


def everything(release: str) -> KServeConfiguration:
    """Every field that the release reads."""
    spec = json.loads(json.dumps(EVERYTHING))
    if release == "0.19":
        del spec["storageInitializer"]["ociMode"]
    return KServeConfiguration.parse(spec)


def render(release: str, chosen: Mapping[str, Any]) -> Rendered:
    chart = kserve_source(RELEASES[release]) / "charts" / "kserve-resources"
    return rendered(chart, chosen, release="kserve-resources", namespace=NAMESPACE)


def data_of(found: Rendered) -> dict[str, str]:
    return dict(found.named("ConfigMap", "inferenceservice-config")["data"])


def at(place: str, keys: Mapping[str, Any]) -> Any:
    """What KServe holds at a place; an empty text where its JSON leaves the field out for being empty."""
    found: Any = keys
    for name in place.split("."):
        found = found.get(name, "")
    return found


@pytest.fixture(scope="module", params=sorted(RELEASES))
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def understood(release: str) -> Understanding:
    """What KServe understands when everything is said at once."""
    controller = Controller(Standard(), everything(release), CertManager())
    data = data_of(render(release, values(controller, release))) | controller.patched(release)
    with running(release) as oracle:
        return oracle.understand(data)


def test_kserve_reads_all_of_it_without_a_complaint(understood: Understanding) -> None:
    assert understood.message == ""


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: str(field.path))
def test_kserve_understands_what_was_said(understood: Understanding, release: str, field: ConfigurationField) -> None:
    value = field.of(everything(release))
    assert (value is None) == (field.since > release)
    if value is not None:
        assert [at(place, understood.keys) for place in field.places] == [field.written(value)] * len(field.places)


def test_kserve_knows_no_field_of_a_later_release() -> None:
    late = {
        "storageInitializer": json.dumps(default_configuration("0.19")["storageInitializer"] | {"ociModelMode": ""})
    }
    with running("0.19") as oracle:
        assert 'unknown field "ociModelMode"' in oracle.understand(late).message


def test_the_data_of_a_release_is_what_helm_makes_of_its_chart(release: str) -> None:
    data = data_of(render(release, {}))
    assert {key: json.loads(value) for key, value in data.items() if key != "_example"} == default_configuration(
        release
    )


def test_the_data_of_a_release_is_up_to_date(release: str, tmp_path: Any) -> None:
    write_configuration(RELEASES[release], tmp_path / "data.json")
    assert (tmp_path / "data.json").read_bytes() == (CONFIGURATION / f"{release}.json").read_bytes()


def test_downloads_get_the_resources_that_were_said(release: str) -> None:
    controller = Controller(Standard(), everything(release), CertManager())
    container = render(release, values(controller, release)).named("ClusterStorageContainer", "default")["spec"]
    assert container["container"]["resources"] == {
        "requests": {"cpu": "150m", "memory": "150Mi"},
        "limits": {"cpu": "3", "memory": "3Gi"},
    }


def test_with_a_certificate_of_ones_own_helm_installs_nothing_of_cert_manager(release: str) -> None:
    with_it = Controller(Standard(), KServeConfiguration(), CertManager())
    without = Controller(Standard(), KServeConfiguration(), Provided(ca=PEM))
    before, after = (render(release, values(each, release)) for each in (with_it, without))
    gone = [each for each in before.objects if each not in after.objects]
    assert [each["kind"] for each in after.objects if "cert-manager" in each["apiVersion"]] == []
    assert sorted(each["kind"] for each in gone) == ["Certificate", "Issuer", "Service"]
    assert [each["kind"] for each in after.hooks] == ["Certificate"]


def test_that_changes_no_other_object_but_by_one_empty_annotation(release: str) -> None:
    with_it = Controller(Standard(), KServeConfiguration(), CertManager())
    without = Controller(Standard(), KServeConfiguration(), Provided(ca=PEM))
    before, after = (render(release, values(each, release)) for each in (with_it, without))
    [changed] = [each for each in after.objects if each not in before.objects]
    annotations = changed["metadata"]["annotations"]
    assert annotations.pop("pulumi-kserve/no-certificate") == ""
    service = before.named("Service", changed["metadata"]["name"])
    assert changed["spec"] == service["spec"]
    assert annotations == service["metadata"].get("annotations", {})


def test_the_hook_is_one_that_no_install_runs(release: str) -> None:
    without = Controller(Standard(), KServeConfiguration(), Provided(ca=PEM))
    [hook] = render(release, values(without, release)).hooks
    assert hook["metadata"]["annotations"] == {"helm.sh/hook": "test"}


def test_the_pods_restart_for_what_is_read_at_start(release: str) -> None:
    controller = Controller(Standard(), KServeConfiguration(), CertManager(), ("keda",))
    other = Controller(Standard(), KServeConfiguration(), CertManager())
    pods = [
        render(release, values(each, release)).named("Deployment", "kserve-controller-manager")["spec"]["template"]
        for each in (controller, other)
    ]
    assert pods[0]["metadata"]["annotations"] != pods[1]["metadata"]["annotations"]
