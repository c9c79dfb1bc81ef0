"""What a user says of a platform."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pulumi_kserve.contracts import DnsLabel
from pulumi_kserve.models import Spec
from pulumi_kserve.platform.certificates import Certificates, CertManager
from pulumi_kserve.platform.charts import ChartSource
from pulumi_kserve.platform.configuration.spec import KServeConfiguration
from pulumi_kserve.platform.existing import ExistingLayer, LayerName
from pulumi_kserve.platform.modes import Mode, Standard
from pulumi_kserve.platform.releases import DEFAULT_RELEASE

__all__ = ["AddOn", "PlatformSpec"]

AddOn = Literal["metrics-server"]
"""What a platform installs only when it is named."""


class PlatformSpec(Spec):
    """A platform: KServe's release and mode, how endpoints are reached, and the runtimes it offers."""

    release: str = DEFAULT_RELEASE
    """KServe's release: 0.19 or 0.20."""
    mode: Mode = Field(default_factory=Standard)
    """The deployment mode with its gateway; Standard and cluster-local by default."""
    namespace: DnsLabel = "kserve"
    """Where KServe's controller runs."""
    runtimes: tuple[str, ...] = ("sklearn",)
    """Serving runtimes that the cluster shall offer: of the catalogue, such as ``sklearn``, or of KServe's own chart,
    such as ``kserve-huggingfaceserver``, which is then installed too. ``pulumi-kserve runtimes`` lists them."""
    configuration: KServeConfiguration = Field(default_factory=KServeConfiguration)
    """KServe's own configuration; its defaults where nothing is said."""
    certificates: Certificates = Field(default_factory=CertManager)
    """Who makes the certificate of KServe's webhooks; cert-manager by default."""
    add_ons: frozenset[AddOn] = frozenset()
    """What is installed beside: ``metrics-server``, which autoscaling on CPU and memory needs. Nothing by default.
    KServe's model cache comes with ``configuration.local_models``."""
    existing: dict[LayerName, ExistingLayer] = Field(default_factory=dict[LayerName, ExistingLayer])
    """Layers that others have installed: they are not installed, and `up` looks whether they are as this needs them."""
    network_policies: bool = Field(default=True, strict=True)
    """Close the namespaces that this makes to all but who has business there. It holds where the cluster's network
    enforces policies."""
    chart_source: ChartSource | None = None
    """Where charts come from; their official repositories by default."""
    delete_crds: bool = Field(default=False, strict=True)
    """Delete KServe's CRDs, and so every model of the cluster, when the stack is destroyed; and the gateway's."""
    allow_untested: bool = Field(default=False, strict=True)
    """Accept a KServe release that this package was not tested with."""
