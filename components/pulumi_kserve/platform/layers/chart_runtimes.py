"""The serving runtimes of KServe's own chart: installed whole, with those that nobody named disabled.

https://github.com/kserve/kserve/tree/v0.20.0/charts/kserve-runtime-configs
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pulumi

from pulumi_kserve.platform.chart_runtimes import chart_runtime_data
from pulumi_kserve.platform.layers import helm_release
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext

__all__ = ["install", "values"]


def install(
    context: LayerContext, names: Collection[str], *, namespace: str, depends_on: Sequence[pulumi.Resource]
) -> Layer:
    """Install the chart with the runtimes of those names enabled."""
    return helm_release.install(
        context,
        context.row.kserve_runtime_configs,
        namespace=namespace,
        values=values(context.row.release, names),
        depends_on=depends_on,
    )


def values(release: str, names: Collection[str]) -> dict[str, Any]:
    """The values of chart kserve-runtime-configs. Runtimes that share a key are enabled together."""
    known = chart_runtime_data(release)
    wanted = {runtime.values_key for runtime in known if runtime.name in names}
    disabled = {key: {"disabled": key not in wanted} for key in sorted({runtime.values_key for runtime in known})}
    return {"kserve": {"servingruntime": {"enabled": True, **disabled}}}
