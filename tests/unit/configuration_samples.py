"""A value of every field of KServe's configuration, none of them the chart's own."""

from typing import Any

from pydantic.alias_generators import to_camel

_CONTAINER = {"cpuRequest": "150m", "cpuLimit": "3", "memoryRequest": "150Mi", "memoryLimit": "3Gi"}
EVERYTHING: dict[str, Any] = {
    "agent": {"image": "registry.example.com:5000/agent:v9", "resources": _CONTAINER},
    "logger": {
        "defaultUrl": "https://sink.example.com",
        "caBundleConfigMap": "sink-ca",
        "caFile": "ca.crt",
        "skipTlsVerification": True,
        "storage": {"path": "payloads", "format": "parquet", "serviceAccountName": "writer"},
        "marshallerUrl": "http://marshaller.kserve",
        "batchSize": 1_500_000,
        "batchInterval": "30s",
    },
    "router": {
        "image": f"registry.example.com/router@sha256:{'b' * 64}",
        "imagePullPolicy": "Always",
        "imagePullSecrets": ["one", "two"],
        "resources": _CONTAINER,
        "propagatedHeaders": ["Authorization", "X-Trace-.*"],
    },
    "storageInitializer": {
        "image": "registry.example.com/initializer:v9",
        "resources": _CONTAINER,
        "caBundleConfigMap": "private-ca",
        "caBundleMountPath": "/etc/private",
        "modelcar": {"enabled": False, "uid": 1_000_650_000, "cpu": "20m", "memory": "25Mi"},
        "ociMode": "native",
    },
    "credentials": {
        "storageSecret": "buckets",
        "storageSecretAnnotation": "example.com/secret",
        "gcsFile": "google.json",
        "s3": {
            "accessKeyIdName": "ID",
            "secretAccessKeyName": "KEY",
            "endpoint": "minio.store:9000",
            "useHttps": False,
            "region": "eu-west-1",
            "verifyTls": False,
            "virtualHosts": True,
            "accelerate": True,
            "anonymous": True,
            "caBundleConfigMap": "s3-ca",
            "caBundle": "/etc/s3/ca.crt",
        },
    },
    "localModels": {
        "jobNamespace": "downloads",
        "fsGroup": 1_000_650_000,
        "jobTtlSeconds": 7_200_000,
        "reconcileSeconds": 120,
        "disableVolumeManagement": True,
    },
    "inferenceServices": {
        "resources": {"cpuRequest": "2", "cpuLimit": "", "memoryRequest": "3Gi", "memoryLimit": ""},
        "keptAnnotations": ["example.com/note"],
        "keptLabels": ["example.com/label"],
    },
    "rollout": {"maxSurge": "50%", "maxUnavailable": "10%"},
    "autoscaler": {"scaleUpSeconds": 30, "scaleDownSeconds": 600},
    "openTelemetry": {
        "scrapeInterval": "15s",
        "receiverEndpoint": "otel.example.com:4317",
        "scalerEndpoint": "otel.example.com:4318",
        "resources": _CONTAINER,
    },
    "metrics": {"aggregate": True, "scrape": True},
    "artExplainer": {"image": "registry.example.com/art", "version": "v9"},
    "security": {"automountServiceAccountToken": False},
    "multiNode": {"gpuResourceTypes": ["example.com/gpu"]},
    "ingress": {
        "domainTemplate": "{{ .Name }}.{{ .Namespace }}.{{ .IngressDomain }}",
        "pathTemplate": "/models/{{ .Namespace }}/{{ .Name }}",
        "additionalDomains": ["a.example.com", "b.example.com"],
        "disableRouteTimeouts": True,
    },
}
_NEEDED = {
    "logger.ca_file": {"logger": {"caBundleConfigMap": "sink-ca"}},
    "rollout.max_surge": {"rollout": {"maxUnavailable": "10%"}},
    "rollout.max_unavailable": {"rollout": {"maxSurge": "50%"}},
}
"""What has to stand beside a field."""


def sample(path: str) -> dict[str, Any]:
    """A spec of the configuration with this field alone, and what it needs."""
    names = [to_camel(name) for name in path.split(".")]
    value: Any = EVERYTHING
    for name in names:
        value = value[name]
    for name in reversed(names):
        value = {name: value}
    beside: dict[str, Any] = _NEEDED.get(path, {})
    return {key: each | beside.get(key, {}) for key, each in value.items()}
