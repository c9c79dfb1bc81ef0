"""What a platform tells its endpoints: plain, frozen, versioned, without Outputs or secrets.

The names are imported from :mod:`pulumi_kserve.contracts`, with the other promises between the layers.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from pulumi_kserve.models import Spec, is_mapping

if TYPE_CHECKING:
    from pulumi_kserve.endpoints.spec.accelerators import Gpus

__all__ = [
    "AcceleratorVendor",
    "DnsLabel",
    "Feature",
    "FormatFacts",
    "PlatformFacts",
    "PoolFacts",
    "RouteFacts",
    "RuntimeFacts",
    "WorkerFacts",
]

AcceleratorVendor = Literal["amd", "intel", "nvidia"]
"""Who makes an accelerator; Gaudi counts as Intel's."""
DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
"""A Kubernetes object name that is also one DNS label."""


_RESOURCES: Final = {
    "nvidia-": "nvidia.com/gpu",
    "amd-": "amd.com/gpu",
    "intel-gaudi": "habana.ai/gaudi",
    "intel-": "gpu.intel.com/i915",
}
"""The resource that each maker's device plugin offers, by how the accelerator's kind begins."""


HOST_PLACEHOLDER: Final = re.compile(r"\{\{ ?\.(Name|Namespace|IngressDomain) ?\}\}")
"""What stands for a part of an endpoint's host name in KServe's template of it."""
_HOST_TEMPLATES: Final = {
    "Standard": "{{ .Name }}-{{ .Namespace }}.{{ .IngressDomain }}",
    "Knative": "{{ .Name }}.{{ .Namespace }}.{{ .IngressDomain }}",
}


class Feature(StrEnum):
    """What a cluster can bring by itself; a platform installs the rest, or refuses what needs it."""

    CERT_MANAGER = "cert-manager"
    METRICS_SERVER = "metrics-server"
    GATEWAY_API = "gateway-api"
    ENVOY_GATEWAY = "envoy-gateway"
    ISTIO = "istio"
    KNATIVE = "knative"
    KEDA = "keda"
    PROMETHEUS = "prometheus"
    CLUSTER_AUTOSCALER = "cluster-autoscaler"
    NETWORK_POLICY = "network-policy"
    DEFAULT_STORAGE_CLASS = "default-storage-class"
    LOAD_BALANCER = "load-balancer"
    EXTERNAL_DNS = "external-dns"


