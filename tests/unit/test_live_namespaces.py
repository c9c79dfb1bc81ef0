"""A namespace is made only where there is none, or where it is the stack's own; another's is refused by name."""

from typing import Any

import httpx2
import pulumi
import pytest
from pulumi_kserve.clouds import existing
from pulumi_kserve.errors import RecoveryRefused
from pulumi_kserve.live.cluster import Cluster, Json
from pulumi_kserve.live.namespaces import await_free, remainder
from pulumi_kserve.namespace_claim import namespace_claim
from pulumi_kserve.resources import KubernetesObject
from pulumi_kserve.testing import synth

from tests.unit.live_world import Clock

LABEL = "organization.shop.dev"


def serving(*answers: Json | None) -> Cluster:
    """A cluster whose namespace looks like each answer in turn, and then like the last one."""
    left = list(answers)

    def answer(_: httpx2.Request) -> httpx2.Response:
        found = left.pop(0) if len(left) > 1 else left[0]
        return httpx2.Response(404 if found is None else 200, json=found or {})

    return Cluster(httpx2.Client(transport=httpx2.MockTransport(answer), base_url="http://fake"), server="http://fake")


def namespace(label: str = "", *, going: bool = False, **status: Any) -> Json:
    metadata: Json = {"name": "ml", "labels": {"pulumi-kserve/stack": label} if label else {}}
    return {"metadata": metadata | ({"deletionTimestamp": "2026-01-01T00:00:00Z"} if going else {}), "status": status}


@pytest.mark.parametrize("found", [None, namespace(LABEL)])
def test_a_name_that_is_free_or_ours_is_taken(found: Json | None) -> None:
    await_free(serving(found), "ml", LABEL)


@pytest.mark.parametrize(
    ("label", "why"),
    [("", "does not carry the label pulumi-kserve/stack"), ("a.b.c", "carries the label pulumi-kserve/stack=a.b.c")],
)
def test_a_namespace_of_somebody_else_is_refused_with_the_cures(label: str, why: str) -> None:
    with pytest.raises(RecoveryRefused) as refused:
        await_free(serving(namespace(label)), "ml", LABEL)
    assert why in str(refused.value)
    assert f"kubectl label --overwrite namespace ml pulumi-kserve/stack={LABEL}" in str(refused.value)


def test_a_namespace_that_is_being_deleted_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("time.sleep", clock.sleep)
    await_free(serving(namespace(going=True), namespace(going=True), None), "ml", LABEL)
    assert clock.now == 2


def test_a_deletion_without_end_names_what_holds_the_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("time.sleep", clock.sleep)
    monkeypatch.setattr("time.monotonic", clock.monotonic)
    held = [{"type": "NamespaceFinalizersRemaining", "status": "True", "message": "x in 1 instances"}]
    with pytest.raises(RecoveryRefused, match="not gone after 120 s: x in 1 instances"):
        await_free(serving(namespace(going=True, conditions=held)), "ml", LABEL)


def test_a_namespace_without_conditions_is_not_explained() -> None:
    assert remainder({}) == "the API server does not say what holds it"


def test_the_namespaces_of_a_cluster_share_one_claim() -> None:
    def program() -> None:
        cluster = existing.Cluster("c", {"context": "c"})
        for name in ("ml", "fraud"):
            manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            KubernetesObject(name, manifest, pulumi.ResourceOptions(hooks=namespace_claim(cluster)))

    found = synth(program)
    assert found.named("ml").hooks == found.named("fraud").hooks == {"before_create": ("c-kubernetes-namespace-claim",)}
