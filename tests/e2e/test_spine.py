"""The spine, for real: engine, provider, API server, controllers, pods, predictions; one path in this order."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import spine as tools_of_the_spine
from tests.e2e.spine import ENDPOINT, NAMESPACE, Client, Spine, cluster, embedded, endpoint_url, instances
from tools.local.iris import train

pytestmark = pytest.mark.e2e
_BEFORE: dict[str, set[str]] = {}
_KEPT = ("CustomResourceDefinition", "APIService")
"""What stays with kept CRDs: themselves, and the API server's own entry for each of their groups."""


@pytest.fixture(scope="module")
def spine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spine]:
    """A project on the embedded cluster, which is up and empty at first and stopped at the end."""
    made = Spine.in_folder(tmp_path_factory.mktemp("project"))
    # The autoscaler's object is what one test is about; it reads no metrics there.
    made.edit(lambda config: config.update({"kserve:provides": ["metrics-server"]}))
    embedded("down")
    embedded("up")
    yield made
    made.run("down")
    embedded("down")


def controller(replicas: int) -> None:
    """Scale KServe's controller and wait until its pods are as many."""
    with cluster() as here:
        here.merge(
            tools_of_the_spine.DEPLOYMENTS, "kserve-controller-manager", "kserve", {"spec": {"replicas": replicas}}
        )
        for _ in range(240):
            seen = here.get(tools_of_the_spine.DEPLOYMENTS, "kserve-controller-manager", "kserve") or {}
            if int(seen.get("status", {}).get("availableReplicas", 0)) == replicas:
                return
            time.sleep(0.5)
    raise AssertionError(f"KServe's controller did not come to {replicas} replicas")


def answer(spine: Spine, version: str) -> tuple[Any, list[int]]:
    """What the endpoint answers on its Service's address, and what scikit-learn says."""
    body, truth = instances(spine.project, version)
    with cluster() as here:
        client = Client(endpoint_url(here), body)
    client.ask()
    assert not client.failures, client.failures
    return client.answers[-1][1], truth


def test_up_serves_a_correct_prediction(spine: Spine) -> None:
    with cluster() as here:
        _BEFORE["objects"] = tools_of_the_spine.objects(here)
    done = spine.run("up").require()
    assert ENDPOINT in done.output
    found, truth = answer(spine, "v1")
    assert found == truth


def test_no_secret_is_in_plain_text_in_state_logs_objects_or_arguments(spine: Spine) -> None:
    secrets = tools_of_the_spine.secret_values(spine.project)
    assert len(secrets) == 3
    with cluster() as here:
        objects = tools_of_the_spine.text_of_all_but_secrets(here)
    places = {"objects": objects, **tools_of_the_spine.files_of(spine.project)}
    places |= tools_of_the_spine.arguments_of_all_processes()
    assert [place for place, text in places.items() if any(secret in text for secret in secrets)] == []


def test_a_second_up_changes_nothing_and_says_so(spine: Spine) -> None:
    assert "nothing changed" in spine.run("up").require().output


def test_a_second_preview_shows_nothing_but_at_most_the_provider(spine: Spine) -> None:
    assert sum(spine.preview().values()) <= 1


def test_a_change_of_replicas_serves_from_both(spine: Spine) -> None:
    spine.edit_predictor(scaling={"hpa": {"minReplicas": 2, "maxReplicas": 3}})
    spine.run("up").require()
    found, truth = answer(spine, "v1")
    assert found == truth


def test_a_change_that_touches_no_deployment_waits_for_nothing(spine: Spine) -> None:
    idle = spine.run("up").require()
    spine.edit_predictor(scaling={"hpa": {"minReplicas": 2, "maxReplicas": 4}})
    changed = spine.run("up").require()
    assert "1 update" in changed.output
    assert "DeploymentPatch" not in changed.output
    assert changed.seconds < 3 * idle.seconds


def test_a_new_model_version_loses_no_request(spine: Spine) -> None:
    spine.edit_predictor(scaling={"noScaling": {"replicas": 2}})
    spine.run("up").require()
    train(spine.project, "v2", label_shift=1)
    spine.edit(
        lambda config: config["kserve:store"]["uploads"].append({"source": ".local/models/iris/v2", "path": "iris/v2"})
    )
    spine.edit_model(uri="store://iris/v2")
    body, old = instances(spine.project, "v1")
    _, new = instances(spine.project, "v2")
    with cluster() as here:
        url = endpoint_url(here)
    with Client(url, body) as client:
        time.sleep(3)
        spine.run("up").require()
        time.sleep(3)
    answers = [each for _, each in client.answers]
    assert client.failures == []
    assert client.rate >= 20
    assert answers[0] == old
    assert answers[-1] == new
    assert all(each in (old, new) for each in answers)


