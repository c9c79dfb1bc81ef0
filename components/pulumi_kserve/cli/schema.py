"""`schema`: the JSON Schema of a stack file."""

import json
import sys

__all__ = ["schema"]


def schema() -> None:
    """Print the JSON Schema of what stands under `kserve:` in a stack file."""
    from pulumi_kserve.settings import StackSettings  # noqa: PLC0415 -- loads every spec

    json.dump(StackSettings.model_json_schema(by_alias=True), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
