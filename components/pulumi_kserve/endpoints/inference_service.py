"""`InferenceService`: one model endpoint, checked before anything is made, and serving when `up` ends.

https://kserve.github.io/website/docs/concepts/resources
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_kserve.contracts import PlatformFacts, PlatformLike, RuntimeFacts
from pulumi_kserve.endpoints.addresses import addresses_of, openai_base_url, predict_path
from pulumi_kserve.endpoints.admission.subject import MODE_ANNOTATION
from pulumi_kserve.endpoints.cluster_hooks import cluster_hooks
from pulumi_kserve.endpoints.identity import Identity, identity_of, service_account
from pulumi_kserve.endpoints.judgement import Judged, judged
from pulumi_kserve.endpoints.late_judgement import with_late_judgement
from pulumi_kserve.endpoints.mode_change import Standing
from pulumi_kserve.endpoints.model_namespace import ModelNamespace
from pulumi_kserve.endpoints.rollout_gate import Rollout, rollout_gate
from pulumi_kserve.endpoints.route import departure_of, routes
from pulumi_kserve.endpoints.spec.canary import (
    canary_revision,
    canary_shares,
    marked_canaries,
    stable_replicas,
)
from pulumi_kserve.endpoints.spec.component import Rendering
from pulumi_kserve.endpoints.spec.disruption_budget import disruption_budget_manifest
from pulumi_kserve.endpoints.spec.network_policy import network_policy_manifest
from pulumi_kserve.endpoints.spec.predictor import revision
from pulumi_kserve.endpoints.spec.route import is_routed, route_manifests
from pulumi_kserve.endpoints.spec.scaling import fixed_replicas, least_replicas
from pulumi_kserve.endpoints.spec.service import (
    InferenceServiceSpec,
    components_of,
    entry_of,
    resolved,
    service_manifest,
    uris_in,
    workload_name,
)
from pulumi_kserve.overrides import merged
from pulumi_kserve.ownership import REVISION_ANNOTATION, STACK_LABEL, this_stack
from pulumi_kserve.resources import KubernetesObject

__all__ = ["InferenceService", "InferenceServiceSpec"]


class InferenceService(pulumi.ComponentResource):
    """A model endpoint with its own service account, identity, network policy, rollout gates and routes.

    Attributes:
        name: The endpoint's name.
        namespace: Its namespace.
        url: Where clients call it: through the platform's gateway, or inside the cluster where there is none.
        internal_url: Where pods of the cluster call it.
        path_url: Where clients call it below the platform's own host name; None where no route of ours leads to it.
        openai_base_url: The base URL for clients of the OpenAI protocol; None where it is not asked for.
        runtime: The serving runtime; None where the predictor is a container of one's own.

    """

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
        where = namespace.name if isinstance(namespace, ModelNamespace) else namespace
        team = namespace.team_labels if isinstance(namespace, ModelNamespace) else {}
        fit = judged(name, where, spec, platform.facts, team)
        super().__init__(
            "kserve:index:InferenceService",
            name,
            {"name": name, "namespace": where, "runtime": fit.runtime.name if fit.runtime else None},
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[platform.cluster.provider])),
        )
        self.name, self.namespace, self.spec, self._platform = name, where, fit.spec, platform
        home = [namespace.resource] if isinstance(namespace, ModelNamespace) else []
        self._before: list[pulumi.Resource] = [*platform.ready, *home]
        self._labels = {STACK_LABEL: this_stack(), **(team if fit.spec.team_labels else {})}
        self._address(platform.facts, fit.runtime)
        service = self._serve(fit)
        self._guard()
        self._serves_when = [] if self.spec.stopped else self._routed(self._gates(service))
        self.register_outputs({"url": self.url, "internalUrl": self.internal_url, "runtime": self.runtime})

    @property
    def summary(self) -> dict[str, pulumi.Input[Any]]:
        """What a table of endpoints shows."""
        model = self.spec.predictor.model
        uri = None if model is None else model.place
        return {
            "name": self.name,
            "namespace": self.namespace,
            "url": self.url,
            "serving": self.serving,
            "model": None if uri is None else uri.value,
            "runtime": self.runtime,
            "predict_path": self._predict_path,
        }

    def _address(self, facts: PlatformFacts, runtime: RuntimeFacts | None) -> None:
        entry = workload_name(self.name, entry_of(self.spec), self.spec)
        local = self.spec.cluster_local
        found = addresses_of(self.name, self.namespace, entry, facts, cluster_local=local)
        self.url, self.internal_url, self.path_url = found.url, found.internal_url, found.path_url
        self.runtime = runtime.name if runtime else None
        model = self.spec.predictor.model
        said = model.protocol if model else None
        self.openai_base_url = openai_base_url(self.url, said or "", runtime)
        self._predict_path = predict_path(self.name, Rendering.of(facts, runtime=runtime).protocol_of(model))

    def _options(self, *needs: pulumi.Resource, **more: Any) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*self._before, *needs], **more)

    def _serve(self, fit: Judged) -> pulumi.CustomResource:
        uris = [*uris_in(fit.manifest)]
        identity = identity_of(self.name, self.namespace, uris, self.spec.credentials, self._options())
        needs = [*identity.resources, *self._service_account(identity)]
        whole = merged(resolved(self._with_identity(fit, identity)), self.spec.overrides)
        facts = self._platform.facts
        self._manifest = with_late_judgement(whole, f"InferenceService {self.name!r}", self.spec, facts)
        self.revisions = {
            component: revision(self._manifest, component, fit.runtime) for component in components_of(self.spec)
        }
        self._canaries = {
            share: canary_revision(self._manifest, share.name, facts, fit.runtime)
            for share in canary_shares(self._manifest)
        }
        return self._inference_service(needs)

    def _with_identity(self, fit: Judged, identity: Identity) -> Mapping[str, Any]:
        """The object as it was judged, its pods with the labels that the identity needs."""
        if not identity.pod_labels:
            return fit.manifest
        rendering = Rendering.of(
            self._platform.facts,
            runtime=fit.runtime,
            service_account=self.spec.service_account or self.name,
            pod_labels=identity.pod_labels,
        )
        labels = fit.manifest["metadata"]["labels"]
        return service_manifest(self.name, self.namespace, self.spec, rendering, labels=labels)

    def _service_account(self, identity: Identity) -> list[pulumi.Resource]:
        if self.spec.service_account:
            return []
        labels = {STACK_LABEL: this_stack()}
        return [service_account(self.name, self.namespace, identity, labels, self._options())]

    def _inference_service(self, needs: Sequence[pulumi.Resource]) -> pulumi.CustomResource:
        resource, shared = f"{self.name}-inference-service", cluster_hooks(self._platform.cluster)
        shared.standings[resource] = Standing(self.name, self.namespace, self._platform.facts.mode)
        routed = is_routed(self.spec, self._platform.facts)
        if routed:
            shared.departures[resource] = departure_of(self.name, self.namespace, self.spec, [*self._canaries])
        hooks = pulumi.ResourceHookBinding(
            before_create=[shared.mode_change],
            before_update=[shared.withdrawal] if routed else [],
            on_error=[shared.webhook_retry],
        )
        options = self._options(
            *needs,
            replace_on_changes=[f'metadata.annotations["{MODE_ANNOTATION}"]'],
            delete_before_replace=self.spec.allow_recreate,
            hooks=hooks,
        )
        return KubernetesObject(resource, merged(self._manifest, {"spec": self._marks()}), options)

    def _marks(self) -> dict[str, Any]:
        """The annotations by which the pods of each revision are told apart."""
        marks: dict[str, Any] = {
            component: {"annotations": {REVISION_ANNOTATION: found}} for component, found in self.revisions.items()
        }
        found = {share.name: revision for share, revision in self._canaries.items()}
        return marks | marked_canaries(self._manifest, REVISION_ANNOTATION, found)

    def _guard(self) -> None:
        """The endpoint's NetworkPolicy, and a PodDisruptionBudget for each component with pods to spare."""
        place = {"name": self.name, "namespace": self.namespace}
        if self.spec.network_policy:
            policy = network_policy_manifest(
                self.spec.network_policy,
                **place,
                labels=self._labels,
                facts=self._platform.facts,
                cluster_local=self.spec.cluster_local,
            )
            KubernetesObject(f"{self.name}-network-policy", policy, self._options())
        for component, found in components_of(self.spec).items():
            least = 0 if self.spec.stopped else least_replicas(found.scaling)
            if self.spec.disruption_budget:
                budget = disruption_budget_manifest(
                    self.spec.disruption_budget, component, least_replicas=least, **place, labels=self._labels
                )
                if budget:
                    KubernetesObject(f"{self.name}-{component}-disruption-budget", budget, self._options())

    def _gates(self, service: pulumi.CustomResource) -> list[pulumi.CustomResource]:
        """What exists only once the pods serve: gates of all of them, or the object that waits for Ready."""
        if self._platform.facts.mode != "Standard":
            return [service]
        fixed = {name: fixed_replicas(component.scaling) for name, component in components_of(self.spec).items()}
        fixed["predictor"] = stable_replicas(fixed["predictor"], [*self._canaries])
        rollouts = [
            self._rollout(component, workload_name(self.name, component, self.spec), found, replicas=fixed[component])
            for component, found in self.revisions.items()
        ]
        rollouts += [
            self._rollout("predictor", share.workload(self.name), found, replicas=share.replicas, canary=share.name)
            for share, found in self._canaries.items()
        ]
        return [self._gate(rollout, service) for rollout in rollouts]

    def _routed(self, gates: list[pulumi.CustomResource]) -> list[pulumi.CustomResource]:
        """The gates, and the routes that lead to what passed them."""
        manifests = route_manifests(
            self.name, self.namespace, self.spec, [*self._canaries], self._platform.facts, labels=self._labels
        )
        timeout = self.spec.timeout_seconds
        return [*gates, *routes(self.name, manifests, timeout_seconds=timeout, parent=self, depends_on=gates)]

    @property
    def serving(self) -> pulumi.Output[bool]:
        """True once the new pods serve and requests reach them; false for a stopped endpoint."""
        if self.spec.stopped:
            return pulumi.Output.from_input(False)  # noqa: FBT003 -- the value of an output
        return pulumi.Output.all(*(gate.id for gate in self._serves_when)).apply(lambda _: True)

    def _rollout(
        self,
        component: str,
        deployment: str,
        revision: str | pulumi.Output[str],
        *,
        replicas: int | None,
        canary: str | None = None,
    ) -> Rollout:
        return Rollout(
            endpoint=self.name,
            namespace=self.namespace,
            component=component,
            deployment=deployment,
            revision=revision,
            replicas=replicas,
            timeout_seconds=self.spec.timeout_seconds,
            controller_namespace=self._platform.facts.namespace,
            canary=canary,
        )

    def _gate(self, rollout: Rollout, service: pulumi.Resource) -> pulumi.CustomResource:
        shared = cluster_hooks(self._platform.cluster)
        shared.rollouts[rollout.gate] = rollout
        return rollout_gate(rollout, hook=shared.rollout_truth, parent=self, depends_on=[service])
