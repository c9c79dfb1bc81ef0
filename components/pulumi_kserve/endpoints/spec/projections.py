"""Files that a volume makes of what the cluster knows: keys of ConfigMaps and Secrets, the pod itself, tokens.

https://kubernetes.io/docs/concepts/storage/projected-volumes/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import Field, model_validator

from pulumi_kserve.amounts import Quantity, Truth, Whole
from pulumi_kserve.contracts import DnsLabel
from pulumi_kserve.endpoints.spec.environment import DataKey, ObjectName
from pulumi_kserve.inputs import In
from pulumi_kserve.models import OneOf, Spec, wire

__all__ = [
    "ConfigMapProjection",
    "ContainerResource",
    "DownwardApiFile",
    "DownwardApiProjection",
    "FieldReference",
    "FileMode",
    "KeyToPath",
    "ProjectedVolume",
    "Projection",
    "RelativePath",
    "SecretProjection",
    "ServiceAccountToken",
    "projected_fields",
]

FileMode: TypeAlias = Annotated[Whole, Field(ge=0, le=0o777)]
"""Unix permissions; YAML reads ``0644`` as octal, which is 420."""
RelativePath: TypeAlias = Annotated[str, Field(pattern=r"^[^/]")]
"""A path that starts at the volume's root, without a leading slash."""


class KeyToPath(Spec):
    """One key as a file."""

    key: DataKey
    """The key."""
    path: RelativePath
    """The file's path in the volume."""
    mode: FileMode | None = None
    """Its permissions; the volume's when unset."""


class FieldReference(Spec):
    """What the pod knows of itself, as files can have it."""

    field_path: str = Field(pattern=r"^metadata\.(name|namespace|uid|(labels|annotations)(\['[^']+'\])?)$")
    """``metadata.labels``, ``metadata.annotations['key']`` and the like."""


class ContainerResource(Spec):
    """What a container asks for or may use at most."""

    container_name: DnsLabel
    """The container."""
    resource: str = Field(pattern=r"^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-\w+)$")
    """For example ``limits.memory``."""
    divisor: Quantity | None = None
    """The unit of the number, for example ``1Mi``; whole cores and bytes when unset."""


class DownwardApiFile(Spec):
    """A file that tells something of the pod: exactly one of `field_ref` and `resource_field_ref`."""

    path: RelativePath
    """The file's path in the volume."""
    field_ref: FieldReference | None = None
    """A field of the pod."""
    resource_field_ref: ContainerResource | None = None
    """A resource of a container."""
    mode: FileMode | None = None
    """Its permissions; the volume's when unset."""

    @model_validator(mode="after")
    def _tells_one_thing(self) -> Self:
        if (self.field_ref is None) == (self.resource_field_ref is None):
            raise ValueError("expected exactly one of the keys fieldRef or resourceFieldRef")
        return self


class ConfigMapProjection(Spec):
    """Keys of a ConfigMap."""

    name: In[ObjectName]
    """The ConfigMap."""
    items: tuple[KeyToPath, ...] | None = None
    """The keys; all when unset."""
    optional: Truth | None = None
    """Whether the pod starts without it; no when unset."""


class SecretProjection(Spec):
    """Keys of a Secret."""

    name: In[ObjectName]
    """The Secret."""
    items: tuple[KeyToPath, ...] | None = None
    """The keys; all when unset."""
    optional: Truth | None = None
    """Whether the pod starts without it; no when unset."""


class DownwardApiProjection(Spec):
    """Files that tell what the pod is."""

    items: tuple[DownwardApiFile, ...] = Field(min_length=1)
    """The files."""


class ServiceAccountToken(Spec):
    """A token of the pod's service account for one audience, renewed in time."""

    path: RelativePath
    """The file's path in the volume."""
    audience: str | None = None
    """Who is to accept it; the API server when unset."""
    expiration_seconds: Whole | None = Field(default=None, ge=600, le=2**32)
    """How long it is valid, in seconds, at least 600; 3600 when unset."""


_PROJECTIONS: Final[Mapping[type[Spec], str]] = {
    ConfigMapProjection: "configMap",
    SecretProjection: "secret",
    DownwardApiProjection: "downwardAPI",
    ServiceAccountToken: "serviceAccountToken",
}
Projection: TypeAlias = Annotated[
    ConfigMapProjection | SecretProjection | DownwardApiProjection | ServiceAccountToken,
    OneOf(
        configMap=ConfigMapProjection,
        secret=SecretProjection,
        downwardAPI=DownwardApiProjection,
        serviceAccountToken=ServiceAccountToken,
    ),
]


class ProjectedVolume(Spec):
    """Several sources in one folder."""

    sources: tuple[Projection, ...] = Field(min_length=1)
    """The sources: ``configMap``, ``secret``, ``downwardAPI`` or ``serviceAccountToken``."""
    default_mode: FileMode | None = None
    """Permissions of the files; 0644 when unset."""


def projected_fields(volume: ProjectedVolume) -> dict[str, Any]:
    """The volume's ``projected`` part as Kubernetes has it."""
    return {**wire(volume), "sources": [{_PROJECTIONS[type(each)]: wire(each)} for each in volume.sources]}
