"""Renders a case with the library, on a platform that exists only as facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing
from pulumi_kserve.contracts import ClusterAccess, Feature, FormatFacts, PlatformFacts, RuntimeFacts
from pulumi_kserve.errors import Problem
from pulumi_kserve.offline.problems import problems_in
from pulumi_kserve.testing import manifests, synth

from tests.conformance.strategies import Case

_SKLEARN = RuntimeFacts(
    name="kserve-sklearnserver",
    formats=(FormatFacts(name="sklearn", version="1", auto_select=True, priority=1),),
    protocols=("v1", "v2"),
)


@dataclass(frozen=True)
class FactsOnly:
    """A platform that another stack made: nothing of it is in the program."""

    facts: PlatformFacts
    cluster: ClusterAccess
    ready: Sequence[pulumi.Resource] = ()


def platform_facts(release: str) -> PlatformFacts:
    """A platform of that KServe release with one runtime and metrics-server."""
    return PlatformFacts(
        name="kserve",
        release=release,
        mode="Standard",
        gateway="cluster-local",
        runtimes=(_SKLEARN,),
        features=(Feature.METRICS_SERVER,),
    )


def render(case: Case, release: str) -> tuple[dict[str, Any] | None, tuple[Problem, ...]]:
    """The InferenceService of a case, or None and what the library refuses it for."""

    def program() -> None:
        platform = FactsOnly(platform_facts(release), existing.Cluster("c", {"context": "c"}))
        kserve.InferenceService(case.name, case.spec, platform=platform, namespace=case.namespace)

    try:
        return manifests(synth(program, stack="test"), "InferenceService")[0], ()
    except Exception as error:
        problems = problems_in(error)
        if not problems:
            raise
        return None, problems
