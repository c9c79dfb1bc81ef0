"""One row per KServe release: every version that this package spells stands here and nowhere else.

Sources:

- KServe, cert-manager, Gateway API, Envoy Gateway, Istio, Knative, KEDA, LWS: the release's own ``kserve-deps.env`` and
  charts, https://github.com/kserve/kserve/tree/v0.20.0 and https://github.com/kserve/kserve/tree/v0.19.0.
- Envoy Gateway's chart carries the version of Envoy Gateway; where it is published:
  https://gateway.envoyproxy.io/docs/install/install-helm/.
- Istio's charts carry the version of Istio: https://istio.io/latest/docs/setup/install/helm/ and
  https://github.com/istio/istio/tree/1.27.1/manifests/charts.
- metrics-server, which KServe pins nowhere: chart 3.13.1 of 2026-02-27 with metrics-server 0.8.1,
  https://github.com/kubernetes-sigs/metrics-server/blob/v0.9.0/charts/metrics-server/CHANGELOG.md.

The release Secret of Envoy Gateway v1.7.0's chart is 98 % full, because the CRDs lie in the chart itself; later they
lie in a subchart, which Helm does not store: https://github.com/envoyproxy/gateway/pull/8283.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pulumi_kserve.errors import Problem, SpecError

__all__ = ["DEFAULT_RELEASE", "RELEASES", "Chart", "Release", "release_row"]


@dataclass(frozen=True, slots=True)
class Chart:
    """A Helm chart: where it is published and in which version."""

    name: str
    version: str
    repository: str

    @property
    def is_oci(self) -> bool:
        """Whether the chart lives in an OCI registry."""
        return self.repository.startswith("oci://")


@dataclass(frozen=True, slots=True)
class KnownBad:
    """A combination that does not work, and the upstream issue that says so."""

    feature: str
    mode: str
    reason: str
    issue: str


@dataclass(frozen=True, slots=True)
class Release:
    """What belongs to one KServe release."""

    release: str
    kserve_crd: Chart
    kserve_resources: Chart
    kserve_runtime_configs: Chart
    kserve_localmodel_crd: Chart
    kserve_localmodel_resources: Chart
    cert_manager: Chart
    metrics_server: Chart
    gateway_api: str
    """The version of the Gateway API's CRDs."""
    gateway_helm: Chart
    """Envoy Gateway's controller; its CRDs come in the same version."""
    istio_base: Chart
    istio_cni: Chart
    istiod: Chart
    inference_extension: str
    knative: str
    keda: str
    lws: str
    image_tag: str
    api_versions: MappingProxyType[str, str]
    modes: tuple[str, ...]
    kubernetes_proven: tuple[str, ...]
    proven: MappingProxyType[str, str]
    """Versions of other software that were really run with this release, by chart name."""
    proven_images: MappingProxyType[str, str]
    """Tags of images that were really run with charts from a folder where those name others, by the image's name."""
    known_bad: tuple[KnownBad, ...] = ()

    @property
    def envoy_gateway(self) -> str:
        """Envoy Gateway's version."""
        return self.gateway_helm.version

    @property
    def istio(self) -> str:
        """Istio's version."""
        return self.istiod.version


_KSERVE_CHARTS: Final = "oci://ghcr.io/kserve/charts"
_ENVOY_CHARTS: Final = "oci://docker.io/envoyproxy"
_ISTIO_CHARTS: Final = "https://istio-release.storage.googleapis.com/charts"
_CERT_MANAGER: Final = Chart("cert-manager", "v1.17.0", "https://charts.jetstack.io")
_METRICS_SERVER: Final = Chart("metrics-server", "3.13.1", "https://kubernetes-sigs.github.io/metrics-server/")
_API_VERSIONS: Final = MappingProxyType(
    {
        "InferenceService": "serving.kserve.io/v1beta1",
        "InferenceGraph": "serving.kserve.io/v1alpha1",
        "TrainedModel": "serving.kserve.io/v1alpha1",
        "ServingRuntime": "serving.kserve.io/v1alpha1",
        "ClusterServingRuntime": "serving.kserve.io/v1alpha1",
        "ClusterStorageContainer": "serving.kserve.io/v1alpha1",
        "LLMInferenceService": "serving.kserve.io/v1alpha2",
        "LLMInferenceServiceConfig": "serving.kserve.io/v1alpha2",
    }
)


