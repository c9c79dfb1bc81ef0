"""MinIO as the model store of a cluster that has none: a server, its bucket, its users and their policies.

Users and policies are applied by Jobs that read every credential from mounted Secrets and are safe to run
again. Each endpoint gets a key pair of its own, derived from one root secret, that reads its prefix only.
https://min.io/docs/minio/linux/administration/identity-access-management/policy-based-access-control.html
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pulumi
from pydantic import Field

from pulumi_kserve.clouds.existing.minio_jobs import APPLY_USER, MAKE_BUCKET, UPLOAD, job
from pulumi_kserve.clouds.existing.storage import (
    BucketName,
    ModelStoreSpec,
    S3Credentials,
    SecretIdentity,
    prefixes,
    reader_secret,
    reading_policy,
    writing_policy,
)
from pulumi_kserve.clouds.existing.upload import model_files
from pulumi_kserve.contracts import ClusterAccess, DnsLabel, ModelUri
from pulumi_kserve.errors import SpecError, input_properties_error
from pulumi_kserve.inputs import In
from pulumi_kserve.models import Spec
from pulumi_kserve.namespace_claim import namespace_claim
from pulumi_kserve.ownership import STACK_LABEL, this_stack
from pulumi_kserve.pod_security import RESTRICTED_CONTAINER, restricted_pod
from pulumi_kserve.resources import KubernetesObject

__all__ = ["MinioModelStore", "MinioModelStoreSpec"]

_ROOT_USER: Final = "minio-root"
_SECRET_LENGTH: Final = 40
IMAGE: Final = "quay.io/minio/minio:RELEASE.2025-04-22T22-12-26Z"


class MinioModelStoreSpec(Spec):
    """A MinIO server for models. Its data lives as long as its pod: made for trials, not for production."""

    bucket: BucketName = "models"
    """The bucket's name."""
    namespace: DnsLabel = "model-store"
    """The namespace of the server."""
    image: str = IMAGE
    """The server's image; it also holds the client ``mc``. Unpinned: no digest was resolved."""
    root_password: In[str] = Field(repr=False)
    """The server's root password: a secret of at least 16 letters, digits, ``-`` or ``_``."""
    writer_password: In[str] = Field(repr=False)
    """The secret key of the user that uploads models: 8 to 40 characters."""
    reader_seed: In[str] = Field(repr=False)
    """The secret from which each endpoint's own secret key is derived."""


