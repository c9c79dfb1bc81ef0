"""An endpoint's routes as resources, and what keeps requests off pods that an update removes.

Order: the InferenceService, the gates of its pods, the routes. So a share goes only to what serves; before an update of
the InferenceService, a hook takes the shares of what it removes away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_kserve.endpoints.spec.canary import CanaryShare
from pulumi_kserve.endpoints.spec.route import ROUTES, backends_of, route_name
from pulumi_kserve.endpoints.spec.service import InferenceServiceSpec, components_of, workload_name
from pulumi_kserve.live.route import Departure
from pulumi_kserve.resources import KubernetesObject

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster

__all__ = ["departure_of", "routes", "withdraw_requests"]


def routes(
    name: str,
    manifests: Mapping[str, Mapping[str, Any]],
    *,
    timeout_seconds: int,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource],
) -> list[pulumi.CustomResource]:
    """Resources that exist, or are updated, once the Gateway has taken the routes."""
    timeout = f"{timeout_seconds}s"
    options = pulumi.ResourceOptions(
        parent=parent,
        depends_on=list(depends_on),
        custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout),
    )
    return [KubernetesObject(f"{name}-{route}-route", manifest, options) for route, manifest in manifests.items()]


def departure_of(name: str, namespace: str, spec: InferenceServiceSpec, shares: Sequence[CanaryShare]) -> Departure:
    """What an update to `spec` leaves of the endpoint."""
    workloads = [workload_name(name, component, spec) for component in components_of(spec)]
    return Departure(
        endpoint=name,
        namespace=namespace,
        routes=tuple(route_name(name, route) for route in ROUTES),
        services=tuple(dict.fromkeys([*backends_of(name, spec, shares), *workloads])),
        downtime_allowed=spec.allow_recreate,
    )


def withdraw_requests(departure: Departure, cluster: Cluster) -> None:
    """Return once no request goes to what the update removes.

    Raises:
        RolloutFailed: nothing that stays serves, or the Gateway does not take the change.

    """
    from pulumi_kserve.live.route import withdraw  # noqa: PLC0415 -- only a real `up` needs it

    withdraw(cluster, departure, pulumi.log.info)
