"""What a rule of KServe's admission is here: an object that breaks it, and the same object without the break."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.oracle.judge import Mode, Stage

BOTH = ("0.19", "0.20")
NEW = ("0.20",)
OLD = ("0.19",)


@dataclass(frozen=True)
class Rule:
    """One rule: `broken` is refused by `stage` with a message that has `says` in it, and `sound` is accepted.

    Both are changes of `previous` where there is one, and creations otherwise.
    """

    name: str
    says: str
    broken: Mapping[str, Any]
    sound: Mapping[str, Any]
    mode: Mode = "Standard"
    stage: Stage = "validate"
    releases: tuple[str, ...] = BOTH
    previous: Mapping[str, Any] | None = None
