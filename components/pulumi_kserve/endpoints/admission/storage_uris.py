"""What KServe accepts in `storageUris`, and then mixes, hides or leaves out.

https://kserve.github.io/website/docs/model-serving/storage/overview
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname, normpath
from typing import Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.storage import mounts, refuse_shared_claim_paths, written_scheme
from pulumi_kserve.endpoints.admission.subject import Subject
from pulumi_kserve.endpoints.admission.values import place
from pulumi_kserve.endpoints.admission.wording import in_both_words
from pulumi_kserve.errors import Problem

__all__ = ["RULES"]

_MOST_IMAGES: Final = 10


def _refuse_path_in_claim(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        for path, uri, _ in mounts(component):
            found = place(uri)
            if found is not None and found.scheme == "pvc" and found.path.strip("/"):
                message = f"KServe mounts the whole claim and ignores the path {found.path!r} in it"
                cure = "Give pvc://<claim> and find the folder below mountPath, or use storageUri alone"
                cure = in_both_words(cure, "`model.uri`")
                yield Problem(f"{path}.uri", message, cure, "claim-path")


def _refuse_shared_mounts(subject: Subject, context: Context) -> Iterator[Problem]:
    """Two places in one folder; of two images, and of two claims that KServe compares, other rules speak."""
    refused = {each.path for each in refuse_shared_claim_paths(subject, context)}
    for component in subject.validated(context.release):
        first: dict[str, tuple[str, str | None]] = {}
        for path, uri, mount in mounts(component):
            if mount is None or f"{path}.mountPath" in refused:
                continue
            scheme = written_scheme(uri)
            other, kind = first.setdefault(normpath(mount), (path, scheme))
            if other != path and not scheme == kind == "oci":
                message = f"another URI lies at {mount!r} too: their files would be mixed, or one of them left out"
                cure = "Give each a mountPath of its own, for example /mnt/models/base and /mnt/models/adapter"
                yield Problem(f"{path}.mountPath", message, cure, "shared-mount-path")


def _refuse_skipped_uris(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        found = list(mounts(component))
        images = [path for path, uri, _ in found if written_scheme(uri) == "oci"]
        if images and len(found) > 1:
            message = "beside one oci:// KServe reads no other URI, and says nothing"
            cure = "Give the oci:// URI alone, or put everything into one image"
            yield Problem(f"{images[0]}.uri", message, cure, "uris-skipped")


def _refuse_shadowed_images(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        first: dict[str, str] = {}
        images = [(path, mount) for path, uri, mount in mounts(component) if written_scheme(uri) == "oci"]
        for path, mount in images:
            folder = dirname((mount or "").rstrip("/"))
            if mount is not None and first.setdefault(folder, path) != path:
                message = f"another image is mounted in {folder!r} too, and would hide this one"
                cure = "Give each image a folder of its own, for example /mnt/base/model and /mnt/adapter/model"
                yield Problem(f"{path}.mountPath", message, cure, "image-paths")
        if len(images) > _MOST_IMAGES:
            message = f"{len(images)} images; a pod takes at most {_MOST_IMAGES}"
            yield Problem(component.at("storageUris"), message, "Put several models into one image", "image-paths")


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "claim-path",
        _refuse_path_in_claim,
        "stricter",
        "In storageUris KServe mounts the whole claim and ignores the path in it.",
    ),
    Rule(
        "shared-mount-path",
        _refuse_shared_mounts,
        "stricter",
        "KServe downloads both places of one mount path into the same folder, or leaves the second claim out.",
    ),
    Rule(
        "uris-skipped",
        _refuse_skipped_uris,
        "stricter",
        "Beside one oci:// in storageUris, KServe 0.19 reads no other URI.",
        ("0.19",),
    ),
    Rule(
        "image-paths",
        _refuse_shadowed_images,
        "reconcile",
        "Models in images hide each other when their mount paths share a folder: no pod is made.",
        ("0.20",),
    ),
)
