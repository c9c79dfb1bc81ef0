"""An existing cluster: a kubeconfig that can be used, or a message that says why not."""

from pathlib import Path

import pulumi
import pytest
from pulumi_kserve.clouds import existing
from pulumi_kserve.clouds.existing import cluster as module
from pulumi_kserve.contracts import ClusterAccess
from pulumi_kserve.testing import Secret, problems, synth

KUBECONFIG = """apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {}}]
"""


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "offline_active", lambda: False)


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    file = tmp_path / "config"
    file.write_text(KUBECONFIG)
    return file


@pytest.mark.usefixtures("online")
def test_a_kubeconfig_that_points_nowhere_is_refused_with_its_path(tmp_path: Path) -> None:
    (problem,) = problems(lambda: existing.Cluster("c", {"kubeconfig": str(tmp_path / "no")}))
    assert str(tmp_path / "no") in problem.message
    assert "existing kubeconfig" in problem.reason


@pytest.mark.usefixtures("online")
def test_a_context_that_is_not_there_is_answered_with_the_nearest(kubeconfig: Path) -> None:
    (problem,) = problems(lambda: existing.Cluster("c", {"kubeconfig": str(kubeconfig), "context": "her"}))
    assert problem.path == "context"
    assert "Did you mean 'here'?" in problem.reason


@pytest.mark.usefixtures("online")
def test_a_file_that_is_no_kubeconfig_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("- not a kubeconfig\n")
    (problem,) = problems(lambda: existing.Cluster("c", {"kubeconfig": str(file)}))
    assert "is not a kubeconfig" in problem.message


@pytest.mark.usefixtures("online")
def test_the_kubeconfig_is_a_secret_and_the_identifier_outlives_it(kubeconfig: Path) -> None:
    spec = {"kubeconfig": str(kubeconfig), "context": "here"}
    found = synth(lambda: existing.Cluster("c", spec))
    provider = found.named("c-kubernetes")
    assert isinstance(provider.inputs["kubeconfig"], Secret)
    assert provider.inputs["clusterIdentifier"] == "here"


def test_offline_no_kubeconfig_is_needed() -> None:
    found = synth(lambda: existing.Cluster("c", {"kubeconfig": "/nowhere"}))
    assert found.named("c-kubernetes").custom


def test_it_keeps_the_contract_of_a_cluster() -> None:
    taken: list[ClusterAccess] = []
    synth(lambda: taken.append(existing.Cluster("c")))
    assert (taken[0].cloud, taken[0].context, taken[0].pools) == ("existing", None, ())


def test_a_kubeconfig_that_is_an_output_is_taken() -> None:
    def program() -> None:
        existing.Cluster("c", existing.ClusterSpec(kubeconfig=pulumi.Output.from_input("text of a kubeconfig")))

    found = synth(program)
    assert isinstance(found.named("c-kubernetes").inputs["kubeconfig"], Secret)
