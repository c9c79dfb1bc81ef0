"""Where models come from: what KServe reads, by release, and what it only seems to read."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from pulumi_kserve.contracts import ModelUri
from pulumi_kserve.endpoints.admission import locations, storage, storage_uris
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import judge

from tests.conformance.objects import CONTAINER, env, model, service, uris
from tests.unit.whole_components import with_outputs

RULES = (*storage.RULES, *locations.RULES, *storage_uris.RULES)


def found(manifest: Mapping[str, Any], release: str = "0.20") -> list[str]:
    return [problem.rule for problem in judge(manifest, Context(release, "Standard"), rules=RULES)]


def of_uri(uri: str) -> dict[str, Any]:
    return service(model({"storageUri": uri}))


@pytest.mark.parametrize("release", ["0.19", "0.20"])
@pytest.mark.parametrize(
    "uri",
    [
        "s3://models/iris",
        "gs://models/iris",
        "hf://org/model",
        "hf://org/model:main",
        "https://account.blob.core.windows.net/container/iris",
        "https://account.file.core.windows.net/share/iris",
        "https://example.com/iris.tar.gz",
        "https://github.com/org/model.git",
        "http://example.com/iris.joblib",
        "hdfs://models/iris",
        "webhdfs://models/iris",
        "pvc://claim",
        "pvc://claim/iris",
        "oci://registry.example/iris:1",
        "file:///models/iris",
    ],
)
def test_a_uri_that_kserve_reads_is_accepted(uri: str, release: str) -> None:
    assert found(of_uri(uri), release) == []


@pytest.mark.parametrize(
    ("uri", "rule"),
    [
        ("ftp://a/b", "storage-scheme"),
        ("S3://a/b", "storage-scheme"),
        ("modelscope://a/b", "storage-scheme"),
        ("models/iris", "storage-no-scheme"),
        ("/mnt/models", "storage-no-scheme"),
        ("", "storage-no-scheme"),
        ("s3://models", "storage-path"),
        ("gs://models/", "storage-path"),
        ("hf://model", "storage-uri"),
        ("hf://org/model/file", "storage-uri"),
        ("https://account.blob.core.windows.net", "storage-uri"),
        ("pvc://", "storage-uri"),
        ("oci://", "storage-uri"),
        ("s3://", "storage-uri"),
        ("s3:///models/iris", "storage-uri"),
        ("gs:///models/iris", "storage-uri"),
        ("https:///iris.joblib", "storage-uri"),
        (" s3://models/iris", "storage-uri"),
        ("s3://models/iris ", "storage-uri"),
        ("pvc://claim/iris\n", "storage-uri"),
        ("hf://org/model\t", "storage-uri"),
    ],
)
def test_a_uri_that_kserve_does_not_read_is_refused(uri: str, rule: str) -> None:
    assert found(of_uri(uri)) == [rule]


def test_a_native_image_is_read_since_0_20() -> None:
    assert found(of_uri("oci+native://registry.example/iris:1"), "0.19") == ["storage-scheme"]
    assert found(of_uri("oci+native://registry.example/iris:1"), "0.20") == []


def test_the_uri_of_a_container_is_judged_too() -> None:
    manifest = service({"containers": [{**CONTAINER, **env("STORAGE_URI", "ftp://a/b")}]})
    problems = judge(manifest, Context("0.20", "Standard"), rules=RULES)
    assert [problem.path for problem in problems] == ["spec.predictor.containers[0].env[0]"]


def test_the_path_in_a_claim_counts_for_one_uri_and_not_for_several() -> None:
    assert found(uris_of(("pvc://claim/iris", None))) == ["claim-path"]
    assert found(of_uri("pvc://claim/iris")) == []


def uris_of(*places: tuple[str, str | None]) -> dict[str, Any]:
    return service(uris(*places))


@pytest.mark.parametrize(
    "places",
    [
        (("s3://a/b", None), ("s3://a/c", None)),
        (("s3://a/b", None), ("hf://org/model", "/mnt/models/")),
        (("s3://a/b", "/mnt/x"), ("pvc://claim", "/mnt/x")),
        (("pvc://one", "/mnt/x"), ("pvc://two", "/mnt/x")),
    ],
)
def test_two_places_cannot_have_one_folder(places: tuple[tuple[str, str | None], ...]) -> None:
    problems = judge(uris_of(*places), Context("0.20", "Standard"), rules=RULES)
    assert [(each.rule, each.path) for each in problems] == [
        ("shared-mount-path", "spec.predictor.storageUris[1].mountPath")
    ]


def test_two_claims_at_one_path_beside_downloads_are_refused_once() -> None:
    places = (("pvc://a", "/m/x"), ("pvc://b", "/m/x"), ("s3://a/b", "/m/y"), ("s3://a/c", "/m/z"))
    assert found(uris_of(*places)) == ["claim-paths"]


def test_a_path_that_ends_in_a_blank_is_refused_while_its_bucket_is_unknown() -> None:
    bucket = with_outputs(lambda: pulumi.Output.from_input("bucket"))
    assert found(service(model({"storageUri": ModelUri("s3", "iris ", bucket)}))) == ["storage-uri"]


def test_a_password_is_refused_whatever_stands_around_it() -> None:
    assert "inline-credentials" in found(of_uri(" https://user:word@example.com/iris "))


def test_an_image_beside_other_uris_hides_them_in_0_19() -> None:
    manifest = uris_of(("oci://image", "/mnt/base/model"), ("s3://a/b", "/mnt/adapters"))
    assert found(manifest, "0.19") == ["uris-skipped"]
    assert found(manifest, "0.20") == []


def test_images_need_folders_of_their_own() -> None:
    assert found(uris_of(("oci://a", "/mnt/a"), ("oci://b", "/mnt/b"))) == ["image-paths"]
    assert found(uris_of(("oci://a", "/mnt/a/model"), ("oci://b", "/mnt/b/model"))) == []


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({"storageUri": None, "storage": {"key": "k", "path": "iris"}}, []),
        ({"storageUri": None, "storage": {"path": "iris", "parameters": {"type": "s3", "bucket": "b"}}}, []),
        ({"storageUri": None, "storage": {"key": "k"}}, ["storage-spec-path"]),
        ({"storage": {"key": "k", "path": "iris"}}, ["uri-and-path"]),
        ({"storage": {"key": "k"}}, []),
        ({"storageUri": "gs://a/b", "storage": {"key": "k"}}, ["storage-type"]),
        ({"storageUri": None, "storage": {"path": "a", "parameters": {"type": "gs"}}}, ["storage-type"]),
    ],
)
def test_a_storage_spec_holds_credentials_for_three_kinds(fields: Mapping[str, Any], rules: list[str]) -> None:
    assert found(service(model(fields))) == rules


@pytest.mark.parametrize(
    ("uri", "variable", "rules"),
    [
        ("hf://org/model", "HF_TOKEN", ["credentials-on-model"]),
        ("s3://a/b", "AWS_SECRET_ACCESS_KEY", ["credentials-on-model"]),
        ("s3://a/b", "HF_TOKEN", []),
        ("pvc://claim", "HF_TOKEN", []),
    ],
)
def test_credentials_belong_to_what_downloads(uri: str, variable: str, rules: list[str]) -> None:
    assert found(service(model({"storageUri": uri, **env(variable)}))) == rules


def test_an_encrypted_model_is_downloaded() -> None:
    encrypted = {"confidential": {"enabled": True, "resourceId": "kbs:///a/b/c"}}
    assert found(service(model({"storageUri": "pvc://claim", **encrypted}))) == ["confidential-ignored"]
    assert found(service(model(encrypted))) == []
