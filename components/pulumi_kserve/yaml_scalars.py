"""What a scalar of a YAML text means to the one for whom it is written.

`ENGINE` is the Pulumi engine; `KUBERNETES` is `kubectl`, for which `on`, `no` and `y` are truth values too. For both, a
date is text and a leading zero means octal. https://yaml.org/type/ and https://pkg.go.dev/sigs.k8s.io/yaml
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

__all__ = ["ENGINE", "KUBERNETES", "Dialect", "Scalar", "plain_value", "tagged_value"]

Dialect: TypeAlias = re.Pattern[str]
"""What is no text when it stands without quotes: a pattern with the groups `null`, `bool`, `int` and `float`."""
Scalar: TypeAlias = str | int | float | bool | None
"""A value that is neither a mapping nor a list."""


def _dialect(truth_values: str) -> Dialect:
    return re.compile(
        r"(?P<null>~|null|Null|NULL|)"
        rf"|(?P<bool>true|True|TRUE|false|False|FALSE{truth_values})"
        r"|(?P<int>[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*))"
        r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
    )


ENGINE: Final = _dialect("")
KUBERNETES: Final = _dialect("|y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF")
_TRUE: Final = frozenset({"true", "yes", "y", "on"})
_BEGINS_NO_TEXT: Final = frozenset("~-+.0123456789nNtTfFyYoO")


def plain_value(text: str, dialect: Dialect) -> Scalar:
    """The value of a scalar that stands without quotes."""
    if text and text[0] not in _BEGINS_NO_TEXT:
        return text
    match = dialect.fullmatch(text)
    return _value(match.lastgroup, text) if match else text


def tagged_value(text: str, kind: str, dialect: Dialect) -> Scalar:
    """The value of a scalar whose tag says that it is a `str`, `null`, `bool`, `int` or `float`.

    Raises:
        ValueError: it is none.

    """
    if kind == "str":
        return text
    match = dialect.fullmatch(text)
    found = match.lastgroup if match else "str"
    value = _value(found, text)
    if kind == "float" and found == "int":
        return float(value or 0)
    if found != kind:
        raise ValueError(text)
    return value


def _value(kind: str | None, text: str) -> Scalar:
    match kind:
        case "null":
            return None
        case "bool":
            return text.lower() in _TRUE
        case "int":
            return _integer(text)
        case "float":
            return float(re.sub(r"\.(?=[a-zA-Z])", "", text))
        case _:
            return text


def _integer(text: str) -> int | float | str:
    """A whole number; a float when it has more digits than Python reads, and text when it has none."""
    digits = text.replace("_", "")
    try:
        return int(digits, 8) if re.fullmatch(r"[-+]?0[0-7]+", digits) else int(digits, 0)
    except ValueError:
        return float(digits) if digits.lstrip("+-").isdecimal() else text
