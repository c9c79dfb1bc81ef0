"""Renders a case with the library, on a platform that exists only as facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing
from pulumi_kserve.contracts import ClusterAccess, Feature, PlatformFacts, PoolFacts, RouteFacts
from pulumi_kserve.errors import Problem
from pulumi_kserve.offline.problems import problems_in
from pulumi_kserve.platform.chart_runtimes import chart_runtimes
from pulumi_kserve.testing import manifests, synth

from tests.conformance.specs import POOL
from tests.conformance.strategies import Case
from tools.oracle.judge import Mode


@dataclass(frozen=True)
class FactsOnly:
    """A platform that another stack made: nothing of it is in the program."""

    facts: PlatformFacts
    cluster: ClusterAccess
    ready: Sequence[pulumi.Resource] = ()


def platform_facts(release: str, mode: Mode = "Standard") -> PlatformFacts:
    """A platform of that KServe release and mode with the charts' runtimes, a pool, and all that an endpoint can need.

    Its gateway is one that canaries are routed through.
    """
    return PlatformFacts(
        name="kserve",
        release=release,
        mode=mode,
        gateway="envoy" if mode == "Standard" else "kourier",
        domain="models.example.com",
        route=RouteFacts(gateway="ingress", namespace="kserve", pods_namespace="gateways")
        if mode == "Standard"
        else None,
        runtimes=chart_runtimes(release),
        features=tuple(Feature),
        pools=(
            PoolFacts(
                name=POOL,
                accelerator="nvidia-l4",
                accelerators_per_node=2,
                resource="nvidia.com/gpu",
                max_nodes=50,
                taints=("nvidia.com/gpu:NoSchedule",),
            ),
        ),
    )


def render(case: Case, release: str, mode: Mode = "Standard") -> tuple[dict[str, Any] | None, tuple[Problem, ...]]:
    """The InferenceService of a case, or None and what the library refuses it for."""

    def program() -> None:
        platform = FactsOnly(platform_facts(release, mode), existing.Cluster("c", {"context": "c"}))
        kserve.InferenceService(case.name, case.spec, platform=platform, namespace=case.namespace)

    try:
        return manifests(synth(program, stack="test"), "InferenceService")[0], ()
    except Exception as error:
        problems = problems_in(error)
        if not problems:
            raise
        return None, problems