def test_a_typo_in_the_stack_file_is_refused_with_its_line_and_changes_nothing(spine: Spine) -> None:
    good = spine.project.stack_file.read_text("utf-8")
    spine.project.stack_file.write_text(good.replace("format: sklearn", "fromat: sklearn"), "utf-8")
    line = 1 + next(number for number, text in enumerate(good.splitlines()) if "format: sklearn" in text)
    done = spine.run("up")
    spine.project.stack_file.write_text(good, "utf-8")
    assert done.code != 0
    assert f"stacks/Pulumi.local.yaml:{line}" in done.output
    assert f"kserve:endpoints.{ENDPOINT}.predictor.model.fromat" in done.output
    assert "'format'" in done.output
    assert sum(spine.preview().values()) <= 1


def test_a_model_that_does_not_exist_fails_with_the_initializers_words_while_the_old_one_answers(spine: Spine) -> None:
    spine.edit_model(uri="store://iris/none")
    body, truth = instances(spine.project, "v2")
    with cluster() as here:
        url = endpoint_url(here)
    with Client(url, body) as client:
        done = spine.run("up").require(1)
    assert "s3://models/iris/none" in done.output
    assert done.seconds < 300
    assert client.failures == []
    assert all(each == truth for _, each in client.answers)


def test_explain_names_the_cause_meanwhile() -> None:
    done = subprocess.run(
        [
            Path(sys.executable).with_name("pulumi-kserve"),
            *("explain", ENDPOINT, "--namespace", NAMESPACE, "--json"),
            *("--kubeconfig", str(tools_of_the_spine.KUBECONFIG)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "iris/none" in done.stdout


def test_the_next_up_fails_again(spine: Spine) -> None:
    assert "iris/none" in spine.run("up").require(1).output


def test_once_mended_up_passes(spine: Spine) -> None:
    spine.edit_model(uri="store://iris/v2")
    spine.run("up").require()
    found, truth = answer(spine, "v2")
    assert found == truth


def test_with_the_controller_away_a_bad_update_does_not_end_well(spine: Spine) -> None:
    controller(0)
    spine.edit_model(uri="store://iris/none")
    spine.edit(lambda config: config["kserve:endpoints"][ENDPOINT].update({"timeoutSeconds": 90}))
    spine.run("up").require(1)


def test_with_the_controller_back_it_still_fails_until_mended(spine: Spine) -> None:
    controller(1)
    assert "iris/none" in spine.run("up").require(1).output
    spine.edit_model(uri="store://iris/v2")
    spine.run("up").require()


def test_new_credentials_change_the_provider_and_nothing_else(spine: Spine) -> None:
    embedded("rotate-credentials")
    assert spine.preview() == {"update": 1}
    spine.run("up").require()


def test_destroy_leaves_nothing_of_ours_but_the_crds(spine: Spine) -> None:
    spine.run("down", "--keep-cluster").require()
    with cluster() as here:
        left = tools_of_the_spine.objects(here) - _BEFORE["objects"]
    assert [each for each in left if not each.startswith(_KEPT)] == []
    assert any("inferenceservices.serving.kserve.io" in each for each in left)


def test_an_engine_killed_while_a_chart_installs_is_recovered_by_the_next_up(spine: Spine) -> None:
    process = spine.start("up")
    tools_of_the_spine.kill_engine_when(process, lambda: release_is("pending-install", "kserve-resources"))
    process = spine.start("up")
    tools_of_the_spine.kill_engine_when(process, endpoint_rolls_out)
    spine.run("up").require()
    found, truth = answer(spine, "v2")
    assert found == truth


def release_is(status: str, release: str) -> bool:
    with cluster() as here:
        labels = f"owner=helm,name={release},status={status}"
        return bool(here.list(tools_of_the_spine.SECRETS, "kserve", labels=labels))


def endpoint_rolls_out() -> bool:
    with cluster() as here:
        return here.get(tools_of_the_spine.DEPLOYMENTS, f"{ENDPOINT}-predictor", NAMESPACE) is not None


def test_with_the_delete_setting_the_crds_go_too(spine: Spine) -> None:
    spine.edit(lambda config: config["kserve:platform"].update({"deleteCrds": True}))
    spine.run("up").require()
    spine.run("down", "--keep-cluster").require()
    left: set[str] = set()
    with cluster() as here:
        for _ in range(60):
            left = tools_of_the_spine.objects(here) - _BEFORE["objects"]
            if not left:
                break
            time.sleep(0.5)  # the API server takes a group's entry away a moment after its last CRD
    assert left == set()
