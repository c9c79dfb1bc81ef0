"""`InferenceService`: one model endpoint, checked before anything is made, and serving when `up` ends.

https://kserve.github.io/website/docs/concepts/resources
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pydantic import Field

from pulumi_kserve.contracts import ModelUri, PlatformFacts, PlatformLike, RuntimeFacts, WorkloadIdentity
from pulumi_kserve.endpoints.admission import metadata as metadata_rules
from pulumi_kserve.endpoints.admission import mode as mode_rules
from pulumi_kserve.endpoints.admission import model as model_rules
from pulumi_kserve.endpoints.admission import names as name_rules
from pulumi_kserve.endpoints.admission import overrides as override_rules
from pulumi_kserve.endpoints.admission import reserved as reserved_rules
from pulumi_kserve.endpoints.admission import scaling as scaling_rules
from pulumi_kserve.endpoints.mode_change import MODE_ANNOTATION, mode_change_refused
from pulumi_kserve.endpoints.model_namespace import ModelNamespace
from pulumi_kserve.endpoints.rollout_gate import Rollout, rollout_gate
from pulumi_kserve.endpoints.spec.model import model_uri
from pulumi_kserve.endpoints.spec.predictor import Predictor, predictor_fields, revision
from pulumi_kserve.endpoints.spec.scaling import autoscaler_class, fixed_replicas
from pulumi_kserve.errors import Problem, SpecError, input_properties_error
from pulumi_kserve.models import Spec
from pulumi_kserve.overrides import merged
from pulumi_kserve.ownership import OWNER_LABEL, REVISION_ANNOTATION, STACK_LABEL, this_stack
from pulumi_kserve.platform.layers.helm_release import retry_webhooks
from pulumi_kserve.platform.readiness import wait_annotations
from pulumi_kserve.platform.releases import RELEASES
from pulumi_kserve.resources import KubernetesObject

__all__ = ["InferenceService", "InferenceServiceSpec"]

_CLASS_ANNOTATION = "serving.kserve.io/autoscalerClass"


class InferenceServiceSpec(Spec):
    """One endpoint."""

    predictor: Predictor
    """What answers predictions."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels of the object; KServe passes them on to the pods."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations of the object; KServe passes most of them on to the pods."""
    timeout_seconds: int = Field(default=600, ge=1)
    """How long a rollout may take, from the change to the last new pod serving."""
    allow_recreate: bool = False
    """Allow a change of the platform's mode, or of the namespace, to delete the endpoint before it is made again:
    it answers nothing from then until its new pods serve. Set it for that one update."""
    overrides: dict[str, Any] = Field(default_factory=dict)
    """Merged deeply into the rendered object, for what has no field here; None removes a key.

    What results is checked against the fields of the platform's KServe release.
    """


class InferenceService(pulumi.ComponentResource):
    """A model endpoint with its own service account, identity and rollout gate."""

    def __init__(
        self,
        name: str,
        spec: InferenceServiceSpec | Mapping[str, Any],
        *,
        platform: PlatformLike,
        namespace: ModelNamespace | str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Serve a model.

        Args:
            name: The endpoint's name, which is also the component's.
            spec: An InferenceServiceSpec, or a mapping of the same shape.
            platform: The platform, or a reference to one of another stack.
            namespace: Where it runs: a ModelNamespace, or the name of a namespace that exists.
            opts: Options of the component, not of its children.

        Raises:
            pulumi.InputPropertiesError: everything that is wrong, at once, with paths and cures.

        """
        facts = platform.facts
        home = namespace.name if isinstance(namespace, ModelNamespace) else namespace
        parsed, runtime = _checked(name, home, spec, facts)
        super().__init__(
            "kserve:index:InferenceService",
            name,
            {"name": name, "namespace": home, "format": parsed.predictor.model.format},
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[platform.cluster.provider])),
        )
        self.name, self.namespace, self.spec = name, home, parsed
        before = [*platform.ready, *([namespace.resource] if isinstance(namespace, ModelNamespace) else [])]
        identity = self._identity(before)
        account = self._service_account(identity, before)
        manifest = self._manifest(facts, runtime, identity, self._labels(namespace))
        self.revision = revision(manifest, runtime)
        needs = [*before, account, *(identity.resources if identity else ())]
        gate = self._gate(platform, self._inference_service(manifest, needs, platform))
        self.runtime = runtime.name
        self.internal_url = f"http://{name}-predictor.{self.namespace}.svc.{facts.domain.removeprefix('svc.')}"
        self.url = self.internal_url
        self.serving: pulumi.Output[bool] = gate.id.apply(lambda _: True)
        self.register_outputs({"url": self.url, "internalUrl": self.internal_url, "runtime": self.runtime})

    @property
    def summary(self) -> dict[str, pulumi.Input[Any]]:
        """What a table of endpoints shows."""
        model = self.spec.predictor.model
        return {
            "name": self.name,
            "namespace": self.namespace,
            "url": self.url,
            "serving": self.serving,
            "model": model_uri(model).value,
            "runtime": self.runtime,
            "predict_path": f"/v1/models/{self.name}:predict",
        }

    def _labels(self, namespace: ModelNamespace | str) -> dict[str, str]:
        owner = {OWNER_LABEL: namespace.owner} if isinstance(namespace, ModelNamespace) else {}
        return {STACK_LABEL: this_stack(), **owner, **self.spec.labels}

    def _gate(self, platform: PlatformLike, service: pulumi.Resource) -> pulumi.CustomResource:
        rollout = Rollout(
            endpoint=self.name,
            namespace=self.namespace,
            component="predictor",
            revision=self.revision,
            replicas=fixed_replicas(self.spec.predictor.scaling),
            timeout_seconds=self.spec.timeout_seconds,
        )
        return rollout_gate(rollout, facts=platform.facts, cluster=platform.cluster, parent=self, depends_on=[service])

    def _identity(self, before: list[pulumi.Resource]) -> WorkloadIdentity | None:
        uri = model_uri(self.spec.predictor.model)
        if uri.store is None:
            return None
        opts = pulumi.ResourceOptions(parent=self, depends_on=before)
        return uri.store.identity(self.name, namespace=self.namespace, uri=uri, opts=opts)

    def _service_account(self, identity: WorkloadIdentity | None, before: list[pulumi.Resource]) -> pulumi.Resource:
        account: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "labels": {STACK_LABEL: this_stack()},
                "annotations": dict(identity.service_account_annotations) if identity else {},
            },
            "secrets": [{"name": name} for name in identity.secrets] if identity else [],
            "automountServiceAccountToken": False,
        }
        opts = pulumi.ResourceOptions(parent=self, depends_on=before)
        return KubernetesObject(f"{self.name}-service-account", account, opts)

    def _manifest(
        self,
        facts: PlatformFacts,
        runtime: RuntimeFacts,
        identity: WorkloadIdentity | None,
        labels: Mapping[str, str],
    ) -> dict[str, Any]:
        fields = predictor_fields(
            self.spec.predictor,
            runtime=runtime.name,
            service_account=self.name,
            pod_labels=identity.pod_labels if identity else {},
        )
        rendered = _manifest(self.name, self.namespace, self.spec, facts, predictor=fields, labels=labels)
        return merged(rendered, self.spec.overrides)

    def _inference_service(
        self, manifest: Mapping[str, Any], needs: list[pulumi.Resource], platform: PlatformLike
    ) -> pulumi.Resource:
        hooks = pulumi.ResourceHookBinding(
            before_create=[mode_change_refused(self.name, self.namespace, platform.facts.mode, platform.cluster)],
            on_error=[retry_webhooks(f"{self.name}-inference-service")],
        )
        annotations = {"annotations": {REVISION_ANNOTATION: self.revision}}
        return KubernetesObject(
            f"{self.name}-inference-service",
            merged(manifest, {"spec": {"predictor": annotations}}),
            pulumi.ResourceOptions(
                parent=self,
                depends_on=needs,
                replace_on_changes=[f'metadata.annotations["{MODE_ANNOTATION}"]'],
                delete_before_replace=self.spec.allow_recreate,
                hooks=hooks,
            ),
        )


