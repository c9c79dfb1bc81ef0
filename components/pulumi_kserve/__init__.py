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
    from pulumi_kserve.contracts import ClusterAccess as ClusterAccess
    from pulumi_kserve.contracts import Feature as Feature
    from pulumi_kserve.contracts import FormatFacts as FormatFacts
    from pulumi_kserve.contracts import ImageRegistry as ImageRegistry
    from pulumi_kserve.contracts import ModelStore as ModelStore
    from pulumi_kserve.contracts import ModelUri as ModelUri
    from pulumi_kserve.contracts import PlatformFacts as PlatformFacts
    from pulumi_kserve.contracts import PlatformRef as PlatformRef
    from pulumi_kserve.contracts import PoolFacts as PoolFacts
    from pulumi_kserve.contracts import RuntimeFacts as RuntimeFacts
    from pulumi_kserve.contracts import WorkerFacts as WorkerFacts
    from pulumi_kserve.contracts import WorkloadIdentity as WorkloadIdentity
    from pulumi_kserve.endpoints.inference_service import InferenceService as InferenceService
    from pulumi_kserve.endpoints.inference_service import InferenceServiceSpec as InferenceServiceSpec
    from pulumi_kserve.endpoints.model_namespace import ModelNamespace as ModelNamespace
    from pulumi_kserve.endpoints.model_namespace import ModelNamespaceSpec as ModelNamespaceSpec
    from pulumi_kserve.endpoints.spec.accelerators import Gpus as Gpus
    from pulumi_kserve.endpoints.spec.batcher import Batcher as Batcher
    from pulumi_kserve.endpoints.spec.canary import Canary as Canary
    from pulumi_kserve.endpoints.spec.container import Container as Container
    from pulumi_kserve.endpoints.spec.container import ContainerPort as ContainerPort
    from pulumi_kserve.endpoints.spec.disruption_budget import DisruptionBudget as DisruptionBudget
    from pulumi_kserve.endpoints.spec.environment import ConfigMapKey as ConfigMapKey
    from pulumi_kserve.endpoints.spec.environment import EnvSource as EnvSource
    from pulumi_kserve.endpoints.spec.environment import PodField as PodField
    from pulumi_kserve.endpoints.spec.environment import ResourceField as ResourceField
    from pulumi_kserve.endpoints.spec.environment import SecretKey as SecretKey
    from pulumi_kserve.endpoints.spec.explainer import ArtExplainer as ArtExplainer
    from pulumi_kserve.endpoints.spec.explainer import Explainer as Explainer
    from pulumi_kserve.endpoints.spec.logger import Logger as Logger
    from pulumi_kserve.endpoints.spec.logger import LoggerStorage as LoggerStorage
    from pulumi_kserve.endpoints.spec.model import Confidential as Confidential
    from pulumi_kserve.endpoints.spec.model import Model as Model
    from pulumi_kserve.endpoints.spec.network_policy import Caller as Caller
    from pulumi_kserve.endpoints.spec.network_policy import NetworkPolicy as NetworkPolicy
    from pulumi_kserve.endpoints.spec.pod import DnsConfig as DnsConfig
    from pulumi_kserve.endpoints.spec.pod import DnsOption as DnsOption
    from pulumi_kserve.endpoints.spec.pod import HostAlias as HostAlias
    from pulumi_kserve.endpoints.spec.predictor import Predictor as Predictor
    from pulumi_kserve.endpoints.spec.probes import Exec as Exec
    from pulumi_kserve.endpoints.spec.probes import Grpc as Grpc
    from pulumi_kserve.endpoints.spec.probes import HttpGet as HttpGet
    from pulumi_kserve.endpoints.spec.probes import HttpHeader as HttpHeader
    from pulumi_kserve.endpoints.spec.probes import Lifecycle as Lifecycle
    from pulumi_kserve.endpoints.spec.probes import Probe as Probe
    from pulumi_kserve.endpoints.spec.probes import Sleep as Sleep
    from pulumi_kserve.endpoints.spec.probes import TcpSocket as TcpSocket
    from pulumi_kserve.endpoints.spec.projections import ConfigMapProjection as ConfigMapProjection
    from pulumi_kserve.endpoints.spec.projections import ContainerResource as ContainerResource
    from pulumi_kserve.endpoints.spec.projections import DownwardApiFile as DownwardApiFile
    from pulumi_kserve.endpoints.spec.projections import DownwardApiProjection as DownwardApiProjection
    from pulumi_kserve.endpoints.spec.projections import FieldReference as FieldReference
    from pulumi_kserve.endpoints.spec.projections import KeyToPath as KeyToPath
    from pulumi_kserve.endpoints.spec.projections import ProjectedVolume as ProjectedVolume
    from pulumi_kserve.endpoints.spec.projections import SecretProjection as SecretProjection
    from pulumi_kserve.endpoints.spec.projections import ServiceAccountToken as ServiceAccountToken
    from pulumi_kserve.endpoints.spec.resources import Resources as Resources
    from pulumi_kserve.endpoints.spec.rollout import CanaryTraffic as CanaryTraffic
    from pulumi_kserve.endpoints.spec.rollout import GradualTraffic as GradualTraffic
    from pulumi_kserve.endpoints.spec.rollout import PreviousRevision as PreviousRevision
    from pulumi_kserve.endpoints.spec.rollout import Recreate as Recreate
    from pulumi_kserve.endpoints.spec.rollout import RollingUpdate as RollingUpdate
    from pulumi_kserve.endpoints.spec.scaling import External as External
    from pulumi_kserve.endpoints.spec.scaling import Hpa as Hpa
    from pulumi_kserve.endpoints.spec.scaling import Keda as Keda
    from pulumi_kserve.endpoints.spec.scaling import Kpa as Kpa
    from pulumi_kserve.endpoints.spec.scaling import NoScaling as NoScaling
    from pulumi_kserve.endpoints.spec.scheduling import Affinity as Affinity
    from pulumi_kserve.endpoints.spec.scheduling import LabelRequirement as LabelRequirement
    from pulumi_kserve.endpoints.spec.scheduling import LabelSelector as LabelSelector
    from pulumi_kserve.endpoints.spec.scheduling import NodeAffinity as NodeAffinity
    from pulumi_kserve.endpoints.spec.scheduling import NodeRequirement as NodeRequirement
    from pulumi_kserve.endpoints.spec.scheduling import NodeSelector as NodeSelector
    from pulumi_kserve.endpoints.spec.scheduling import NodeSelectorTerm as NodeSelectorTerm
    from pulumi_kserve.endpoints.spec.scheduling import PodAffinity as PodAffinity
    from pulumi_kserve.endpoints.spec.scheduling import PodAffinityTerm as PodAffinityTerm
    from pulumi_kserve.endpoints.spec.scheduling import Toleration as Toleration
    from pulumi_kserve.endpoints.spec.scheduling import TopologySpread as TopologySpread
    from pulumi_kserve.endpoints.spec.scheduling import WeightedNodeTerm as WeightedNodeTerm
    from pulumi_kserve.endpoints.spec.scheduling import WeightedPodTerm as WeightedPodTerm
    from pulumi_kserve.endpoints.spec.security import Capabilities as Capabilities
    from pulumi_kserve.endpoints.spec.security import ContainerSecurity as ContainerSecurity
    from pulumi_kserve.endpoints.spec.security import PodSecurity as PodSecurity
    from pulumi_kserve.endpoints.spec.security import Profile as Profile
    from pulumi_kserve.endpoints.spec.security import SeLinuxOptions as SeLinuxOptions
    from pulumi_kserve.endpoints.spec.security import Sysctl as Sysctl
    from pulumi_kserve.endpoints.spec.storage import SecretCredentials as SecretCredentials
    from pulumi_kserve.endpoints.spec.storage import StorageSpec as StorageSpec
    from pulumi_kserve.endpoints.spec.storage import StorageUri as StorageUri
    from pulumi_kserve.endpoints.spec.storage import WorkloadIdentityCredentials as WorkloadIdentityCredentials
    from pulumi_kserve.endpoints.spec.transformer import Transformer as Transformer
    from pulumi_kserve.endpoints.spec.triggers import CpuTrigger as CpuTrigger
    from pulumi_kserve.endpoints.spec.triggers import MemoryTrigger as MemoryTrigger
    from pulumi_kserve.endpoints.spec.triggers import PodMetricTrigger as PodMetricTrigger
    from pulumi_kserve.endpoints.spec.triggers import PrometheusTrigger as PrometheusTrigger
    from pulumi_kserve.endpoints.spec.volumes import ClaimVolume as ClaimVolume
    from pulumi_kserve.endpoints.spec.volumes import ConfigMapVolume as ConfigMapVolume
    from pulumi_kserve.endpoints.spec.volumes import CsiVolume as CsiVolume
    from pulumi_kserve.endpoints.spec.volumes import DownwardApiVolume as DownwardApiVolume
    from pulumi_kserve.endpoints.spec.volumes import EmptyDir as EmptyDir
    from pulumi_kserve.endpoints.spec.volumes import EphemeralVolume as EphemeralVolume
    from pulumi_kserve.endpoints.spec.volumes import HostPath as HostPath
    from pulumi_kserve.endpoints.spec.volumes import ImageVolume as ImageVolume
    from pulumi_kserve.endpoints.spec.volumes import NfsVolume as NfsVolume
    from pulumi_kserve.endpoints.spec.volumes import SecretReference as SecretReference
    from pulumi_kserve.endpoints.spec.volumes import SecretVolume as SecretVolume
    from pulumi_kserve.endpoints.spec.volumes import Volume as Volume
    from pulumi_kserve.endpoints.spec.volumes import VolumeMount as VolumeMount
    from pulumi_kserve.endpoints.spec.workers import Worker as Worker
    from pulumi_kserve.endpoints.spec.workers import WorkerContainer as WorkerContainer
    from pulumi_kserve.errors import ClusterUnreachable as ClusterUnreachable
    from pulumi_kserve.errors import KServeError as KServeError
    from pulumi_kserve.errors import Problem as Problem
    from pulumi_kserve.errors import RecoveryRefused as RecoveryRefused
    from pulumi_kserve.errors import RolloutFailed as RolloutFailed
    from pulumi_kserve.errors import SpecError as SpecError
    from pulumi_kserve.errors import StackFileError as StackFileError
    from pulumi_kserve.inputs import In as In
    from pulumi_kserve.platform.charts import ChartFolder as ChartFolder
    from pulumi_kserve.platform.charts import ChartMirror as ChartMirror
    from pulumi_kserve.platform.modes import ClusterLocal as ClusterLocal
    from pulumi_kserve.platform.modes import Standard as Standard
    from pulumi_kserve.platform.platform import Platform as Platform
    from pulumi_kserve.platform.spec import PlatformSpec as PlatformSpec
    from pulumi_kserve.settings import StackSettings as StackSettings

