"""What the layers promise each other.

Clusters, stores, identities and registries are Protocols: a cloud implements them, and nothing above
knows which cloud it is. What a platform tells its endpoints is :class:`PlatformFacts`: plain, frozen,
versioned, without Outputs or secrets, so that checks run at preview and across stacks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, runtime_checkable

import pulumi
from pydantic import Field, StringConstraints

from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.models import Spec

if TYPE_CHECKING:
    import pulumi_kubernetes

__all__ = [
    "ClusterAccess",
    "Feature",
    "FormatFacts",
    "ImageRegistry",
    "ModelStore",
    "ModelUri",
    "PlatformFacts",
    "PlatformLike",
    "PlatformRef",
    "PoolFacts",
    "RuntimeFacts",
    "WorkloadIdentity",
]

DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
"""A Kubernetes object name that is also one DNS label."""


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


class PoolFacts(Spec):
    """A node pool as endpoints see it."""

    name: DnsLabel
    """The pool's name."""
    accelerator: str | None = None
    """The accelerator's kind, for example ``nvidia-l4``; unset for CPU pools."""
    accelerators_per_node: int = Field(default=0, ge=0)
    """How many accelerators one node has."""
    resource: str | None = None
    """The extended resource that pods ask for, for example ``nvidia.com/gpu``."""
    max_nodes: int = Field(default=1, ge=0)
    """How many nodes the pool can grow to."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels that every node carries."""
    taints: tuple[str, ...] = ()
    """Taints as ``key=value:Effect``."""


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


class RuntimeFacts(Spec):
    """A serving runtime that the platform offers."""

    name: str
    """The ClusterServingRuntime's name."""
    formats: tuple[FormatFacts, ...]
    """The formats it serves."""
    protocols: tuple[str, ...]
    """Protocols in the runtime's own order; empty means any."""
    multi_node: bool = False
    """Whether it has a worker spec."""
    revision: str = ""
    """A digest of the runtime's spec: endpoints roll when it changes."""

    def serves(self, format_name: str, version: str | None) -> bool:
        """Whether this runtime lists the format, in that exact version when one is asked for."""
        return any(f.name == format_name and version in (None, f.version) for f in self.formats)


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

    def runtime(self, name: str) -> RuntimeFacts | None:
        """The runtime of that name."""
        return next((runtime for runtime in self.runtimes if runtime.name == name), None)


@dataclass(frozen=True, slots=True)
class ModelUri:
    """Where a model lies. Scheme and path are plain, so that checks run even when the bucket is an Output."""

    scheme: str
    path: str
    bucket: pulumi.Input[str] = ""
    store: ModelStore | None = None

    @property
    def value(self) -> pulumi.Input[str]:
        """The URI as KServe takes it."""
        if isinstance(self.bucket, str):
            return f"{self.scheme}://{'/'.join(part for part in (self.bucket, self.path) if part)}"
        return pulumi.Output.concat(f"{self.scheme}://", self.bucket, "/", self.path)

    @classmethod
    def of(cls, text: str) -> ModelUri:
        """The parts of a URI text. A text without a scheme has the scheme ``""``."""
        match = re.match(r"^([a-z0-9+]+)://([^/]*)/?(.*)$", text)
        return cls(match[1], match[3], match[2]) if match else cls("", text)


@runtime_checkable
class WorkloadIdentity(Protocol):
    """How one endpoint proves to its model store who it is."""

    @property
    def service_account_annotations(self) -> Mapping[str, pulumi.Input[str]]:
        """Annotations for the endpoint's service account."""
        ...

    @property
    def pod_labels(self) -> Mapping[str, str]:
        """Labels for the endpoint's pods."""
        ...

    @property
    def secrets(self) -> Sequence[pulumi.Input[str]]:
        """Names of Secrets for the service account, in the endpoint's namespace."""
        ...

    @property
    def resources(self) -> Sequence[pulumi.Resource]:
        """What must exist before the endpoint's pods start."""
        ...


@runtime_checkable
class ModelStore(Protocol):
    """A bucket or file system that holds models."""

    @property
    def scheme(self) -> str:
        """The URI scheme, for example ``s3``."""
        ...

    def uri(self, path: str) -> ModelUri:
        """The URI of `path` in this store."""
        ...

    def identity(self, name: str, *, namespace: str, uri: ModelUri, opts: pulumi.ResourceOptions) -> WorkloadIdentity:
        """An identity for endpoint `name` that reads `uri` and nothing else."""
        ...


@runtime_checkable
class ImageRegistry(Protocol):
    """Where images are pulled from."""

    @property
    def kind(self) -> str:
        """``upstream``, ``ecr``, ``artifact-registry`` or ``acr``."""
        ...

    def image(self, upstream: str) -> pulumi.Input[str]:
        """The name under which this registry serves the upstream image."""
        ...


