"""Whether a namespace that a stack is about to make is free: the provider would take over one that exists.

Objects are applied by the server, which makes no difference between a new object and one of somebody else. A namespace
taken over that way would be deleted with all that is in it when the stack is destroyed.
https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/
"""

from __future__ import annotations

import time

from pulumi_kserve.errors import RecoveryRefused
from pulumi_kserve.live.cluster import Cluster, Json, Kind
from pulumi_kserve.live.observation import dig
from pulumi_kserve.ownership import STACK_LABEL

__all__ = ["NAMESPACES", "await_free", "remainder"]

NAMESPACES = Kind("v1", "Namespace", "namespaces", namespaced=False)
_PATIENCE = 120.0
_INTERVAL = 1.0


def await_free(cluster: Cluster, name: str, label: str, *, patience: float = _PATIENCE) -> None:
    """Return when there is no such namespace, or it is this stack's; one that is being deleted is waited for.

    Args:
        cluster: The cluster.
        name: The namespace's name.
        label: The stack's ownership label.
        patience: Seconds to wait for a deletion.

    Raises:
        RecoveryRefused: it exists and is not this stack's, or its deletion does not end.
        ClusterUnreachable: the server does not answer, or refuses.

    """
    end = time.monotonic() + patience
    while (found := cluster.get(NAMESPACES, name)) is not None:
        if "deletionTimestamp" not in found["metadata"]:
            _refuse_another(found, label)
            return
        if time.monotonic() >= end:
            raise RecoveryRefused(
                f"namespace {name} is being deleted, and was not gone after {patience:.0f} s: {remainder(found)}. "
                "Remove what holds it, or wait, and run the command again"
            )
        time.sleep(_INTERVAL)


def remainder(namespace: Json) -> str:
    """What still holds a namespace that is being deleted, in the API server's words."""
    conditions: list[Json] = dig(namespace, "status", "conditions") or []
    told = [str(one.get("message")) for one in conditions if one.get("status") == "True" and one.get("message")]
    return "; ".join(told) or "the API server does not say what holds it"


def _refuse_another(found: Json, label: str) -> None:
    name, owner = found["metadata"]["name"], dig(found, "metadata", "labels", STACK_LABEL)
    if owner == label:
        return
    whose = f"carries the label {STACK_LABEL}={owner}" if owner else f"does not carry the label {STACK_LABEL}"
    raise RecoveryRefused(
        f"namespace {name} exists already and is not this stack's: it {whose}. A stack that takes it over would delete "
        "it, and everything in it, when it is destroyed; nothing of it was changed. Choose another name; or, for "
        "endpoints, name the namespace without an entry of its own, and it stays whose it is; or, if "
        f"this stack shall own it: `kubectl label --overwrite namespace {name} {STACK_LABEL}={label}`"
    )
