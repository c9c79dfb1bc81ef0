"""Platforms that others run, as specs: one for each way that leads requests to endpoints."""

from typing import Any

import pulumi
from pulumi_kserve.contracts import PlatformFacts
from pulumi_kserve.live.cluster import Json
from pulumi_kserve.platform.existing_platform import ExistingPlatform
from pulumi_kserve.testing import Synthesis, synth

from tests.unit.programs import cluster

SKLEARN = "kserve-sklearnserver"
DOMAIN = "models.example.com"
LED = {"domain": DOMAIN, "scheme": "https"}
GATEWAY = {"kind": "envoy", "name": "shared", "namespace": "gateways", **LED}
INSIDE: Json = {"runtimes": [SKLEARN]}
SHARED: Json = {**INSIDE, "mode": {"standard": {"gateway": {"sharedGateway": GATEWAY}}}}
BY_KSERVE: Json = {**INSIDE, "mode": {"standard": {"gateway": {"kserveGateway": GATEWAY}}}}
INGRESS: Json = {**INSIDE, "mode": {"standard": {"gateway": {"ingress": {"className": "nginx", **LED}}}}}
KNATIVE: Json = {**INSIDE, "mode": {"knative": {"gateway": {"knative": {"kind": "kourier", "domain": DOMAIN}}}}}


def platform(spec: Json, **of_cluster: Any) -> Synthesis:
    def program() -> None:
        pulumi.export("facts", ExistingPlatform("there", spec, cluster=cluster(**of_cluster)).export_facts())

    return synth(program)


def facts(spec: Json, **of_cluster: Any) -> PlatformFacts:
    return PlatformFacts.parse(platform(spec, **of_cluster).outputs["facts"])
