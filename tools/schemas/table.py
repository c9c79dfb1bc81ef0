"""Makes a field table, a small JSON Schema, from a CRD's structural schema.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from tools.errors import ToolError

Schema = Mapping[str, Any]

_RULES = ("enum", "maximum", "maxLength", "minimum", "minItems", "minLength", "pattern", "type")
"""What is kept as it is. `pulumi_kserve.field_table` checks exactly these, and the shape."""
_SHAPE = ("additionalProperties", "items", "properties", "required", "x-kubernetes-preserve-unknown-fields")
_INT_OR_STRING = "x-kubernetes-int-or-string"
_IGNORED = (
    "anyOf",  # only ever integer or string, and then _INT_OR_STRING says so too
    "default",  # see _required
    "description",
    "format",  # int32 becomes bounds; int64 and date-time bind nothing that is checked before the cluster
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
)
_KNOWN = {*_RULES, *_SHAPE, *_IGNORED, _INT_OR_STRING}
_LOGIC = ("allOf", "anyOf", "maxItems", "maxProperties", "minProperties", "not", "oneOf")
"""What a whole table keeps besides. Only a JSON Schema validator checks it, so KServe's tables must not need it."""
_CEL = "x-kubernetes-validations"
_INT32 = {"minimum": -(2**31), "maximum": 2**31 - 1}
_SHORTEST_SHARED = 48
"""A schema of fewer characters is not worth a reference."""


def field_table(crd: Schema, *, whole: bool = False) -> str:
    """Return the table of a CRD's storage version as JSON text, the same bytes for the same CRD.

    A `whole` table is of version v1 where the CRD serves it, and says besides what only a JSON Schema validator can
    check. CEL rules are in no table: a table that is not whole refuses a CRD that has some.

    Fields that the API server would prune are refused, `status` among them, which is not the user's. `metadata` is
    open. `spec` is required even where the CRD does not say so: KServe does nothing good without one. A field that is
    required and has a default may be missing, because the API server fills it in first.

    Raises:
        ToolError: the CRD uses a keyword that tables do not know.

    """
    version = _version(crd["spec"]["versions"], prefer="v1" if whole else "")
    kind = crd["spec"]["names"]["kind"]
    table = _converted(version["schema"]["openAPIV3Schema"], kind, whole=whole)
    own = {key: value for key, value in table["properties"].items() if key != "status"}
    table["properties"] = own | {
        "apiVersion": {"enum": [f"{crd['spec']['group']}/{version['name']}"], "type": "string"},
        "kind": {"enum": [kind], "type": "string"},
        "metadata": {"type": "object"},
    }
    table["required"] = sorted({"apiVersion", "kind", "metadata", "spec", *table.get("required", [])})
    return _canonical(_with_shared_parts(table)) + "\n"


def _version(versions: list[Schema], *, prefer: str) -> Schema:
    preferred = [each for each in versions if each["name"] == prefer and each["served"]]
    return next(iter(preferred), None) or next(each for each in versions if each["storage"])


def _converted(node: Schema, path: str, *, whole: bool) -> dict[str, Any]:
    known = {*_KNOWN, *_LOGIC, _CEL} if whole else _KNOWN
    unknown = sorted(set(node) - known)
    if unknown or ("anyOf" in node and not node.get(_INT_OR_STRING) and not whole):
        raise ToolError(
            f"the CRD uses {', '.join(unknown or ['anyOf'])} at {path}, which field tables do not know",
            cure="teach tools/schemas/table.py and pulumi_kserve.field_table what it means, or list it as ignored",
        )
    table: dict[str, Any] = {key: node[key] for key in (*_RULES, *(_LOGIC if whole else ())) if key in node}
    if node.get(_INT_OR_STRING):
        table["type"] = ["integer", "string"]
    if node.get("format") == "int32":
        table = _INT32 | table
    if "items" in node:
        table["items"] = _converted(node["items"], f"{path}[]", whole=whole)
    return table | _fields(node, path, whole=whole) if node.get("type") == "object" else table


def _fields(node: Schema, path: str, *, whole: bool) -> dict[str, Any]:
    table: dict[str, Any] = {}
    if "properties" in node:
        fields: Mapping[str, Schema] = node["properties"]
        table["properties"] = {key: _converted(each, f"{path}.{key}", whole=whole) for key, each in fields.items()}
    if required := _required(node):
        table["required"] = required
    others = node.get("additionalProperties")
    if isinstance(others, Mapping):
        table["additionalProperties"] = _converted(cast("Schema", others), f"{path}.*", whole=whole)
    elif not others and not node.get("x-kubernetes-preserve-unknown-fields"):
        table["additionalProperties"] = False
    return table


def _required(node: Schema) -> list[str]:
    fields = node.get("properties", {})
    return sorted(key for key in node.get("required", []) if "default" not in fields.get(key, {}))


def _with_shared_parts(table: dict[str, Any]) -> dict[str, Any]:
    """`table` with every part that stands in it more than once moved to `$defs`, named by its content."""
    uses: Counter[str] = Counter()
    parts: dict[str, dict[str, Any]] = {}

    def count(part: dict[str, Any]) -> None:
        text = _canonical(part)
        uses[text] += 1
        if text not in parts:
            parts[text] = part
            for below in _parts_of(part):
                count(below)

    def placed(part: dict[str, Any]) -> dict[str, Any]:
        text = _canonical(part)
        return {"$ref": f"#/$defs/{_name(text)}"} if text in shared else _mapped(part, placed)

    count(table)
    shared = {text for text, times in uses.items() if times > 1 and len(text) >= _SHORTEST_SHARED}
    definitions = {_name(text): _mapped(parts[text], placed) for text in shared}
    if len(definitions) != len(shared):
        raise ToolError("two parts of a table have one name", cure="lengthen the names in tools/schemas/table.py")
    return _mapped(table, placed) | {"$defs": definitions}


def _parts_of(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from part.get("properties", {}).values()
    yield from (part[key] for key in ("items", "additionalProperties") if isinstance(part.get(key), dict))


def _mapped(part: dict[str, Any], change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    changed = dict(part)
    if "properties" in part:
        changed["properties"] = {key: change(each) for key, each in part["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(part.get(key), dict):
            changed[key] = change(part[key])
    return changed


def _name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
