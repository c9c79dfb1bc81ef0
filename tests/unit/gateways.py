"""The gateways that tests render, and what the CRDs of a release say of an object."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import pulumi
from pulumi_kserve.platform.gateways.install import gateway_objects, install
from pulumi_kserve.platform.gateways.judgement import refusals
from pulumi_kserve.platform.layers.helm_release import LayerContext
from pulumi_kserve.platform.modes import EnvoyGateway, IstioGateway
from pulumi_kserve.platform.releases import release_row
from pulumi_kserve.resources import KubernetesObject
from pulumi_kserve.testing import Synthesis, synth

from tests.unit.programs import cluster

Said = EnvoyGateway | IstioGateway
TABLES = Path(__file__).parent / "gateway_fields"
KEY = "planted-key-0123456789"
OTHER_KEY = "planted-other-key-0123"
JWKS = json.dumps({"keys": [{"kty": "RSA", "kid": "1", "n": "0vx7", "e": "AQAB"}]})
LABELS = {"pulumi-kserve/stack": "organization.project.test"}

BALANCERS: dict[str, dict[str, Any]] = {
    "in the cluster": {"inCluster": {}},
    "internal": {"internal": {"annotations": {"example.com/internal": "yes"}}},
    "public": {"public": {"allow": ["203.0.113.0/24", "198.51.100.0/24"]}},
}
CERTIFICATES: dict[str, dict[str, Any] | None] = {
    "no tls": None,
    "issuer": {"issuer": {"name": "letsencrypt"}},
    "secret": {"secret": {"name": "wildcard"}},
    "the cloud": {"cloudCertificate": {"identifier": "arn:aws:acm:eu-west-1:1:certificate/a"}},
}
CALLERS: dict[str, dict[str, Any] | None] = {
    "not said": None,
    "anonymous": {"anonymous": {"reason": "behind another gateway"}},
    "key": {"apiKeys": {"keys": {"team": KEY, "other": OTHER_KEY}}},
    "key of a secret": {"apiKeys": {"secret": "clients", "header": "authorization"}},
    "jwt": {"jwt": {"issuer": "https://login.example.com", "audiences": ["models"], "jwks": JWKS}},
    "jwt from afar": {
        "jwt": {
            "issuer": "https://login.example.com",
            "audiences": ["models", "all"],
            "jwksUri": "https://login.example.com/keys",
        }
    },
}
KINDS: dict[str, type[Said]] = {"envoy": EnvoyGateway, "istio": IstioGateway}


def envoy(**exposure: Any) -> EnvoyGateway:
    return EnvoyGateway.parse({"exposure": {"loadBalancer": {"inCluster": {}}, **exposure}})


def istio(**exposure: Any) -> IstioGateway:
    return IstioGateway.parse({"exposure": {"loadBalancer": {"inCluster": {}}, **exposure}})


def public(**exposure: Any) -> dict[str, Any]:
    """An exposure to the internet that is accepted, with `exposure` laid over it."""
    return {"loadBalancer": BALANCERS["public"], "tls": CERTIFICATES["issuer"], "auth": CALLERS["jwt"], **exposure}


def objects(gateway: Said, cloud: str = "existing", release: str = "0.20") -> dict[str, dict[str, Any]]:
    row = release_row(release)
    return gateway_objects(gateway, row=row, platform="kserve", namespace="kserve", labels=LABELS, cloud=cloud)


def combinations() -> Iterator[tuple[str, Said, str]]:
    """Every gateway that can be said and works, with the cloud it works on, and a name."""
    clouds = ("aws", "azure", "existing", "gcp")
    for kind, cloud, balancer, tls, auth in product(KINDS, clouds, BALANCERS, CERTIFICATES, CALLERS):
        said = {"loadBalancer": BALANCERS[balancer], "tls": CERTIFICATES[tls], "auth": CALLERS[auth]}
        if balancer != "in the cluster":
            said["dns"] = {"name": "models.internal"}
        elif tls == "the cloud":
            continue
        if balancer == "public" and (tls == "no tls" or auth == "not said"):
            continue
        gateway = KINDS[kind].parse({"exposure": said})
        if not list(refusals(gateway, cloud)):
            yield f"{kind}, {cloud}, {balancer}, {tls}, {auth}", gateway, cloud


def faults(release: str, manifest: Mapping[str, Any]) -> list[str]:
    """What the CRD of the manifest's kind does not allow; CEL rules are not in it."""
    return [error.message for error in _judge(release, manifest["kind"]).iter_errors(manifest)]


@cache
def _judge(release: str, kind: str) -> Any:
    table = json.loads((TABLES / release / f"{kind}.json").read_text("utf-8"))
    return jsonschema.Draft202012Validator(table)


def installed(said: Said | Callable[[], Said]) -> Synthesis:
    """A program that makes the gateway, with a ConfigMap that stands for what comes before it."""

    def program() -> None:
        parent = pulumi.ComponentResource("test:index:Parent", "parent")
        below = KubernetesObject("below", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "below"}})
        context = LayerContext("kserve", parent, cluster(), release_row("0.20"), None, "o.p.s")
        gateway = said() if callable(said) else said
        install(context, gateway, namespace="kserve", depends_on=[below])

    return synth(program, stack="test")
