"""Where models lie, and what the storage initializer proves itself with.

KServe's initializer downloads models with the credentials of the pod's service account: those of its Secrets, or its
identity. A variable on the model's own container does not reach it. So a token for ``hf://`` is a Secret with the key
``HF_TOKEN`` in `credentials`, and not `env` of the model.

https://kserve.github.io/website/docs/model-serving/storage/overview
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Self, TypeAlias

import pulumi
from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetPydanticSchema, model_validator
from pydantic_core import CoreSchema, core_schema

from pulumi_kserve.contracts import ModelUri
from pulumi_kserve.endpoints.spec.environment import ObjectName
from pulumi_kserve.inputs import In
from pulumi_kserve.models import OneOf, Spec

__all__ = [
    "Credentials",
    "SecretCredentials",
    "StorageSpec",
    "StorageUri",
    "Uri",
    "WorkloadIdentityCredentials",
    "hold_no_secrets",
    "place_of",
    "storage_fields",
    "storage_uri_fields",
]

_SECRETS: Final = frozenset({"access_key_id", "kerberos_keytab", "secret_access_key", "tls_key"})
"""Parameters of KServe's storage configuration that are keys."""


_Text: TypeAlias = In[str]


def _place_or_text(_source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    def choose(value: Any, text: core_schema.ValidatorFunctionWrapHandler) -> Any:
        return value if isinstance(value, ModelUri) else text(value)

    return core_schema.no_info_wrap_validator_function(choose, handler.generate_schema(_Text))


Uri: TypeAlias = Annotated[ModelUri | In[str], GetPydanticSchema(_place_or_text)]
"""A place: ``store.uri(path)``, or a URI text.

KServe reads ``s3://``, ``gs://``, ``hf://owner/model``, ``https://`` (files, archives, ``.git``, Azure's blobs and
files), ``hdfs://``, ``webhdfs://``, ``oci://``, ``pvc://claim/path`` and ``file://``; 0.20 also ``oci+native://``.
"""


def place_of(uri: Uri) -> ModelUri:
    """The place's parts; scheme and path stay plain where they are known."""
    if isinstance(uri, ModelUri):
        return uri
    if isinstance(uri, pulumi.Output):
        return ModelUri("", "", uri)
    return ModelUri.of(uri)


class StorageUri(Spec):
    """One of several places that are downloaded into the pod."""

    uri: Uri
    """The place. Of ``pvc://claim/path`` KServe mounts the whole claim and ignores the path."""
    mount_path: str = Field(default="/mnt/models", pattern=r"^/", max_length=255)
    """The folder in the pod, an absolute path of at most 255 characters."""


def hold_no_secrets(parameters: dict[str, In[str]]) -> dict[str, In[str]]:
    """The parameters of a storage.

    Raises:
        ValueError: one of them is a key.

    """
    secret = sorted(_SECRETS.intersection(parameters))
    if secret:
        raise ValueError(f"{', '.join(secret)} would be readable in the object: put it into the Secret, under `key`")
    return parameters


class StorageSpec(Spec):
    """A place in a storage that a Secret describes: one JSON entry per storage. For s3, hdfs and webhdfs only."""

    key: str | None = Field(default=None, min_length=1)
    """The entry of the Secret (``storage-config`` unless the platform says otherwise); its default entry when unset."""
    path: In[str] | None = None
    """The model's path in the storage."""
    schema_path: In[str] | None = None
    """The path of the model's schema in the storage."""
    parameters: Annotated[dict[str, In[str]], AfterValidator(hold_no_secrets)] = Field(default_factory=dict)
    """What differs from the entry, for example ``type`` and ``bucket``; never keys or passwords."""


def storage_fields(storage: StorageSpec) -> dict[str, Any]:
    """``storage`` of a model or explainer."""
    fields: dict[str, Any] = {
        "key": storage.key,
        "path": storage.path,
        "schemaPath": storage.schema_path,
        "parameters": dict(storage.parameters) or None,
    }
    return {key: value for key, value in fields.items() if value is not None}


def storage_uri_fields(uris: tuple[StorageUri, ...]) -> list[dict[str, Any]]:
    """``storageUris`` of a component; a ModelUri stays as it is."""
    return [{"uri": each.uri, "mountPath": each.mount_path} for each in uris]


class SecretCredentials(Spec):
    """A Secret of the endpoint's namespace, listed in its service account.

    KServe tells its kind by its keys: ``AWS_SECRET_ACCESS_KEY``, ``gcloud-application-credentials.json``,
    ``AZURE_CLIENT_ID``, ``AZURE_STORAGE_ACCESS_KEY``, ``https-host``, ``HDFS_NAMENODE`` or ``HF_TOKEN``, the first one
    found. For S3-compatible stores it also carries the endpoint, as annotation ``serving.kserve.io/s3-endpoint`` or
    key ``S3_ENDPOINT``.
    """

    name: In[ObjectName]
    """The Secret's name."""


class WorkloadIdentityCredentials(Spec):
    """An identity of the cloud, tied to the endpoint's service account."""

    annotations: dict[str, In[str]] = Field(default_factory=dict)
    """Annotations of the service account, for example ``eks.amazonaws.com/role-arn``."""
    pod_labels: dict[str, str] = Field(default_factory=dict)
    """Labels of the pods, for example ``azure.workload.identity/use``."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.annotations and not self.pod_labels:
            raise ValueError("an identity is told by annotations, podLabels or both: give what your cloud asks for")
        return self


Credentials: TypeAlias = Annotated[
    SecretCredentials | WorkloadIdentityCredentials,
    OneOf(secret=SecretCredentials, workloadIdentity=WorkloadIdentityCredentials),
]
"""What opens the model's storage: a Secret by name, or a workload identity. Keys are never written here."""
