"""What is built only when it is asked for, by `--with`: the KServe release before ours, to upgrade from.

Its controller, agent and router are built from its own module. The storage initializer and the sklearn server are ours
under its tags: they follow the models' protocols and not the release.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from tools.embedded import charts
from tools.embedded.binaries import kserve
from tools.embedded.images import KSERVE_TAG, PROGRAM_IMAGES, PYTHON_IMAGES, ImageSet, ProgramImage
from tools.errors import ToolError
from tools.gobuild import GoBinary
from tools.progress import Report

_PROGRAMS = ("manager", "agent", "router")


@dataclass(frozen=True)
class Extra:
    """A KServe release beside the standard one: its programs, its images, and the folder of its charts.

    `name` is that of its module folder too, and begins the names of its binaries.
    """

    name: str
    tag: str

    @property
    def binaries(self) -> tuple[GoBinary, ...]:
        """Its programs."""
        return tuple(kserve(program, self.name, prefix=self.name) for program in _PROGRAMS)

    @property
    def images(self) -> ImageSet:
        """Its images, named as the standard ones and with its own tag."""
        return ImageSet(
            f"images-{self.name}",
            tuple(self._program(image) for image in PROGRAM_IMAGES if image.name.endswith(f":{KSERVE_TAG}")),
            tuple(
                replace(image, name=self._tagged(image.name))
                for image in PYTHON_IMAGES
                if image.name.endswith(f":{KSERVE_TAG}")
            ),
        )

    def charts(self, root: Path) -> Path:
        """Return the folder of its charts, which `build_charts` makes."""
        return root / f"charts-{self.name}"

    def build_charts(self, root: Path, report: Report) -> Path:
        """Make the folder of its charts, unless it is up to date.

        Raises:
            ToolError: a module cannot be downloaded, or does not hold the charts.

        """
        return charts.build_kserve_charts(self.charts(root), self.name, report)

    def _program(self, image: ProgramImage) -> ProgramImage:
        binaries = {path: name.replace("kserve", self.name, 1) for path, name in image.binaries.items()}
        return replace(image, name=self._tagged(image.name), binaries=binaries)

    def _tagged(self, name: str) -> str:
        return name.removesuffix(KSERVE_TAG) + self.tag


KSERVE_019 = Extra("kserve-0.19", "v0.19.0")
EXTRAS = {extra.name: extra for extra in (KSERVE_019,)}


def named(names: list[str]) -> tuple[Extra, ...]:
    """Return the extras of these names.

    Raises:
        ToolError: there is no such extra.

    """
    unknown = [name for name in names if name not in EXTRAS]
    if unknown:
        raise ToolError(f"there is no extra {unknown[0]}", cure=f"name one of {', '.join(EXTRAS)}")
    return tuple(EXTRAS[name] for name in dict.fromkeys(names))
