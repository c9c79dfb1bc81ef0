"""Rules of KServe's admission about where models come from: one URI, several, encrypted ones, and the ART explainer's.

https://kserve.github.io/website/docs/model-serving/storage/overview
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import MAIN_CONTAINER, TRANSFORMER_CONTAINER, Component, Subject
from pulumi_kserve.endpoints.admission.values import fields, items, place, plain_text
from pulumi_kserve.errors import Problem

__all__ = ["OF_STORAGE_SPEC", "RULES", "mounts", "refuse_shared_claim_paths", "uri_of", "written_scheme"]

_BROKER_RESOURCE: Final = re.compile(r"kbs:///[a-zA-Z0-9_.-]+/[a-zA-Z0-9_.-]+/[a-zA-Z0-9_.-]+")
_DEFAULT_MOUNT: Final = "/mnt/models"
OF_STORAGE_SPEC: Final = ("s3", "hdfs", "webhdfs")


def uri_of(component: Component) -> tuple[str, Any] | None:
    """Path and value of the component's one URI: `storageUri`, or STORAGE_URI of a container of one's own."""
    for key in ("model", "art"):
        if component.fields.get(key) is not None:
            value = fields(component.fields[key]).get("storageUri")
            dropped = value is None or (key == "art" and value == "")
            return None if dropped else (component.at(key, "storageUri"), value)
    named = [found for found in component.containers if found.name == MAIN_CONTAINER]
    for container in named[:1]:
        for entry in container.env():
            if entry.name == "STORAGE_URI":
                return entry.path, entry.value
    return None


def written_scheme(value: Any) -> str | None:
    """What stands before `://`: "" where nothing does, None where it is not known."""
    if isinstance(value, str):
        scheme, found, _ = value.partition("://")
        return scheme if found else ""
    known = place(value)
    return known.scheme if known else None


def mounts(component: Component) -> Iterator[tuple[str, Any, str | None]]:
    """Written path, URI and mount path of each item of `storageUris`; a mount path that is not known is None."""
    for index, found in enumerate(items(component.fields.get("storageUris"))):
        known = fields(found)
        mount = known.get("mountPath")
        yield (
            component.at("storageUris", index),
            known.get("uri"),
            _DEFAULT_MOUNT if mount is None else plain_text(mount),
        )


def _refuse_transformer_uri(subject: Subject, _context: Context) -> Iterator[Problem]:
    beside = (found for found in subject.predictor.containers if found.name == TRANSFORMER_CONTAINER)
    for container in list(beside)[:1]:
        for entry in container.env():
            if entry.name == "STORAGE_URI":
                message = "the model belongs to the predictor's container, not to the transformer beside it"
                yield Problem(entry.path, message, f"Set STORAGE_URI on {MAIN_CONTAINER}", "transformer-uri")


def _refuse_one_and_several(subject: Subject, _context: Context) -> Iterator[Problem]:
    for component in subject.components:
        one = uri_of(component)
        if one is not None and component.fields.get("storageUris") not in (None, [], ()):
            message = f"KServe takes one URI or several, and {one[0]} stands beside it"
            yield Problem(component.at("storageUris"), message, "Move it into storageUris", "uri-and-uris")


def _refuse_mount_paths(subject: Subject, _context: Context) -> Iterator[Problem]:
    for component in subject.components:
        for path, _, mount in mounts(component):
            if mount == "/":
                message, cure = "a model cannot be mounted over the root", "Give a folder such as /mnt/models"
                yield Problem(f"{path}.mountPath", message, cure, "mount-path")
            elif mount is not None and ".." in mount:
                message, cure = f"{mount!r} leads upwards with '..'", "Write the path without '..'"
                yield Problem(f"{path}.mountPath", message, cure, "mount-path")


def refuse_shared_claim_paths(subject: Subject, _context: Context) -> Iterator[Problem]:
    """Two claims at one path, which KServe's webhook refuses where it looks at paths at all."""
    for component in subject.components:
        if len(_downloaded(component)) <= 1:
            continue
        seen: set[str] = set()
        for path, uri, mount in mounts(component):
            if mount is not None and written_scheme(uri) == "pvc":
                if mount in seen:
                    message = f"two claims are mounted at {mount!r}"
                    yield Problem(f"{path}.mountPath", message, "Give each a path of its own", "claim-paths")
                seen.add(mount)


def _downloaded(component: Component) -> list[tuple[str, str | None]]:
    """Paths and mount paths of what is no claim: KServe looks at paths only where there are several of these."""
    return [(path, mount) for path, uri, mount in mounts(component) if written_scheme(uri) not in ("pvc", None)]


