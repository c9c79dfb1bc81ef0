"""`StackSettings`: a whole stack as YAML, and the only reader of `pulumi.Config` in this package.

The keys lie under ``config:`` of ``stacks/Pulumi.<stack>.yaml`` with the prefix ``kserve:``. Problems come
all at once, with file, path and line where the stack file is there. Secrets are read as secrets.
https://www.pulumi.com/docs/iac/concepts/config/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import pulumi
from pulumi.runtime import config as runtime_config
from pydantic import Field, ValidationError
from pydantic.alias_generators import to_camel

from pulumi_kserve.clouds.existing.cluster import ClusterSpec
from pulumi_kserve.clouds.existing.minio import MinioModelStoreSpec
from pulumi_kserve.clouds.existing.storage import BucketName
from pulumi_kserve.contracts import DnsLabel, Feature, ModelStore, ModelUri, PlatformFacts, PoolFacts
from pulumi_kserve.endpoints.judgement import refusals
from pulumi_kserve.endpoints.model_namespace import ModelNamespaceSpec
from pulumi_kserve.endpoints.spec.service import InferenceServiceSpec
from pulumi_kserve.errors import Problem, StackFileError
from pulumi_kserve.models import Spec, is_mapping, nearest, problems_of
from pulumi_kserve.offline import active as offline_active
from pulumi_kserve.platform.charts import ChartFolder
from pulumi_kserve.platform.spec import PlatformSpec
from pulumi_kserve.stack_file import StackFile

__all__ = ["EndpointSettings", "StackSettings", "StoreSettings", "UploadSettings"]

NAMESPACE: Final = "kserve"
STORE_SCHEME: Final = "store://"
SECRET_KEYS: Final = ("minioRootPassword", "modelsWriterPassword", "modelsReaderPassword")


class UploadSettings(Spec):
    """A folder of this project that is put into the store."""

    source: str
    """The folder, relative to the project's."""
    path: str
    """Where it goes in the bucket, for example ``iris/v1``."""


class StoreSettings(Spec):
    """The MinIO server of a trial stack."""

    bucket: BucketName = "models"
    """The bucket's name."""
    namespace: DnsLabel = "model-store"
    """The server's namespace."""
    uploads: tuple[UploadSettings, ...] = ()
    """Folders to upload."""


class EndpointSettings(InferenceServiceSpec):
    """An endpoint, and the namespace it lives in."""

    namespace: DnsLabel
    """One of `namespaces`, or a namespace that exists."""