class MinioModelStore(pulumi.ComponentResource):
    """A MinIO server with one bucket. Endpoints read it with a key pair of their own each."""

    def __init__(
        self,
        name: str,
        spec: MinioModelStoreSpec | Mapping[str, Any],
        *,
        cluster: ClusterAccess,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Run MinIO on `cluster`.

        Args:
            name: The component's name.
            spec: A MinioModelStoreSpec, or a mapping of the same shape.
            cluster: The cluster that runs the server.
            opts: Options of the component.

        Raises:
            pulumi.InputPropertiesError: the spec is wrong.

        """
        try:
            self.spec = MinioModelStoreSpec.parse(spec)
        except SpecError as error:
            raise input_properties_error(f"MinioModelStore {name!r}", error.problems) from None
        super().__init__(
            "kserve:index:MinioModelStore",
            name,
            {"bucket": self.spec.bucket, "kind": "minio"},
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[cluster.provider])),
        )
        self._name = name
        self._uploads: list[tuple[str, pulumi.Resource]] = []
        namespace = self._namespace(cluster)
        root = self._user_secret("root", _ROOT_USER, self.spec.root_password, None, [namespace])
        self._bucket = self._job(
            "bucket-job",
            f"bucket-{self.spec.bucket}",
            MAKE_BUCKET,
            secrets={"minio-user-root": "/root-user"},
            depends_on=self._server([root]),
            env={"BUCKET": self.spec.bucket},
        )
        self._writer = self._user("writer", self.spec.writer_password, writing_policy(self.spec.bucket))
        self.register_outputs({"bucket": self.spec.bucket, "endpoint": self.endpoint})

    @property
    def scheme(self) -> str:
        """``s3``."""
        return "s3"

    @property
    def endpoint(self) -> str:
        """``host:port`` inside the cluster."""
        return f"minio.{self.spec.namespace}.svc.cluster.local:9000"

    def uri(self, path: str) -> ModelUri:
        """The URI of `path` in the bucket."""
        return ModelUri("s3", path.strip("/"), self.spec.bucket, self)

    def identity(
        self, name: str, *, namespace: str, uris: Sequence[ModelUri], opts: pulumi.ResourceOptions
    ) -> SecretIdentity:
        """A key pair for endpoint `name` that reads `uris` and nothing else, as a Secret in its namespace."""
        user = f"{namespace}-{name}"
        folders = sorted({uri.path for uri in uris})
        password = pulumi.Output.secret(self.spec.reader_seed).apply(lambda seed: derived_key(seed, user))
        applied = self._user(user, password, reading_policy(self.spec.bucket, folders))
        store = ModelStoreSpec(
            bucket=self.spec.bucket,
            endpoint=self.endpoint,
            https=False,
            reader=S3Credentials(access_key=user, secret_key=password),
        )
        secret = reader_secret(f"{name}-model-store", namespace, store, store.reader, opts)
        mine = prefixes([path for path, _ in self._uploads], folders)
        return SecretIdentity((f"{name}-model-store",), (secret, applied, *(self._uploads[index][1] for index in mine)))

    def upload(self, path: str, source: Path) -> ModelUri:
        """Put the files of folder `source` under `path` in the bucket, once per content.

        Raises:
            SpecError: the folder is missing, empty, or too large to travel in a ConfigMap.
        """
        files = model_files(source)
        target = path.strip("/")
        label = f"upload-{target.replace('/', '-')}"
        content = self._object(
            label,
            {"apiVersion": "v1", "kind": "ConfigMap", "binaryData": files.data, "immutable": True},
            f"{label}-{files.digest}",
            [self._bucket],
        )
        uploaded = self._job(
            f"{label}-job",
            f"{label}-{files.digest}",
            UPLOAD,
            secrets={"minio-user-writer": "/user"},
            depends_on=[content, self._writer],
            env={"TARGET": f"{self.spec.bucket}/{target}"},
            volumes=[{"name": "model", "configMap": {"name": f"{label}-{files.digest}"}}],
        )
        self._uploads.append((target, uploaded))
        return self.uri(path)

    def _namespace(self, cluster: ClusterAccess) -> pulumi.Resource:
        labels = {STACK_LABEL: this_stack(), "pod-security.kubernetes.io/enforce": "restricted"}
        manifest = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.spec.namespace, "labels": labels},
        }
        opts = pulumi.ResourceOptions(parent=self, hooks=namespace_claim(cluster))
        return KubernetesObject(f"{self._name}-namespace", manifest, opts)

    def _object(
        self,
        label: str,
        manifest: Mapping[str, Any],
        name: str,
        depends_on: Sequence[pulumi.Resource],
        **options: Any,
    ) -> pulumi.Resource:
        metadata = {"name": name, "namespace": self.spec.namespace, "labels": {STACK_LABEL: this_stack()}}
        opts = pulumi.ResourceOptions(parent=self, depends_on=list(depends_on), **options)
        return KubernetesObject(f"{self._name}-{label}", {**manifest, "metadata": metadata}, opts)

    def _user_secret(
        self,
        user: str,
        access_key: str,
        secret_key: pulumi.Input[str],
        policy: Mapping[str, Any] | None,
        depends_on: Sequence[pulumi.Resource],
    ) -> pulumi.Resource:
        data: dict[str, pulumi.Input[str]] = {"access-key": access_key, "secret-key": secret_key}
        if policy is not None:
            data["policy.json"] = json.dumps(policy, sort_keys=True)
        manifest = {"apiVersion": "v1", "kind": "Secret", "stringData": pulumi.Output.secret(data)}
        return self._object(f"user-{user}", manifest, f"minio-user-{user}", depends_on)

    def _user(self, user: str, secret_key: pulumi.Input[str], policy: Mapping[str, Any]) -> pulumi.Resource:
        secret = self._user_secret(user, user, secret_key, policy, [self._bucket])
        digest = hashlib.sha256(json.dumps(policy, sort_keys=True).encode()).hexdigest()[:10]
        return self._job(
            f"user-{user}-job",
            f"user-{user}-{digest}",
            APPLY_USER,
            secrets={"minio-user-root": "/root-user", f"minio-user-{user}": "/user"},
            depends_on=[secret],
            env={"POLICY": user},
        )

    def _job(
        self,
        label: str,
        name: str,
        script: str,
        *,
        secrets: Mapping[str, str],
        depends_on: Sequence[pulumi.Resource],
        env: Mapping[str, str],
        volumes: Sequence[Mapping[str, Any]] = (),
    ) -> pulumi.Resource:
        spec = job(
            image=self.spec.image,
            script=script,
            env={"ENDPOINT": self.endpoint, **env},
            secrets=secrets,
            volumes=volumes,
        )
        manifest = {"apiVersion": "batch/v1", "kind": "Job", "spec": spec}
        return self._object(label, manifest, name, depends_on, delete_before_replace=True)

    def _server(self, depends_on: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
        labels = {"app.kubernetes.io/name": "minio"}
        ports = [{"name": "s3", "port": 9000, "targetPort": 9000, "protocol": "TCP"}]
        service = {"apiVersion": "v1", "kind": "Service", "spec": {"selector": labels, "ports": ports}}
        deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "spec": {
                "replicas": 1,
                "strategy": {"type": "Recreate"},
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": _server_pod(self.spec.image)},
            },
        }
        return [
            self._object("service", service, "minio", depends_on),
            self._object("server", deployment, "minio", depends_on),
        ]


def derived_key(seed: str, user: str) -> str:
    """The secret key of `user`: the same for the same seed, and telling nothing of it or of other keys."""
    return hmac.new(seed.encode(), user.encode(), hashlib.sha256).hexdigest()[:_SECRET_LENGTH]


def _server_pod(image: str) -> dict[str, Any]:
    return restricted_pod(
        containers=[
            {
                "name": "minio",
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "command": ["minio"],
                "args": ["server", "/data", "--address", ":9000"],
                "env": [
                    {"name": "MINIO_ROOT_USER_FILE", "value": "/root-user/access-key"},
                    {"name": "MINIO_ROOT_PASSWORD_FILE", "value": "/root-user/secret-key"},
                    {"name": "MINIO_UPDATE", "value": "off"},
                    {"name": "MINIO_BROWSER", "value": "off"},
                    {"name": "HOME", "value": "/tmp"},  # noqa: S108 -- a path in the container
                ],
                "ports": [{"containerPort": 9000}],
                "readinessProbe": {"httpGet": {"path": "/minio/health/ready", "port": 9000}, "periodSeconds": 1},
                "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
                "securityContext": RESTRICTED_CONTAINER,
                "volumeMounts": [
                    {"name": "data", "mountPath": "/data"},
                    {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 -- a path in the container
                    {"name": "root-user", "mountPath": "/root-user", "readOnly": True},
                ],
            }
        ],
        volumes=[
            {"name": "data", "emptyDir": {}},
            {"name": "tmp", "emptyDir": {}},
            {"name": "root-user", "secret": {"secretName": "minio-user-root", "defaultMode": 0o440}},
        ],
    )
