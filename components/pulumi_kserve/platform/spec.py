"""What a user says of a platform."""

from __future__ import annotations

from pydantic import Field

from pulumi_kserve.contracts import DnsLabel
from pulumi_kserve.models import Spec
from pulumi_kserve.platform.charts import ChartSource
from pulumi_kserve.platform.modes import Mode, Standard
from pulumi_kserve.platform.releases import DEFAULT_RELEASE

__all__ = ["PlatformSpec"]


class PlatformSpec(Spec):
    """A platform: KServe's release and mode, and the runtimes it offers."""

    release: str = DEFAULT_RELEASE
    """KServe's release: 0.19 or 0.20."""
    mode: Mode = Field(default_factory=Standard)
    """The deployment mode with its gateway; Standard and cluster-local by default."""
    namespace: DnsLabel = "kserve"
    """Where KServe's controller runs."""
    runtimes: tuple[str, ...] = ("sklearn",)
    """Serving runtimes that the cluster shall offer: of the catalogue, such as ``sklearn``, or of KServe's own chart,
    such as ``kserve-huggingfaceserver``, which is then installed too. ``pulumi-kserve runtimes`` lists them."""
    chart_source: ChartSource | None = None
    """Where charts come from; their official repositories by default."""
    delete_crds: bool = False
    """Delete KServe's CRDs, and so every model of the cluster, when the stack is destroyed."""
    allow_untested: bool = False
    """Accept a KServe release that this package was not tested with."""
