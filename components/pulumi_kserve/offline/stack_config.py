"""Read a stack file (`Pulumi.<stack>.yaml`) or a project file as the engine does.

The engine gives programs text: a scalar as it is written, anything else as JSON. Values under
``secure:`` are left sealed: no passphrase is asked for, and the program sees a secret whose value
is unknown. Values from an ``environment:`` need the Pulumi Cloud and are absent here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

import pulumi.output
from pulumi.runtime import rpc

from pulumi_kserve.documents import Document
from pulumi_kserve.errors import Problem, StackFileError
from pulumi_kserve.stack_file import read_mapping

__all__ = ["SealedValue", "StackConfig", "YamlDocument", "engine_text", "full_key", "read_stack_config", "read_yaml"]


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
    """The text of scalars as they stand in the file, by path: of an entry of the config block, and of its parts
    `value` and `default`."""


def read_yaml(path: Path) -> YamlDocument:
    """The mapping in the YAML file at `path`; an empty file gives an empty one.

    Raises:
        StackFileError: The file cannot be read, is not YAML, has a key twice or is no mapping.

    """
    document = read_mapping(path)
    return YamlDocument(document.value, dict(_texts(document)))


def _texts(document: Document) -> Iterator[tuple[str, str]]:
    """The text of each scalar in the config block: an entry, or the value or default of its declaration."""
    block: Any = document.value.get("config")
    if not isinstance(block, dict):
        return
    for name, entry in cast("dict[str, Any]", block).items():
        words = [word for word in ("value", "default") if isinstance(entry, dict) and word in entry]
        for steps in ((name,), *((name, word) for word in words)):
            text = document.text_of("config", *steps)
            if text is not None:
                yield ".".join(("config", *steps)), text


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
    raise StackFileError(str(path), [Problem("config", "must be a mapping of keys to values")])


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
