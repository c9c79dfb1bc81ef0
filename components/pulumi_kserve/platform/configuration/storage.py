"""How models are fetched: the storage initializer, and the names of credentials, never their values.

https://kserve.github.io/website/docs/model-serving/storage/overview
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pulumi_kserve.amounts import Bytes, Quantity, Truth, Whole
from pulumi_kserve.models import Spec
from pulumi_kserve.platform.configuration.sections import ContainerResources
from pulumi_kserve.platform.configuration.texts import Image, Plain
from pulumi_kserve.platform_facts import DnsLabel

__all__ = ["Credentials", "LocalModels", "Modelcar", "S3Defaults", "StorageInitializer"]

SecretKey = Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]+$", max_length=253)]
Path = Annotated[Plain, Field(pattern="^/")]


class Modelcar(Spec):
    """Models in OCI images, run as a sidecar beside the server that reads them (``oci://``)."""

    enabled: Truth | None = None
    """Whether ``oci://`` is served that way; true when unset."""
    uid: Annotated[Whole, Field(ge=0, le=2**31 - 1)] | None = None
    """The user that the sidecar and the server run as; 1010 when unset."""
    cpu: Quantity | None = None
    """CPUs of the sidecar, as request and limit; ``10m`` when unset."""
    memory: Bytes | None = None
    """Memory of the sidecar, as request and limit; ``15Mi`` when unset."""


class StorageInitializer(Spec):
    """The init container that downloads models."""

    image: Image | None = None
    """Its image with tag or digest; ``kserve/storage-initializer`` of the release when unset."""
    resources: ContainerResources = Field(default_factory=ContainerResources)
    """Its requests and limits; 100m to 1 CPU and 100Mi to 1Gi by default. Large models need more memory."""
    ca_bundle_config_map: DnsLabel | None = None
    """A ConfigMap in KServe's namespace with ``cabundle.crt``, which KServe copies to each endpoint's namespace."""
    ca_bundle_mount_path: Path | None = None
    """Where it is mounted; ``/etc/ssl/custom-certs`` when unset."""
    modelcar: Modelcar = Field(default_factory=Modelcar)
    """Models in OCI images."""
    oci_mode: Literal["modelcar", "native"] | None = None
    """What ``oci://`` means: a sidecar, or an image volume of Kubernetes. Since KServe 0.20; ``modelcar`` when unset.
    KServe also lists ``fetch``, and then treats it as a modelcar."""


class S3Defaults(Spec):
    """How buckets are reached unless a Secret or a service account says otherwise."""

    access_key_id_name: SecretKey | None = None
    """The key of a Secret that holds the access key's identifier; ``AWS_ACCESS_KEY_ID`` when unset."""
    secret_access_key_name: SecretKey | None = None
    """The key of a Secret that holds the secret access key; ``AWS_SECRET_ACCESS_KEY`` when unset. A Secret without it
    is not taken for one of S3."""
    endpoint: Plain | None = None
    """The server's host and port; Amazon's when unset."""
    use_https: Truth | None = None
    """Whether the endpoint is reached by HTTPS; true when unset."""
    region: Plain | None = None
    """The region of buckets."""
    verify_tls: Truth | None = None
    """Whether the server's certificate is checked; true when unset."""
    virtual_hosts: Truth | None = None
    """Whether the bucket is part of the host name; false when unset."""
    accelerate: Truth | None = None
    """Whether S3's transfer acceleration is used; false when unset."""
    anonymous: Truth | None = None
    """Whether requests are not signed; false when unset."""
    ca_bundle_config_map: DnsLabel | None = None
    """A ConfigMap in the endpoint's namespace with the certificates that the server is checked by."""
    ca_bundle: Path | None = None
    """The whole path of the file with these certificates, in the container."""


class Credentials(Spec):
    """Where KServe finds credentials. Values never stand here: this ends in a ConfigMap."""

    storage_secret: DnsLabel | None = None
    """The Secret in each namespace that a model's `storage` refers to; ``storage-config`` when unset."""
    storage_secret_annotation: Annotated[str, Field(pattern=r"^([a-z0-9][-a-z0-9.]*/)?[-A-Za-z0-9_.]+$")] | None = None
    """The annotation of an endpoint that names another Secret; ``serving.kserve.io/secretName`` when unset."""
    gcs_file: SecretKey | None = None
    """The key of a Secret that holds Google's credentials; ``gcloud-application-credentials.json`` when unset."""
    s3: S3Defaults = Field(default_factory=S3Defaults)
    """Buckets of S3, and of servers that speak like it."""


class LocalModels(Spec):
    """The cache of models on nodes. Needs KServe's local model controllers, which read the rest of it."""

    job_namespace: DnsLabel | None = None
    """Where download jobs run; ``kserve-localmodel-jobs`` when unset."""
    fs_group: Annotated[Whole, Field(ge=0, le=2**31 - 1)] | None = None
    """The group that owns downloaded files; 1000 when unset."""
    job_ttl_seconds: Annotated[Whole, Field(ge=0, le=2**31 - 1)] | None = None
    """Seconds for which a finished job is kept; 3600 when unset."""
    reconcile_seconds: Annotated[Whole, Field(ge=1, le=2**31 - 1)] | None = None
    """Seconds between two looks at a node's disk; 60 when unset."""
    disable_volume_management: Truth | None = None
    """Leave volumes and claims of namespaces without endpoints alone; false when unset."""
