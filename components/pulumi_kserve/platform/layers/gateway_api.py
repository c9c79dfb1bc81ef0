"""The Gateway API: the kinds by which requests from outside are routed, in the channel that is stable.

https://gateway-api.sigs.k8s.io/guides/getting-started/introduction/

They are the objects that the Gateway API publishes as ``standard-install.yaml``; it publishes no chart. From 1.5 on a
policy of theirs refuses an older or the experimental set over them. Envoy Gateway and Istio both take them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pulumi

from pulumi_kserve.platform.layers import custom_resources
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext
from pulumi_kserve.platform.served import Served

__all__ = ["SERVED", "install"]

SERVED: Final = (
    Served("gateway.networking.k8s.io/v1", "GatewayClass", "gatewayclasses"),
    Served("gateway.networking.k8s.io/v1", "Gateway", "gateways"),
    Served("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes"),
    Served("gateway.networking.k8s.io/v1", "GRPCRoute", "grpcroutes"),
    Served("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "referencegrants"),
)
"""The kinds that platforms and endpoints need."""


def install(context: LayerContext, *, delete_crds: bool, depends_on: Sequence[pulumi.Resource]) -> Layer:
    """Apply the Gateway API's CRDs; ready means that every one is established.

    Args:
        context: What the platform's layers share.
        delete_crds: Delete them, and so every Gateway and route of the cluster, when the stack is destroyed.
        depends_on: What must be there before.

    """
    version = context.row.gateway_api
    return custom_resources.install(context, "gateway-api", version, delete_crds=delete_crds, depends_on=depends_on)
