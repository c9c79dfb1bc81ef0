"""The deployment modes of KServe and what each needs, as a union that holds only what works.

https://kserve.github.io/website/docs/concepts/architecture/control-plane
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from pulumi_kserve.models import OneOf, Spec

__all__ = ["ClusterLocal", "Gateway", "Mode", "Standard"]


class ClusterLocal(Spec):
    """Endpoints answer inside the cluster only: no Ingress and no route is made."""

    @property
    def facts_name(self) -> Literal["cluster-local"]:
        """The gateway's name in :class:`~pulumi_kserve.contracts.PlatformFacts`."""
        return "cluster-local"

    def controller_values(self) -> dict[str, Any]:
        """Values of the ``kserve-resources`` chart under ``kserve.controller.gateway``."""
        return {"disableIngressCreation": True, "disableIstioVirtualHost": True}


Gateway = Annotated[ClusterLocal, OneOf(clusterLocal=ClusterLocal)]


class Standard(Spec):
    """Standard mode: Deployments and Services, without Knative (once called RawDeployment)."""

    gateway: Gateway = Field(default_factory=ClusterLocal)
    """How requests reach endpoints; inside the cluster only by default."""

    @property
    def kserve_name(self) -> Literal["Standard"]:
        """KServe's word for this mode."""
        return "Standard"


Mode = Annotated[Standard, OneOf(standard=Standard)]
