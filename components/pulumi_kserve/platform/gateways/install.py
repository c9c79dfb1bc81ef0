"""Makes a gateway's objects in the order that leaves no moment in which it answers without asking who calls.

Everything that says who may call, how TLS ends and what becomes of requests is made before the Gateway. It has no proxy
and no address until then, and is the first to go when all is destroyed. A gate behind it asks whether the gateway's
controller has taken in the newest Gateway and the newest policies, which `pulumi.com/waitFor` cannot tell of objects
made before the Gateway they belong to. Endpoints, and so routes, come behind the gate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_kserve.contracts import RouteFacts
from pulumi_kserve.errors import SpecError
from pulumi_kserve.ownership import STACK_LABEL
from pulumi_kserve.platform.gateways import envoy, istio
from pulumi_kserve.platform.gateways.gateway import GATEWAY, Manifest, Place
from pulumi_kserve.platform.gateways.judgement import refusals
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext, guard
from pulumi_kserve.platform.modes import EnvoyGateway, IstioGateway
from pulumi_kserve.platform.releases import Release
from pulumi_kserve.resources import KubernetesObject

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster

__all__ = ["gateway_objects", "install", "route_facts"]

_NAME = "gateway"
_WITH_STATUS = "gateway.envoyproxy.io/"
"""The API group whose policies say in their status whether they were accepted."""
_PARAMETERS = "EnvoyProxy"
"""Its kind without conditions that are worth a wait: whether it is in order shows in the Gateway's."""


def gateway_objects(
    gateway: EnvoyGateway | IstioGateway,
    *,
    row: Release,
    platform: str,
    namespace: str,
    labels: Mapping[str, str],
    cloud: str,
) -> dict[str, Manifest]:
    """Every object of the gateway, by a short name, in the order in which they may be made.

    Args:
        gateway: Envoy Gateway or Istio, with the exposure.
        row: The release's row, for the version of Envoy Gateway.
        platform: The platform's name.
        namespace: Where the gateway lives.
        labels: The labels of every object.
        cloud: Whose cluster it is: ``aws``, ``gcp``, ``azure`` or ``existing``.

    Raises:
        SpecError: the exposure cannot work with this gateway or cloud; all problems, with paths as YAML spells them.

    """
    if problems := list(refusals(gateway, cloud)):
        raise SpecError("the gateway", problems)
    place = Place(platform, namespace, labels)
    if isinstance(gateway, EnvoyGateway):
        return envoy.gateway_objects(gateway.exposure, place, cloud=cloud, version=row.envoy_gateway)
    return istio.gateway_objects(gateway.exposure, place, cloud=cloud)


def route_facts(gateway: EnvoyGateway | IstioGateway, namespace: str, envoys: str) -> RouteFacts:
    """What endpoints need to know of the gateway that lives in `namespace`; `envoys` is where Envoy Gateway runs."""
    pods = envoys if isinstance(gateway, EnvoyGateway) else namespace
    return RouteFacts(gateway=GATEWAY, namespace=namespace, pods_namespace=pods)


def install(
    context: LayerContext,
    gateway: EnvoyGateway | IstioGateway,
    *,
    namespace: str,
    depends_on: Sequence[pulumi.Resource],
) -> Layer:
    """Make the Gateway; ready means that it has an address, answers, and asks for credentials where it shall.

    Args:
        context: What the platform's layers share.
        gateway: Envoy Gateway or Istio, with the exposure.
        namespace: Where the gateway lives; it must exist.
        depends_on: The namespace, the gateway's controller, and cert-manager where an issuer is named.

    Raises:
        SpecError: the exposure cannot work with this gateway or cloud.

    """
    objects = gateway_objects(
        gateway,
        row=context.row,
        platform=context.platform,
        namespace=namespace,
        labels={STACK_LABEL: context.stack},
        cloud=context.cluster.cloud,
    )
    made: list[pulumi.Resource] = []
    first = list(depends_on)
    for name, manifest in objects.items():
        needs = [*depends_on, *made] if name in {_NAME, "redirect"} else first
        made.append(KubernetesObject(f"{context.platform}-{_NAME}-{name}", manifest, context.options(depends_on=needs)))
    marker = _gate(context, namespace, objects, made)
    version = context.row.envoy_gateway if isinstance(gateway, EnvoyGateway) else context.row.istio
    return Layer(_NAME, version, marker, (*made, marker))


def _gate(
    context: LayerContext, namespace: str, objects: Mapping[str, Manifest], needs: Sequence[pulumi.Resource]
) -> pulumi.Resource:
    """A marker that changes with the objects, so that each change is waited for anew."""
    policies = list(_policies(objects))

    def ask(cluster: Cluster) -> None:
        from pulumi_kserve.live.gateway import await_gateway  # noqa: PLC0415 -- only a real `up` needs a client

        await_gateway(cluster, GATEWAY, namespace=namespace, policies=policies)

    data = {"gateway": GATEWAY, "objects": _digest(objects)}
    return guard(context, f"gate-{_NAME}", namespace=namespace, data=data, ask=ask, depends_on=needs)


def _policies(objects: Mapping[str, Manifest]) -> Iterator[tuple[str, str, str]]:
    """API version, kind and name of each policy on the Gateway that says whether it was accepted."""
    for manifest in objects.values():
        if manifest["apiVersion"].startswith(_WITH_STATUS) and manifest["kind"] != _PARAMETERS:
            yield manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"]


def _digest(objects: Mapping[str, Manifest]) -> str:
    """A digest of all that is plain; secrets and other Outputs are not in it."""

    def unknown(_: Any) -> str:
        return "an Output"

    return hashlib.sha256(json.dumps(objects, sort_keys=True, default=unknown).encode()).hexdigest()[:16]
