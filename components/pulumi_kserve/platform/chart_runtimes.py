"""The serving runtimes of KServe's own chart ``kserve-runtime-configs``, as data per release.

`runtimes/charts/<release>.yaml` is written by ``make schemas`` from the chart in the release's module; what stands
there is what a cluster has after that chart was installed with ``kserve.servingruntime.enabled``. Images are named as
the chart names them, by tag: no digest was resolved, so they count as unpinned.

https://github.com/kserve/kserve/tree/v0.20.0/charts/kserve-runtime-configs
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import Field

from pulumi_kserve.contracts import AcceleratorVendor, DnsLabel, FormatFacts, RuntimeFacts, WorkerFacts
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.models import Spec
from pulumi_kserve.platform.catalogue import catalogue_folder

__all__ = ["ChartRuntime", "chart_runtime_data", "chart_runtimes", "read_chart_runtimes"]

_ACCELERATORS: Final[dict[str, tuple[AcceleratorVendor, ...]]] = {
    "huggingfaceserver": ("nvidia",),
    "paddleserver": (),
    "pmmlserver": (),
    "sklearnserver": (),
    "tensorflow-serving": ("nvidia",),
    "torchserve": ("nvidia",),
    "tritonserver": ("nvidia",),
    "vllmserver": ("nvidia",),
}
"""Whose accelerators each server's images can use, by server type; a server that is not here may use some or none.

The Dockerfiles under `python/` of KServe's repository say it of its own servers, and KServe's `UpdateImageTag` says
for which it takes an image built for NVIDIA.
"""


class ChartResources(Spec):
    """Requests and limits as Kubernetes quantities."""

    requests: dict[Literal["cpu", "memory"], str]
    """What the scheduler reserves for the server."""
    limits: dict[Literal["cpu", "memory"], str]
    """What the server may not exceed."""


class ChartRuntime(Spec):
    """One ClusterServingRuntime of the chart."""

    name: DnsLabel
    """Its name."""
    server_type: str
    """KServe's ``server-type`` annotation."""
    formats: tuple[FormatFacts, ...] = Field(min_length=1)
    """The formats it serves, in the chart's order."""
    protocols: tuple[Literal["v1", "v2", "grpc-v1", "grpc-v2"], ...] = ()
    """The protocols it lists, in the chart's order; empty means any."""
    multi_model: bool = False
    """Whether it serves many models in one pod."""
    worker: WorkerFacts | None = None
    """Its worker spec, where it spreads one model over several nodes."""
    image: str
    """The image of its server, by tag."""
    values_key: str
    """Its key under ``kserve.servingruntime`` in the chart's values; two runtimes may share one."""
    resources: ChartResources
    """What its server asks for when an endpoint says nothing."""
    revision: str = Field(pattern=r"^[0-9a-f]{16}$")
    """A digest of the whole object in the chart."""

    def facts(self) -> RuntimeFacts:
        """What endpoints see of this runtime."""
        return RuntimeFacts(
            name=self.name,
            formats=self.formats,
            protocols=self.protocols,
            worker=self.worker,
            multi_model=self.multi_model,
            server_type=self.server_type,
            image=self.image,
            accelerators=_ACCELERATORS.get(self.server_type),
            revision=self.revision,
        )


@cache
def chart_runtimes(release: str) -> tuple[RuntimeFacts, ...]:
    """The facts of every runtime in a KServe release's chart, by name.

    Raises:
        SpecError: there is no data for that release, or it is wrong.

    """
    return tuple(runtime.facts() for runtime in chart_runtime_data(release))


@cache
def chart_runtime_data(release: str) -> tuple[ChartRuntime, ...]:
    """Every runtime in a KServe release's chart, by name.

    Raises:
        SpecError: there is no data for that release, or it is wrong.

    """
    folder = catalogue_folder() / "charts"
    file = folder / f"{release}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
        message = f"the chart's runtimes of KServe {release} are not known"
        raise SpecError("release", [Problem("release", message, f"Known: {known}", "no-chart-runtimes")])
    return read_chart_runtimes(file)


def read_chart_runtimes(file: Path) -> tuple[ChartRuntime, ...]:
    """The runtimes that `file` lists, by name.

    Raises:
        SpecError: the file is not YAML, is no list, or has wrong values.

    """
    try:
        content: Any = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SpecError(str(file), [Problem("", f"cannot be read: {error}", "Make it a YAML list")]) from error
    return _Listed.parse({"runtimes": content}, subject=str(file)).runtimes


class _Listed(Spec):
    runtimes: tuple[ChartRuntime, ...]