class PoolFacts(Spec):
    """A node pool as endpoints see it."""

    name: DnsLabel
    """The pool's name."""
    accelerator: str | None = None
    """The accelerator's kind, for example ``nvidia-l4``; unset for CPU pools."""
    accelerators_per_node: int = Field(default=0, ge=0)
    """How many accelerators one node has."""
    resource: str | None = None
    """The extended resource that pods ask for, for example ``nvidia.com/gpu`` or ``nvidia.com/mig-1g.5gb``.
    When unset it follows from the accelerator's maker: ``nvidia-l4`` gives ``nvidia.com/gpu``."""
    min_nodes: int | None = Field(default=None, ge=0)
    """How many nodes the pool never falls below; as many as it can grow to when unset."""
    max_nodes: int = Field(default=1, ge=0)
    """How many nodes the pool can grow to."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels that every node carries."""
    taints: tuple[str, ...] = ()
    """Taints as ``key=value:Effect``."""

    @model_validator(mode="before")
    @classmethod
    def _with_resource(cls, value: Any) -> Any:
        if not is_mapping(value) or value.get("resource") or not isinstance(value.get("accelerator"), str):
            return value
        maker = next((maker for maker in _RESOURCES if value["accelerator"].startswith(maker)), None)
        return {**value, "resource": _RESOURCES[maker]} if maker else value

    def gpus(self, count: int = 1) -> Gpus:
        """`count` accelerators of one node of this pool, for a component's `gpu`.

        Whether the pool has them is judged with the rest of the endpoint.

        Args:
            count: How many each pod gets, at least 1.

        Raises:
            SpecError: `count` is below 1.

        """
        from pulumi_kserve.endpoints.spec.accelerators import Gpus  # noqa: PLC0415 -- endpoints read contracts

        return Gpus(pool=self.name, count=count)

    @property
    def accelerators(self) -> int:
        """How many accelerators the pool has when it is at its largest."""
        return self.max_nodes * self.accelerators_per_node

    def pods(self, count: int) -> int:
        """How many pods with `count` accelerators each fit into the pool when it is at its largest."""
        return self.max_nodes * (self.accelerators_per_node // count)


class FormatFacts(Spec):
    """One model format that a runtime serves."""

    name: str
    """KServe's name of the format; the match is case-sensitive."""
    version: str | None = None
    """The exact version text; ``"1"`` and ``"1.0"`` differ."""
    auto_select: bool = False
    """Whether KServe may choose the runtime for this format by itself."""
    priority: int | None = Field(default=None, ge=1)
    """Higher wins among runtimes that fit."""


class WorkerFacts(Spec):
    """The worker spec of a runtime that spreads one model over several nodes."""

    pipeline_parallel_size: int = Field(default=1, ge=1)
    """In how many stages the model is cut; an endpoint may set its own."""
    tensor_parallel_size: int = Field(default=1, ge=1)
    """Over how many accelerators each stage is spread; an endpoint may set its own."""
    executor: Literal["mp", "ray"] = "ray"
    """What ties the nodes together; it decides how KServe counts nodes and accelerators."""


class RuntimeFacts(Spec):
    """A serving runtime that the platform offers."""

    name: str
    """The name of the ClusterServingRuntime, or of the ServingRuntime when `namespace` is set."""
    namespace: str = ""
    """The only namespace it serves; empty means all. KServe prefers a namespace's own runtimes."""
    formats: tuple[FormatFacts, ...]
    """The formats it serves."""
    protocols: tuple[str, ...] = ()
    """Protocols in the runtime's own order; empty means any."""
    worker: WorkerFacts | None = None
    """Its worker spec; None when it serves from one node only."""
    multi_model: bool = False
    """Whether it serves many models in one pod; KServe never chooses such a runtime by itself."""
    disabled: bool = False
    """Whether it is switched off."""
    server_type: str = ""
    """KServe's ``server-type`` annotation: it decides defaults, and which image an accelerator gets."""
    image: str = ""
    """The image of its server; empty when it is not known."""
    accelerators: tuple[AcceleratorVendor, ...] | None = None
    """Whose accelerators its server can use; none when empty, not known when None."""
    revision: str = ""
    """A digest of the runtime's spec: endpoints roll when it changes."""

    @property
    def multi_node(self) -> bool:
        """Whether it has a worker spec."""
        return self.worker is not None

    @property
    def speaks_openai(self) -> bool:
        """Whether its server answers the OpenAI protocol beside those that KServe names."""
        return self.server_type in {"huggingfaceserver", "vllmserver"}

    def serves(self, format_name: str, version: str | None, *, by_itself: bool = False) -> bool:
        """Whether this runtime lists the format, in that exact version when one is asked for.

        `by_itself` counts only the entries for which KServe may choose the runtime by itself.
        """
        listed = [item for item in self.formats if item.name == format_name and version in (None, item.version)]
        return any(item.auto_select or not by_itself for item in listed)

    def speaks(self, protocol: str) -> bool:
        """Whether this runtime lists the protocol, or lists none and so takes any."""
        return not self.protocols or protocol in self.protocols


class RouteFacts(Spec):
    """The Gateway to which the routes of endpoints attach."""

    gateway: DnsLabel
    """Its name."""
    namespace: DnsLabel
    """Its namespace."""
    pods_namespace: DnsLabel
    """Where its proxy's pods run: requests reach endpoints from there."""


class PlatformFacts(Spec):
    """What an endpoint needs to know of its platform. Plain values only."""

    schema_version: Literal[1] = 1
    """The version of this model; raised when a field changes its meaning."""
    name: str
    """The platform's name."""
    release: str
    """KServe's release, for example ``0.20``."""
    mode: Literal["Standard", "Knative"]
    """KServe's deployment mode."""
    gateway: Literal["cluster-local", "envoy", "istio", "ingress", "kourier"]
    """How requests reach endpoints."""
    domain: str = "svc.cluster.local"
    """The domain of endpoint host names."""
    host_template: str = ""
    """KServe's template of host names, where it is not its own, which in Standard mode is
    ``{{ .Name }}-{{ .Namespace }}.{{ .IngressDomain }}``."""
    scheme: Literal["http", "https"] = "http"
    """The scheme of endpoints' URLs at the gateway."""
    route: RouteFacts | None = None
    """The Gateway of the platform; None where KServe writes an Ingress, or nothing leads in."""
    namespace: DnsLabel = "kserve"
    """Where KServe's controller runs."""
    stack: str = ""
    """The owner of the platform's objects, as its ownership label spells it."""
    pools: tuple[PoolFacts, ...] = ()
    """Node pools that endpoints can ask for."""
    runtimes: tuple[RuntimeFacts, ...] = ()
    """Serving runtimes."""
    registry_kind: str = "upstream"
    """Where images come from: ``upstream``, ``ecr``, ``artifact-registry``, ``acr``."""
    identity_kind: str = "secret"
    """How pods prove who they are: ``secret``, ``irsa``, ``pod-identity``, ``workload-identity``."""
    namespaces: tuple[str, ...] = ()
    """Namespaces made for models; empty means any that is not a system namespace."""
    features: tuple[Feature, ...] = ()
    """What the cluster and the platform provide together."""

    def has(self, feature: Feature) -> bool:
        """Whether the cluster or the platform brings `feature`."""
        return feature in self.features

    def host(self, name: str, namespace: str) -> str:
        """The host name at the gateway of endpoint `name` in `namespace`."""
        said = {"Name": name, "Namespace": namespace, "IngressDomain": self.domain}
        return HOST_PLACEHOLDER.sub(lambda match: said[match[1]], self.host_template or _HOST_TEMPLATES[self.mode])

    def runtime(self, name: str) -> RuntimeFacts | None:
        """The runtime of that name."""
        return next((runtime for runtime in self.runtimes if runtime.name == name), None)
