"""The platforms of an evaluated program, and what they are in another KServe release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pulumi_kserve.contracts import PlatformFacts
from pulumi_kserve.offline.records import Resource, Synthesis, plain
from pulumi_kserve.platform.catalogue import catalogue
from pulumi_kserve.platform.chart_runtimes import chart_runtimes
from pulumi_kserve.platform.releases import Release

__all__ = ["PLATFORM_TYPE", "REFERENCE_TYPE", "Evaluation", "PlatformChange", "with_release"]

PLATFORM_TYPE: Final = "kserve:index:Platform"
"""The type of platforms."""
REFERENCE_TYPE: Final = "kserve:index:PlatformRef"
"""The type of references to platforms of other stacks."""


@dataclass(frozen=True, slots=True)
class PlatformChange:
    """A platform, and the KServe release that it has and gets."""

    name: str
    """The platform's name."""
    before: str
    """The release that it has."""
    after: str
    """The release that it gets."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A program, evaluated offline."""

    synthesis: Synthesis
    """Its resources."""
    platforms: Mapping[str, PlatformFacts]
    """The facts of its platforms, and of those of other stacks that it refers to, by the component's URN."""

    @classmethod
    def of(cls, synthesis: Synthesis, references: Mapping[str, PlatformFacts]) -> Evaluation:
        """The evaluation of a program.

        Args:
            synthesis: What it registered.
            references: The facts that each PlatformRef reads, by the reference's name.

        """
        made = {
            found.urn: PlatformFacts.parse(plain(found.outputs["facts"]), subject=f"facts of {found.name}")
            for found in synthesis.of_type(PLATFORM_TYPE)
        }
        read = {found.urn: references[found.name] for found in synthesis.of_type(REFERENCE_TYPE)}
        return cls(synthesis, {**made, **read})

    def homes(self) -> dict[str, str]:
        """The URN of each Kubernetes object's platform, by the object's URN; empty where it has none.

        It is the one that the object waits for; where it waits for none, the program's only one.
        """
        parents = {found.urn: found.parent for found in self.synthesis.resources}
        only = next(iter(self.platforms)) if len(self.platforms) == 1 else ""

        def home(resource: Resource) -> str:
            return next((parents[need] for need in resource.dependencies if parents.get(need) in self.platforms), only)

        return {found.urn: home(found) for found in self.synthesis.kubernetes()}


def with_release(facts: PlatformFacts, row: Release) -> PlatformFacts:
    """The same facts in another release. Runtimes that it no longer has are left out; foreign ones stay."""
    own = {runtime.name: runtime.facts(row.image_tag) for runtime in catalogue().values()}
    then = {runtime.name: runtime for runtime in chart_runtimes(row.release)} | own
    gone = {runtime.name for runtime in chart_runtimes(facts.release)} - {*then}
    runtimes = tuple(then.get(each.name, each) for each in facts.runtimes if each.name not in gone)
    return facts.model_copy(update={"release": row.release, "runtimes": runtimes})
