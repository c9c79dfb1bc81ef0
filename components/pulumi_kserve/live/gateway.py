"""Whether a Gateway answers as it was last asked to: its controller has taken in the newest Gateway and policies.

https://gateway-api.sigs.k8s.io/geps/gep-713/ says what a policy's status holds, one entry for each Gateway it lies on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from pulumi_kserve.errors import ClusterUnreachable

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster, Json

__all__ = ["await_gateway"]

_POLL_SECONDS: Final = 0.5
_GATEWAY: Final = ("gateway.networking.k8s.io/v1", "Gateway")
_CURES: Final = {
    "AddressNotAssigned": "Nothing gives its Service an address: see whether the cluster has load balancers "
    "(`kubectl get services -A`), or use load_balancer in_cluster",
    "Invalid": "Often the certificate's Secret is not there: `kubectl describe gateway` says more",
    "NoResources": "Its pods do not run: `kubectl get pods -A -l gateway.envoyproxy.io/owning-gateway-name`",
}
_CURE: Final = "Mend what it names, and run `pulumi up` again"


def await_gateway(
    cluster: Cluster,
    name: str,
    *,
    namespace: str,
    policies: Sequence[tuple[str, str, str]] = (),
    timeout: float = 600,
) -> None:
    """Return when the Gateway is programmed and every policy on it accepted, as they now are.

    Args:
        cluster: The cluster.
        name: The Gateway's name.
        namespace: Its namespace, and its policies'.
        policies: API version, kind and name of each policy on it.
        timeout: Seconds until this gives up.

    Raises:
        ClusterUnreachable: something is not as it should be at the end; with the controller's own words.

    """
    end = time.monotonic() + timeout
    for api_version, kind, thing in ((*_GATEWAY, name), *policies):
        while (lacking := _lacking(cluster, api_version, kind, thing, namespace)) is not None:
            if time.monotonic() > end:
                raise ClusterUnreachable(f"gateway {namespace}/{name} is not ready after {timeout:.0f} s: {lacking}")
            time.sleep(_POLL_SECONDS)


def _lacking(cluster: Cluster, api_version: str, kind: str, name: str, namespace: str) -> str | None:
    """What the object still lacks; None when it is as it should be."""
    known = cluster.kind(api_version, kind)
    found = cluster.get(known, name, namespace) if known else None
    if found is None:
        return f"there is no {kind} {name}. See who deleted it, and run `pulumi up` again"
    wanted = "Programmed" if kind == _GATEWAY[1] else "Accepted"
    conditions = [(part, each) for part, each in _conditions(found) if each["type"] == wanted]
    generation = found["metadata"].get("generation")
    if not conditions or any(each.get("observedGeneration") != generation for _, each in conditions):
        return f"nobody has looked at the newest {kind} {name}. See the log of the gateway's controller"
    for part, each in conditions:
        if each["status"] != "True":
            reason = each.get("reason", "")
            cure = _CURES.get(reason, _CURE)
            return f"{part}{kind} {name} is not {wanted}: {reason}: {each.get('message', '')}. {cure}"
    return None


def _conditions(found: Json) -> Iterator[tuple[str, dict[str, Any]]]:
    """The conditions of a Gateway and its listeners, or those of a policy for each Gateway that it lies on."""
    status: Json = found.get("status") or {}
    for condition in status.get("conditions", []):
        yield "", condition
    for listener in status.get("listeners", []):
        for condition in listener.get("conditions", []):
            yield f"listener {listener['name']} of ", condition
    for ancestor in status.get("ancestors", []):
        for condition in ancestor.get("conditions", []):
            yield "", condition
