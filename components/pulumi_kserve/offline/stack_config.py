"""Read a stack file (`Pulumi.<stack>.yaml`) or a project file as the engine does.

The engine gives programs text: a scalar as it is written, anything else as JSON. Values under
``secure:`` are left sealed: no passphrase is asked for, and the program sees a secret whose value
is unknown. Values from an ``environment:`` need the Pulumi Cloud and are absent here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, cast

import pulumi.output
import yaml
from pulumi.runtime import rpc

from pulumi_kserve.errors import Problem, StackFileError

__all__ = ["SealedValue", "StackConfig", "YamlDocument", "engine_text", "full_key", "read_stack_config", "read_yaml"]

_MERGE: Final = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class StackConfig:
    """The configuration that one file gives."""

    path: Path
    """The file."""
    config: Mapping[str, str]
    """Text by key, as the engine hands it to programs."""
    secret_keys: tuple[str, ...] = ()
    """Keys whose value is sealed, or holds a sealed value."""


class SealedValue(str, pulumi.output.Unknown):
    """The text a program gets for a sealed value: unknown to every Output and input made of it."""

    __slots__ = ()

    def __new__(cls) -> Self:
        """One is as good as another: all hold the wire's mark of an unknown value."""
        return super().__new__(cls, rpc.UNKNOWN)

    def __init__(self) -> None:
        """Nothing to keep."""


def read_stack_config(path: Path, *, project: str) -> StackConfig:
    """The configuration in the stack file at `path`.

    Raises:
        StackFileError: The file is not YAML, has a key twice, or has no mapping where one belongs.

    """
    document = read_yaml(path)
    config: dict[str, str] = {}
    sealed: list[str] = []
    for name, value in config_block(path, document).items():
        key = full_key(name, project)
        config[key], is_sealed = engine_text(value, document.raw.get(f"config.{name}"))
        if is_sealed:
            sealed.append(key)
    return StackConfig(path, config, tuple(sealed))


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """A YAML mapping with what its values leave out."""

    value: dict[str, Any]
    """The mapping."""
    raw: Mapping[str, str]
    """The text of each scalar as it stands in the file, by path."""


def read_yaml(path: Path) -> YamlDocument:
    """The mapping in the YAML file at `path`; an empty file gives an empty one.

    Raises:
        StackFileError: The file cannot be read, is not YAML, has a key twice or is no mapping.

    """
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(path, Problem("", f"cannot be read: {error}")) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else None
        raise _wrong(path, Problem("", f"is not YAML: {error.problem}", line=line)) from error
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        return YamlDocument({}, {})
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(path, Problem("", "must be a mapping of keys to values", line=1))
    reader = _Reader(path, loader)
    return YamlDocument(reader.value(node, ""), reader.raw)


def config_block(path: Path, document: YamlDocument) -> dict[str, Any]:
    """What stands under ``config:``.

    Raises:
        StackFileError: It is no mapping.
    """
    block: Any = document.value.get("config")
    if isinstance(block, dict):
        return cast("dict[str, Any]", block)
    if block is None:
        return {}
    raise _wrong(path, Problem("config", "must be a mapping of keys to values"))


def full_key(name: str, project: str) -> str:
    """The engine's name of a key: in a stack file the project's own keys need no prefix."""
    return name if ":" in name else f"{project}:{name}"


def engine_text(value: Any, raw: str | None) -> tuple[str, bool]:
    """A value as the engine gives it to the program, and whether any of it is sealed."""
    if _is_sealed(value):
        return SealedValue(), True
    if not isinstance(value, (dict, list)):
        return "" if value is None or raw is None else raw, False
    opened, sealed = _open(value)
    return json.dumps(opened, sort_keys=True, separators=(",", ":"), ensure_ascii=False), sealed


def _open(value: Any) -> tuple[Any, bool]:
    """`value` with every sealed part replaced by the wire's mark of an unknown value."""
    if _is_sealed(value):
        return rpc.UNKNOWN, True
    if isinstance(value, dict):
        parts = {key: _open(item) for key, item in cast("dict[str, Any]", value).items()}
        return {key: part for key, (part, _) in parts.items()}, any(sealed for _, sealed in parts.values())
    if isinstance(value, (list, tuple)):
        items = [_open(item) for item in cast("list[Any]", value)]
        return [item for item, _ in items], any(sealed for _, sealed in items)
    return value, False


def _is_sealed(value: Any) -> bool:
    match value:
        case {"secure": str()}:
            return len(cast("dict[str, Any]", value)) == 1
        case _:
            return False


def _wrong(path: Path, problem: Problem) -> StackFileError:
    return StackFileError(str(path), [problem])


class _Loader(yaml.SafeLoader):
    """Reads scalars as the engine's YAML library does: `on`, `12:30` and dates are text."""


_Loader.yaml_implicit_resolvers = {
    None: [
        (f"tag:yaml.org,2002:{kind}", re.compile(f"^(?:{pattern})$"))
        for kind, pattern in {
            "null": r"~|null|Null|NULL|",
            "bool": r"true|True|TRUE|false|False|FALSE",
            "int": r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)",
            "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
            "merge": r"<<",
        }.items()
    ]
}


class _Reader:
    """Turns nodes into values, and notes the text of scalars on the way."""

    def __init__(self, path: Path, loader: _Loader) -> None:
        self._path = path
        self._loader = loader
        self.raw: dict[str, str] = {}

    def value(self, node: yaml.Node, place: str) -> Any:
        """The value of a node that stands at `place`."""
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, f"{place}[{index}]") for index, item in enumerate(node.value)]
        self.raw[place] = node.value
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, place: str) -> dict[str, Any]:
        self._refuse_twins(node, place)
        self._loader.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key, item in node.value:
            here = f"{place}.{key.value}" if place else str(key.value)
            result[str(key.value)] = self.value(item, here)
        return result

    def _refuse_twins(self, node: yaml.MappingNode, place: str) -> None:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.tag != _MERGE and str(key.value) in seen:
                where = f"{place}.{key.value}" if place else str(key.value)
                first = seen[str(key.value)]
                raise _wrong(
                    self._path,
                    Problem(where, f"is given twice, first on line {first}", "Keep one of them", line=line),
                )
            seen[str(key.value)] = line

    def _scalar(self, node: yaml.Node) -> Any:
        text = str(node.value)
        match node.tag.rpartition(":")[2]:
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return _integer(text)
            case "float":
                return float(re.sub(r"\.(?=[a-zA-Z])", "", text))
            case _:
                return text


def _integer(text: str) -> int:
    """An integer as the engine reads it: a leading zero means octal."""
    digits = text.replace("_", "")
    if re.fullmatch(r"[-+]?0[0-7]+", digits):
        return int(digits, 8)
    return int(digits, 0)
