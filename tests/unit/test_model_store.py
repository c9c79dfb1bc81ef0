"""Model stores: buckets with names that exist, identities that read one prefix, secrets that stay secret."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_kserve.clouds.existing.minio import derived_key
from pulumi_kserve.clouds.existing.minio_jobs import APPLY_USER, MAKE_BUCKET, UPLOAD
from pulumi_kserve.clouds.existing.storage import ModelStoreSpec, prefixes, reading_policy
from pulumi_kserve.clouds.existing.upload import model_files
from pulumi_kserve.errors import SpecError
from pulumi_kserve.testing import Secret, manifest

from tests.unit.programs import with_store

READER = {"accessKey": "reader", "secretKey": "secret-key"}


@pytest.mark.parametrize(
    "bucket", ["ab", "a" * 64, "Models", "mo_dels", "-models", "models-", "mo..dels", "192.168.0.1", "modèles", "xn--a"]
)
def test_a_bucket_name_that_object_stores_refuse_is_refused_at_preview(bucket: str) -> None:
    with pytest.raises(SpecError) as refused:
        ModelStoreSpec.parse({"bucket": bucket, "endpoint": "s3:9000", "reader": READER})
    assert [problem.path for problem in refused.value.problems] == ["bucket"]


@pytest.mark.parametrize("bucket", ["abc", "team.models-1", "a" * 63])
def test_a_bucket_name_that_object_stores_take_is_taken(bucket: str) -> None:
    assert ModelStoreSpec.parse({"bucket": bucket, "endpoint": "s3:9000", "reader": READER}).bucket == bucket


def test_a_reader_lists_and_reads_its_prefix_only() -> None:
    policy = reading_policy("models", ["iris/v1"])
    resources = {item for statement in policy["Statement"] for item in statement["Resource"]}
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert resources == {"arn:aws:s3:::models", "arn:aws:s3:::models/iris/v1", "arn:aws:s3:::models/iris/v1/*"}
    assert actions == {"s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject"}


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_endpoints_never_share_a_key(one: str, two: str) -> None:
    assert (derived_key("seed", one) == derived_key("seed", two)) == (one == two)


@given(st.text())
def test_a_derived_key_is_one_that_minio_takes(user: str) -> None:
    key = derived_key("seed", user)
    assert 8 <= len(key) <= 40
    assert key.isalnum()


def test_the_endpoint_waits_for_its_user_and_its_upload(tmp_path: Path) -> None:
    (tmp_path / "model.joblib").write_bytes(b"model")
    found = with_store(tmp_path)
    needs = set(found.named("iris-inference-service").dependencies)
    assert {found.named(name).urn for name in ("models-upload-iris-v1-job", "models-user-team-iris-job")} <= needs


def test_every_credential_is_a_secret_in_the_state(tmp_path: Path) -> None:
    (tmp_path / "model.joblib").write_bytes(b"model")
    found = with_store(tmp_path)
    secrets = [each for each in found.resources if each.type == "kubernetes:core/v1:Secret"]
    assert secrets
    assert all(isinstance(each.inputs["stringData"], Secret) for each in secrets)


@pytest.mark.parametrize("script", [MAKE_BUCKET, APPLY_USER, UPLOAD])
def test_a_job_reads_credentials_from_mounted_files_only(script: str) -> None:
    lines = [line for line in script.splitlines() if "secret-key" in line]
    assert all(line.startswith(("MC_HOST_store=", "{ cat")) for line in lines)


def test_the_pods_of_the_store_are_restricted(tmp_path: Path) -> None:
    (tmp_path / "model.joblib").write_bytes(b"model")
    pod = manifest(with_store(tmp_path), "Deployment", "minio")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_a_new_content_is_a_new_upload(tmp_path: Path) -> None:
    (tmp_path / "model.joblib").write_bytes(b"one")
    one = model_files(tmp_path)
    (tmp_path / "model.joblib").write_bytes(b"two")
    assert model_files(tmp_path).digest != one.digest


def test_files_keep_their_folders(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"x")
    assert model_files(tmp_path).data == {"a__b": base64.b64encode(b"x").decode()}


def test_a_model_folder_that_is_missing_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"is not a folder\. Train the model first"):
        model_files(tmp_path / "nothing")


def test_a_model_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="holds no file"):
        model_files(tmp_path)


def test_a_model_too_large_for_a_config_map_is_refused_with_another_way(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"0" * 900_001)
    with pytest.raises(SpecError, match="store's own client"):
        model_files(tmp_path)


@pytest.mark.parametrize(
    ("paths", "uri", "expected"),
    [
        (["iris/v1", "iris/v2"], "iris/v1", [0]),
        (["iris/v1", "iris/v10"], "iris/v1", [0]),
        (["iris/v1", "iris/v2"], "iris", [0, 1]),
        (["iris"], "iris/v1", [0]),
        (["wine"], "iris", []),
    ],
)
def test_an_endpoint_waits_only_for_uploads_it_reads(paths: list[str], uri: str, expected: list[int]) -> None:
    assert prefixes(paths, [uri]) == expected
