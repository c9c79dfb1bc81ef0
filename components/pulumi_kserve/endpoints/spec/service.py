"""A whole endpoint as a user says it, and the InferenceService object that it becomes.

https://kserve.github.io/website/docs/reference/crd-api#serving.kserve.io/v1beta1.InferenceService
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, cast

from pydantic import Field

from pulumi_kserve.amounts import Truth, Whole
from pulumi_kserve.contracts import DnsLabel, ModelUri
from pulumi_kserve.endpoints.admission.subject import MODE_ANNOTATION
from pulumi_kserve.endpoints.spec.canary import Canary, canary_fields
from pulumi_kserve.endpoints.spec.component import Component, Rendering
from pulumi_kserve.endpoints.spec.disruption_budget import DisruptionBudget
from pulumi_kserve.endpoints.spec.explainer import Explainer, explainer_fields
from pulumi_kserve.endpoints.spec.network_policy import NetworkPolicy
from pulumi_kserve.endpoints.spec.predictor import Predictor, predictor_fields
from pulumi_kserve.endpoints.spec.rollout import rollout_annotations
from pulumi_kserve.endpoints.spec.scaling import scaling_annotations
from pulumi_kserve.endpoints.spec.storage import Credentials
from pulumi_kserve.endpoints.spec.switch import OrFalse
from pulumi_kserve.endpoints.spec.transformer import Transformer, transformer_fields
from pulumi_kserve.endpoints.spec.workers import worker_annotations
from pulumi_kserve.models import Spec, is_mapping, without_none
from pulumi_kserve.platform.readiness import wait_annotations
from pulumi_kserve.platform.releases import RELEASES

__all__ = [
    "InferenceServiceSpec",
    "components_of",
    "entry_of",
    "resolved",
    "service_manifest",
    "uris_in",
    "workload_name",
]

_STOP: Final = "serving.kserve.io/stop"
_VISIBILITY: Final = {
    "Standard": "networking.kserve.io/visibility",
    "Knative": "networking.knative.dev/visibility",
}


class InferenceServiceSpec(Spec):
    """One endpoint."""

    predictor: Predictor
    """What answers predictions."""
    transformer: Transformer | None = None
    """What changes requests before, and answers after, the predictor."""
    explainer: Explainer | None = None
    """What explains predictions."""
    canaries: dict[DnsLabel, Canary] = Field(default_factory=dict)
    """Further predictors with a share of the requests, by name. KServe 0.20 in Standard mode."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels of the object; KServe passes them on to the pods."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations of the object; KServe passes most of them on to the pods."""
    stopped: Truth = False
    """Stop it: KServe removes its pods and keeps the object. It serves again when this is false."""
    cluster_local: Truth = False
    """Keep it inside the cluster on a platform with a gateway."""
    timeout_seconds: Whole = Field(default=600, ge=1)
    """How long a rollout may take, from the change to the last new pod serving, in seconds."""
    credentials: Credentials | None = None
    """What the storage initializer proves itself with, where no store of this program grants it."""
    service_account: DnsLabel | None = None
    """A service account that exists, to be used instead of one of the endpoint's own."""
    network_policy: Annotated[NetworkPolicy | Literal[False], OrFalse()] = Field(default_factory=NetworkPolicy)
    """Who may reach the pods; false makes no NetworkPolicy."""
    disruption_budget: Annotated[DisruptionBudget | Literal[False], OrFalse()] = Field(default_factory=DisruptionBudget)
    """How many pods a node drain may take at once; false makes no PodDisruptionBudget."""
    team_labels: Truth = True
    """Carry the namespace's owner and cost centre as labels."""
    allow_recreate: Truth = False
    """Allow an update to take down all that answers before its new pods serve: a change of the platform's mode, or a
    name of the predictor that none of its pods have yet. Set it for that one update."""
    overrides: dict[str, Any] = Field(default_factory=dict)
    """Merged deeply into the rendered object, for what has no field here; None removes a key.

    What results is checked by the same rules as everything else.
    """


def components_of(spec: InferenceServiceSpec) -> dict[str, Component]:
    """The components that run pods, by KServe's name, the predictor first."""
    found: dict[str, Component | None] = {
        "predictor": spec.predictor,
        "transformer": spec.transformer,
        "explainer": spec.explainer,
    }
    return without_none(found)


def entry_of(spec: InferenceServiceSpec) -> str:
    """The component that gets the requests first."""
    return "transformer" if spec.transformer else "predictor"


def workload_name(name: str, component: str, spec: InferenceServiceSpec) -> str:
    """What KServe calls the component's Deployment and Service in Standard mode."""
    own = spec.predictor.name if component == "predictor" else None
    return f"{name}-{own}-{component}" if own else f"{name}-{component}"


def service_manifest(
    name: str,
    namespace: str,
    spec: InferenceServiceSpec,
    rendering: Rendering,
    *,
    labels: Mapping[str, str],
) -> dict[str, Any]:
    """The InferenceService, without its overrides; ModelUris stay in it as they are."""
    return {
        "apiVersion": RELEASES[rendering.release].api_versions["InferenceService"],
        "kind": "InferenceService",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {**_visibility(spec, rendering.mode), **labels},
            "annotations": {**_annotations(spec, rendering), **spec.annotations},
        },
        "spec": _components(spec, rendering),
    }


def resolved(value: Any) -> Any:
    """`value` with every ModelUri in it replaced by the text, or Output, that KServe takes."""
    if isinstance(value, ModelUri):
        return value.value
    if is_mapping(value):
        return {key: resolved(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(item) for item in cast("Sequence[Any]", value)]
    return value


def uris_in(value: Any) -> Iterator[ModelUri]:
    """Every ModelUri in a rendered object, in order."""
    if isinstance(value, ModelUri):
        yield value
    elif is_mapping(value):
        for item in value.values():
            yield from uris_in(item)
    elif isinstance(value, (list, tuple)):
        for item in cast("Sequence[Any]", value):
            yield from uris_in(item)


def _components(spec: InferenceServiceSpec, rendering: Rendering) -> dict[str, Any]:
    fields: dict[str, Any] = {"predictor": predictor_fields(spec.predictor, rendering)}
    if spec.transformer is not None:
        fields["transformer"] = transformer_fields(spec.transformer, rendering)
    if spec.explainer is not None:
        fields["explainer"] = explainer_fields(spec.explainer, rendering)
    if spec.canaries:
        fields["canary"] = [canary_fields(name, canary, rendering) for name, canary in sorted(spec.canaries.items())]
    return fields


def _annotations(spec: InferenceServiceSpec, rendering: Rendering) -> dict[str, str]:
    return {
        **({} if _breaks_annotation(rendering) else {MODE_ANNOTATION: rendering.mode}),
        **scaling_annotations(spec.predictor.scaling, rendering.mode),
        **rollout_annotations(spec.predictor.rollout),
        **worker_annotations(spec.predictor.worker, spec.predictor.gpu, rendering),
        **({_STOP: "true"} if spec.stopped else {}),
        **wait_annotations("InferenceService", rendering.mode, stopped=spec.stopped),
    }


def _breaks_annotation(rendering: Rendering) -> bool:
    """Whether the release fails on an endpoint that names its mode, and so must take it from the cluster's default."""
    known = RELEASES[rendering.release].known_bad
    return any((bad.feature, bad.mode) == ("deploymentMode annotation", rendering.mode) for bad in known)


def _visibility(spec: InferenceServiceSpec, mode: str) -> dict[str, str]:
    return {_VISIBILITY[mode]: "cluster-local"} if spec.cluster_local else {}
