"""Endpoints on a platform whose Gateway has routes of ours."""

from collections.abc import Mapping
from typing import Any

import pulumi_kserve as kserve
from pulumi_kserve.contracts import FormatFacts, PlatformFacts, PlatformRef, RouteFacts, RuntimeFacts
from pulumi_kserve.testing import Synthesis, synth

from tests.unit.programs import cluster, predictor

SKLEARN = RuntimeFacts(
    name="sklearn", formats=(FormatFacts(name="sklearn", version="1", auto_select=True),), protocols=("v1", "v2")
)
FACTS = PlatformFacts(
    name="there",
    release="0.20",
    mode="Standard",
    gateway="envoy",
    domain="models.example.com",
    scheme="https",
    route=RouteFacts(gateway="kserve-ingress-gateway", namespace="kserve", pods_namespace="envoy-gateway-system"),
    runtimes=(SKLEARN,),
)
CHAIN = {"containers": [{"image": "registry.example/transformer:1"}]}
EXPLAINER = {"containers": [{"image": "registry.example/explainer:1"}]}


def routed(spec: Mapping[str, Any] | None = None, *, facts: PlatformFacts = FACTS) -> Synthesis:
    """Endpoint `iris` in namespace `team`."""

    def program() -> None:
        platform = PlatformRef("there", stack="o/p/s", facts=facts, cluster=cluster())
        kserve.InferenceService("iris", spec or predictor(), platform=platform, namespace="team")

    return synth(program, stack="test")


def canaries(*, replicas: int = 3, **percents: int) -> dict[str, Any]:
    """A predictor with `replicas` pods, and a canary of each name with its share."""
    model = {"format": "sklearn", "uri": "s3://models/iris/v2"}
    return {
        "predictor": {**predictor()["predictor"], "scaling": {"noScaling": {"replicas": replicas}}},
        "canaries": {name: {"trafficPercent": percent, "model": model} for name, percent in percents.items()},
    }