@runtime_checkable
class ClusterAccess(Protocol):
    """A cluster that exists, or will by the time its Outputs are known."""

    @property
    def provider(self) -> pulumi_kubernetes.Provider:
        """The Kubernetes provider of this cluster."""
        ...

    @property
    def kubeconfig(self) -> pulumi.Output[str]:
        """The kubeconfig's text, a secret."""
        ...

    @property
    def context(self) -> str | None:
        """The context in the kubeconfig; None means its current one."""
        ...

    @property
    def cloud(self) -> str:
        """``existing``, ``aws``, ``gcp`` or ``azure``."""
        ...

    @property
    def provides(self) -> frozenset[Feature]:
        """What the cluster brings by itself."""
        ...

    @property
    def pools(self) -> tuple[PoolFacts, ...]:
        """Its node pools."""
        ...


@runtime_checkable
class PlatformLike(Protocol):
    """What every endpoint takes: a platform of this program, or a reference to one of another stack."""

    @property
    def facts(self) -> PlatformFacts:
        """The platform's facts."""
        ...

    @property
    def cluster(self) -> ClusterAccess:
        """The cluster it runs on."""
        ...

    @property
    def ready(self) -> Sequence[pulumi.Resource]:
        """What endpoints depend on, so that the controller outlives them."""
        ...


class PlatformRef(pulumi.ComponentResource):
    """A platform of another stack, known by committed facts and checked against that stack.

    The facts file (written by ``pulumi-kserve facts``) answers at preview. When the referenced stack is
    read, a difference between its facts and the file fails the deployment, naming each field.

    https://www.pulumi.com/docs/iac/concepts/stacks/#stackreferences
    """

    def __init__(
        self,
        name: str,
        *,
        stack: str,
        facts: str | Path | PlatformFacts,
        cluster: ClusterAccess,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Refer to the platform that `stack` exports.

        Args:
            name: The reference's name in this program.
            stack: The other stack, ``organization/project/stack``.
            facts: The committed facts, or the path of their file.
            cluster: Access to the cluster that the platform runs on.
            opts: Options of the component.

        Raises:
            SpecError: the facts file is missing, is not JSON, or holds wrong values.

        """
        self._facts = facts if isinstance(facts, PlatformFacts) else read_facts(Path(facts))
        self._cluster = cluster
        super().__init__("kserve:index:PlatformRef", name, {"stack": stack, "facts": self._facts.name}, opts)
        reference = pulumi.StackReference(f"{name}-stack", stack_name=stack, opts=pulumi.ResourceOptions(parent=self))
        self.checked: pulumi.Output[bool] = reference.get_output("facts").apply(
            lambda exported: _require_same(stack, self._facts, exported)
        )
        self.register_outputs({"checked": self.checked})

    @property
    def facts(self) -> PlatformFacts:
        """The committed facts."""
        return self._facts

    @property
    def cluster(self) -> ClusterAccess:
        """The cluster that the platform runs on."""
        return self._cluster

    @property
    def ready(self) -> Sequence[pulumi.Resource]:
        """Endpoints wait for the check against the other stack."""
        return (self,)


def read_facts(file: Path) -> PlatformFacts:
    """The facts that `file` holds."""
    try:
        text = file.read_text()
    except OSError as error:
        raise SpecError(
            str(file),
            [
                Problem(
                    "facts", f"cannot be read: {error.strerror}", "Write it with `pulumi-kserve facts --stack STACK`"
                )
            ],
        ) from error
    try:
        return PlatformFacts.model_validate_json(text)
    except ValueError as error:
        raise SpecError(
            str(file),
            [Problem("facts", f"are not platform facts: {error}", "Write the file again with `pulumi-kserve facts`")],
        ) from error


def _require_same(stack: str, committed: PlatformFacts, exported: Any) -> bool:
    if exported is None:
        raise SpecError(
            stack,
            [Problem("facts", "the stack exports no facts", "Call platform.export_facts() there and run `pulumi up`")],
        )
    live = PlatformFacts.parse(exported, subject=f"facts of {stack}")
    differing = [name for name in PlatformFacts.model_fields if getattr(live, name) != getattr(committed, name)]
    if differing:
        raise SpecError(
            stack,
            [
                Problem(
                    f"facts.{name}",
                    f"the file says {getattr(committed, name)!r}, the stack says {getattr(live, name)!r}",
                    f"Write the file again with `pulumi-kserve facts --stack {stack}` and review the change",
                )
                for name in differing
            ],
        )
    return True
