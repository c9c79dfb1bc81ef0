"""What the chart of a KServe release says when nobody changes its values, as data.

`_data/configuration/<release>.json` is written by ``make schemas`` from the chart in the release's own module.
"""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final

__all__ = ["default_configuration", "webhook_names"]

_DATA: Final = Path(__file__).parents[2] / "_data" / "configuration"


def default_configuration(release: str) -> dict[str, Any]:
    """The ConfigMap's data of a release: the JSON of each key, read."""
    return deepcopy(_read(release)["configuration"])


def webhook_names(release: str) -> dict[str, dict[str, list[str]]]:
    """The names of the chart's webhooks, by kind and by name of their object."""
    return deepcopy(_read(release)["webhooks"])


@cache
def _read(release: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_DATA / f"{release}.json").read_text("utf-8"))
    return content
