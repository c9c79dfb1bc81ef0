"""Storage: places, the storage entry, and credentials that are never written down."""

from typing import Any

import pulumi
import pytest
from pulumi_kserve.contracts import ModelUri
from pulumi_kserve.endpoints.spec.model import Model
from pulumi_kserve.endpoints.spec.storage import (
    Credentials,
    SecretCredentials,
    StorageSpec,
    StorageUri,
    WorkloadIdentityCredentials,
    place_of,
    storage_fields,
    storage_uri_fields,
)
from pulumi_kserve.models import Spec

from tests.unit.kubernetes_fields import refusal
from tests.unit.whole_components import with_outputs


class Endpoint(Spec):
    """What holds credentials."""

    credentials: Credentials


@pytest.mark.parametrize(
    ("uri", "scheme"),
    [
        ("s3://bucket/path", "s3"),
        ("hf://owner/model:main", "hf"),
        ("oci+native://registry/model", "oci+native"),
        ("/mnt/local", ""),
        (ModelUri("gs", "path", "bucket"), "gs"),
    ],
)
def test_a_place_has_a_plain_scheme(uri: Any, scheme: str) -> None:
    assert place_of(uri).scheme == scheme


def test_of_an_output_nothing_is_known() -> None:
    assert with_outputs(lambda: place_of(pulumi.Output.from_input("s3://b/p"))).scheme == ""


def test_a_model_without_a_uri_has_no_place() -> None:
    assert Model(format="huggingface").place is None


def test_several_places_are_mounted_where_they_say() -> None:
    place = with_outputs(lambda: ModelUri("s3", "path", pulumi.Output.from_input("bucket")))
    uris = (StorageUri(uri=place), StorageUri(uri="hf://o/m", mount_path="/mnt/tokenizer"))
    assert storage_uri_fields(uris) == [
        {"uri": place, "mountPath": "/mnt/models"},
        {"uri": "hf://o/m", "mountPath": "/mnt/tokenizer"},
    ]


def test_a_storage_entry_renders_what_it_says() -> None:
    storage = StorageSpec(key="minio", path="iris", schema_path="s.json", parameters={"bucket": "models"})
    assert storage_fields(storage) == {
        "key": "minio",
        "path": "iris",
        "schemaPath": "s.json",
        "parameters": {"bucket": "models"},
    }


def test_an_empty_storage_entry_means_the_default_one() -> None:
    assert storage_fields(StorageSpec()) == {}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"secret": {"name": "s3"}}, SecretCredentials),
        ({"workloadIdentity": {"annotations": {"a": "b"}, "podLabels": {"c": "d"}}}, WorkloadIdentityCredentials),
    ],
)
def test_credentials_are_a_secret_or_an_identity(given: Any, kind: type[Spec]) -> None:
    assert isinstance(Endpoint.parse({"credentials": given}).credentials, kind)


@pytest.mark.parametrize(
    ("given", "path", "reason"),
    [
        ({"secret": {"name": "s3"}, "workloadIdentity": {}}, "credentials", "exactly one of the keys secret or"),
        ({"secret": {"awsAccessKeyID": "AKIA"}}, "credentials.secret.awsAccessKeyID", "unknown key"),
        ({"s3": {"accessKey": "x"}}, "credentials", "exactly one of the keys secret or"),
        ({"secret": {"name": "Not A Name"}}, "credentials.secret.name", "pattern"),
    ],
)
def test_keys_cannot_be_written_as_credentials(given: Any, path: str, reason: str) -> None:
    assert reason in refusal(Endpoint, {"credentials": given})[path]


@pytest.mark.parametrize("key", ["secret_access_key", "access_key_id", "tls_key", "kerberos_keytab"])
def test_a_key_among_the_parameters_is_refused_without_showing_it(key: str) -> None:
    reason = refusal(StorageSpec, {"parameters": {key: "hidden-value"}})["parameters"]
    assert "put it into the Secret" in reason
    assert "hidden-value" not in reason


@pytest.mark.parametrize("path", ["models", "", "/" + "x" * 255])
def test_a_mount_path_is_absolute_and_short(path: str) -> None:
    assert "mountPath" in refusal(StorageUri, {"uri": "s3://b/p", "mountPath": path})
