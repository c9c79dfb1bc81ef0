"""Where an endpoint answers: from the name and the platform's facts alone, so that it is known at preview.

https://kserve.github.io/website/docs/concepts/architecture/control-plane
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pulumi_kserve.contracts import PlatformFacts, RuntimeFacts

__all__ = ["Addresses", "addresses_of", "openai_base_url", "path_of", "predict_path"]

_CLUSTER_DOMAIN: Final = "cluster.local"
_OPENAI_PATHS: Final = {"huggingfaceserver": "/openai/v1", "vllmserver": "/v1"}
"""Where each kind of server answers the OpenAI protocol."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The URLs of one endpoint."""

    url: str
    """Where clients of the platform call it."""
    internal_url: str
    """Where pods of the cluster call it."""
    path_url: str | None
    """Where clients call it below the platform's own host name; None where no route of ours leads to it."""


def addresses_of(name: str, namespace: str, entry: str, facts: PlatformFacts, *, cluster_local: bool) -> Addresses:
    """The URLs of endpoint `name`, whose requests enter at Service `entry`.

    In Standard mode a component's Service answers inside the cluster; in Knative mode one of the endpoint's name.
    """
    domain = facts.domain.removeprefix("svc.") if facts.domain.startswith("svc.") else _CLUSTER_DOMAIN
    service = name if facts.mode == "Knative" else entry
    internal = f"http://{service}.{namespace}.svc.{domain}"
    if facts.gateway == "cluster-local" or cluster_local:
        return Addresses(internal, internal, None)
    url = f"{facts.scheme}://{facts.host(name, namespace)}"
    path_url = f"{facts.scheme}://{facts.domain}{path_of(name, namespace)}" if facts.route else None
    return Addresses(url, internal, path_url)


def path_of(name: str, namespace: str) -> str:
    """The path below the platform's host name that leads to the endpoint."""
    return f"/serving/{namespace}/{name}"


def predict_path(name: str, protocol: str) -> str | None:
    """The HTTP path of predictions, where the protocol has one."""
    if protocol == "v1":
        return f"/v1/models/{name}:predict"
    return f"/v2/models/{name}/infer" if protocol == "v2" else None


def openai_base_url(url: str, protocol: str, runtime: RuntimeFacts | None) -> str | None:
    """The base URL for OpenAI clients; None where the endpoint is not said to speak that protocol."""
    if protocol != "openai" or runtime is None or runtime.server_type not in _OPENAI_PATHS:
        return None
    return f"{url}{_OPENAI_PATHS[runtime.server_type]}"
