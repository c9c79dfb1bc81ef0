"""Where Helm charts come from: their official repositories, a private mirror, or local folders.

The same program installs with any of them; only where the bytes come from differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml

from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.models import OneOf, Spec
from pulumi_kserve.platform.releases import Chart, Release

__all__ = ["ChartFolder", "ChartMirror", "ChartSource", "ResolvedChart", "resolve"]


class ChartFolder(Spec):
    """Charts as unpacked folders: ``<path>/<chart name>/Chart.yaml``."""

    path: str
    """The folder that holds one folder per chart."""


class ChartMirror(Spec):
    """Charts in a private OCI registry, under their own names and versions."""

    registry: str
    """For example ``oci://registry.example.com/charts``."""


ChartSource = Annotated[ChartFolder | ChartMirror, OneOf(folder=ChartFolder, mirror=ChartMirror)]


@dataclass(frozen=True, slots=True)
class ResolvedChart:
    """A chart as ``helm.v3.Release`` takes it."""

    name: str
    chart: str
    version: str
    repository: str | None = None

    @property
    def release_args(self) -> dict[str, Any]:
        """The arguments of the Release that say where the chart is."""
        if self.repository:
            return {"chart": self.chart, "version": self.version, "repository_opts": {"repo": self.repository}}
        if self.chart.startswith("oci://"):
            return {"chart": self.chart, "version": self.version}
        return {"chart": self.chart}


def resolve(chart: Chart, source: ChartFolder | ChartMirror | None, row: Release) -> ResolvedChart:
    """Where to take `chart` from.

    Raises:
        SpecError: the folder has no such chart, or one of a version that was neither chosen nor proven.

    """
    if isinstance(source, ChartFolder):
        return _from_folder(chart, Path(source.path), row)
    if isinstance(source, ChartMirror):
        return ResolvedChart(chart.name, f"{source.registry.rstrip('/')}/{chart.name}", chart.version)
    if chart.is_oci:
        return ResolvedChart(chart.name, f"{chart.repository}/{chart.name}", chart.version)
    return ResolvedChart(chart.name, chart.name, chart.version, chart.repository)


def _from_folder(chart: Chart, folder: Path, row: Release) -> ResolvedChart:
    file = folder / chart.name / "Chart.yaml"
    try:
        version = str(yaml.safe_load(file.read_text())["version"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise SpecError(
            "chartSource",
            [
                Problem(
                    "chartSource.folder.path",
                    f"{file} is not a chart's Chart.yaml ({error})",
                    f"Unpack chart {chart.name} {chart.version} there, or leave chartSource out",
                )
            ],
        ) from error
    accepted = {chart.version, row.proven.get(chart.name)}
    if version not in accepted:
        raise SpecError(
            "chartSource",
            [
                Problem(
                    "chartSource.folder.path",
                    f"{file} is version {version}, which was not tested with KServe {row.release}",
                    f"Put {' or '.join(sorted(filter(None, accepted)))} there",
                )
            ],
        )
    return ResolvedChart(chart.name, str((folder / chart.name).resolve()), version)
