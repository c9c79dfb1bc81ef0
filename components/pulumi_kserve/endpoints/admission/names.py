"""Names that KServe or Kubernetes would refuse, or that overflow later.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pulumi_kserve.contracts import PlatformFacts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import Subject
from pulumi_kserve.endpoints.admission.values import plain_text
from pulumi_kserve.errors import Problem

__all__ = ["RULES", "refuse_name", "refuse_namespace"]

_NAME: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_DNS_LABEL: Final = 63
_POD_LABEL: Final = "isvc."
"""What KServe puts before a workload's name in the label `app` of its pods."""
SYSTEM_NAMESPACES: Final = frozenset(
    {
        *("cert-manager", "default", "envoy-gateway-system", "istio-cni", "istio-system", "keda"),
        *("knative-serving", "kourier-system", "kserve-localmodel-jobs"),
    }
)


def refuse_name(name: str, path: str = "name") -> Iterator[Problem]:
    """An InferenceService name that the webhook refuses, or whose pods' label overflows.

    The pods carry ``app=isvc.<name>-predictor``, a label value of at most 63 characters.
    """
    yield from _refuse_pattern(name, path)
    yield from _refuse_length(name, f"{name}-predictor", path)


def refuse_namespace(namespace: str, facts: PlatformFacts) -> Iterator[Problem]:
    """A name that no namespace has, or a namespace of the system: models there could read what they must not."""
    yield from _refuse_namespace_name(namespace, "namespace")
    yield from _refuse_system_namespace(namespace, facts, "namespace")


def _refuse_pattern(name: str, path: str) -> Iterator[Problem]:
    if not _NAME.fullmatch(name):
        yield Problem(
            path,
            f"{name!r} is not a name that KServe accepts",
            "Use lower-case letters, digits and hyphens, start with a letter and end with a letter or digit",
            "name-pattern",
        )


def _refuse_length(name: str, workload: str, path: str) -> Iterator[Problem]:
    over = len(f"{_POD_LABEL}{workload}") - _DNS_LABEL
    if over > 0:
        yield Problem(
            path,
            f"{name!r} has {len(name)} characters; "
            f"its pods' label app={_POD_LABEL}{workload} would exceed {_DNS_LABEL}",
            f"Use at most {len(name) - over} characters",
            "name-length",
        )


def _refuse_host(workload: str, namespace: str, path: str) -> Iterator[Problem]:
    label = f"{workload}-{namespace}"
    fits_a_pod = len(f"{_POD_LABEL}{workload}") <= _DNS_LABEL
    if fits_a_pod and len(label) > _DNS_LABEL:
        yield Problem(
            path,
            f"the host name label {label!r} has {len(label)} characters, at most {_DNS_LABEL} are allowed",
            f"Shorten the name or the namespace by {len(label) - _DNS_LABEL}",
            "host-length",
        )


def _refuse_namespace_name(namespace: str, path: str) -> Iterator[Problem]:
    if len(namespace) > _DNS_LABEL or not _LABEL.fullmatch(namespace):
        yield Problem(
            path,
            f"{namespace!r} is no name of a namespace",
            f"Use at most {_DNS_LABEL} lower-case letters, digits and hyphens, with a letter or digit first and last",
            "namespace-name",
        )


def _refuse_system_namespace(namespace: str, facts: PlatformFacts, path: str) -> Iterator[Problem]:
    if namespace in SYSTEM_NAMESPACES or namespace.startswith("kube-") or namespace == facts.namespace:
        yield Problem(
            path,
            f"{namespace!r} belongs to the system",
            "Put models in a namespace of their own: make one with ModelNamespace",
            "system-namespace",
        )


def _workloads(subject: Subject, release: str) -> list[str]:
    """The names of the Deployments or Knative services that KServe makes for the object."""
    found: list[str] = []
    for component in subject.validated(release):
        own = plain_text(component.fields.get("name")) if component.name == "predictor" else None
        found.append("-".join(part for part in (subject.name, own, component.name) if part))
    if subject.predictor.worker is not None:
        found.append(f"{subject.name}-predictor-worker")
    return found


def _refuse_name_pattern(subject: Subject, _context: Context) -> Iterator[Problem]:
    prefix = plain_text(subject.metadata.get("generateName"))
    if subject.name:
        yield from _refuse_pattern(subject.name, "metadata.name")
    elif prefix and not _NAME.fullmatch(f"{prefix}0"):
        yield from _refuse_pattern(prefix, "metadata.generateName")


def _refuse_name_length(subject: Subject, context: Context) -> Iterator[Problem]:
    if not subject.name:
        return
    longest = max(_workloads(subject, context.release), key=len)
    if subject.mode(context.mode) == "Standard":
        yield from _refuse_length(subject.name, longest, "metadata.name")
    elif len(longest) > _DNS_LABEL:
        message = f"the Knative service {longest!r} would have {len(longest)} characters, at most {_DNS_LABEL} fit"
        yield Problem("metadata.name", message, f"Shorten it by {len(longest) - _DNS_LABEL}", "name-length")


def _refuse_host_length(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.name and subject.namespace and subject.mode(context.mode) == "Standard":
        served = [name for name in _workloads(subject, context.release) if not name.endswith("-worker")]
        yield from _refuse_host(max(served, key=len), subject.namespace, "metadata.name")


def _refuse_wrong_namespace(subject: Subject, _context: Context) -> Iterator[Problem]:
    if subject.namespace:
        yield from _refuse_namespace_name(subject.namespace, "metadata.namespace")


def _refuse_namespace_of_the_system(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.namespace and context.facts is not None:
        yield from _refuse_system_namespace(subject.namespace, context.facts, "metadata.namespace")


RULES: Final[tuple[Rule, ...]] = (
    Rule("name-pattern", _refuse_name_pattern, "kserve", "KServe's webhook refuses the name."),
    Rule(
        "name-length",
        _refuse_name_length,
        "reconcile",
        "The names and labels that KServe derives from it exceed 63 characters, and no workload is made.",
    ),
    Rule(
        "host-length",
        _refuse_host_length,
        "reconcile",
        "The host name that KServe derives from name and namespace exceeds 63 characters: the controller fails.",
    ),
    Rule("namespace-name", _refuse_wrong_namespace, "kserve", "No namespace can have such a name."),
    Rule(
        "system-namespace",
        _refuse_namespace_of_the_system,
        "stricter",
        "Pods in a namespace of the system could read what they must not.",
    ),
)
