"""Overrides that the release's CRD does not allow: the API server would refuse them, or drop them without a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_kserve.errors import Problem
from pulumi_kserve.field_table import check_fields
from pulumi_kserve.overrides import merged

__all__ = ["refuse_wrong_fields"]


def refuse_wrong_fields(
    manifest: Mapping[str, Any], overrides: Mapping[str, Any], release: str, path: str
) -> list[Problem]:
    """KServe's CRD on the rendered object with the overrides laid over it; nothing is read when there are none."""
    if not overrides:
        return []
    whole = merged(manifest, overrides, keep_none=True)
    return [problem.under(path) for problem in check_fields(release, manifest["kind"], whole)]
