"""How a hook of the engine asks the cluster: on a thread of its own, through a connection that is closed again.

Only a real `up` needs a client, so it is loaded here and not before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from pulumi_kserve.contracts import ClusterAccess

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster

__all__ = ["ask_cluster"]


async def ask_cluster(access: ClusterAccess, ask: Callable[[Cluster], None]) -> None:
    """Return once `ask` has looked at the cluster; what it raises is raised here.

    Args:
        access: The cluster, whose kubeconfig is known by now.
        ask: Looks at the cluster, and raises what is wrong with it.

    """
    kubeconfig = await access.kubeconfig.future()

    def connected() -> None:
        from pulumi_kserve.live.cluster import connect  # noqa: PLC0415 -- as the module says

        with connect(kubeconfig, access.context) as cluster:
            ask(cluster)

    await asyncio.to_thread(connected)
