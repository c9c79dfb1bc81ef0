"""Platform: layers in order, releases as rows, charts from where the user says, and what destroy keeps."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kserve as kserve
import pytest
from pulumi_kserve.contracts import PlatformFacts, PlatformRef
from pulumi_kserve.errors import SpecError
from pulumi_kserve.platform.catalogue import catalogue, read_runtime, runtime_manifest
from pulumi_kserve.platform.layers import cert_manager
from pulumi_kserve.platform.readiness import wait_annotations
from pulumi_kserve.platform.releases import RELEASES
from pulumi_kserve.testing import Synthesis, manifest, problems, synth

from tests.unit.programs import cluster


def platform(spec: dict[str, Any] | None = None, **of_cluster: Any) -> Synthesis:
    return synth(lambda: kserve.Platform("kserve", spec or {}, cluster=cluster(**of_cluster)))


def test_each_layer_waits_for_the_one_below() -> None:
    found = platform()
    order = [
        "kserve-record-cert-manager",
        "kserve-cert-manager",
        "kserve-gate-cert-manager",
        "kserve-kserve-resources",
        "kserve-gate-kserve-resources",
        "kserve-runtime-sklearn",
    ]
    for below, above in pairwise(order):
        assert found.named(below).urn in found.named(above).dependencies


def test_the_crds_are_a_release_of_their_own_that_the_controller_needs() -> None:
    found = platform()
    assert found.named("kserve-kserve-crd").urn in found.named("kserve-kserve-resources").dependencies


@pytest.mark.parametrize(("delete_crds", "kept"), [(False, True), (True, False)])
def test_destroy_keeps_the_crds_unless_told_otherwise(*, delete_crds: bool, kept: bool) -> None:
    assert platform({"deleteCrds": delete_crds}).named("kserve-kserve-crd").retain_on_delete is kept


def test_the_record_of_ownership_is_written_before_the_install() -> None:
    found = platform()
    for release in ("cert-manager", "kserve-crd", "kserve-resources"):
        assert found.named(f"kserve-record-{release}").urn in found.named(f"kserve-{release}").dependencies


def test_a_cluster_that_brings_cert_manager_gets_no_second_one() -> None:
    assert not [each for each in platform(provides=["cert-manager"]).resources if "cert-manager" in each.name]


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_charts_come_in_the_versions_of_the_release_row(release: str) -> None:
    found = platform({"release": release}).named("kserve-kserve-resources").inputs
    assert (found["chart"], found["version"]) == ("oci://ghcr.io/kserve/charts/kserve-resources", f"v{release}.0")


def test_a_release_without_a_row_is_refused() -> None:
    (problem,) = problems(lambda: kserve.Platform("kserve", {"release": "0.7"}, cluster=cluster()))
    assert problem.path == "release"
    assert "allow_untested" in problem.reason


def test_a_runtime_that_is_not_in_the_catalogue_is_refused_with_the_nearest() -> None:
    (problem,) = problems(lambda: kserve.Platform("kserve", {"runtimes": ["sklear"]}, cluster=cluster()))
    assert problem.path == "runtimes[0]"
    assert "Did you mean 'sklearn'?" in problem.reason


def test_a_mirror_changes_only_where_charts_come_from() -> None:
    source = {"mirror": {"registry": "oci://registry.example.com/charts/"}}
    mirrored = platform({"chartSource": source}).named("kserve-kserve-crd").inputs
    official = platform().named("kserve-kserve-crd").inputs
    assert mirrored == {**official, "chart": "oci://registry.example.com/charts/kserve-crd"}


def charts(folder: Path, **versions: str) -> Path:
    for name, version in versions.items():
        chart = folder / name.replace("_", "-")
        chart.mkdir()
        (chart / "Chart.yaml").write_text(f"name: {chart.name}\nversion: {version}\n")
    return folder


def test_charts_in_a_folder_install_with_no_network(tmp_path: Path) -> None:
    folder = charts(tmp_path, cert_manager="v1.11.5", kserve_crd="v0.20.0", kserve_resources="v0.20.0")
    found = platform({"chartSource": {"folder": {"path": str(folder)}}}).named("kserve-cert-manager").inputs
    assert found["chart"] == str(folder / "cert-manager")
    assert "version" not in found


def test_a_chart_of_an_untested_version_is_refused(tmp_path: Path) -> None:
    folder = charts(tmp_path, cert_manager="v1.0.0", kserve_crd="v0.20.0", kserve_resources="v0.20.0")
    spec = {"chartSource": {"folder": {"path": str(folder)}}}
    (problem,) = problems(lambda: kserve.Platform("kserve", spec, cluster=cluster()))
    assert "v1.0.0" in problem.message
    assert "v1.11.5 or v1.17.0" in problem.reason


def test_a_chart_that_is_missing_from_the_folder_is_named(tmp_path: Path) -> None:
    spec = {"chartSource": {"folder": {"path": str(tmp_path)}}}
    (problem,) = problems(lambda: kserve.Platform("kserve", spec, cluster=cluster()))
    assert "cert-manager" in problem.message
    assert "Unpack" in problem.reason


@pytest.mark.parametrize(
    ("version", "values"), [("v1.11.5", {"installCRDs": True}), ("v1.17.0", {"crds": {"enabled": True}})]
)
def test_cert_managers_crds_are_asked_for_as_its_version_wants(version: str, values: dict[str, Any]) -> None:
    assert values.items() <= cert_manager.values(version).items()


def test_previews_never_ask_the_cluster() -> None:
    found = platform()
    assert found.named("kserve-gate-kserve-resources").hooks["before_create"]


def test_the_facts_hold_only_plain_values() -> None:
    found = synth(lambda: pulumi.export("facts", kserve.Platform("kserve", {}, cluster=cluster()).export_facts()))
    assert PlatformFacts.parse(found.outputs["facts"]).release == "0.20"


def referenced(tmp_path: Path, exported: dict[str, Any] | None, **changed: str) -> None:
    committed = PlatformFacts(name="kserve", release="0.20", mode="Standard", gateway="cluster-local")
    file = tmp_path / "facts.json"
    file.write_text(committed.model_copy(update=changed).model_dump_json(by_alias=True))
    live = committed.model_dump(mode="json", by_alias=True) if exported is None else exported

    def program() -> None:
        reference = PlatformRef("there", stack="org/project/prod", facts=file, cluster=cluster())
        pulumi.export("checked", reference.checked)

    synth(program, preview=False, computed=lambda _: {"outputs": {"facts": live}, "secretOutputNames": []})


def test_a_reference_takes_committed_facts_that_the_other_stack_confirms(tmp_path: Path) -> None:
    referenced(tmp_path, None)


def test_a_reference_whose_stack_says_otherwise_fails_and_names_the_field(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"facts\.release: the file says '0.19', the stack says '0.20'"):
        referenced(tmp_path, None, release="0.19")


def test_a_reference_without_its_file_says_how_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="pulumi-kserve facts"):
        synth(lambda: PlatformRef("r", stack="o/p/s", facts=tmp_path / "no.json", cluster=cluster()))


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_every_runtime_of_the_catalogue_renders(name: str) -> None:
    rendered = runtime_manifest(catalogue()[name], "v0.20.0")
    (container,) = rendered["spec"]["containers"]
    assert container["name"] == "kserve-container"
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert json.dumps(rendered)


def test_a_runtime_file_with_a_wrong_field_is_refused_with_its_path(tmp_path: Path) -> None:
    file = tmp_path / "mine" / "runtime.yaml"
    file.parent.mkdir()
    file.write_text("name: mine\nformts: []\n")
    with pytest.raises(SpecError) as refused:
        read_runtime(file)
    assert "Did you mean 'formats'" in str(refused.value)


def test_kinds_without_a_status_wait_for_nothing() -> None:
    assert wait_annotations("ClusterServingRuntime", "Standard") == {"pulumi.com/skipAwait": "true"}


def test_the_system_namespaces_of_the_stack_are_labelled() -> None:
    assert manifest(platform(), "Namespace", "kserve")["metadata"]["labels"]["control-plane"]


@pytest.mark.parametrize("name", ["kube-system", "cert-manager", "kserve"])
def test_a_model_namespace_of_the_system_is_refused(name: str) -> None:
    def program() -> None:
        here = kserve.Platform("kserve", {}, cluster=cluster())
        kserve.ModelNamespace(name, {"owner": "team"}, platform=here)

    assert [problem.path for problem in problems(program)] == ["namespace"]


def test_a_model_namespace_with_a_quota_limits_its_pods() -> None:
    def program() -> None:
        here = kserve.Platform("kserve", {}, cluster=cluster())
        kserve.ModelNamespace("team", {"owner": "team", "quota": {"requests.cpu": "8"}}, platform=here)

    assert manifest(synth(program), "ResourceQuota", "models")["spec"] == {"hard": {"requests.cpu": "8"}}
