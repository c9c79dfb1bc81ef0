"""A namespace of a stack is made only where there is none, or where it is the stack's already.

One hook serves all namespaces of a cluster; previews never ask the cluster.
https://www.pulumi.com/docs/iac/concepts/options/hooks
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pulumi

from pulumi_kserve.asking import ask_cluster
from pulumi_kserve.contracts import ClusterAccess
from pulumi_kserve.ownership import STACK_LABEL

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster

__all__ = ["namespace_claim"]

_KNOWN: WeakKeyDictionary[pulumi.ProviderResource, pulumi.ResourceHookBinding] = WeakKeyDictionary()


def namespace_claim(cluster: ClusterAccess) -> pulumi.ResourceHookBinding:
    """The hooks of a namespace of this package: before it is made, one of somebody else by its name is refused."""
    found = _KNOWN.get(cluster.provider)
    if found is None:
        found = _KNOWN[cluster.provider] = pulumi.ResourceHookBinding(before_create=[_hook(cluster)])
    return found


def _hook(cluster: ClusterAccess) -> pulumi.ResourceHook:
    async def look(args: pulumi.ResourceHookArgs) -> None:
        metadata: dict[str, Any] = (args.new_inputs or {})["metadata"]
        await ask_cluster(cluster, partial(_ask, str(metadata["name"]), str(metadata["labels"][STACK_LABEL])))

    return pulumi.ResourceHook(f"{cluster.provider.pulumi_resource_name}-namespace-claim", look)


def _ask(name: str, label: str, client: Cluster) -> None:
    from pulumi_kserve.live.namespaces import await_free  # noqa: PLC0415 -- only a real `up` needs it

    await_free(client, name, label)
