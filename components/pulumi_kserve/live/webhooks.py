"""Whether the webhooks of a layer really answer: asked with dry runs, never with a fixed sleep."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_kserve.errors import ClusterUnreachable

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster

__all__ = ["await_accepted"]

_POLL_SECONDS = 0.5


def await_accepted(cluster: Cluster, probes: Sequence[Mapping[str, Any]], *, what: str, timeout: float = 300) -> None:
    """Return when the API server accepts every probe in a dry run.

    Args:
        cluster: The cluster.
        probes: Objects that a working installation accepts; none is stored.
        what: The layer's name, for the message.
        timeout: Seconds until this gives up.

    Raises:
        ClusterUnreachable: a probe is still refused at the end; with the API server's own words.
    """
    end = time.monotonic() + timeout
    for probe in probes:
        while (refusal := cluster.refusal(probe)) is not None:
            if time.monotonic() > end:
                raise ClusterUnreachable(
                    f"{what} does not answer after {timeout:.0f} s: a dry run of a {probe['kind']} says: {refusal}. "
                    "Look at its pods (`kubectl get pods -A`) and, on private clusters, at the firewall between "
                    "the API server and the webhook's port"
                )
            time.sleep(_POLL_SECONDS)
            cluster.forget_kinds()
