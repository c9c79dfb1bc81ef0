"""What a user says of KServe's configuration. All of it is optional: what is unset is as the release's chart has it.

https://github.com/kserve/kserve/blob/v0.20.0/charts/kserve-resources/files/common/configmap.yaml
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from pydantic import Field, model_validator

from pulumi_kserve.models import Spec, is_mapping
from pulumi_kserve.platform.configuration.sections import Agent, Logger, Router
from pulumi_kserve.platform.configuration.storage import Credentials, LocalModels, StorageInitializer
from pulumi_kserve.platform.configuration.workloads import (
    ArtExplainer,
    Autoscaler,
    InferenceServices,
    Ingress,
    Metrics,
    MultiNode,
    OpenTelemetry,
    Rollout,
    Security,
)

__all__ = ["KServeConfiguration"]

_LEFT_OUT: Final = MappingProxyType(
    {
        "batcher": "KServe parses its key batcher and uses nothing of it: set the batcher of each endpoint's predictor",
        "service": "a headless Service maps no port 80, where in-cluster URLs of endpoints lead: leave Services as"
        " they are",
        "deploy": "the platform's mode decides the deployment mode; the rollout is the key rollout",
    }
)


class KServeConfiguration(Spec):
    """The ConfigMap ``inferenceservice-config``, without what the platform's mode and gateway decide."""

    agent: Agent = Field(default_factory=Agent)
    """The sidecar that logs and batches."""
    logger: Logger = Field(default_factory=Logger)
    """What loggers do unless their endpoint says otherwise."""
    router: Router = Field(default_factory=Router)
    """The server of InferenceGraphs."""
    storage_initializer: StorageInitializer = Field(default_factory=StorageInitializer)
    """The init container that downloads models."""
    credentials: Credentials = Field(default_factory=Credentials)
    """Where KServe finds credentials."""
    local_models: LocalModels | None = None
    """The cache of models on nodes; off when unset."""
    inference_services: InferenceServices = Field(default_factory=InferenceServices)
    """What KServe does to every endpoint."""
    rollout: Rollout | None = None
    """How Deployments replace their pods; as Kubernetes does, by a quarter at a time, when unset."""
    autoscaler: Autoscaler = Field(default_factory=Autoscaler)
    """Stabilization of KEDA's scaling."""
    open_telemetry: OpenTelemetry = Field(default_factory=OpenTelemetry)
    """The collector beside endpoints that scale on metrics of their own pods."""
    metrics: Metrics = Field(default_factory=Metrics)
    """Metrics under Knative's queue proxy."""
    art_explainer: ArtExplainer = Field(default_factory=ArtExplainer)
    """The explainer that KServe brings."""
    security: Security = Field(default_factory=Security)
    """What pods of endpoints may do."""
    multi_node: MultiNode | None = None
    """Models over several nodes."""
    ingress: Ingress = Field(default_factory=Ingress)
    """The names of endpoints where KServe itself writes their routes."""

    @model_validator(mode="before")
    @classmethod
    def _say_what_is_left_out(cls, value: Any) -> Any:
        named = sorted(set(_LEFT_OUT) & set(value)) if is_mapping(value) else []
        if named:
            raise ValueError("; ".join(f"{name} is no key here: {_LEFT_OUT[name]}" for name in named))
        return value
