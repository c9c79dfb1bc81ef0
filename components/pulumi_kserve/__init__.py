"""Typed, tested, governed KServe on Kubernetes, as Pulumi components.

The map of the package, in the direction that dependencies point:

- `endpoints`: what a team declares: :class:`InferenceService`, :class:`ModelNamespace`, with the specs in
  `endpoints.spec`, KServe's rules in `endpoints.admission`, and the gate that tells the truth about an update
- `platform`: what a platform team installs: :class:`Platform`, its layers, releases and runtime catalogue
- `contracts`: what the layers promise each other: :class:`PlatformFacts`, :class:`PlatformRef`, and Protocols
- `clouds`: one folder per cloud; `clouds.existing` takes a cluster that is there
- `offline`: evaluates a whole program in-process; `testing` builds on it
- `live`: everything that asks a running cluster
- `settings`: a whole stack as YAML

Names are loaded on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_kserve.contracts import (
        ClusterAccess,
        Feature,
        FormatFacts,
        ImageRegistry,
        ModelStore,
        ModelUri,
        PlatformFacts,
        PlatformRef,
        PoolFacts,
        RouteFacts,
        RuntimeFacts,
        WorkerFacts,
        WorkloadIdentity,
    )
    from pulumi_kserve.endpoints.inference_service import InferenceService, InferenceServiceSpec
    from pulumi_kserve.endpoints.model_namespace import ModelNamespace, ModelNamespaceSpec
    from pulumi_kserve.endpoints.spec.accelerators import Gpus
    from pulumi_kserve.endpoints.spec.batcher import Batcher
    from pulumi_kserve.endpoints.spec.canary import Canary
    from pulumi_kserve.endpoints.spec.container import Container, ContainerPort
    from pulumi_kserve.endpoints.spec.disruption_budget import DisruptionBudget
    from pulumi_kserve.endpoints.spec.environment import ConfigMapKey, EnvSource, PodField, ResourceField, SecretKey
    from pulumi_kserve.endpoints.spec.explainer import ArtExplainer, Explainer
    from pulumi_kserve.endpoints.spec.logger import Logger, LoggerStorage
    from pulumi_kserve.endpoints.spec.model import Confidential, Model
    from pulumi_kserve.endpoints.spec.network_policy import Caller, NetworkPolicy
    from pulumi_kserve.endpoints.spec.pod import DnsConfig, DnsOption, HostAlias
    from pulumi_kserve.endpoints.spec.predictor import Predictor
    from pulumi_kserve.endpoints.spec.probes import Exec, Grpc, HttpGet, HttpHeader, Lifecycle, Probe, Sleep, TcpSocket
    from pulumi_kserve.endpoints.spec.projections import (
        ConfigMapProjection,
        ContainerResource,
        DownwardApiFile,
        DownwardApiProjection,
        FieldReference,
        KeyToPath,
        ProjectedVolume,
        SecretProjection,
        ServiceAccountToken,
    )
    from pulumi_kserve.endpoints.spec.resources import Resources
    from pulumi_kserve.endpoints.spec.rollout import (
        CanaryTraffic,
        GradualTraffic,
        PreviousRevision,
        Recreate,
        RollingUpdate,
    )
    from pulumi_kserve.endpoints.spec.scaling import External, Hpa, Keda, Kpa, NoScaling
    from pulumi_kserve.endpoints.spec.scheduling import (
        Affinity,
        LabelRequirement,
        LabelSelector,
        NodeAffinity,
        NodeRequirement,
        NodeSelector,
        NodeSelectorTerm,
        PodAffinity,
        PodAffinityTerm,
        Toleration,
        TopologySpread,
        WeightedNodeTerm,
        WeightedPodTerm,
    )
    from pulumi_kserve.endpoints.spec.security import (
        Capabilities,
        ContainerSecurity,
        PodSecurity,
        Profile,
        SeLinuxOptions,
        Sysctl,
    )
    from pulumi_kserve.endpoints.spec.storage import (
        SecretCredentials,
        StorageSpec,
        StorageUri,
        WorkloadIdentityCredentials,
    )
    from pulumi_kserve.endpoints.spec.transformer import Transformer
    from pulumi_kserve.endpoints.spec.triggers import CpuTrigger, MemoryTrigger, PodMetricTrigger, PrometheusTrigger
    from pulumi_kserve.endpoints.spec.volumes import (
        ClaimVolume,
        ConfigMapVolume,
        CsiVolume,
        DownwardApiVolume,
        EmptyDir,
        EphemeralVolume,
        HostPath,
        ImageVolume,
        NfsVolume,
        SecretReference,
        SecretVolume,
        Volume,
        VolumeMount,
    )
    from pulumi_kserve.endpoints.spec.workers import Worker, WorkerContainer
    from pulumi_kserve.errors import (
        ClusterUnreachable,
        KServeError,
        Problem,
        RecoveryRefused,
        RolloutFailed,
        SpecError,
        StackFileError,
    )
    from pulumi_kserve.inputs import In
    from pulumi_kserve.platform.authentication import Anonymous, ApiKeys, Jwt
    from pulumi_kserve.platform.certificates import CertManager, Provided
    from pulumi_kserve.platform.charts import ChartFolder, ChartMirror
    from pulumi_kserve.platform.configuration.spec import KServeConfiguration
    from pulumi_kserve.platform.existing import ExistingLayer
    from pulumi_kserve.platform.existing_platform import (
        ExistingIngress,
        ExistingKnative,
        ExistingPlatform,
        ExistingPlatformSpec,
        ExistingStandard,
        KnativeGateway,
        KServeGateway,
        SharedGateway,
    )
    from pulumi_kserve.platform.exposure import (
        CloudCertificate,
        Exposure,
        InCluster,
        Internal,
        Issuer,
        Public,
        TlsSecret,
        Zone,
    )
    from pulumi_kserve.platform.modes import ClusterLocal, EnvoyGateway, IngressClass, IstioGateway, Standard
    from pulumi_kserve.platform.platform import Platform
    from pulumi_kserve.platform.spec import PlatformSpec
    from pulumi_kserve.settings import StackSettings

_HOMES = {
    "contracts": (
        "ClusterAccess", "Feature", "FormatFacts", "ImageRegistry", "ModelStore", "ModelUri", "PlatformFacts",
        "PlatformRef", "PoolFacts", "RouteFacts", "RuntimeFacts", "WorkerFacts", "WorkloadIdentity",
    ),
    "endpoints.inference_service": ("InferenceService", "InferenceServiceSpec"),
    "endpoints.model_namespace": ("ModelNamespace", "ModelNamespaceSpec"),
    "endpoints.spec.accelerators": ("Gpus",),
    "endpoints.spec.batcher": ("Batcher",),
    "endpoints.spec.canary": ("Canary",),
    "endpoints.spec.container": ("Container", "ContainerPort"),
    "endpoints.spec.disruption_budget": ("DisruptionBudget",),
    "endpoints.spec.environment": ("ConfigMapKey", "EnvSource", "PodField", "ResourceField", "SecretKey"),
    "endpoints.spec.explainer": ("ArtExplainer", "Explainer"),
    "endpoints.spec.logger": ("Logger", "LoggerStorage"),
    "endpoints.spec.model": ("Confidential", "Model"),
    "endpoints.spec.network_policy": ("Caller", "NetworkPolicy"),
    "endpoints.spec.pod": ("DnsConfig", "DnsOption", "HostAlias"),
    "endpoints.spec.predictor": ("Predictor",),
    "endpoints.spec.probes": ("Exec", "Grpc", "HttpGet", "HttpHeader", "Lifecycle", "Probe", "Sleep", "TcpSocket"),
    "endpoints.spec.projections": (
        "ConfigMapProjection", "ContainerResource", "DownwardApiFile", "DownwardApiProjection",
        "FieldReference", "KeyToPath", "ProjectedVolume", "SecretProjection", "ServiceAccountToken",
    ),
    "endpoints.spec.resources": ("Resources",),
    "endpoints.spec.rollout": ("CanaryTraffic", "GradualTraffic", "PreviousRevision", "Recreate", "RollingUpdate"),
    "endpoints.spec.scaling": ("External", "Hpa", "Keda", "Kpa", "NoScaling"),
    "endpoints.spec.scheduling": (
        "Affinity", "LabelRequirement", "LabelSelector", "NodeAffinity", "NodeRequirement", "NodeSelector",
        "NodeSelectorTerm", "PodAffinity", "PodAffinityTerm", "Toleration", "TopologySpread",
        "WeightedNodeTerm", "WeightedPodTerm",
    ),
    "endpoints.spec.security": (
        "Capabilities", "ContainerSecurity", "PodSecurity", "Profile", "SeLinuxOptions", "Sysctl",
    ),
    "endpoints.spec.storage": ("SecretCredentials", "StorageSpec", "StorageUri", "WorkloadIdentityCredentials"),
    "endpoints.spec.transformer": ("Transformer",),
    "endpoints.spec.triggers": ("CpuTrigger", "MemoryTrigger", "PodMetricTrigger", "PrometheusTrigger"),
    "endpoints.spec.volumes": (
        "ClaimVolume", "ConfigMapVolume", "CsiVolume", "DownwardApiVolume", "EmptyDir", "EphemeralVolume",
        "HostPath", "ImageVolume", "NfsVolume", "SecretReference", "SecretVolume", "Volume", "VolumeMount",
    ),
    "endpoints.spec.workers": ("Worker", "WorkerContainer"),
    "errors": (
        "ClusterUnreachable", "KServeError", "Problem", "RecoveryRefused", "RolloutFailed", "SpecError",
        "StackFileError",
    ),
    "inputs": ("In",),
    "platform.authentication": ("Anonymous", "ApiKeys", "Jwt"),
    "platform.certificates": ("CertManager", "Provided"),
    "platform.charts": ("ChartFolder", "ChartMirror"),
    "platform.configuration.spec": ("KServeConfiguration",),
    "platform.existing": ("ExistingLayer",),
    "platform.existing_platform": (
        "ExistingIngress", "ExistingKnative", "ExistingPlatform", "ExistingPlatformSpec", "ExistingStandard",
        "KServeGateway", "KnativeGateway", "SharedGateway",
    ),
    "platform.exposure": (
        "CloudCertificate", "Exposure", "InCluster", "Internal", "Issuer", "Public", "TlsSecret", "Zone",
    ),
    "platform.modes": ("ClusterLocal", "EnvoyGateway", "IngressClass", "IstioGateway", "Standard"),
    "platform.platform": ("Platform",),
    "platform.spec": ("PlatformSpec",),
    "settings": ("StackSettings",),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Affinity",
    "Anonymous",
    "ApiKeys",
    "ArtExplainer",
    "Batcher",
    "Caller",
    "Canary",
    "CanaryTraffic",
    "Capabilities",
    "CertManager",
    "ChartFolder",
    "ChartMirror",
    "ClaimVolume",
    "CloudCertificate",
    "ClusterAccess",
    "ClusterLocal",
    "ClusterUnreachable",
    "Confidential",
    "ConfigMapKey",
    "ConfigMapProjection",
    "ConfigMapVolume",
    "Container",
    "ContainerPort",
    "ContainerResource",
    "ContainerSecurity",
    "CpuTrigger",
    "CsiVolume",
    "DisruptionBudget",
    "DnsConfig",
    "DnsOption",
    "DownwardApiFile",
    "DownwardApiProjection",
    "DownwardApiVolume",
    "EmptyDir",
    "EnvSource",
    "EnvoyGateway",
    "EphemeralVolume",
    "Exec",
    "ExistingIngress",
    "ExistingKnative",
    "ExistingLayer",
    "ExistingPlatform",
    "ExistingPlatformSpec",
    "ExistingStandard",
    "Explainer",
    "Exposure",
    "External",
    "Feature",
    "FieldReference",
    "FormatFacts",
    "Gpus",
    "GradualTraffic",
    "Grpc",
    "HostAlias",
    "HostPath",
    "Hpa",
    "HttpGet",
    "HttpHeader",
    "ImageRegistry",
    "ImageVolume",
    "In",
    "InCluster",
    "InferenceService",
    "InferenceServiceSpec",
    "IngressClass",
    "Internal",
    "Issuer",
    "IstioGateway",
    "Jwt",
    "KServeConfiguration",
    "KServeError",
    "KServeGateway",
    "Keda",
    "KeyToPath",
    "KnativeGateway",
    "Kpa",
    "LabelRequirement",
    "LabelSelector",
    "Lifecycle",
    "Logger",
    "LoggerStorage",
    "MemoryTrigger",
    "Model",
    "ModelNamespace",
    "ModelNamespaceSpec",
    "ModelStore",
    "ModelUri",
    "NetworkPolicy",
    "NfsVolume",
    "NoScaling",
    "NodeAffinity",
    "NodeRequirement",
    "NodeSelector",
    "NodeSelectorTerm",
    "Platform",
    "PlatformFacts",
    "PlatformRef",
    "PlatformSpec",
    "PodAffinity",
    "PodAffinityTerm",
    "PodField",
    "PodMetricTrigger",
    "PodSecurity",
    "PoolFacts",
    "Predictor",
    "PreviousRevision",
    "Probe",
    "Problem",
    "Profile",
    "ProjectedVolume",
    "PrometheusTrigger",
    "Provided",
    "Public",
    "RecoveryRefused",
    "Recreate",
    "ResourceField",
    "Resources",
    "RollingUpdate",
    "RolloutFailed",
    "RouteFacts",
    "RuntimeFacts",
    "SeLinuxOptions",
    "SecretCredentials",
    "SecretKey",
    "SecretProjection",
    "SecretReference",
    "SecretVolume",
    "ServiceAccountToken",
    "SharedGateway",
    "Sleep",
    "SpecError",
    "StackFileError",
    "StackSettings",
    "Standard",
    "StorageSpec",
    "StorageUri",
    "Sysctl",
    "TcpSocket",
    "TlsSecret",
    "Toleration",
    "TopologySpread",
    "Transformer",
    "Volume",
    "VolumeMount",
    "WeightedNodeTerm",
    "WeightedPodTerm",
    "Worker",
    "WorkerContainer",
    "WorkerFacts",
    "WorkloadIdentity",
    "WorkloadIdentityCredentials",
    "Zone",
]


if not TYPE_CHECKING:  # type checkers shall refuse a name that is not there

    def __getattr__(name: str) -> Any:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module 'pulumi_kserve' has no attribute {name!r}")
        value = getattr(import_module(f"pulumi_kserve.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
