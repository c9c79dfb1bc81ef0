"""`ModelNamespace`: a namespace for models, owned by a team and closed to privileged pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import pulumi
from pydantic import Field

from pulumi_kserve.amounts import Quantity
from pulumi_kserve.contracts import PlatformLike
from pulumi_kserve.endpoints.admission.metadata import refuse_labels
from pulumi_kserve.endpoints.admission.names import refuse_namespace
from pulumi_kserve.errors import Problem, SpecError, input_properties_error
from pulumi_kserve.models import Spec
from pulumi_kserve.namespace_claim import namespace_claim
from pulumi_kserve.ownership import COST_CENTRE_LABEL, OWNER_LABEL, STACK_LABEL, this_stack
from pulumi_kserve.platform.layers.istio import INJECTION_LABEL
from pulumi_kserve.resources import KubernetesObject

__all__ = ["ModelNamespace", "ModelNamespaceSpec"]


LabelValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$", max_length=63)]


class ModelNamespaceSpec(Spec):
    """Whose namespace it is, and how much it may take."""

    owner: LabelValue
    """The team that answers for the models; a label on every object."""
    cost_centre: LabelValue | None = None
    """Who pays for the models; a label on the namespace and on every endpoint, and so on its pods."""
    quota: dict[str, Quantity] | None = None
    """The most that all pods together may ask for, for example ``{"requests.cpu": "8"}``."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Further labels of the namespace."""


class ModelNamespace(pulumi.ComponentResource):
    """A namespace under the restricted Pod Security Standard, with the owner's label and quota."""

    def __init__(
        self,
        name: str,
        spec: ModelNamespaceSpec | Mapping[str, Any],
        *,
        platform: PlatformLike,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make namespace `name`.

        Args:
            name: The namespace's name, which is also the component's.
            spec: A ModelNamespaceSpec, or a mapping of the same shape.
            platform: The platform that serves the models.
            opts: Options of the component.

        Raises:
            pulumi.InputPropertiesError: the spec is wrong, or the name belongs to the system.

        """
        problems: list[Problem] = list(refuse_namespace(name, platform.facts))
        try:
            self.spec = ModelNamespaceSpec.parse(spec)
            problems += refuse_labels(self.spec.labels, "labels")
        except SpecError as error:
            problems += error.problems
        if problems:
            raise input_properties_error(f"ModelNamespace {name!r}", problems)
        super().__init__(
            "kserve:index:ModelNamespace",
            name,
            {"owner": self.spec.owner},
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[platform.cluster.provider])),
        )
        self._mesh = INJECTION_LABEL if platform.facts.gateway == "istio" and platform.facts.route else {}
        self.name = name
        self.owner = self.spec.owner
        self.resource = self._namespace(platform)
        if self.spec.quota:
            self._quota(self.spec.quota)
        self.register_outputs({"name": name, "owner": self.owner})

    @property
    def team_labels(self) -> dict[str, str]:
        """The labels that say whose the models are, for the namespace and for every endpoint in it."""
        cost_centre = {COST_CENTRE_LABEL: self.spec.cost_centre} if self.spec.cost_centre else {}
        return {OWNER_LABEL: self.spec.owner, **cost_centre}

    def _namespace(self, platform: PlatformLike) -> pulumi.Resource:
        metadata = {"name": self.name, "labels": self._labels()}
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        opts = pulumi.ResourceOptions(parent=self, hooks=namespace_claim(platform.cluster))
        return KubernetesObject(f"{self.name}-namespace", manifest, opts)

    def _quota(self, hard: Mapping[str, str]) -> None:
        metadata = {"name": "models", "namespace": self.name, "labels": {STACK_LABEL: this_stack()}}
        manifest = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": dict(hard)}}
        opts = pulumi.ResourceOptions(parent=self, depends_on=[self.resource])
        KubernetesObject(f"{self.name}-quota", manifest, opts)

    def _labels(self) -> dict[str, str]:
        return {
            "pod-security.kubernetes.io/enforce": "restricted",
            **self._mesh,
            **self.team_labels,
            STACK_LABEL: this_stack(),
            **self.spec.labels,
        }
