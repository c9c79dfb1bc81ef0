"""What an endpoint's pods prove themselves with, and what would never reach them."""

from typing import Any

import pulumi_kserve as kserve
import pytest
from pulumi_kserve.clouds.existing.storage import ModelStore, ModelStoreSpec, S3Credentials
from pulumi_kserve.testing import Synthesis, manifest, problems, synth

from tests.unit.programs import cluster, predictor

READER = S3Credentials.parse({"accessKey": "reader", "secretKey": "key-of-the-reader"})


def store(name: str = "models") -> ModelStore:
    return ModelStore(name, ModelStoreSpec(bucket=name, endpoint="s3.example:9000", reader=READER))


def program(spec: Any, *stores: str) -> Any:
    def run() -> None:
        held = [store(name) for name in stores]
        platform = kserve.Platform("kserve", {}, cluster=cluster())
        given: Any = spec(*held) if callable(spec) else spec
        kserve.InferenceService("iris", given, platform=platform, namespace="team")

    return run


def made(spec: Any, *stores: str) -> Synthesis:
    return synth(program(spec, *stores), stack="test")


def from_two(one: ModelStore, other: ModelStore) -> dict[str, Any]:
    places = [
        {"uri": one.uri("iris"), "mountPath": "/mnt/models/a"},
        {"uri": other.uri("x"), "mountPath": "/mnt/models/b"},
    ]
    return {"predictor": {"model": {"format": "sklearn"}, "storageUris": places}}


def with_credentials(one: ModelStore) -> dict[str, Any]:
    return {**predictor(uri=one.uri("iris")), "credentials": {"secret": {"name": "mine"}}}


def with_account(one: ModelStore) -> dict[str, Any]:
    return {**predictor(uri=one.uri("iris")), "serviceAccount": "shared"}


REFUSED: list[tuple[str, Any, tuple[str, ...], str, str]] = [
    ("two stores of one kind", from_two, ("models", "others"), "predictor.storageUris", "one store"),
    (
        "a store and credentials of one's own",
        with_credentials,
        ("models",),
        "credentials",
        "Leave `credentials` out",
    ),
    (
        "a store and an account of somebody else's",
        with_account,
        ("models",),
        "serviceAccount",
        "Leave it out",
    ),
    (
        "credentials and an account of somebody else's",
        {**predictor(), "serviceAccount": "shared", "credentials": {"secret": {"name": "mine"}}},
        (),
        "serviceAccount",
        "leave `credentials` out",
    ),
]


@pytest.mark.parametrize(
    ("spec", "stores", "path", "cure"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_credentials_that_never_reach_the_pods_are_refused(
    spec: Any, stores: tuple[str, ...], path: str, cure: str
) -> None:
    found = {problem.path: problem.reason for problem in problems(program(spec, *stores))}
    assert cure in found[path]


def test_a_secret_by_name_is_listed_in_the_service_account() -> None:
    account = manifest(made({**predictor(), "credentials": {"secret": {"name": "mine"}}}), "ServiceAccount", "iris")
    assert account["secrets"] == [{"name": "mine"}]


def test_a_workload_identity_annotates_the_service_account_and_labels_the_pods() -> None:
    identity = {"annotations": {"azure.workload.identity/client-id": "id"}, "podLabels": {"use": "true"}}
    found = made({**predictor(), "credentials": {"workloadIdentity": identity}})
    assert manifest(found, "ServiceAccount", "iris")["metadata"]["annotations"] == identity["annotations"]
    assert manifest(found, "InferenceService", "iris")["spec"]["predictor"]["labels"] == {"use": "true"}


def test_an_account_that_exists_is_used_and_none_is_made() -> None:
    found = made({**predictor(), "serviceAccount": "shared"})
    assert manifest(found, "InferenceService", "iris")["spec"]["predictor"]["serviceAccountName"] == "shared"
    assert not [each.name for each in found.resources if each.name == "iris-service-account"]


def test_several_places_of_one_store_share_its_secret() -> None:
    def several(one: ModelStore) -> dict[str, Any]:
        return from_two(one, one)

    found = made(several, "models")
    assert manifest(found, "ServiceAccount", "iris")["secrets"] == [{"name": "iris-model-store"}]
