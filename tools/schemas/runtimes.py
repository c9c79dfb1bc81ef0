"""The serving runtimes of a KServe release's own chart, reduced to what `pulumi_kserve.platform.chart_runtimes` reads.

The chart keeps each object twice: plain in `files/runtimes/resources.yaml`, and as a Helm template laid over it, in
which only the image differs in what is read here. So the object comes from the first, and its image from the second.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from tools.errors import ToolError

_CHART = Path("charts", "kserve-runtime-configs")
_OBJECTS = _CHART / "files" / "runtimes" / "resources.yaml"
_TEMPLATES = _CHART / "files" / "runtimes" / "clusterservingruntimes-patch.yaml"
_VALUES = _CHART / "values.yaml"

_MAIN = "kserve-container"
_SERVER_TYPE = "serving.kserve.io/server-type"
_EXECUTOR = "multinode/executor-backend"
_NAME = re.compile(r"^  name: (\S+)$", re.MULTILINE)
_IMAGE = re.compile(rf'^    - name: {_MAIN}\n      image: "(.+)"$', re.MULTILINE)
_KEY = re.compile(r"\.Values\.kserve\.servingruntime\.(\w+)\.disabled")
_VALUE = re.compile(r"\{\{ \.Values\.([\w.]+)(?: \| default \.Values\.([\w.]+))? \}\}")

Runtime = dict[str, Any]


def runtimes_file(source: Path, title: str) -> str:
    """Return the data file of the release whose module lies at `source`, the same bytes for the same chart.

    Raises:
        ToolError: the chart is not as this module expects it.

    """
    head = (
        f"# The runtimes of the chart kserve-runtime-configs of {title}: written by `make schemas`, not by hand.\n"
        "# Images are the chart's own tags; no digest was resolved for them.\n"
    )
    listed = [_runtime(document, *found) for document, found in _objects(source)]
    listed.sort(key=lambda runtime: str(runtime["name"]))
    return head + yaml.safe_dump(listed, sort_keys=False, width=120)


def _objects(source: Path) -> Iterator[tuple[Runtime, tuple[str, str]]]:
    templates = _templates(source)
    for document in yaml.safe_load_all((source / _OBJECTS).read_text("utf-8")):
        name = document["metadata"]["name"]
        if name not in templates:
            raise ToolError(f"{source / _TEMPLATES} has no template of {name}", cure="mend tools/schemas/runtimes.py")
        yield document, templates[name]


def _templates(source: Path) -> dict[str, tuple[str, str]]:
    """The image of each runtime's server as the chart's default values give it, and its key in them."""
    values = yaml.safe_load((source / _VALUES).read_text("utf-8"))
    found: dict[str, tuple[str, str]] = {}
    for part in (source / _TEMPLATES).read_text("utf-8").split("\n---\n"):
        name, image, key = _NAME.search(part), _IMAGE.search(part), _KEY.search(part)
        if name and image and key:
            found[name[1]] = _VALUE.sub(lambda match: _value(values, match[1], match[2]), image[1]), key[1]
    unread = sorted(name for name, (image, _) in found.items() if "{{" in image)
    if unread:
        raise ToolError(f"the image of {', '.join(unread)} is templated anew", cure="mend tools/schemas/runtimes.py")
    return found


def _value(values: Mapping[str, Any], path: str, default: str | None) -> str:
    found: Any = values
    for key in path.split("."):
        found = found[key]
    return str(found) if found or default is None else _value(values, default, None)


def _runtime(document: Runtime, image: str, values_key: str) -> Runtime:
    spec = document["spec"]
    main = next(container for container in spec["containers"] if container["name"] == _MAIN)
    worker = {"worker": _worker(spec)} if "workerSpec" in spec else {}
    multi_model = {"multiModel": True} if spec.get("multiModel") else {}
    return {
        "name": document["metadata"]["name"],
        "serverType": document["metadata"].get("annotations", {})[_SERVER_TYPE],
        "formats": [_format(item) for item in spec["supportedModelFormats"]],
        "protocols": spec.get("protocolVersions", []),
        **multi_model,
        **worker,
        "image": image,
        "valuesKey": values_key,
        "resources": {kind: main["resources"][kind] for kind in ("requests", "limits")},
        "revision": _revision(spec, image),
    }


def _format(item: Mapping[str, Any]) -> Runtime:
    kept = {key: item[key] for key in ("name", "version", "autoSelect", "priority") if key in item}
    return kept if kept.get("autoSelect") else {key: value for key, value in kept.items() if key != "autoSelect"}


def _worker(spec: Mapping[str, Any]) -> Runtime:
    sizes = {key: spec["workerSpec"].get(key, 1) for key in ("pipelineParallelSize", "tensorParallelSize")}
    executor = cast("Mapping[str, str]", spec.get("annotations", {})).get(_EXECUTOR)
    return {**sizes, "executor": executor} if executor else sizes


def _revision(spec: Mapping[str, Any], image: str) -> str:
    return hashlib.sha256(json.dumps([spec, image], sort_keys=True).encode()).hexdigest()[:16]
