"""Volumes of pods, and where containers see them.

https://kubernetes.io/docs/concepts/storage/volumes/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from pulumi_kserve.amounts import Bytes, Truth
from pulumi_kserve.contracts import DnsLabel
from pulumi_kserve.endpoints.spec.environment import ObjectName
from pulumi_kserve.endpoints.spec.projections import (
    ConfigMapProjection,
    DownwardApiProjection,
    FileMode,
    KeyToPath,
    ProjectedVolume,
    RelativePath,
    projected_fields,
)
from pulumi_kserve.inputs import In
from pulumi_kserve.models import OneOf, Spec, is_mapping, wire

__all__ = [
    "ClaimVolume",
    "ConfigMapVolume",
    "CsiVolume",
    "DownwardApiVolume",
    "EmptyDir",
    "EphemeralVolume",
    "HostPath",
    "ImageVolume",
    "NfsVolume",
    "ProjectedVolume",
    "SecretReference",
    "SecretVolume",
    "Volume",
    "VolumeMount",
    "VolumeMounts",
    "VolumeSource",
    "volume_fields",
]

_ABSOLUTE: Final = r"^/"


class EmptyDir(Spec):
    """An empty folder that lives as long as the pod."""

    medium: Literal["Memory", "HugePages"] | None = None
    """``Memory`` for a memory disk, which counts as the pod's memory; the node's disk when unset."""
    size_limit: Bytes | None = None
    """The most it may hold, with unit, for example ``2Gi``; the pod is evicted above it. No limit when unset."""


class ConfigMapVolume(ConfigMapProjection):
    """The keys of a ConfigMap as files."""

    default_mode: FileMode | None = None
    """Permissions of the files; 0644 when unset."""


class SecretVolume(Spec):
    """The keys of a Secret as files."""

    secret_name: In[ObjectName]
    """The Secret."""
    items: tuple[KeyToPath, ...] | None = None
    """The keys; all when unset."""
    default_mode: FileMode | None = None
    """Permissions of the files; 0644 when unset."""
    optional: Truth | None = None
    """Whether the pod starts without it; no when unset."""


class ClaimVolume(Spec):
    """A PersistentVolumeClaim."""

    claim_name: In[ObjectName]
    """The claim."""
    read_only: Truth | None = None
    """Whether nothing can be written; no when unset. Several pods on several nodes mostly need yes."""


class HostPath(Spec):
    """A path of the node. Not allowed in restricted namespaces."""

    path: str = Field(pattern=_ABSOLUTE)
    """The path."""
    type: (
        Literal["DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"] | None
    ) = None
    """What must be there; nothing is checked when unset."""


class NfsVolume(Spec):
    """A folder of an NFS server."""

    server: In[Annotated[str, Field(min_length=1)]]
    """The server's name or address."""
    path: str = Field(pattern=_ABSOLUTE)
    """The folder."""
    read_only: Truth | None = None
    """Whether nothing can be written; no when unset."""


class SecretReference(Spec):
    """The name of a Secret."""

    name: In[ObjectName]
    """The name."""


class CsiVolume(Spec):
    """A volume that a CSI driver makes for the pod."""

    driver: str = Field(min_length=1)
    """The driver's name, for example ``secrets-store.csi.k8s.io``."""
    volume_attributes: dict[str, In[str]] | None = None
    """What the driver wants to know."""
    read_only: Truth | None = None
    """Whether nothing can be written; no when unset."""
    fs_type: str | None = None
    """The file system; the driver's choice when unset."""
    node_publish_secret_ref: SecretReference | None = None
    """The Secret that the driver needs."""


class ImageVolume(Spec):
    """The files of a container image, read-only. Needs Kubernetes 1.33 or newer, and its ImageVolume feature."""

    reference: In[Annotated[str, Field(pattern=r"^\S+$")]]
    """The image."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """When unset: ``Always`` for the tag ``latest`` or none, else ``IfNotPresent``."""


class EphemeralVolume(Spec):
    """A fresh volume of a storage class that lives as long as the pod."""

    size: Bytes
    """How much it holds, with unit, for example ``50Gi``."""
    storage_class: In[ObjectName] | None = None
    """The storage class; the cluster's default when unset."""
    access_modes: tuple[Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"], ...] = Field(
        default=("ReadWriteOnce",), min_length=1
    )
    """How it can be mounted."""