def _kserve_chart(name: str, release: str) -> Chart:
    return Chart(name, f"v{release}.0", _KSERVE_CHARTS)


def _envoy_gateway(version: str) -> Chart:
    return Chart("gateway-helm", version, _ENVOY_CHARTS)


def _istio_chart(name: str) -> Chart:
    return Chart(name, "1.27.1", _ISTIO_CHARTS)


_MULTI_NODE_020: Final = KnownBad(
    feature="workerSpec",
    mode="Standard",
    reason="worker pods are deleted on every reconcile",
    issue="https://github.com/kserve/kserve/issues/6113",
)
_EXPLICIT_KNATIVE_019: Final = KnownBad(
    feature="deploymentMode annotation",
    mode="Knative",
    reason="the controller rejects its own finalizer patch on the first reconcile",
    issue="https://github.com/kserve/kserve/issues/5793",
)

RELEASES: Final[MappingProxyType[str, Release]] = MappingProxyType(
    {
        "0.19": Release(
            release="0.19",
            kserve_crd=_kserve_chart("kserve-crd", "0.19"),
            kserve_resources=_kserve_chart("kserve-resources", "0.19"),
            kserve_runtime_configs=_kserve_chart("kserve-runtime-configs", "0.19"),
            kserve_localmodel_crd=_kserve_chart("kserve-localmodel-crd", "0.19"),
            kserve_localmodel_resources=_kserve_chart("kserve-localmodel-resources", "0.19"),
            cert_manager=_CERT_MANAGER,
            metrics_server=_METRICS_SERVER,
            gateway_api="v1.4.1",
            gateway_helm=_envoy_gateway("v1.7.0"),
            istio_base=_istio_chart("base"),
            istio_cni=_istio_chart("cni"),
            istiod=_istio_chart("istiod"),
            inference_extension="v1.3.1",
            knative="1.21.1",
            keda="2.18.0",
            lws="v0.8.0",
            image_tag="v0.19.0",
            api_versions=_API_VERSIONS,
            modes=("Standard", "Knative"),
            kubernetes_proven=("1.34",),
            proven=MappingProxyType({"cert-manager": "v1.11.5"}),
            proven_images=MappingProxyType({}),
            known_bad=(_EXPLICIT_KNATIVE_019,),
        ),
        "0.20": Release(
            release="0.20",
            kserve_crd=_kserve_chart("kserve-crd", "0.20"),
            kserve_resources=_kserve_chart("kserve-resources", "0.20"),
            kserve_runtime_configs=_kserve_chart("kserve-runtime-configs", "0.20"),
            kserve_localmodel_crd=_kserve_chart("kserve-localmodel-crd", "0.20"),
            kserve_localmodel_resources=_kserve_chart("kserve-localmodel-resources", "0.20"),
            cert_manager=_CERT_MANAGER,
            metrics_server=_METRICS_SERVER,
            gateway_api="v1.5.1",
            gateway_helm=_envoy_gateway("v1.8.1"),
            istio_base=_istio_chart("base"),
            istio_cni=_istio_chart("cni"),
            istiod=_istio_chart("istiod"),
            inference_extension="v1.5.0",
            knative="1.21.1",
            keda="2.18.0",
            lws="v0.8.0",
            image_tag="v0.20.0",
            api_versions=_API_VERSIONS,
            modes=("Standard", "Knative"),
            kubernetes_proven=("1.34",),
            proven=MappingProxyType({"cert-manager": "v1.11.5"}),
            proven_images=MappingProxyType(
                {
                    "docker.io/envoyproxy/envoy": "distroless-v1.38.2",
                    "registry.k8s.io/metrics-server/metrics-server": "v0.9.0",
                }
            ),
            known_bad=(_MULTI_NODE_020,),
        ),
    }
)
DEFAULT_RELEASE: Final = "0.20"


def release_row(release: str, *, allow_untested: bool = False) -> Release:
    """The row of `release`; with `allow_untested`, the newest row for a release that has none.

    Raises:
        SpecError: the release has no row and `allow_untested` is not set.

    """
    row = RELEASES.get(release)
    if row is not None:
        return row
    if allow_untested:
        return RELEASES[DEFAULT_RELEASE]
    raise SpecError(
        "release",
        [
            Problem(
                "release",
                f"KServe {release} is not supported",
                f"Use {' or '.join(RELEASES)}, or set allow_untested (its charts are then the newest row's)",
                "unsupported-release",
            )
        ],
    )
