"""The faults matrix: each fault ends in a message that says what to do, and the next `up` serves with nothing lost.

One stack on one cluster, in this order: what a fault leaves is what the next one meets.
"""

import functools
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi_kserve.live.helm_releases import Release

from tests.e2e import spine as spines
from tests.e2e.spine import ENDPOINT, NAMESPACE, Spine, embedded
from tests.e2e.test_spine import answer, controller
from tests.soak import faults
from tests.soak.faults import CERT_MANAGER, CHART_SOURCE, KSERVE, LARGEST_SECRET

pytestmark = pytest.mark.soak
THEIRS = "theirs"
THEIR_MODEL = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {"name": "model", "namespace": THEIRS, "annotations": {"serving.kserve.io/stop": "true"}},
    "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "pvc://a/b"}}},
}
CRDS = "kubectl get crd -o name | grep '[.]serving.kserve.io$' | xargs -I@ kubectl"


@pytest.fixture(scope="module")
def spine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spine]:
    """A project on the embedded cluster, which is up and empty at first and stopped at the end."""
    made = Spine.in_folder(tmp_path_factory.mktemp("project"))
    embedded("down")
    embedded("up")
    yield made
    made.run("down")
    embedded("down")


def predicts_right(spine: Spine) -> None:
    found, truth = answer(spine, "v1")
    assert found == truth


def says(output: str, *words: str) -> None:
    """The message has all the words, however its lines are broken."""
    told = " ".join(output.split())
    assert [each for each in words if each not in told] == [], output[-spines.LOG_TAIL :]


def uid(kind: str, name: str, *namespace: str) -> str:
    place = [f"--namespace={each}" for each in namespace]
    return faults.kubectl("get", kind, name, *place, "--output=jsonpath={.metadata.uid}")


def test_an_api_server_that_restarts_during_up_costs_at_most_another_up(spine: Spine) -> None:
    process = spine.start("up")
    for release in (CERT_MANAGER, KSERVE):
        begins = functools.partial(begins_or_ended, process, release)
        faults.until(f"the install of {release}", begins, seconds=300)
        faults.restart_api_server(away=3)
    if process.wait(timeout=900):
        says((spine.project.root / "background.log").read_text("utf-8"), "The API server did not answer", "make up")
    spine.run("up").require()
    predicts_right(spine)


def begins_or_ended(process: subprocess.Popen[str], release: Release) -> bool:
    return process.poll() is not None or faults.release_is(release, "pending-install")


def test_charts_whose_folder_is_gone_are_named_with_the_cure(spine: Spine) -> None:
    before = faults.uid_of(faults.endpoint())
    spine.edit(lambda config: config.update({CHART_SOURCE: str(spine.project.root / "gone")}))
    said = faults.plain_up(spine)
    says(said, "chartSource.folder.path", f"{spine.project.root}/gone/cert-manager/Chart.yaml", "Unpack chart")
    assert "nothing changed" in spine.run("up").require().output
    assert faults.uid_of(faults.endpoint()) == before


def test_a_mirror_that_refuses_is_named_with_the_chart(spine: Spine) -> None:
    good = spine.project.stack_file.read_text("utf-8")

    def take_the_mirror(config: dict[str, object]) -> None:
        del config[CHART_SOURCE]
        platform = config["kserve:platform"]
        assert isinstance(platform, dict)
        platform["chartSource"] = {"mirror": {"registry": "oci://127.0.0.1:1/charts"}}

    spine.edit(take_the_mirror)
    said = faults.plain_up(spine)
    spine.project.stack_file.write_text(good, "utf-8")
    says(said, "127.0.0.1:1/", "oci://127.0.0.1:1/charts/", "connection refused", "check the chart name and repository")
    assert "nothing changed" in spine.run("up").require().output


def test_a_release_that_is_too_large_for_its_secret_is_left_as_it_was(spine: Spine, tmp_path: Path) -> None:
    before = faults.last_revision(KSERVE)
    large = str(faults.charts_with(tmp_path, LARGEST_SECRET))
    spine.edit(lambda config: config.update({CHART_SOURCE: large}))
    said = faults.plain_up(spine)
    says(said, "release kserve-resources", "1 MiB", "nothing of it was changed", "out of the values")
    assert faults.last_revision(KSERVE) == before
    predicts_right(spine)


def test_a_release_that_just_fits_its_secret_is_installed(spine: Spine, tmp_path: Path) -> None:
    large = str(faults.charts_with(tmp_path, 720_000))
    spine.edit(lambda config: config.update({CHART_SOURCE: large}))
    assert faults.plain_up(spine) == ""
    assert 0.9 < faults.stored_bytes(KSERVE) / LARGEST_SECRET < 1
    spine.run("up").require()
    predicts_right(spine)


def test_a_namespace_of_somebody_else_is_refused_and_stays_theirs(spine: Spine) -> None:
    faults.kubectl("create", "namespace", THEIRS)
    before = uid("namespace", THEIRS)
    spine.edit(lambda config: config["kserve:namespaces"].update({THEIRS: {"owner": "us"}}))
    said = spine.run("up").require(1).output
    says(said, "namespace theirs exists already", "Choose another name", "kubectl label --overwrite namespace theirs")
    spine.edit(lambda config: config["kserve:namespaces"].pop(THEIRS))
    spine.run("up").require()
    assert uid("namespace", THEIRS) == before
    assert "pulumi" not in faults.kubectl("get", "namespace", THEIRS, "--output=yaml")
    predicts_right(spine)


