"""The CRDs of a KServe release, read from the chart in the release's own Go module, pinned by hash under `modules/`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pulumi_kserve.platform.releases import Release

from tools.errors import ToolError
from tools.gobuild import module_source

MODULES = Path(__file__).parent / "modules"
KINDS = (
    "ClusterServingRuntime",
    "ClusterStorageContainer",
    "InferenceGraph",
    "InferenceService",
    "ServingRuntime",
    "TrainedModel",
)

_KSERVE = "github.com/kserve/kserve"
_CRD = "CustomResourceDefinition"
_CHART = Path("charts", "kserve-crd")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's loader where it is there: the largest CRD has 2 MB."""


def kserve_source(row: Release) -> Path:
    """Return the folder of KServe's module for a release, downloaded and verified.

    Raises:
        ToolError: the release has no module folder or pins another version, or the download failed.

    """
    folder = MODULES / row.release
    if not folder.is_dir():
        raise ToolError(
            f"KServe {row.release} has no module folder {folder}",
            cure=f"make it like those beside it: a go.mod that requires {_KSERVE} {row.image_tag}, and its go.sum",
        )
    source = module_source(folder, _KSERVE)
    if source.name != f"kserve@{row.image_tag}":
        raise ToolError(
            f"{folder / 'go.mod'} pins {source.name}, and release {row.release} is {row.image_tag}",
            cure="make go.mod and go.sum there require the version of the release's row in platform/releases.py",
        )
    return source


def crds(source: Path) -> dict[str, dict[str, Any]]:
    """Return the CRD of every kind in `KINDS`, by kind.

    Raises:
        ToolError: one of them is not in the chart.

    """
    documents = _documents(source / _CHART)
    found = {str(each["spec"]["names"]["kind"]): each for each in documents if each["kind"] == _CRD}
    missing = [kind for kind in KINDS if kind not in found]
    if missing:
        raise ToolError(
            f"{source / _CHART} has no CRD of {', '.join(missing)}",
            cure="see where the release keeps it, and mend tools/schemas/crds.py",
        )
    return {kind: found[kind] for kind in KINDS}


def _documents(chart: Path) -> Iterator[dict[str, Any]]:
    for file in sorted([*chart.glob("templates/*.yaml"), *chart.glob("files/*.yaml")]):
        yield from documents_of(file)


def documents_of(file: Path) -> Iterator[dict[str, Any]]:
    """Yield every object in a file; lines that Helm would work on are left out, and so is a file with no other line."""
    plain = "\n".join(line for line in file.read_text("utf-8").splitlines() if "{{" not in line)
    yield from (document for document in yaml.load_all(plain, Loader=_LOADER) if document)
