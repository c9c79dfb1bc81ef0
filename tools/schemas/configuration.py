"""The ConfigMap `inferenceservice-config` as a KServe release's chart makes it from its own values, and its webhooks.

`pulumi_kserve.platform.configuration.defaults` reads what is written here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.errors import ToolError

_CHART = Path("charts", "kserve-resources")
_BASE = _CHART / "files" / "common" / "configmap.yaml"
_LAID_OVER = _CHART / "files" / "common" / "configmap-patch.yaml"
_OBJECTS = _CHART / "files" / "kserve" / "resources.yaml"
_VALUES = _CHART / "values.yaml"
_EXAMPLE = "_example"
_WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")

_VALUE = re.compile(r"\{\{ \.Values\.([\w.]+)(?: \| default \.Values\.([\w.]+))? \}\}")
_RANGE = re.compile(r"\{\{- range \$index, \$flag := \.Values\.([\w.]+) \}\}.*?\{\{- end\}\}", re.DOTALL)


def configuration_file(source: Path) -> str:
    """Return the data file of the release whose module lies at `source`, the same bytes for the same chart.

    Raises:
        ToolError: the chart is not as this module expects it.

    """
    base = yaml.safe_load((source / _BASE).read_text("utf-8"))["data"]
    data = base | yaml.safe_load(_rendered(source))["data"]
    configuration = {key: json.loads(value) for key, value in data.items() if key != _EXAMPLE}
    content = {"configuration": configuration, "webhooks": _webhooks(source)}
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def _rendered(source: Path) -> str:
    """The chart's template with its own values; the templates of names in it stay as they are."""
    values = yaml.safe_load((source / _VALUES).read_text("utf-8"))
    text = (source / _LAID_OVER).read_text("utf-8")
    for match in _RANGE.finditer(text):
        if _found(values, match[1]) != []:
            raise ToolError(
                f"{match[1]} of the chart is not empty any more", cure="mend tools/schemas/configuration.py"
            )
    text = _RANGE.sub("", text)
    rest = _VALUE.sub("", text)
    if "{{" in rest:
        line = next(line for line in rest.splitlines() if "{{" in line)
        raise ToolError(f"the chart's ConfigMap is templated anew: {line}", cure="mend tools/schemas/configuration.py")
    return _VALUE.sub(lambda match: _text(values, match[1], match[2]), text)


def _text(values: Mapping[str, Any], path: str, default: str | None) -> str:
    found = _found(values, path)
    if not found and default is not None:
        found = _found(values, default)
    return found if isinstance(found, str) else json.dumps(found)


def _found(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    for key in path.split("."):
        found = found[key]
    return found


def _webhooks(source: Path) -> dict[str, dict[str, list[str]]]:
    """The names of the webhooks of each object that has some, by kind and by the object's name."""
    found: dict[str, dict[str, list[str]]] = {kind: {} for kind in _WEBHOOKS}
    for each in _documents(source):
        if each["kind"] in found:
            found[each["kind"]][each["metadata"]["name"]] = [hook["name"] for hook in each["webhooks"]]
    return found


def _documents(source: Path) -> Iterator[dict[str, Any]]:
    yield from (each for each in yaml.safe_load_all((source / _OBJECTS).read_text("utf-8")) if each)
