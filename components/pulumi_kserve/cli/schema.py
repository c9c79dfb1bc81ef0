"""`schema`: the JSON Schema of a stack file."""

import json
import re
import sys
from typing import Any

__all__ = ["schema"]


def schema() -> None:
    """Print the JSON Schema of a stack file, for completion in editors."""
    from pulumi_kserve.settings import NAMESPACE, SECRET_KEYS, StackSettings  # noqa: PLC0415 -- loads every spec

    settings = StackSettings.model_json_schema(by_alias=True)
    keys: dict[str, Any] = {f"{NAMESPACE}:{name}": each for name, each in settings["properties"].items()}
    keys |= {f"{NAMESPACE}:{name}": {"description": "A secret: pulumi config set --secret"} for name in SECRET_KEYS}
    known = "|".join(re.escape(key) for key in keys)
    config: dict[str, Any] = {
        "type": "object",
        "properties": keys,
        "patternProperties": {f"^(?!({known})$){NAMESPACE}:": {"not": {}}},
    }
    whole: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack file of pulumi-kserve",
        "type": "object",
        "properties": {"config": config},
        "$defs": settings.get("$defs", {}),
    }
    json.dump(whole, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
