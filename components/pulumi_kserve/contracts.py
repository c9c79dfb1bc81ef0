"""What the layers promise each other.

Clusters, stores, identities and registries are Protocols: a cloud implements them, and nothing above
knows which cloud it is. What a platform tells its endpoints is :class:`PlatformFacts`: plain, frozen,
versioned, without Outputs or secrets, so that checks run at preview and across stacks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import pulumi

from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.platform_facts import (
    AcceleratorVendor,
    DnsLabel,
    Feature,
    FormatFacts,
    PlatformFacts,
    PoolFacts,
    RouteFacts,
    RuntimeFacts,
    WorkerFacts,
)

if TYPE_CHECKING:
    import pulumi_kubernetes

__all__ = [
    "AcceleratorVendor",
    "ClusterAccess",
    "DnsLabel",
    "Feature",
    "FormatFacts",
    "ImageRegistry",
    "ModelStore",
    "ModelUri",
    "PlatformFacts",
    "PlatformLike",
    "PlatformRef",
    "PoolFacts",
    "RouteFacts",
    "RuntimeFacts",
    "WorkerFacts",
    "WorkloadIdentity",
]


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

    def identity(
        self, name: str, *, namespace: str, uris: Sequence[ModelUri], opts: pulumi.ResourceOptions
    ) -> WorkloadIdentity:
        """An identity for endpoint `name` that reads `uris` and nothing else."""
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