def _manifest(
    name: str,
    namespace: str,
    spec: InferenceServiceSpec,
    facts: PlatformFacts,
    *,
    predictor: dict[str, Any],
    labels: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "apiVersion": RELEASES[facts.release].api_versions["InferenceService"],
        "kind": "InferenceService",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": dict(labels),
            "annotations": {
                MODE_ANNOTATION: facts.mode,
                _CLASS_ANNOTATION: autoscaler_class(spec.predictor.scaling),
                **wait_annotations("InferenceService", facts.mode),
                **spec.annotations,
            },
        },
        "spec": {"predictor": predictor},
    }


def _checked(
    name: str, namespace: str, spec: InferenceServiceSpec | Mapping[str, Any], facts: PlatformFacts
) -> tuple[InferenceServiceSpec, RuntimeFacts]:
    problems = [
        *mode_rules.refuse_mode(facts),
        *name_rules.refuse_name(name),
        *name_rules.refuse_long_host_name(name, namespace),
        *name_rules.refuse_namespace(namespace, facts),
    ]
    runtime: RuntimeFacts | None = None
    parsed: InferenceServiceSpec | None = None
    try:
        parsed = InferenceServiceSpec.parse(spec)
    except SpecError as error:
        problems += error.problems
    else:
        runtime, found = _judge(parsed, facts)
        problems += found
        problems += _judge_overrides(name, namespace, parsed, facts, runtime)
    if problems or parsed is None or runtime is None:
        raise input_properties_error(f"InferenceService {name!r}", problems)
    return parsed, runtime