def test_a_webhook_that_answers_late_is_waited_for(spine: Spine) -> None:
    before = faults.uid_of(faults.endpoint())
    spine.edit(lambda config: config["kserve:endpoints"][ENDPOINT].update({"timeoutSeconds": 301}))
    spine.edit_predictor(labels={"late": "yes"})
    with faults.paused_controller(25):
        spine.run("up").require()
    assert faults.uid_of(faults.endpoint()) == before
    predicts_right(spine)


def test_a_webhook_that_does_not_answer_is_named_with_its_namespace(spine: Spine) -> None:
    controller(0)
    spine.edit_predictor(labels={"late": "no"})
    said = spine.run("up").require(1).output
    says(said, "Service kserve-webhook-server-service in namespace kserve", "kubectl -n kserve get pods,endpointslices")


def test_a_destroy_without_the_controller_is_refused_before_anything_is_touched(spine: Spine) -> None:
    before = faults.uid_of(faults.endpoint())
    said = spine.run("down", "--keep-cluster").require(2).output
    says(said, "nothing was touched", "is scaled to 0 replicas", "kubectl -n kserve scale deployment")
    assert "deletionTimestamp" not in faults.endpoint()["metadata"]
    assert faults.uid_of(faults.endpoint()) == before
    predicts_right(spine)


def test_an_endpoint_that_waits_for_the_controller_to_let_it_go_is_named_by_the_next_up(spine: Spine) -> None:
    faults.kubectl("delete", "inferenceservice", ENDPOINT, f"--namespace={NAMESPACE}", "--wait=false")
    said = spine.run("up").require(2).output
    says(said, f"InferenceService {ENDPOINT}", "is being deleted", "finalizer", "kubectl -n kserve scale deployment")


def test_with_the_controller_back_up_makes_the_endpoint_again(spine: Spine) -> None:
    controller(1)
    assert "is gone: the next up makes it again" in spine.run("up").require().output
    predicts_right(spine)
    assert "nothing changed" in spine.run("up").require().output


def test_an_engine_killed_during_destroy_and_then_during_up_is_recovered(spine: Spine) -> None:
    process = spine.start("down", "--keep-cluster")
    spines.kill_engine_when(process, lambda: faults.release_is(KSERVE, "uninstalling"))
    process = spine.start("up")
    spines.kill_engine_when(process, lambda: faults.release_is(KSERVE, "pending-install"))
    spine.run("up").require()
    predicts_right(spine)
    assert "nothing changed" in spine.run("up").require().output


def test_an_engine_killed_while_an_endpoint_goes_is_recovered_by_the_next_destroy(spine: Spine) -> None:
    process = spine.start("down", "--keep-cluster")
    spines.kill_engine_when(process, faults.endpoint_goes)
    done = spine.run("down", "--keep-cluster").require()
    assert "the killed run is completed first" not in done.output
    assert uid("namespace", THEIRS)


def test_a_namespace_of_the_platform_that_exists_is_refused(spine: Spine) -> None:
    faults.kubectl("create", "namespace", "cert-manager")
    before = uid("namespace", "cert-manager")
    says(spine.run("up").require(1).output, "namespace cert-manager exists already and is not this stack's")
    assert uid("namespace", "cert-manager") == before
    faults.kubectl("delete", "namespace", "cert-manager")


def test_crds_of_somebody_elses_release_are_left_alone(spine: Spine) -> None:
    faults.kubectl("apply", "--filename=-", manifest=json.dumps(THEIR_MODEL))
    owner = "meta.helm.sh/release-name=theirs meta.helm.sh/release-namespace=theirs"
    faults.typed(f"{CRDS} annotate --overwrite @ {owner}")
    said = spine.run("up").require(1).output
    says(said, "belongs to Helm release theirs in namespace theirs", "`helm uninstall` would delete them")
    assert "kubectl -n theirs delete secret -l owner=helm,name=theirs" in faults.commands_in(said)


def test_crds_that_somebody_applied_are_taken_over_by_the_commands_of_the_message(spine: Spine) -> None:
    before = (uid("crd", "inferenceservices.serving.kserve.io"), uid("inferenceservice", "model", THEIRS))
    faults.typed(f"{CRDS} annotate @ meta.helm.sh/release-name- meta.helm.sh/release-namespace-")
    faults.typed(f"{CRDS} label @ app.kubernetes.io/managed-by-")
    said = spine.run("up").require(1).output
    says(said, "inferenceservices.serving.kserve.io", "was not made by Helm")
    for command in dict.fromkeys(faults.commands_in(said)):
        faults.typed(command)
    spine.run("up").require()
    predicts_right(spine)
    assert (uid("crd", "inferenceservices.serving.kserve.io"), uid("inferenceservice", "model", THEIRS)) == before


def test_destroy_leaves_what_is_theirs(spine: Spine) -> None:
    before = uid("inferenceservice", "model", THEIRS)
    spine.run("down", "--keep-cluster").require()
    assert uid("inferenceservice", "model", THEIRS) == before
