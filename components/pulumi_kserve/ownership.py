"""How the objects of a stack are told from everybody else's.

Every Kubernetes object this package makes carries the label :data:`STACK_LABEL`. Before a Helm
release is installed, a ConfigMap named :func:`release_record` with that label is made in the
release's namespace, because Helm's own records carry no label of ours. Recovery touches nothing else.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache

import pulumi

__all__ = [
    "COST_CENTRE_LABEL",
    "OWNER_LABEL",
    "RELEASE_RECORD_PREFIX",
    "REPLICAS_ANNOTATION",
    "REVISION_ANNOTATION",
    "STACK_LABEL",
    "release_record",
    "stack_label",
    "this_stack",
]

OWNER_LABEL = "pulumi-kserve/owner"
"""The label that names the team which answers for the models."""

COST_CENTRE_LABEL = "pulumi-kserve/cost-centre"
"""The label that names who pays for the models."""

STACK_LABEL = "pulumi-kserve/stack"
"""The label that names the stack an object belongs to."""

REVISION_ANNOTATION = "pulumi-kserve/revision"
"""The pod template annotation that names the revision of a component's pods."""

REPLICAS_ANNOTATION = "pulumi-kserve/replicas"
"""The annotation of a rollout gate that names the fixed number of pods, where it is fixed."""

RELEASE_RECORD_PREFIX = "pulumi-kserve-release-"
"""What the names of ownership records of Helm releases start with."""

_MAX_LABEL = 63
_HASH_LENGTH = 8


@cache
def stack_label(organization: str, project: str, stack: str) -> str:
    """The value of :data:`STACK_LABEL`: ``organization.project.stack``.

    A name that is not a valid label value, or one too long, is made one and ends in a hash of the
    whole name, so that two stacks never share a label.
    """
    name = f"{organization}.{project}.{stack}"
    readable = re.sub(r"[^A-Za-z0-9_.-]", "-", name).strip("-_.")
    if readable == name and len(name) <= _MAX_LABEL:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_LENGTH]
    head = readable[: _MAX_LABEL - _HASH_LENGTH - 1].rstrip("-_.")
    return f"{head}-{digest}" if head else digest


def release_record(release: str) -> str:
    """The name of the ConfigMap that records whose the Helm release is."""
    return f"{RELEASE_RECORD_PREFIX}{release}"


def this_stack() -> str:
    """The label value of the stack that runs now."""
    return stack_label(pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack())
