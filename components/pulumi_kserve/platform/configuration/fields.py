"""Where each field of the configuration lies: in the ConfigMap, and in the chart's values where they reach.

The chart pastes values into JSON as they are, so that numbers are given as text: Helm writes large ones as ``1e+06``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pulumi_kserve.models import wire
from pulumi_kserve.platform.configuration.spec import KServeConfiguration

__all__ = ["FIELDS", "ConfigurationField", "fields_set"]


def _as_it_is(value: Any) -> Any:
    return wire(value)


def _words(value: object) -> str:
    return "true" if value else "false"


def _digits(value: object) -> str:
    return "1" if value else "0"


@dataclass(frozen=True, slots=True)
class ConfigurationField:
    """One field of :class:`KServeConfiguration`."""

    path: str
    """The attribute of the model, with dots."""
    places: tuple[str, ...]
    """Where it lies in the ConfigMap: the key, then the path inside the key's JSON, with dots."""
    values: tuple[str, ...] = ()
    """The chart's values below ``kserve``; two for an image, its name and its tag."""
    patched: bool = True
    """Whether the ConfigMap has to be patched for it."""
    written: Callable[[Any], Any] = _as_it_is
    """How KServe's JSON has it."""
    since: str = ""
    """The first release that reads it; all when empty."""

    def of(self, configuration: KServeConfiguration) -> Any:
        """Its value; None when it is unset."""
        found: Any = configuration
        for name in self.path.split("."):
            found = getattr(found, name, None)
        return found

    @property
    def keys(self) -> tuple[str, ...]:
        """The ConfigMap's keys that it lies in."""
        return tuple(place.partition(".")[0] for place in self.places)


def fields_set(configuration: KServeConfiguration) -> Iterator[tuple[ConfigurationField, Any]]:
    """The fields that the user set, with their values."""
    for field in FIELDS:
        if (value := field.of(configuration)) is not None:
            yield field, value


def _valued(
    path: str, place: str, *values: str, written: Callable[[Any], Any] = _as_it_is, also: tuple[str, ...] = ()
) -> ConfigurationField:
    return ConfigurationField(path, (place, *also), values, patched=False, written=written)


def _resources(path: str, key: str, values: str = "") -> Iterator[ConfigurationField]:
    """Four fields; the keys of their values, if any, are nested as in a container."""
    for kind in ("cpu", "memory"):
        for bound in ("request", "limit"):
            place = f"{key}.{kind}{bound.title()}"
            reached = (f"{values}.{bound}s.{kind}",) if values else ()
            yield ConfigurationField(f"{path}.resources.{kind}_{bound}", (place,), reached)


def _s3(name: str, key: str, value: str = "", written: Callable[[Any], Any] = _as_it_is) -> ConfigurationField:
    reached = (f"storage.s3.{value}",) if value else ()
    return ConfigurationField(f"credentials.s3.{name}", (f"credentials.s3.{key}",), reached, not value, written)


def _storage(storage: Any) -> dict[str, Any]:
    fields = {"path": storage.path, "key": storage.key, "parameters": {"format": storage.format}}
    account = storage.service_account_name
    return {**fields, "serviceAccountName": account} if account else fields