class DownwardApiVolume(DownwardApiProjection):
    """Files that tell what the pod is."""

    default_mode: FileMode | None = None
    """Permissions of the files; 0644 when unset."""


_SOURCES: Final[Mapping[type[Spec], str]] = {
    EmptyDir: "emptyDir",
    ConfigMapVolume: "configMap",
    SecretVolume: "secret",
    ClaimVolume: "persistentVolumeClaim",
    HostPath: "hostPath",
    NfsVolume: "nfs",
    CsiVolume: "csi",
    ProjectedVolume: "projected",
    ImageVolume: "image",
    DownwardApiVolume: "downwardAPI",
    EphemeralVolume: "ephemeral",
}
VolumeSource: TypeAlias = Annotated[
    EmptyDir
    | ConfigMapVolume
    | SecretVolume
    | ClaimVolume
    | HostPath
    | NfsVolume
    | CsiVolume
    | ProjectedVolume
    | ImageVolume
    | DownwardApiVolume
    | EphemeralVolume,
    OneOf(**{name: kind for kind, name in _SOURCES.items()}),
]
"""Where a volume's files come from."""


class Volume(Spec):
    """A volume of a pod. Knative takes the sources configMap, secret and projected, and others if switched on."""

    name: DnsLabel
    """The name that mounts refer to."""
    source: VolumeSource
    """Where its files come from: ``emptyDir``, ``persistentVolumeClaim``, ``secret`` and so on."""

    @model_validator(mode="before")
    @classmethod
    def _has_its_source_under_a_key(cls, value: Any) -> Any:
        beside = [name for name in _SOURCES.values() if is_mapping(value) and name in value]
        if beside:
            raise ValueError(f"the source has a key of its own: write 'source: {{{beside[0]}: ...}}'")
        return value


class VolumeMount(Spec):
    """Where a container sees a volume."""

    name: DnsLabel
    """The volume."""
    mount_path: str = Field(pattern=r"^/[^:]*$")
    """The path in the container."""
    read_only: Truth | None = None
    """Whether nothing can be written; no when unset."""
    sub_path: RelativePath | None = None
    """A path in the volume, instead of its root."""
    sub_path_expr: RelativePath | None = None
    """The same with variables, for example ``$(POD_NAME)``; not together with `sub_path`."""
    mount_propagation: Literal["None", "HostToContainer", "Bidirectional"] | None = None
    """Whether mounts made later pass through; ``None``, that is no, when unset."""

    @model_validator(mode="after")
    def _has_one_path_in_the_volume(self) -> Self:
        if self.sub_path is not None and self.sub_path_expr is not None:
            raise ValueError("expected at most one of the keys subPath or subPathExpr")
        if ".." in (self.sub_path or self.sub_path_expr or "").split("/"):
            raise ValueError("a path in a volume cannot lead out of it: remove '..'")
        return self


def _mounted_once(mounts: tuple[VolumeMount, ...]) -> tuple[VolumeMount, ...]:
    paths = [mount.mount_path for mount in mounts]
    for path in paths:
        if paths.count(path) > 1:
            raise ValueError(f"{path!r} is mounted twice: every mountPath of a container stands for one volume")
    return mounts


VolumeMounts: TypeAlias = Annotated[tuple[VolumeMount, ...], AfterValidator(_mounted_once)]
"""Mounts of one container."""


def volume_fields(volume: Volume) -> dict[str, Any]:
    """The volume as Kubernetes has it."""
    source = volume.source
    if isinstance(source, ProjectedVolume):
        fields = projected_fields(source)
    elif isinstance(source, EphemeralVolume):
        fields = {"volumeClaimTemplate": {"spec": _claim(source)}}
    else:
        fields = wire(source)
    return {"name": volume.name, _SOURCES[type(source)]: fields}


def _claim(source: EphemeralVolume) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "accessModes": list(source.access_modes),
        "resources": {"requests": {"storage": source.size}},
    }
    return fields if source.storage_class is None else {**fields, "storageClassName": source.storage_class}
