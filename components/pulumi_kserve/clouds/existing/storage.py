"""A model store in any S3-compatible object store: MinIO, Ceph, or a cloud's own behind its S3 API.

https://kserve.github.io/website/docs/model-serving/storage/providers/s3
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import pulumi
from pydantic import AfterValidator, Field

from pulumi_kserve.contracts import ModelUri
from pulumi_kserve.errors import SpecError, input_properties_error
from pulumi_kserve.inputs import In
from pulumi_kserve.models import Spec
from pulumi_kserve.ownership import STACK_LABEL, this_stack
from pulumi_kserve.resources import KubernetesObject

__all__ = ["BucketName", "ModelStore", "ModelStoreSpec", "S3Credentials", "SecretIdentity", "reader_secret"]

_BUCKET_RULES = (
    "A bucket name has 3 to 63 characters, lower-case letters, digits, dots and hyphens, "
    "starts and ends with a letter or digit, and is not an IP address"
)


def _bucket_name(name: str) -> str:
    letters = name.replace("-", "").replace(".", "")
    well_formed = letters.isascii() and letters.isalnum() and name == name.lower()
    edges = not (name.startswith(("-", ".", "xn--")) or name.endswith(("-", ".", "-s3alias")))
    address = name.count(".") == 3 and name.replace(".", "").isdigit()  # noqa: PLR2004 -- four numbers, three dots
    if not (well_formed and edges) or address or any(pair in name for pair in ("..", ".-", "-.")):
        raise ValueError(f"object stores refuse the bucket name {name!r}. {_BUCKET_RULES}")
    return name


BucketName = Annotated[str, Field(min_length=3, max_length=63), AfterValidator(_bucket_name)]
"""A bucket name that S3 and MinIO accept. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""


class S3Credentials(Spec):
    """A key pair of an object store."""

    access_key: In[str]
    """The access key's id."""
    secret_key: In[str]
    """The secret key; give a secret Output, so that it is encrypted in the state."""


class ModelStoreSpec(Spec):
    """An S3-compatible bucket and the key pair that reads it."""

    bucket: BucketName
    """The bucket's name."""
    endpoint: str
    """``host:port`` of the store, without a scheme."""
    region: str = "us-east-1"
    """The region that requests are signed for."""
    https: bool = True
    """Whether the store speaks TLS."""
    reader: S3Credentials
    """What endpoints read models with."""


@dataclass(frozen=True)
class SecretIdentity:
    """An endpoint proves itself with a Secret that its service account lists."""

    secrets: tuple[str, ...]
    resources: tuple[pulumi.Resource, ...]
    service_account_annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    pod_labels: Mapping[str, str] = field(default_factory=dict[str, str])


class ModelStore(pulumi.ComponentResource):
    """An existing S3-compatible bucket. It makes nothing but the Secrets of the endpoints that read it."""

    def __init__(
        self,
        name: str,
        spec: ModelStoreSpec | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Use the bucket that `spec` names.

        Args:
            name: The component's name.
            spec: A ModelStoreSpec, or a mapping of the same shape.
            opts: Options of the component.

        Raises:
            pulumi.InputPropertiesError: the spec is wrong.

        """
        try:
            self.spec = ModelStoreSpec.parse(spec)
        except SpecError as error:
            raise input_properties_error(f"ModelStore {name!r}", error.problems) from None
        super().__init__("kserve:index:ModelStore", name, {"bucket": self.spec.bucket, "kind": "s3"}, opts)
        self.register_outputs({"bucket": self.spec.bucket})

    @property
    def scheme(self) -> str:
        """``s3``."""
        return "s3"

    def uri(self, path: str) -> ModelUri:
        """The URI of `path` in the bucket."""
        return ModelUri("s3", path.strip("/"), self.spec.bucket, self)

    def identity(
        self, name: str, *, namespace: str, uris: Sequence[ModelUri], opts: pulumi.ResourceOptions
    ) -> SecretIdentity:
        """The store's reader key pair as a Secret of the endpoint; `uris` do not narrow an existing key."""
        del uris
        secret = reader_secret(f"{name}-model-store", namespace, self.spec, self.spec.reader, opts)
        return SecretIdentity((f"{name}-model-store",), (secret,))


def reader_secret(
    name: str,
    namespace: str,
    store: ModelStoreSpec,
    credentials: S3Credentials,
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """The Secret from which KServe's storage initializer takes endpoint, region and key pair."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {STACK_LABEL: this_stack()},
            "annotations": {
                "serving.kserve.io/s3-endpoint": store.endpoint,
                "serving.kserve.io/s3-usehttps": "1" if store.https else "0",
                "serving.kserve.io/s3-verifyssl": "1" if store.https else "0",
                "serving.kserve.io/s3-region": store.region,
                "serving.kserve.io/s3-usevirtualbucket": "0",
            },
        },
        "stringData": pulumi.Output.secret(
            {"AWS_ACCESS_KEY_ID": credentials.access_key, "AWS_SECRET_ACCESS_KEY": credentials.secret_key}
        ),
    }
    return KubernetesObject(name, manifest, opts)


def reading_policy(bucket: str, folders: Sequence[str]) -> dict[str, Any]:
    """An S3 policy that reads objects under `folders` and no others.

    KServe's storage initializer begins with HeadBucket, which stores authorise as a ListBucket without a
    prefix. The second statement allows it; it also lets the names of other objects be listed, never read.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetBucketLocation"], "Resource": [f"arn:aws:s3:::{bucket}"]},
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": [f"arn:aws:s3:::{bucket}"],
                "Condition": {
                    "StringLike": {"s3:prefix": [f"{folder}{end}" for folder in folders for end in ("", "/*")]}
                },
            },
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": [f"arn:aws:s3:::{bucket}"],
                "Condition": {"Null": {"s3:prefix": True}},
            },
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": [f"arn:aws:s3:::{bucket}/{folder}{end}" for folder in folders for end in ("", "/*")],
            },
        ],
    }


def writing_policy(bucket: str) -> dict[str, Any]:
    """An S3 policy that lists, reads and writes the objects of one bucket."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
                "Resource": [f"arn:aws:s3:::{bucket}"],
            },
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": [f"arn:aws:s3:::{bucket}/*"]},
        ],
    }


def prefixes(paths: Sequence[str], folders: Sequence[str]) -> list[int]:
    """Which of `paths` lie at or under one of `folders`, or above it, by index."""

    def within(path: str, parent: str) -> bool:
        return path == parent or path.startswith(f"{parent}/")

    return [
        index
        for index, path in enumerate(paths)
        if any(within(path, folder) or within(folder, path) for folder in folders)
    ]