class StackSettings(Spec):
    """Everything a stack file can say."""

    kubeconfig: str | None = None
    """The kubeconfig's path or text."""
    context: str | None = None
    """Its context."""
    provides: frozenset[Feature] = frozenset()
    """What the cluster brings by itself."""
    pools: tuple[PoolFacts, ...] = ()
    """The cluster's node pools."""
    chart_source: str | None = None
    """A folder of charts, instead of their official repositories."""
    platform: PlatformSpec = Field(default_factory=PlatformSpec)
    """KServe and its runtimes."""
    store: StoreSettings | None = None
    """A MinIO server for models."""
    namespaces: dict[DnsLabel, ModelNamespaceSpec] = Field(default_factory=dict)
    """Namespaces for models, by name."""
    endpoints: dict[str, EndpointSettings] = Field(default_factory=dict)
    """Endpoints, by name."""

    @classmethod
    def load(cls, folder: Path) -> StackSettings:
        """The settings of the stack that runs now, from the project in `folder`.

        Raises:
            StackFileError: the stack's values are wrong; all problems, with their lines.

        """
        file = StackFile.find(folder, pulumi.get_stack())
        values, problems = _config()
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            problems += list(problems_of(cls, error, python=False))
        else:
            if not problems and not file.given_twice:
                return settings
        raise StackFileError(
            file.shown, [*file.given_twice, *(file.located(problem, NAMESPACE) for problem in problems)]
        )

    def cluster(self) -> ClusterSpec:
        """The cluster that the stack uses."""
        return ClusterSpec(kubeconfig=self.kubeconfig, context=self.context, provides=self.provides, pools=self.pools)

    def platform_spec(self) -> PlatformSpec:
        """The platform, with the stack's own chart source where it has one."""
        if self.chart_source is None:
            return self.platform
        return self.platform.model_copy(update={"chart_source": ChartFolder(path=self.chart_source)})

    def minio(self) -> MinioModelStoreSpec | None:
        """The model store with its secrets, where the stack has one."""
        if self.store is None:
            return None
        return MinioModelStoreSpec(
            bucket=self.store.bucket,
            namespace=self.store.namespace,
            root_password=self.secret("minioRootPassword"),
            writer_password=self.secret("modelsWriterPassword"),
            reader_seed=self.secret("modelsReaderPassword"),
        )

    def endpoint_specs(
        self, folder: Path, facts: PlatformFacts, store: ModelStore | None
    ) -> dict[str, InferenceServiceSpec]:
        """All endpoints by name, fit for the platform, their ``store://`` URIs resolved to the stack's store.

        Args:
            folder: The project's folder, whose stack file the problems name.
            facts: The platform.
            store: The stack's store, where it has one.

        Raises:
            StackFileError: everything that is wrong with any of them, with its line.

        """
        specs: dict[str, InferenceServiceSpec] = {}
        problems: list[Problem] = []
        for name, settings in self.endpoints.items():
            values = {field: getattr(settings, field) for field in InferenceServiceSpec.model_fields}
            missing: list[Problem] = []
            specs[name] = InferenceServiceSpec(**_in_store(values, "", store, missing))
            found = missing or refusals(name, settings.namespace, specs[name], facts)
            problems += [problem.under(f"endpoints.{name}") for problem in found]
        if problems:
            file = StackFile.find(folder, pulumi.get_stack())
            raise StackFileError(file.shown, [file.located(each, NAMESPACE) for each in problems])
        return specs

    @staticmethod
    def secret(key: str) -> pulumi.Output[str]:
        """The secret value ``kserve:<key>``.

        Raises:
            StackFileError: it is not set.

        """
        value = pulumi.Config(NAMESPACE).get_secret(key)
        if value is None and offline_active():
            return pulumi.Output.secret(f"{key} of an offline evaluation")
        if value is None:
            raise StackFileError(
                f"stack {pulumi.get_stack()}",
                [Problem(f"{NAMESPACE}:{key}", "is not set", f"pulumi config set --secret {NAMESPACE}:{key} VALUE")],
            )
        return value


def _in_store(value: Any, path: str, store: ModelStore | None, missing: list[Problem]) -> Any:
    """`value` with the ``store://`` URI of every spec in it as a place in `store`; in `missing` if there is none."""

    def below(item: Any, step: str) -> Any:
        return _in_store(item, f"{path}{step}", store, missing)

    if isinstance(value, Spec):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        update = {name: below(item, f".{to_camel(name)}") for name, item in fields.items()}
        uri = update.get("uri")
        if isinstance(uri, str) and uri.startswith(STORE_SCHEME):
            update["uri"] = _place(uri, f"{path}.uri".removeprefix("."), store, missing)
        return value.model_copy(update=update)
    if is_mapping(value):
        return {key: below(item, f".{to_camel(key)}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[Any]", value)
        return tuple(below(item, f"[{index}]") for index, item in enumerate(items))
    return value


def _place(uri: str, path: str, store: ModelStore | None, missing: list[Problem]) -> ModelUri | str:
    if store is not None:
        return store.uri(uri.removeprefix(STORE_SCHEME))
    missing.append(Problem(path, f"{uri!r} names the stack's store, and there is none", "Add kserve:store"))
    return uri


def _config() -> tuple[dict[str, Any], list[Problem]]:
    """The plain values under our prefix, and what is wrong with their keys."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    known = [field.alias or name for name, field in StackSettings.model_fields.items()]
    for key, text in _ours():
        if key in SECRET_KEYS:
            continue
        if key not in known:
            problems.append(Problem(key, f"unknown key {key!r}", nearest(key, [*known, *SECRET_KEYS]), "unknown-key"))
        elif text == "":
            problems.append(Problem(key, "has no value", "Write a value, or remove it", "no-value"))
        else:
            values[key] = _decoded(key, text)
    return values, problems


def _ours() -> Iterator[tuple[str, str]]:
    prefix = f"{NAMESPACE}:"
    config: Mapping[str, str] = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    for name in sorted(config):
        if name.startswith(prefix):
            yield name.removeprefix(prefix), config[name]


_TEXT_KEYS: Final = frozenset({"kubeconfig", "context", "chartSource"})


def _decoded(key: str, text: str) -> Any:
    if key in _TEXT_KEYS:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