_HOMES = {
    "contracts": (
        "ClusterAccess", "Feature", "FormatFacts", "ImageRegistry", "ModelStore", "ModelUri", "PlatformFacts",
        "PlatformRef", "PoolFacts", "RuntimeFacts", "WorkerFacts", "WorkloadIdentity",
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
    "platform.charts": ("ChartFolder", "ChartMirror"),
    "platform.modes": ("ClusterLocal", "Standard"),
    "platform.platform": ("Platform",),
    "platform.spec": ("PlatformSpec",),
    "settings": ("StackSettings",),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Affinity",
    "ArtExplainer",
    "Batcher",
    "Caller",
    "Canary",
    "CanaryTraffic",
    "Capabilities",
    "ChartFolder",
    "ChartMirror",
    "ClaimVolume",
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
    "EphemeralVolume",
    "Exec",
    "Explainer",
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
    "InferenceService",
    "InferenceServiceSpec",
    "KServeError",
    "Keda",
    "KeyToPath",
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
    "RecoveryRefused",
    "Recreate",
    "ResourceField",
    "Resources",
    "RollingUpdate",
    "RolloutFailed",
    "RuntimeFacts",
    "SeLinuxOptions",
    "SecretCredentials",
    "SecretKey",
    "SecretProjection",
    "SecretReference",
    "SecretVolume",
    "ServiceAccountToken",
    "Sleep",
    "SpecError",
    "StackFileError",
    "StackSettings",
    "Standard",
    "StorageSpec",
    "StorageUri",
    "Sysctl",
    "TcpSocket",
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