def _judge_overrides(
    name: str, namespace: str, spec: InferenceServiceSpec, facts: PlatformFacts, runtime: RuntimeFacts | None
) -> list[Problem]:
    if not spec.overrides:
        return []
    fields = predictor_fields(
        spec.predictor, runtime=runtime.name if runtime else "", service_account=name, pod_labels={}
    )
    plain = _manifest(name, namespace, spec, facts, predictor=fields, labels=spec.labels)
    return override_rules.refuse_wrong_fields(plain, spec.overrides, facts.release, "overrides")


def _judge(spec: InferenceServiceSpec, facts: PlatformFacts) -> tuple[RuntimeFacts | None, list[Problem]]:
    model, scaling = spec.predictor.model, spec.predictor.scaling
    uri: ModelUri = model_uri(model)
    runtime, problems = model_rules.choose_runtime(model, facts, "predictor.model")
    problems += [
        *model_rules.refuse_uri(uri, "predictor.model"),
        *model_rules.refuse_template_braces(model, "predictor.model"),
        *model_rules.refuse_python_path(model, "predictor.model"),
        *model_rules.refuse_limits_below_requests(model.resources, "predictor.model"),
        *scaling_rules.refuse_max_below_min(scaling, "predictor.scaling.hpa"),
        *scaling_rules.refuse_missing_metrics(scaling, facts, "predictor.scaling.hpa"),
        *metadata_rules.refuse_labels(spec.labels, "labels"),
        *metadata_rules.refuse_labels(spec.predictor.labels, "predictor.labels"),
        *metadata_rules.refuse_annotations(spec.annotations, "annotations"),
        *metadata_rules.refuse_annotations(spec.predictor.annotations, "predictor.annotations"),
        *reserved_rules.refuse_reserved_keys(spec.labels, "labels"),
        *reserved_rules.refuse_reserved_keys(spec.annotations, "annotations"),
        *reserved_rules.refuse_reserved_keys(spec.predictor.labels, "predictor.labels"),
        *reserved_rules.refuse_reserved_keys(spec.predictor.annotations, "predictor.annotations"),
        *reserved_rules.refuse_reserved_overrides(spec.overrides, "overrides"),
    ]
    return runtime, problems
