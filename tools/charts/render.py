"""Builds the renderer of charts once, and asks it what a chart makes of values."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tools.cache import cache_root
from tools.errors import ToolError
from tools.gobuild import GoBinary, build
from tools.progress import Event, Report

RENDERER: Final = GoBinary("render", Path(__file__).parent / "module", ".")


@dataclass(frozen=True)
class Rendered:
    """What a chart makes of values: what Helm installs, and what it keeps for hooks."""

    objects: tuple[Mapping[str, Any], ...]
    hooks: tuple[Mapping[str, Any], ...]

    def named(self, kind: str, name: str) -> Mapping[str, Any]:
        """Return the object of that kind and name.

        Raises:
            KeyError: the chart renders none.

        """
        for each in self.objects:
            if (each["kind"], each["metadata"]["name"]) == (kind, name):
                return each
        raise KeyError(f"{kind} {name}")


def _silent(_: Event) -> None:
    pass


def rendered(
    chart: Path, values: Mapping[str, Any], *, release: str, namespace: str, report: Report = _silent
) -> Rendered:
    """Return what the unpacked `chart` makes of `values`.

    Raises:
        ToolError: Go is missing or too old, the build failed, or Helm does not render the chart.

    """
    program = build(RENDERER, cache_root() / "charts", report)
    done = subprocess.run(
        [str(program), str(chart), release, namespace],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ToolError(f"Helm does not render {chart.name}: {done.stderr.strip()}", cure="mend the chart's values")
    answer = json.loads(done.stdout)
    return Rendered(_documents(answer["objects"]), _documents(answer["hooks"]))


def _documents(text: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(each for each in yaml.safe_load_all(text) if each)
