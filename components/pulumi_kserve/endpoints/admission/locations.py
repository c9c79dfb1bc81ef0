"""What KServe accepts as a model's place and then cannot read, or reads other than it was written.

https://kserve.github.io/website/docs/model-serving/storage/overview
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.storage import OF_STORAGE_SPEC, mounts, uri_of, written_scheme
from pulumi_kserve.endpoints.admission.subject import Component, Subject
from pulumi_kserve.endpoints.admission.values import fields, is_unknown, place, plain_text
from pulumi_kserve.endpoints.admission.wording import in_both_words
from pulumi_kserve.errors import Problem

__all__ = ["RULES"]

_SCHEMES: Final = ("file", "gs", "hdfs", "hf", "http", "https", "oci", "pvc", "s3", "webhdfs")
_NATIVE_IMAGE: Final = "oci+native"
_NATIVE_SINCE: Final = ("0.20",)
_AZURE: Final = re.compile(r"(?:[^/]+\.)?(?:blob|file)\.core\.windows\.net")
_DOWNLOAD_KEYS: Final = {
    "hf": ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    "gs": ("GOOGLE_APPLICATION_CREDENTIALS",),
    "https": ("AZURE_CLIENT_SECRET", "AZURE_STORAGE_ACCESS_KEY", "AZURE_ACCESS_TOKEN"),
}
_FIRST_PART: Final = {
    "pvc": "claim",
    "oci": "image",
    _NATIVE_IMAGE: "image",
    "s3": "bucket/path",
    "gs": "bucket/path",
    "http": "host/path",
    "https": "host/path",
}
"""What must stand in a URI, by scheme."""
_PASSWORD: Final = re.compile(r"[a-z0-9+]+://[^/@]*:[^/@]+@")


def _uris(component: Component) -> Iterator[tuple[str, Any]]:
    """Written path and value of every URI of a component."""
    one = uri_of(component)
    if one is not None:
        yield one
    for path, uri, _ in mounts(component):
        if uri is not None:
            yield f"{path}.uri", uri


def _readable(component: Component) -> Iterator[tuple[str, Any]]:
    """The URIs without those that blanks surround, of which nothing else is worth saying."""
    return ((path, uri) for path, uri in _uris(component) if not _is_padded(uri))


def _is_padded(uri: Any) -> bool:
    """Whether blanks stand before or after it, as far as that is known."""
    text = plain_text(uri)
    known = (found.path if (found := place(uri)) else "") if text is None else text
    return known != known.strip()


def _refuse_scheme(subject: Subject, context: Context) -> Iterator[Problem]:
    schemes = (*_SCHEMES, _NATIVE_IMAGE) if context.release in _NATIVE_SINCE else _SCHEMES
    for component in subject.validated(context.release):
        for path, uri in _readable(component):
            scheme = written_scheme(uri)
            if scheme and scheme not in schemes:
                cure = f"Use one of {', '.join(f'{known}://' for known in schemes)}"
                yield Problem(path, f"KServe {context.release} does not read {scheme}://", cure, "storage-scheme")


def _refuse_local_path(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        for path, uri in _readable(component):
            if written_scheme(uri) == "":
                shown = plain_text(uri) or (found.path if (found := place(uri)) else "")
                message = f"{shown!r} has no scheme: KServe takes it for a folder of the container that downloads"
                cure = "Give a full URI such as s3://bucket/path, or store.uri(path)"
                yield Problem(path, message, cure, "storage-no-scheme")


def _refuse_whole_bucket(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        for path, uri in _readable(component):
            found = place(uri)
            if found is not None and found.scheme in ("s3", "gs") and found.bucket != "" and not found.path.strip("/"):
                cure = "Name the folder of the model, or every object of the bucket is downloaded"
                yield Problem(path, "the URI names a bucket but no path in it", cure, "storage-path")


def _refuse_password(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        for path, uri in _uris(component):
            if _PASSWORD.match((plain_text(uri) or "").strip()):
                message = "the URI holds a password, which everyone who reads the object or its pods can read"
                cure = "Take it out, and give a Secret in the endpoint's credentials (for https: its key `headers`)"
                yield Problem(path, message, cure, "inline-credentials")


def _refuse_unreadable_uri(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        for path, uri in _uris(component):
            for message, cure in _unreadable(uri):
                yield Problem(path, message, cure, "storage-uri")


def _unreadable(uri: Any) -> Iterator[tuple[str, str]]:
    found = place(uri)
    bucket = plain_text(found.bucket) if found else None
    if _is_padded(uri):
        yield "blanks stand before or after the URI, and KServe takes them for a part of it", "Remove them"
    elif found is None or bucket is None:
        return
    elif found.scheme == "hf" and (not bucket or not found.path or "/" in found.path.split(":")[0]):
        yield f"{found.value!r} is not hf://<owner>/<model>[:<revision>]", "Name owner and model, and no folder in it"
    elif found.scheme in ("http", "https") and _AZURE.fullmatch(bucket) and not found.path.strip("/"):
        cure = "Add container and path: https://<account>.blob.core.windows.net/<container>/<path>"
        yield "the URI names an account but no container in it", cure
    elif found.scheme in _FIRST_PART and not bucket:
        what = _FIRST_PART[found.scheme]
        yield f"the URI names no {what.partition('/')[0]}", f"Write {found.scheme}://<{what.replace('/', '>/<')}>"


def _refuse_uri_beside_path(subject: Subject, context: Context) -> Iterator[Problem]:
    for component, model in _models(subject, context):
        if model.get("storageUri") is not None and fields(model.get("storage")).get("path") is not None:
            message = "the model has a URI and a storage.path: the controller takes one only"
            path = component.at("model", "storage", "path")
            yield Problem(path, message, "Leave one of them out", "uri-and-path")


def _refuse_storage_without_path(subject: Subject, context: Context) -> Iterator[Problem]:
    for component, model in _models(subject, context):
        storage = model.get("storage")
        if storage is None or is_unknown(storage) or model.get("storageUri") is not None:
            continue
        if fields(storage).get("path") is None:
            path = component.at("model", "storage", "path")
            yield Problem(path, "nothing is downloaded without it", "Give the path of the model", "storage-spec-path")


def _refuse_storage_type(subject: Subject, context: Context) -> Iterator[Problem]:
    for component, model in _models(subject, context):
        storage = fields(model.get("storage"))
        kind = plain_text(fields(storage.get("parameters")).get("type"))
        cure = "Use s3, hdfs or webhdfs, or give a storageUri and a Secret in the service account"
        cure = in_both_words(cure, "`model.uri` and `credentials`")
        if kind is not None and kind not in OF_STORAGE_SPEC:
            path = component.at("model", "storage", "parameters", "type")
            yield Problem(path, f"KServe has no storage of type {kind!r}", cure, "storage-type")
        scheme = written_scheme(model.get("storageUri")) if model.get("storageUri") is not None else None
        if model.get("storage") is not None and scheme and scheme not in (*OF_STORAGE_SPEC, "pvc", "oci"):
            path = component.at("model", "storage")
            yield Problem(path, f"a storage spec cannot hold credentials for {scheme}://", cure, "storage-type")


def _refuse_credentials_on_model(subject: Subject, context: Context) -> Iterator[Problem]:
    for component, _ in _models(subject, context):
        keys = {key for _, uri in _uris(component) for key in _DOWNLOAD_KEYS.get(written_scheme(uri) or "", ())}
        for container in component.all_containers:
            for entry in container.env() if container.role == "model" else ():
                if entry.name in keys:
                    message = "the container that downloads the model does not see the model's environment"
                    cure = "Put it into a Secret that the endpoint's service account lists"
                    cure = in_both_words(cure, "`credentials.secret`")
                    yield Problem(entry.path, message, cure, "credentials-on-model")


def _refuse_confidential_without_download(subject: Subject, context: Context) -> Iterator[Problem]:
    for component, model in _models(subject, context):
        scheme = written_scheme(model.get("storageUri"))
        if fields(model.get("confidential")).get("enabled") is True and scheme in ("oci", _NATIVE_IMAGE, "pvc"):
            message = f"nothing is decrypted for {scheme}://, since nothing is downloaded"
            cure = "Leave it out, or put the encrypted model into a bucket"
            yield Problem(component.at("model", "confidential"), message, cure, "confidential-ignored")


def _models(subject: Subject, context: Context) -> Iterator[tuple[Component, Any]]:
    for component in subject.validated(context.release):
        if component.model is not None:
            yield component, component.model


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "inline-credentials",
        _refuse_password,
        "stricter",
        "A password in a URI is stored in plain text, in the object and in its pods.",
    ),
    Rule("storage-scheme", _refuse_scheme, "reconcile", "No storage container of KServe takes such a URI."),
    Rule(
        "storage-no-scheme",
        _refuse_local_path,
        "stricter",
        "KServe takes it for a folder of the container that downloads, where no model is.",
    ),
    Rule(
        "storage-path",
        _refuse_whole_bucket,
        "stricter",
        "KServe downloads every object of the bucket.",
    ),
    Rule("storage-uri", _refuse_unreadable_uri, "reconcile", "KServe cannot read such a URI: no pod starts."),
    Rule(
        "uri-and-path",
        _refuse_uri_beside_path,
        "reconcile",
        "The controller takes a storageUri or a storage.path, and fails on both.",
    ),
    Rule(
        "storage-spec-path",
        _refuse_storage_without_path,
        "stricter",
        "KServe downloads nothing for a storage spec without a path, and the model server starts without a model.",
    ),
    Rule(
        "storage-type",
        _refuse_storage_type,
        "reconcile",
        "A storage spec holds credentials for s3, hdfs and webhdfs only: for anything else no pod is made.",
    ),
    Rule(
        "credentials-on-model",
        _refuse_credentials_on_model,
        "stricter",
        "Credentials in the model's environment never reach the container that downloads the model.",
    ),
    Rule(
        "confidential-ignored",
        _refuse_confidential_without_download,
        "stricter",
        "Only what KServe downloads is decrypted.",
        ("0.20",),
    ),
)