_SIDECARS: Final = (
    _valued("agent.image", "agent.image", "agent.image", "agent.tag", also=("batcher.image", "logger.image")),
    *_resources("agent", "agent"),
    ConfigurationField("logger.default_url", ("logger.defaultUrl",)),
    ConfigurationField("logger.ca_bundle_config_map", ("logger.caBundle",)),
    ConfigurationField("logger.ca_file", ("logger.caCertFile",)),
    ConfigurationField("logger.skip_tls_verification", ("logger.tlsSkipVerify",)),
    ConfigurationField("logger.storage", ("logger.storage",), written=_storage),
    ConfigurationField("logger.marshaller_url", ("logger.marshallerUrl",)),
    ConfigurationField("logger.batch_size", ("logger.batchSize",)),
    ConfigurationField("logger.batch_interval", ("logger.batchInterval",)),
    _valued("router.image", "router.image", "router.image", "router.tag"),
    _valued("router.image_pull_policy", "router.imagePullPolicy", "router.imagePullPolicy"),
    ConfigurationField("router.image_pull_secrets", ("router.imagePullSecrets",)),
    *_resources("router", "router"),
    ConfigurationField("router.propagated_headers", ("router.headers.propagate",)),
)
_STORAGE: Final = (
    _valued("storage_initializer.image", "storageInitializer.image", "storage.image", "storage.tag"),
    *_resources("storage_initializer", "storageInitializer", "storage.resources"),
    _valued(
        "storage_initializer.ca_bundle_config_map",
        "storageInitializer.caBundleConfigMapName",
        "storage.caBundleConfigMapName",
    ),
    _valued(
        "storage_initializer.ca_bundle_mount_path",
        "storageInitializer.caBundleVolumeMountPath",
        "storage.caBundleVolumeMountPath",
    ),
    _valued("storage_initializer.modelcar.enabled", "storageInitializer.enableModelcar", "storage.enableModelcar"),
    _valued("storage_initializer.modelcar.uid", "storageInitializer.uidModelcar", "storage.uidModelcar"),
    _valued("storage_initializer.modelcar.cpu", "storageInitializer.cpuModelcar", "storage.cpuModelcar"),
    _valued("storage_initializer.modelcar.memory", "storageInitializer.memoryModelcar", "storage.memoryModelcar"),
    ConfigurationField("storage_initializer.oci_mode", ("storageInitializer.ociModelMode",), since="0.20"),
    _valued("credentials.storage_secret", "credentials.storageSpecSecretName", "storage.storageSpecSecretName"),
    _valued(
        "credentials.storage_secret_annotation",
        "credentials.storageSecretNameAnnotation",
        "storage.storageSecretNameAnnotation",
    ),
    ConfigurationField("credentials.gcs_file", ("credentials.gcs.gcsCredentialFileName",)),
    _s3("access_key_id_name", "s3AccessKeyIDName", "accessKeyIdName"),
    _s3("secret_access_key_name", "s3SecretAccessKeyName", "secretAccessKeyName"),
    _s3("endpoint", "s3Endpoint", "endpoint"),
    _s3("use_https", "s3UseHttps", "useHttps", _digits),
    _s3("region", "s3Region", "region"),
    _s3("verify_tls", "s3VerifySSL", "verifySSL", _digits),
    _s3("virtual_hosts", "s3UseVirtualBucket", "useVirtualBucket", _words),
    _s3("accelerate", "s3UseAccelerate", "", _words),
    _s3("anonymous", "s3UseAnonymousCredential", "useAnonymousCredential", _words),
    _s3("ca_bundle_config_map", "s3CABundleConfigMap", "CABundleConfigMap"),
    _s3("ca_bundle", "s3CABundle", "CABundle"),
    _valued("local_models.job_namespace", "localModel.jobNamespace", "localmodel.jobNamespace"),
    _valued("local_models.fs_group", "localModel.fsGroup", "localmodel.securityContext.fsGroup"),
    _valued(
        "local_models.job_ttl_seconds",
        "localModel.jobTTLSecondsAfterFinished",
        "localmodel.jobTTLSecondsAfterFinished",
    ),
    _valued(
        "local_models.reconcile_seconds",
        "localModel.reconcilationFrequencyInSecs",
        "localmodel.agent.reconcilationFrequencyInSecs",
    ),
    _valued(
        "local_models.disable_volume_management",
        "localModel.disableVolumeManagement",
        "localmodel.disableVolumeManagement",
    ),
)
_WORKLOADS: Final = (
    *(
        _valued(
            f"inference_services.resources.{kind}_{bound}",
            f"inferenceService.resource.{kind}{bound.title()}",
            f"inferenceservice.resources.{bound}s.{kind}",
        )
        for kind in ("cpu", "memory")
        for bound in ("request", "limit")
    ),
    ConfigurationField("inference_services.kept_annotations", ("inferenceService.serviceAnnotationDisallowedList",)),
    ConfigurationField("inference_services.kept_labels", ("inferenceService.serviceLabelDisallowedList",)),
    ConfigurationField("rollout.max_surge", ("deploy.deploymentRolloutStrategy.defaultRollout.maxSurge",)),
    ConfigurationField("rollout.max_unavailable", ("deploy.deploymentRolloutStrategy.defaultRollout.maxUnavailable",)),
    _valued(
        "autoscaler.scale_up_seconds",
        "autoscaler.scaleUpStabilizationWindowSeconds",
        "autoscaler.scaleUpStabilizationWindowSeconds",
        written=str,
    ),
    _valued(
        "autoscaler.scale_down_seconds",
        "autoscaler.scaleDownStabilizationWindowSeconds",
        "autoscaler.scaleDownStabilizationWindowSeconds",
        written=str,
    ),
    *(
        _valued(f"open_telemetry.{name}", f"opentelemetryCollector.{key}", f"opentelemetryCollector.{key}")
        for name, key in (
            ("scrape_interval", "scrapeInterval"),
            ("receiver_endpoint", "metricReceiverEndpoint"),
            ("scaler_endpoint", "metricScalerEndpoint"),
            ("resources.cpu_request", "resource.cpuRequest"),
            ("resources.cpu_limit", "resource.cpuLimit"),
            ("resources.memory_request", "resource.memoryRequest"),
            ("resources.memory_limit", "resource.memoryLimit"),
        )
    ),
    _valued(
        "metrics.aggregate",
        "metricsAggregator.enableMetricAggregation",
        "metricsaggregator.enableMetricAggregation",
        written=_words,
    ),
    _valued(
        "metrics.scrape",
        "metricsAggregator.enablePrometheusScraping",
        "metricsaggregator.enablePrometheusScraping",
        written=_words,
    ),
    _valued("art_explainer.image", "explainers.art.image", "servingruntime.art.image"),
    _valued("art_explainer.version", "explainers.art.defaultImageVersion", "servingruntime.art.defaultVersion"),
    _valued(
        "security.automount_service_account_token",
        "security.autoMountServiceAccountToken",
        "security.autoMountServiceAccountToken",
    ),
    ConfigurationField("multi_node.gpu_resource_types", ("multiNode.customGPUResourceTypeList",)),
)
_INGRESS: Final = tuple(
    _valued(f"ingress.{name}", f"ingress.{key}", f"controller.gateway.{key}")
    for name, key in (
        ("domain_template", "domainTemplate"),
        ("path_template", "pathTemplate"),
        ("additional_domains", "additionalIngressDomains"),
        ("disable_route_timeouts", "disableHTTPRouteTimeout"),
    )
)
FIELDS: Final = (*_SIDECARS, *_STORAGE, *_WORKLOADS, *_INGRESS)
"""Every field, in the order of the model's parts."""
