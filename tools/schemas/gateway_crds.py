"""The CRDs of the kinds that a platform's gateway is made of, from Go modules pinned by hash under `modules/`.

They are the versions that belong to a KServe release: Gateway API, Envoy Gateway, Istio and cert-manager.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_kserve.platform.releases import Release

from tools.errors import ToolError
from tools.gobuild import module_source
from tools.schemas.crds import MODULES, documents_of


@dataclass(frozen=True)
class Upstream:
    """A module that holds CRDs: the folder that pins it, its path, where the CRDs lie in it, and the kinds wanted."""

    folder: str
    module: str
    files: str
    group: str
    kinds: tuple[str, ...]

    def pinned(self, release: str) -> str:
        """Return the version that belongs to a KServe release, as the module folder pins it."""
        text = (MODULES / release / self.folder / "go.mod").read_text("utf-8")
        return text.partition(f"require {self.module} ")[2].split()[0]


UPSTREAMS = (
    Upstream(
        "gateway-api",
        "sigs.k8s.io/gateway-api",
        "config/crd/standard/*.yaml",
        "gateway.networking.k8s.io",
        ("GRPCRoute", "Gateway", "GatewayClass", "HTTPRoute"),
    ),
    Upstream(
        "envoy-gateway",
        "github.com/envoyproxy/gateway",
        "charts/gateway-crds-helm/templates/generated/*.yaml",
        "gateway.envoyproxy.io",
        ("BackendTrafficPolicy", "ClientTrafficPolicy", "EnvoyExtensionPolicy", "EnvoyProxy", "SecurityPolicy"),
    ),
    Upstream(
        "istio",
        "istio.io/api",
        "kubernetes/customresourcedefinitions.gen.yaml",
        "security.istio.io",
        ("AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"),
    ),
    Upstream(
        "cert-manager",
        "github.com/cert-manager/cert-manager",
        "deploy/crds/crd-certificates.yaml",
        "cert-manager.io",
        ("Certificate",),
    ),
)


def gateway_crds(row: Release) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each kind with its CRD, of the versions that belong to the release.

    Raises:
        ToolError: a module could not be had, or has no such CRD.

    """
    for upstream in UPSTREAMS:
        source = module_source(MODULES / row.release / upstream.folder, upstream.module)
        found = _crds(source, upstream)
        missing = [kind for kind in upstream.kinds if kind not in found]
        if missing:
            raise ToolError(
                f"{source} has no CRD of {', '.join(missing)} at {upstream.files}",
                cure="see where the release keeps it, and mend tools/schemas/gateway_crds.py",
            )
        yield from ((kind, found[kind]) for kind in upstream.kinds)


def _crds(source: Path, upstream: Upstream) -> dict[str, dict[str, Any]]:
    documents = [each for file in sorted(source.glob(upstream.files)) for each in documents_of(file)]
    specs = [each for each in documents if each["kind"] == "CustomResourceDefinition"]
    return {str(each["spec"]["names"]["kind"]): each for each in specs if each["spec"]["group"] == upstream.group}