def _refuse_paths_without_parent(subject: Subject, _context: Context) -> Iterator[Problem]:
    for component in subject.components:
        found = _downloaded(component)
        known = [mount for _, mount in found if mount is not None]
        if len(known) > 1 and len(known) == len(found) and not _common_folder(known):
            message = f"{', '.join(known)} have no folder above them but the root"
            cure = "Mount them below one folder, for example /mnt/models/base and /mnt/models/adapter"
            yield Problem(component.at("storageUris"), message, cure, "mount-parents")


def _common_folder(paths: Sequence[str]) -> bool:
    parts = [path.strip("/").split("/") for path in paths]
    return all(path.strip("/") for path in paths) and len({part[0] for part in parts}) == 1


def _confidential(subject: Subject) -> Mapping[str, Any]:
    """How the model is encrypted, where it is."""
    found = fields(fields(subject.predictor.model).get("confidential"))
    return found if found.get("enabled") is True else {}


def _refuse_confidential_without_uri(subject: Subject, _context: Context) -> Iterator[Problem]:
    model = fields(subject.predictor.model)
    if _confidential(subject) and model.get("storageUri") in (None, ""):
        message = "an encrypted model needs a storageUri: only what is downloaded is decrypted"
        path = subject.predictor.at("model", "storageUri")
        yield Problem(path, message, "Give one, or leave `confidential` out", "confidential-uri")


def _refuse_broker_resource(subject: Subject, _context: Context) -> Iterator[Problem]:
    written = plain_text(_confidential(subject).get("resourceId"))
    if written and not _BROKER_RESOURCE.fullmatch(written):
        path = subject.predictor.at("model", "confidential", "resourceId")
        message = f"{written!r} names no resource of a key broker"
        yield Problem(path, message, "Write kbs:///<repository>/<type>/<tag>", "confidential-resource")


def _art(subject: Subject) -> Mapping[str, Any]:
    """The ART explainer, where there is one."""
    return fields(subject.explainer.fields.get("art")) if subject.explainer else fields(None)


def _refuse_explainer_uri(subject: Subject, _context: Context) -> Iterator[Problem]:
    art = _art(subject)
    written = art.get("storageUri")
    scheme = written_scheme(written)
    if art.get("storage") is None or written in (None, "") or scheme is None:
        return
    if scheme not in OF_STORAGE_SPEC:
        message = "an explainer with `storage` reads s3://, hdfs:// and webhdfs:// only"
        path = "spec.explainer.art.storageUri"
        yield Problem(path, message, "Use one of these, or leave `storage` out", "explainer-uri")


def _refuse_explainer_storage(subject: Subject, _context: Context) -> Iterator[Problem]:
    art = _art(subject)
    kind = fields(fields(art.get("storage")).get("parameters")).get("type")
    if art.get("storageUri") in (None, "") and isinstance(kind, str) and kind not in OF_STORAGE_SPEC:
        message = f"an explainer's storage is s3, hdfs or webhdfs, not {kind!r}"
        path = "spec.explainer.art.storage.parameters.type"
        yield Problem(path, message, "Use one of these", "explainer-storage")


RULES: Final[tuple[Rule, ...]] = (
    Rule("transformer-uri", _refuse_transformer_uri, "kserve", "A transformer beside its predictor has no model."),
    Rule("uri-and-uris", _refuse_one_and_several, "kserve", "A component has one URI or several, not both."),
    Rule("mount-path", _refuse_mount_paths, "kserve", "A model is mounted below the root, and without '..'."),
    Rule("claim-paths", refuse_shared_claim_paths, "kserve", "Two claims cannot have one path."),
    Rule(
        "mount-parents", _refuse_paths_without_parent, "kserve", "What is downloaded shares one volume, so one folder."
    ),
    Rule(
        "confidential-uri",
        _refuse_confidential_without_uri,
        "kserve",
        "An encrypted model is decrypted while it is downloaded.",
        ("0.20",),
    ),
    Rule(
        "confidential-resource",
        _refuse_broker_resource,
        "kserve",
        "The key broker's resource has three parts.",
        ("0.20",),
    ),
    Rule("explainer-uri", _refuse_explainer_uri, "kserve", "KServe checks the explainer's URI beside its storage."),
    Rule(
        "explainer-storage", _refuse_explainer_storage, "kserve", "KServe checks the type of the explainer's storage."
    ),
)
