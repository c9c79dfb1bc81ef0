"""The predictor of an InferenceService: its model, its replicas, its pods.

https://kserve.github.io/website/docs/reference/crd-api#serving.kserve.io/v1beta1.PredictorSpec
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pulumi
from pydantic import Field

from pulumi_kserve.contracts import RuntimeFacts
from pulumi_kserve.endpoints.spec.model import Model, model_uri
from pulumi_kserve.endpoints.spec.scaling import SCALING_FIELDS, NoScaling, Scaling, scaling_fields
from pulumi_kserve.models import Spec, wire

__all__ = ["Predictor", "predictor_fields", "revision"]


class Predictor(Spec):
    """What answers predictions."""

    model: Model
    """The model."""
    scaling: Scaling = Field(default_factory=NoScaling)
    """How many replicas; one by default."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels for the pods."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations for the pods."""


def predictor_fields(
    predictor: Predictor, *, runtime: str, service_account: pulumi.Input[str], pod_labels: Mapping[str, str]
) -> dict[str, Any]:
    """``spec.predictor`` of the InferenceService; only ``model:``, never the legacy framework keys."""
    model = predictor.model
    labels = {**pod_labels, **predictor.labels}
    fields: dict[str, Any] = {
        **scaling_fields(predictor.scaling),
        "serviceAccountName": service_account,
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "model": {
            "modelFormat": {"name": model.format, **({"version": model.version} if model.version else {})},
            "runtime": runtime,
            "protocolVersion": model.protocol,
            "storageUri": model_uri(model).value if not isinstance(model.uri, pulumi.Output) else model.uri,
        },
    }
    if labels:
        fields["labels"] = labels
    if predictor.annotations:
        fields["annotations"] = dict(predictor.annotations)
    container = fields["model"]
    if model.args:
        container["args"] = list(model.args)
    if model.env:
        container["env"] = [{"name": name, "value": model.env[name]} for name in sorted(model.env)]
    if model.resources is not None:
        container["resources"] = wire(model.resources)
    return fields


def revision(manifest: Mapping[str, Any], runtime: RuntimeFacts) -> pulumi.Output[str]:
    """A digest of all that decides what the pods are: a change of it, and only that, rolls them.

    Labels and annotations of the object count, because KServe passes them on to the pods.

    Args:
        manifest: The whole InferenceService, with the overrides in it.
        runtime: The serving runtime.
    """
    predictor = manifest["spec"]["predictor"]
    metadata = manifest["metadata"]
    parts = {
        "predictor": {key: value for key, value in predictor.items() if key not in SCALING_FIELDS},
        "passedOn": {key: metadata.get(key, {}) for key in ("annotations", "labels")},
        "runtime": runtime.revision,
    }
    return pulumi.Output.json_dumps(parts, sort_keys=True).apply(
        lambda text: hashlib.sha256(text.encode()).hexdigest()[:16]
    )
