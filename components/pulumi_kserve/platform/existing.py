"""Layers that are there already, as a user names them.

How they are looked at during an update is in :mod:`pulumi_kserve.platform.layers.existing`.
"""

from __future__ import annotations

from typing import Literal

from pulumi_kserve.contracts import DnsLabel
from pulumi_kserve.models import Spec

__all__ = ["ExistingLayer", "LayerName"]

LayerName = Literal["cert-manager", "envoy-gateway", "gateway-api", "istio", "metrics-server"]
"""A layer that can be there already; the names are those of the features that clusters bring."""


class ExistingLayer(Spec):
    """A layer that somebody else has installed and keeps up to date."""

    namespace: DnsLabel | None = None
    """Where it runs. It matters for envoy-gateway, whose Envoys run there, and for istio, whose policies for the whole
    mesh lie there; the namespace of its own documentation when unset: envoy-gateway-system, istio-system."""
