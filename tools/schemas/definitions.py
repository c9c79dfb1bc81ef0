"""The CRDs that platforms install, out of Go modules pinned by hash.

They are those of the Gateway API's standard channel and of Envoy Gateway, in the versions of each release's row and
without descriptions. `platform/layers/custom_resources.py` says why they are no Helm release.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pulumi_kserve.models import is_mapping
from pulumi_kserve.platform.releases import Release

from tools.cache import appears_whole
from tools.errors import ToolError
from tools.gobuild import module_source
from tools.schemas.crds import MODULES, documents_of

DEFINITIONS = Path(__file__).parents[2] / "components" / "pulumi_kserve" / "_data" / "definitions"
UPSTREAMS = {
    "gateway-api": ("sigs.k8s.io/gateway-api", "config/crd/standard"),
    "envoy-gateway": ("github.com/envoyproxy/gateway", "charts/gateway-crds-helm/templates/generated"),
}
"""The module of each set, and the folder of its objects there."""

_VALUES = frozenset({"default", "enum", "example"})
"""Fields of a schema that hold values, not schemas."""


def sets_of(row: Release) -> dict[str, str]:
    """Return the version of each set that belongs to a release."""
    return {"gateway-api": row.gateway_api, "envoy-gateway": row.envoy_gateway}


def definitions_file(row: Release, name: str) -> str:
    """Return the objects of a set, one a line, as JSON.

    Raises:
        ToolError: the module cannot be had, pins another version than the row, or has no objects.

    """
    module, folder = UPSTREAMS[name]
    source = module_source(MODULES / row.release / name, module)
    version = sets_of(row)[name]
    files = sorted((source / folder).glob("*.yaml"))
    if not source.name.endswith(f"@{version}") or not files:
        raise ToolError(
            f"{source / folder} does not hold the objects of {name} {version}",
            cure=f"make {MODULES / row.release / name} require the version of the row in platform/releases.py",
        )
    objects = [_plain(document) for file in files for document in documents_of(file)]
    objects.sort(key=lambda each: (each["kind"], each["metadata"]["name"]))
    lines = ",\n".join(json.dumps(each, separators=(",", ":"), sort_keys=True) for each in objects)
    return f'{{"source": "{module}@{version}, {folder}", "licence": "Apache-2.0", "objects": [\n{lines}\n]}}\n'


def write_definitions(row: Release, folder: Path) -> dict[str, int]:
    """Write the sets of a release into `folder`; return the size of each file.

    Raises:
        ToolError: as :func:`definitions_file`.

    """
    folder.mkdir(parents=True, exist_ok=True)
    sizes: dict[str, int] = {}
    for name, version in sets_of(row).items():
        text = definitions_file(row, name)
        with appears_whole(folder / f"{name}-{version}.json") as temporary:
            temporary.write_text(text, "utf-8")
        sizes[f"{name} {version}"] = len(text.encode())
    return sizes


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """The object without its status, and without prose."""
    kept = {key: value for key, value in document.items() if key != "status"}
    kept["metadata"] = {key: value for key, value in document["metadata"].items() if value is not None}
    return kept | {"spec": _without_prose(document["spec"])}


def _without_prose(value: Any) -> Any:
    if is_mapping(value):
        return {
            key: item if key in _VALUES else _without_prose(item)
            for key, item in value.items()
            if not (key == "description" and isinstance(item, str))
        }
    if isinstance(value, (list, tuple)):
        return [_without_prose(item) for item in cast("Sequence[Any]", value)]
    return value
