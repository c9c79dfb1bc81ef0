"""Labels and annotations that the API server refuses, or that no pod could carry.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pulumi_kserve.errors import Problem

__all__ = ["refuse_annotations", "refuse_labels"]

_NAME: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_PREFIX: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME: Final = 63
_LONGEST_PREFIX: Final = 253
_LARGEST_ANNOTATIONS: Final = 256 * 1024
_NAME_RULE: Final = "Use at most 63 letters, digits, '-', '_' and '.', with a letter or digit first and last"
_KEY_RULE: Final = f"{_NAME_RULE}; before it may stand a DNS name and '/'"


def refuse_labels(labels: Mapping[str, str], path: str) -> Iterator[Problem]:
    """Keys or values that are none; KServe passes a wrong one on to pods that are then never made."""
    for key, value in labels.items():
        yield from _refuse_key(key, path)
        if value and not _is_name(value):
            yield Problem(f"{path}[{key!r}]", f"{value!r} is no label value", _NAME_RULE, "label-value")


def refuse_annotations(annotations: Mapping[str, str], path: str) -> Iterator[Problem]:
    """Keys that are none, or more than an object can carry."""
    for key in annotations:
        yield from _refuse_key(key.lower(), path)
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > _LARGEST_ANNOTATIONS:
        cure = "Keep large texts in a ConfigMap"
        yield Problem(path, f"{size} bytes; an object carries at most {_LARGEST_ANNOTATIONS}", cure, "annotations-size")


def _refuse_key(key: str, path: str) -> Iterator[Problem]:
    prefix, slash, name = key.rpartition("/")
    fits = not slash or (len(prefix) <= _LONGEST_PREFIX and _PREFIX.fullmatch(prefix) is not None)
    if not (fits and _is_name(name)):
        yield Problem(f"{path}[{key!r}]", "is no key", _KEY_RULE, "metadata-key")


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None
