"""Labels and annotations that the API server refuses, or that no pod could carry.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import MODE_ANNOTATION, OLD_MODES, Subject
from pulumi_kserve.endpoints.admission.values import fields, is_unknown, items, joined
from pulumi_kserve.errors import Problem
from pulumi_kserve.models import is_mapping, nearest

__all__ = ["RULES", "refuse_annotations", "refuse_labels"]

_NAME: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_PREFIX: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME: Final = 63
_LONGEST_PREFIX: Final = 253
_LARGEST_ANNOTATIONS: Final = 256 * 1024
_NAME_RULE: Final = "Use at most 63 letters, digits, '-', '_' and '.', with a letter or digit first and last"
_KEY_RULE: Final = f"{_NAME_RULE}; before it may stand a DNS name and '/'"
_OF_AN_OWNER: Final = ("apiVersion", "kind", "name", "uid")
_WRITTEN_KEYS: Final = ("name", "namespace", "labels", "annotations", "generateName", "finalizers", "ownerReferences")
_KEYS: Final = frozenset(
    {
        *_WRITTEN_KEYS,
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
"""What metadata may hold; the API server writes the rest of it."""
_MODES: Final = tuple(OLD_MODES.values())


def refuse_labels(labels: Mapping[str, Any], path: str, rule: str = "labels") -> Iterator[Problem]:
    """Labels whose key or value is none. Values that are not known yet pass.

    Args:
        labels: The labels.
        path: Where they stand.
        rule: The name of the rule in the problems.

    """
    for key, value in labels.items():
        yield from _refuse_key(key, path, rule)
        if isinstance(value, str) and value and not _is_name(value):
            yield Problem(joined(path, key), f"{value!r} is no label value", _NAME_RULE, rule)
        elif not isinstance(value, str):
            yield from _refuse_no_text(value, joined(path, key), rule)


def refuse_annotations(annotations: Mapping[str, Any], path: str, rule: str = "annotations") -> Iterator[Problem]:
    """Annotations whose key is none, or more of them than an object can carry. Values that are not known yet pass.

    Args:
        annotations: The annotations.
        path: Where they stand.
        rule: The name of the rule in the problems.

    """
    size = 0
    for key, value in annotations.items():
        yield from _refuse_key(str(key).lower(), path, rule)
        yield from _refuse_no_text(value, joined(path, key), rule)
        size += len(str(key).encode()) + len(value.encode() if isinstance(value, str) else b"")
    if size > _LARGEST_ANNOTATIONS:
        message = f"{size} bytes; an object carries at most {_LARGEST_ANNOTATIONS}"
        yield Problem(path, message, "Keep large texts in a ConfigMap", rule)


def _refuse_key(key: Any, path: str, rule: str) -> Iterator[Problem]:
    prefix, slash, name = str(key).rpartition("/")
    fits = not slash or (len(prefix) <= _LONGEST_PREFIX and _PREFIX.fullmatch(prefix) is not None)
    if not (fits and _is_name(name)):
        yield Problem(joined(path, key), f"{key!r} is no key", _KEY_RULE, rule)


def _refuse_no_text(value: Any, path: str, rule: str) -> Iterator[Problem]:
    if value is not None and not isinstance(value, str) and not is_unknown(value):
        yield Problem(path, "the value is no text", "Put it in quotes", rule)


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None


def _refuse_metadata(subject: Subject, _context: Context) -> Iterator[Problem]:
    found = subject.manifest.get("metadata")
    if not is_mapping(found):
        yield Problem("metadata", "expected a mapping", "Give name and namespace in it", "metadata")
        return
    if not found.get("name") and not found.get("generateName"):
        yield Problem("metadata.name", "the object has no name", "Give it one", "metadata")
    yield from _refuse_owners(found)
    for key in ("name", "namespace", "generateName"):
        if found.get(key) is not None and not isinstance(found[key], str) and not is_unknown(found[key]):
            yield Problem(f"metadata.{key}", "expected a text", "Put it in quotes", "metadata")
    for key in ("labels", "annotations"):
        if found.get(key) is not None and not is_mapping(found[key]) and not is_unknown(found[key]):
            yield Problem(f"metadata.{key}", "expected a mapping of texts", "Write `key: value` lines", "metadata")


def _refuse_owners(metadata: Mapping[str, Any]) -> Iterator[Problem]:
    for index, owner in enumerate(items(metadata.get("ownerReferences"))):
        for key in _OF_AN_OWNER:
            if fields(owner).get(key) in (None, ""):
                path = joined("metadata.ownerReferences", index, key)
                yield Problem(path, f"the key {key!r} is missing", "Add it, or leave the owner out", "metadata")


def _refuse_unknown_keys(subject: Subject, _context: Context) -> Iterator[Problem]:
    for key in subject.metadata:
        if key not in _KEYS:
            path = joined("metadata", key)
            yield Problem(path, f"unknown key {key!r}", nearest(str(key), _WRITTEN_KEYS), "metadata-key")


def _refuse_object_labels(subject: Subject, _context: Context) -> Iterator[Problem]:
    return refuse_labels(subject.labels, "metadata.labels")


def _refuse_object_annotations(subject: Subject, _context: Context) -> Iterator[Problem]:
    return refuse_annotations(subject.annotations, "metadata.annotations")


def _refuse_pod_labels(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        for key in ("labels", "nodeSelector"):
            yield from refuse_labels(_texts(component.fields.get(key)), component.at(key), "pod-labels")
        selected = _texts(fields(component.worker).get("nodeSelector"))
        yield from refuse_labels(selected, component.at("workerSpec", "nodeSelector"), "pod-labels")


def _refuse_pod_annotations(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        found = _texts(component.fields.get("annotations"))
        yield from refuse_annotations(found, component.at("annotations"), "pod-annotations")


def _texts(values: Any) -> Mapping[str, str | None]:
    """The values that are texts; what else there is, the schema speaks of."""
    return {key: value if isinstance(value, str) else None for key, value in fields(values).items()}


def _refuse_unknown_mode(subject: Subject, _context: Context) -> Iterator[Problem]:
    written = fields(subject.metadata.get("annotations")).get(MODE_ANNOTATION)
    if isinstance(written, str) and written not in {*_MODES, *OLD_MODES}:
        cure = "ModelMesh is not served here" if written == "ModelMesh" else nearest(written, _MODES)
        message = f"{written!r} is no deployment mode; KServe silently takes the cluster's own"
        message = "ModelMesh needs a controller of its own" if written == "ModelMesh" else message
        yield Problem(subject.annotation_path(MODE_ANNOTATION), message, cure, "mode-annotation")


RULES: Final[tuple[Rule, ...]] = (
    Rule("metadata", _refuse_metadata, "kserve", "The API server cannot read the object's metadata."),
    Rule("metadata-key", _refuse_unknown_keys, "stricter", "Metadata has no such key; the API server drops it."),
    Rule("labels", _refuse_object_labels, "kserve", "The API server refuses such a label."),
    Rule("annotations", _refuse_object_annotations, "kserve", "The API server refuses such an annotation."),
    Rule(
        "pod-labels",
        _refuse_pod_labels,
        "reconcile",
        "KServe writes a component's labels on its pods unchecked, and the Deployment is then refused.",
    ),
    Rule(
        "pod-annotations",
        _refuse_pod_annotations,
        "reconcile",
        "KServe writes a component's annotations on its pods unchecked, and the Deployment is then refused.",
    ),
    Rule(
        "mode-annotation",
        _refuse_unknown_mode,
        "stricter",
        "KServe ignores a mode that it does not know and takes the cluster's own; ModelMesh is not served.",
    ),
)
