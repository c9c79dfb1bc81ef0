"""What NetworkPolicies allow, reckoned from their text: an allow/deny table without a cluster.

https://kubernetes.io/docs/concepts/services-networking/network-policies/

A pod that no policy selects takes every connection; one that is selected takes what any of its policies allows. Said of
TCP connections into a pod, from another pod or from an address that is no pod's. Address blocks, which no policy of
ours has, are refused, and so are ports where none is asked about.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Labels = Mapping[str, str]
_KNOWN = (
    {"podSelector", "policyTypes", "ingress"},
    {"from", "ports"},
    {"podSelector", "namespaceSelector"},
    {"matchLabels"},
    {"port", "protocol"},
)


@dataclass(frozen=True)
class Pod:
    """A pod and the namespace that it runs in, which carries its own name as a label, as the API server writes it."""

    namespace: str
    labels: Labels = field(default_factory=dict[str, str])
    namespace_labels: Labels = field(default_factory=dict[str, str])

    @property
    def labels_of_namespace(self) -> Labels:
        return {"kubernetes.io/metadata.name": self.namespace, **self.namespace_labels}


def allowed(policies: Iterable[Mapping[str, Any]], caller: Pod | None, callee: Pod, *, port: int | None = None) -> bool:
    """Whether a connection from `caller`, or from an address outside when None, reaches that port of `callee`."""
    selecting = [policy for policy in policies if _isolates(policy, callee)]
    return not selecting or any(_admits(policy, caller, port) for policy in selecting)


def _isolates(policy: Mapping[str, Any], pod: Pod) -> bool:
    spec = _read(policy["spec"], 0)
    here = policy["metadata"]["namespace"] == pod.namespace
    return here and "Ingress" in spec.get("policyTypes", ["Ingress"]) and _selects(spec["podSelector"], pod.labels)


def _admits(policy: Mapping[str, Any], caller: Pod | None, port: int | None) -> bool:
    home = policy["metadata"]["namespace"]
    rules = [_read(rule, 1) for rule in policy["spec"].get("ingress", [])]
    return any(_leads(rule, port) and _greets(rule, caller, home) for rule in rules)


def _leads(rule: Mapping[str, Any], port: int | None) -> bool:
    listed = [_read(each, 4) for each in rule.get("ports", [])]
    if listed and port is None:
        raise NotImplementedError("the policy names ports, and none was asked about")
    return not listed or any((each["port"], each.get("protocol", "TCP")) == (port, "TCP") for each in listed)


def _greets(rule: Mapping[str, Any], caller: Pod | None, home: str) -> bool:
    if not rule.get("from"):
        return True
    return caller is not None and any(_is(peer, caller, home) for peer in rule["from"])


def _is(peer: Mapping[str, Any], caller: Pod, home: str) -> bool:
    """Without a selector of namespaces a peer is of the policy's own; without one of pods it is all of them."""
    _read(peer, 2)
    of_namespace = peer.get("namespaceSelector")
    there = caller.namespace == home if of_namespace is None else _selects(of_namespace, caller.labels_of_namespace)
    return there and _selects(peer.get("podSelector", {}), caller.labels)


def _selects(selector: Mapping[str, Any], labels: Labels) -> bool:
    wanted: Labels = _read(selector, 3).get("matchLabels", {})
    return all(labels.get(key) == value for key, value in wanted.items())


def _read(value: Mapping[str, Any], level: int) -> Mapping[str, Any]:
    unknown = set(value) - _KNOWN[level]
    if unknown:
        raise NotImplementedError(f"no meaning is known here of {', '.join(sorted(unknown))}")
    return value
