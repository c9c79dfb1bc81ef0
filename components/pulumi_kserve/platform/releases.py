"""One row per KServe release: every version that this package spells stands here and nowhere else.

Source of each row: the release's own ``kserve-deps.env`` and charts,
https://github.com/kserve/kserve/tree/v0.20.0 and https://github.com/kserve/kserve/tree/v0.19.0.
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
    cert_manager: Chart
    gateway_api: str
    inference_extension: str
    envoy_gateway: str
    istio: str
    knative: str
    keda: str
    lws: str
    image_tag: str
    api_versions: MappingProxyType[str, str]
    modes: tuple[str, ...]
    kubernetes_proven: tuple[str, ...]
    proven: MappingProxyType[str, str]
    """Versions of other software that were really run with this release, by chart name."""
    known_bad: tuple[KnownBad, ...] = ()


_KSERVE_CHARTS: Final = "oci://ghcr.io/kserve/charts"
_JETSTACK: Final = "https://charts.jetstack.io"
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
            cert_manager=Chart("cert-manager", "v1.17.0", _JETSTACK),
            gateway_api="v1.4.1",
            inference_extension="v1.3.1",
            envoy_gateway="v1.7.0",
            istio="1.27.1",
            knative="1.21.1",
            keda="2.18.0",
            lws="v0.8.0",
            image_tag="v0.19.0",
            api_versions=_API_VERSIONS,
            modes=("Standard", "Knative"),
            kubernetes_proven=(),
            proven=MappingProxyType({}),
            known_bad=(_EXPLICIT_KNATIVE_019,),
        ),
        "0.20": Release(
            release="0.20",
            kserve_crd=_kserve_chart("kserve-crd", "0.20"),
            kserve_resources=_kserve_chart("kserve-resources", "0.20"),
            kserve_runtime_configs=_kserve_chart("kserve-runtime-configs", "0.20"),
            cert_manager=Chart("cert-manager", "v1.17.0", _JETSTACK),
            gateway_api="v1.5.1",
            inference_extension="v1.5.0",
            envoy_gateway="v1.8.1",
            istio="1.27.1",
            knative="1.21.1",
            keda="2.18.0",
            lws="v0.8.0",
            image_tag="v0.20.0",
            api_versions=_API_VERSIONS,
            modes=("Standard", "Knative"),
            kubernetes_proven=("1.34",),
            proven=MappingProxyType({"cert-manager": "v1.11.5"}),
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
