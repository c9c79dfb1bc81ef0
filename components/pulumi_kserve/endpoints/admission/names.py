"""Names that KServe or Kubernetes would refuse, or that overflow later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pulumi_kserve.contracts import PlatformFacts
from pulumi_kserve.errors import Problem

__all__ = ["refuse_long_host_name", "refuse_name", "refuse_namespace"]

_NAME: Final = re.compile(r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LONGEST: Final = 48
_DNS_LABEL: Final = 63
SYSTEM_NAMESPACES: Final = frozenset(
    {"cert-manager", "default", "istio-system", "keda", "knative-serving", "kourier-system", "envoy-gateway-system"}
)


def refuse_name(name: str) -> Iterator[Problem]:
    """An InferenceService name that the webhook refuses, or whose pods' label overflows.

    The pods carry ``app=isvc.<name>-predictor``, a label value of at most 63 characters.
    """
    if not name.isascii() or not _NAME.match(name):
        yield Problem(
            "name",
            f"{name!r} is not a name that KServe accepts",
            "Use lower-case letters, digits and hyphens, start with a letter and end with a letter or digit",
            "name-pattern",
        )
    if len(name) > _LONGEST:
        yield Problem(
            "name",
            f"{name!r} has {len(name)} characters; its pods' label app=isvc.{name}-predictor would exceed {_DNS_LABEL}",
            f"Use at most {_LONGEST} characters",
            "name-length",
        )


def refuse_long_host_name(name: str, namespace: str) -> Iterator[Problem]:
    """A name whose host ``<name>-predictor-<namespace>`` is no DNS label: KServe fails at reconcile."""
    label = f"{name}-predictor-{namespace}"
    if len(name) <= _LONGEST and len(label) > _DNS_LABEL:
        yield Problem(
            "name",
            f"the host name label {label!r} has {len(label)} characters, at most {_DNS_LABEL} are allowed",
            f"Shorten the name or the namespace by {len(label) - _DNS_LABEL}",
            "host-length",
        )


def refuse_namespace(namespace: str, facts: PlatformFacts) -> Iterator[Problem]:
    """A name that no namespace has, or a namespace of the system: models there could read what they must not."""
    if len(namespace) > _DNS_LABEL or not _LABEL.fullmatch(namespace):
        yield Problem(
            "namespace",
            f"{namespace!r} is no name of a namespace",
            f"Use at most {_DNS_LABEL} lower-case letters, digits and hyphens, with a letter or digit first and last",
            "namespace-name",
        )
    if namespace in SYSTEM_NAMESPACES or namespace.startswith("kube-") or namespace == facts.namespace:
        yield Problem(
            "namespace",
            f"{namespace!r} belongs to the system",
            "Put models in a namespace of their own: make one with ModelNamespace",
            "system-namespace",
        )
