"""The serving runtimes that a platform offers: of this package's catalogue, and of KServe's own chart, by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from pulumi_kserve.contracts import RuntimeFacts
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.models import nearest
from pulumi_kserve.platform.catalogue import Runtime, catalogue
from pulumi_kserve.platform.chart_runtimes import ChartRuntime, chart_runtime_data

__all__ = ["OfferedRuntimes", "offered_runtimes"]


@dataclass(frozen=True, slots=True)
class OfferedRuntimes:
    """Runtimes by where they come from, each in the order in which they were named."""

    own: tuple[Runtime, ...]
    """Those of the catalogue, which the platform makes one by one."""
    charted: tuple[ChartRuntime, ...]
    """Those of KServe's chart, which the platform installs when one of them is named."""

    def facts(self, image_tag: str) -> tuple[RuntimeFacts, ...]:
        """What endpoints see of them."""
        return (
            *(runtime.facts(image_tag) for runtime in self.own),
            *(runtime.facts() for runtime in self.charted),
        )


def offered_runtimes(names: Sequence[str], release: str, image_tag: str) -> OfferedRuntimes:
    """The runtimes of those names.

    Args:
        names: Names of the catalogue, or of the chart.
        release: KServe's release, whose chart counts.
        image_tag: The tag of that release's images.

    Raises:
        SpecError: a name is unknown, or KServe would refuse two of them together.

    """
    own = catalogue()
    elsewhere = any(name not in own for name in names)
    charted = {runtime.name: runtime for runtime in chart_runtime_data(release)} if elsewhere else {}
    found = OfferedRuntimes(
        tuple(own[name] for name in names if name in own), tuple(charted[name] for name in names if name in charted)
    )
    problems = [
        Problem(
            f"runtimes[{index}]",
            f"no runtime is named {name!r}",
            nearest(name, [*own, *charted]),
            "unknown-runtime",
        )
        for index, name in enumerate(names)
        if name not in own and name not in charted
    ]
    problems += _equals(found.facts(image_tag), names)
    if problems:
        raise SpecError("runtimes", problems)
    return found


def _equals(runtimes: Sequence[RuntimeFacts], names: Sequence[str]) -> Iterator[Problem]:
    """KServe: same priority assigned for the model format in two ClusterServingRuntimes."""
    for one, other in combinations(runtimes, 2):
        shared = _shared_entries(one, other) if _speak_alike(one, other) else set[str]()
        if shared:
            message = f"{other.name} and {one.name} serve {', '.join(sorted(shared))} with the same priority"
            path = f"runtimes[{list(names).index(other.name)}]"
            yield Problem(path, message, "KServe refuses that: keep one of them", "same-priority")


def _speak_alike(one: RuntimeFacts, other: RuntimeFacts) -> bool:
    return not one.protocols or not other.protocols or bool({*one.protocols} & {*other.protocols})


def _shared_entries(one: RuntimeFacts, other: RuntimeFacts) -> set[str]:
    return {
        f"{mine.name} {mine.version or ''}".strip()
        for mine in one.formats
        for theirs in other.formats
        if mine.auto_select
        and theirs.auto_select
        and (mine.name.lower(), mine.version, mine.priority) == (theirs.name.lower(), theirs.version, theirs.priority)
    }
