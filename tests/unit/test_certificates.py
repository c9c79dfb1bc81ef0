"""Certificates of KServe's webhooks, and how the controller's layer is laid: secret, release, patches, gate."""

import base64
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pulumi
import pulumi_kserve as kserve
import pytest
from pulumi_kserve.errors import SpecError
from pulumi_kserve.platform.certificates import CertManager, Provided, certificate_values
from pulumi_kserve.platform.configuration import KServeConfiguration
from pulumi_kserve.platform.layers import kserve as layer
from pulumi_kserve.platform.layers.helm_release import LayerContext
from pulumi_kserve.platform.modes import Standard
from pulumi_kserve.platform.releases import RELEASES
from pulumi_kserve.testing import Secret, Synthesis, synth

from tests.unit.programs import cluster

AUTHORITY = "-----BEGIN CERTIFICATE-----\nYXV0aG9yaXR5\n-----END CERTIFICATE-----\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\ncGxhbnRlZC1rZXk=\n-----END PRIVATE KEY-----\n"
PAIR = "certificates-of-ones-own"
PATCHED = "kserve-configuration"


def laid(
    configuration: Mapping[str, Any] | None = None,
    certificates: CertManager | Provided | str | None = None,
    release: str = "0.20",
) -> Synthesis:
    """KServe's layer alone; Outputs are made in the program that they belong to."""

    def program() -> None:
        parent = pulumi.ComponentResource("test:index:Parent", "parent")
        context = LayerContext("kserve", parent, cluster(), RELEASES[release], None, "stack")
        given = _whole() if isinstance(certificates, str) else certificates
        configured = KServeConfiguration.parse(configuration or {})
        controller = layer.Controller(Standard(), configured, given or CertManager())
        layer.install(context, controller, namespace="kserve", delete_crds=False, depends_on=[])

    return synth(program)


def _whole() -> Provided:
    return Provided(ca=AUTHORITY, certificate=CERTIFICATE, key=pulumi.Output.secret(KEY))


def names(found: Synthesis) -> list[str]:
    return [each.name for each in found.resources]


def of_release(found: Synthesis) -> dict[str, Any]:
    values: dict[str, Any] = found.named("kserve-kserve-resources").inputs["values"]["kserve"]
    return values


def test_cert_manager_needs_no_values() -> None:
    assert certificate_values(CertManager()) == {}


def test_a_platform_that_says_nothing_is_patched_nowhere() -> None:
    assert [name for name in names(laid()) if "authority" in name or name == PATCHED] == []


def test_the_key_is_a_secret_of_the_state() -> None:
    found = laid(certificates=PAIR).named("kserve-webhook-certificate")
    assert found.inputs["metadata"]["name"] == "kserve-webhook-server-cert"
    assert isinstance(found.inputs["stringData"]["tls.key"], Secret)
    assert "stringData" in found.additional_secret_outputs


def test_the_controller_is_installed_after_the_secret_it_mounts() -> None:
    found = laid(certificates=PAIR)
    assert found.named("kserve-webhook-certificate").urn in found.named("kserve-kserve-resources").dependencies


def test_a_secret_that_is_made_elsewhere_is_not_made_here() -> None:
    assert "kserve-webhook-certificate" not in names(laid(certificates=Provided(ca=AUTHORITY)))


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_the_api_server_is_told_the_authority_of_every_webhook(release: str) -> None:
    found = laid(certificates=PAIR, release=release)
    patches = [each for each in found.resources if each.type.endswith("WebhookConfigurationPatch")]
    hooks = [hook for each in patches for hook in each.inputs["webhooks"]]
    assert {hook["clientConfig"]["caBundle"] for hook in hooks} == {base64.b64encode(AUTHORITY.encode()).decode()}
    assert len(hooks) == 7


def test_the_gate_waits_for_the_release_and_for_each_patch_in_turn() -> None:
    found = laid({"multiNode": {"gpuResourceTypes": ["example.com/gpu"]}}, PAIR)
    order = [
        "kserve-kserve-resources",
        *(name for name in names(found) if "authority" in name),
        PATCHED,
        "kserve-controller-restart",
        "kserve-gate-kserve-resources",
    ]
    for below, above in pairwise(order):
        assert found.named(below).urn in found.named(above).dependencies


def test_a_patch_is_made_again_when_the_release_changes() -> None:
    logger = {"logger": {"batchSize": 5}}
    found, other = laid(logger), laid(logger | {"autoscaler": {"scaleUpSeconds": 5}})
    inputs = [each.named(PATCHED).inputs["metadata"]["annotations"] for each in (found, other)]
    assert inputs[0] != inputs[1]
    assert found.named(PATCHED).inputs["data"] == other.named(PATCHED).inputs["data"]


def test_the_release_changes_when_the_patch_does() -> None:
    found = [of_release(laid({"logger": {"batchSize": size}}))["controller"]["annotations"] for size in (5, 6)]
    assert found[0] != found[1]


def test_a_change_of_what_is_read_at_any_time_restarts_nothing() -> None:
    found = [of_release(laid(each))["controller"]["podAnnotations"] for each in ({}, {"logger": {"batchSize": 5}})]
    assert found[0] == found[1]
    assert "kserve-controller-restart" not in names(laid({"logger": {"batchSize": 5}}))


def test_a_patch_stays_when_the_stack_goes() -> None:
    assert laid({"logger": {"batchSize": 5}}).named(PATCHED).retain_on_delete is True


def refused(spec: Mapping[str, Any]) -> str:
    """The message of a platform that is refused."""

    def program() -> None:
        kserve.Platform("kserve", spec, cluster=cluster())

    with pytest.raises(pulumi.InputPropertiesError) as caught:
        synth(program)
    return str(caught.value)


def test_a_configuration_that_nothing_reads_is_refused_before_anything_is_made() -> None:
    assert "configuration.metrics.scrape" in refused({"configuration": {"metrics": {"scrape": True}}})


def test_the_model_cache_needs_cert_manager() -> None:
    spec: dict[str, Any] = {"configuration": {"localModels": {}}, "certificates": {"provided": {"ca": AUTHORITY}}}
    assert "Use certManager, or leave localModels out" in refused(spec)
    assert "kserve-kserve-resources" in names(laid({"localModels": {}}))


def test_a_certificate_without_its_key_is_refused() -> None:
    with pytest.raises(SpecError, match="certificate and key belong together"):
        Provided.parse({"ca": AUTHORITY, "certificate": CERTIFICATE})


def test_a_key_in_plain_text_is_refused_and_not_shown() -> None:
    with pytest.raises(SpecError, match="never written in plain text") as caught:
        Provided.parse({"ca": AUTHORITY, "certificate": CERTIFICATE, "key": KEY})
    assert "cGxhbnRlZC1rZXk" not in str(caught.value)


def test_an_error_does_not_show_what_was_given_for_a_key() -> None:
    with pytest.raises(SpecError, match="no PEM") as caught:
        Provided.parse({"ca": AUTHORITY, "certificate": CERTIFICATE, "key": "planted"})
    assert "planted" not in str(caught.value)
