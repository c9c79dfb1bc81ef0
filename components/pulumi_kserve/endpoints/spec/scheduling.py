"""Where pods run: nodes they want, neighbours they shun, taints they bear, zones they spread over.

https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from pulumi_kserve.amounts import Whole
from pulumi_kserve.models import Spec

__all__ = [
    "Affinity",
    "LabelRequirement",
    "LabelSelector",
    "NodeAffinity",
    "NodeRequirement",
    "NodeSelector",
    "NodeSelectorTerm",
    "PodAffinity",
    "PodAffinityTerm",
    "Toleration",
    "TopologySpread",
    "WeightedNodeTerm",
    "WeightedPodTerm",
]

Key: TypeAlias = Annotated[str, Field(min_length=1)]
Weight: TypeAlias = Annotated[Whole, Field(ge=1, le=100)]
"""How much a wish counts against other wishes, 1 to 100."""


def _check_values(operator: str, values: tuple[str, ...] | None) -> None:
    if operator in ("In", "NotIn") and not values:
        raise ValueError(f"the operator {operator} needs at least one of values")
    if operator in ("Exists", "DoesNotExist") and values:
        raise ValueError(f"the operator {operator} takes no values: remove them, or use In")
    if operator in ("Gt", "Lt") and (len(values or ()) != 1 or not values or not values[0].lstrip("-").isdecimal()):
        raise ValueError(f"the operator {operator} takes one value, a whole number in quotes")


class LabelRequirement(Spec):
    """A condition on one label of pods."""

    key: Key
    """The label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How it is compared."""
    values: tuple[str, ...] | None = None
    """What it is compared with; only for In and NotIn."""

    @model_validator(mode="after")
    def _values_fit(self) -> Self:
        _check_values(self.operator, self.values)
        return self


class LabelSelector(Spec):
    """The pods that meet all conditions; without any: all pods."""

    match_labels: dict[str, str] | None = None
    """Labels that they carry."""
    match_expressions: tuple[LabelRequirement, ...] | None = None
    """Further conditions."""


class NodeRequirement(Spec):
    """A condition on one label or field of nodes."""

    key: Key
    """The label or field."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    """How it is compared; Gt and Lt compare whole numbers."""
    values: tuple[str, ...] | None = None
    """What it is compared with."""

    @model_validator(mode="after")
    def _values_fit(self) -> Self:
        _check_values(self.operator, self.values)
        return self


class NodeSelectorTerm(Spec):
    """The nodes that meet all conditions."""

    match_expressions: tuple[NodeRequirement, ...] | None = None
    """Conditions on labels."""
    match_fields: tuple[NodeRequirement, ...] | None = None
    """Conditions on fields; ``metadata.name`` is the only one."""

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if not self.match_expressions and not self.match_fields:
            raise ValueError("a term without conditions matches no node: give matchExpressions or matchFields")
        return self


class NodeSelector(Spec):
    """The nodes that meet at least one of the terms."""

    node_selector_terms: tuple[NodeSelectorTerm, ...] = Field(min_length=1)
    """The terms, at least 1."""


class WeightedNodeTerm(Spec):
    """A wish for certain nodes."""

    weight: Weight
    """How much it counts."""
    preference: NodeSelectorTerm
    """The nodes."""


class NodeAffinity(Spec):
    """The nodes that pods must or would like to run on."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    """Only these."""
    preferred_during_scheduling_ignored_during_execution: tuple[WeightedNodeTerm, ...] | None = None
    """Rather these."""


class PodAffinityTerm(Spec):
    """Places where certain other pods run."""

    label_selector: LabelSelector
    """The other pods. It must be said: Kubernetes takes its absence for none."""
    topology_key: Key
    """The node label that says what one place is, for example ``topology.kubernetes.io/zone``."""
    namespaces: tuple[str, ...] | None = None
    """Namespaces of the other pods; the endpoint's own when this and `namespace_selector` are unset."""
    namespace_selector: LabelSelector | None = None
    """The same by the namespaces' labels; ``{}`` means all."""
    match_label_keys: tuple[str, ...] | None = None
    """Labels in which the other pods must equal this one, for example ``pod-template-hash``."""
    mismatch_label_keys: tuple[str, ...] | None = None
    """Labels in which the other pods must differ from this one."""


class WeightedPodTerm(Spec):
    """A wish for certain neighbours."""

    weight: Weight
    """How much it counts."""
    pod_affinity_term: PodAffinityTerm
    """The places."""


class PodAffinity(Spec):
    """The neighbours that pods must or would like to have, or not to have."""

    required_during_scheduling_ignored_during_execution: tuple[PodAffinityTerm, ...] | None = None
    """Only in all these places."""
    preferred_during_scheduling_ignored_during_execution: tuple[WeightedPodTerm, ...] | None = None
    """Rather in these places."""


class Affinity(Spec):
    """What draws pods to places and drives them away."""

    node_affinity: NodeAffinity | None = None
    """By nodes."""
    pod_affinity: PodAffinity | None = None
    """Towards other pods."""
    pod_anti_affinity: PodAffinity | None = None
    """Away from other pods."""


class Toleration(Spec):
    """A taint that does not keep the pods away."""

    key: Key | None = None
    """The taint's key; unset: every key, which needs the operator Exists."""
    operator: Literal["Equal", "Exists"] | None = None
    """Whether the value must be equal, or any does; ``Equal`` when unset."""
    value: str | None = None
    """The taint's value; only for Equal."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; every effect when unset."""
    toleration_seconds: Whole | None = None
    """Seconds that pods stay after such a taint appears; only with NoExecute; for ever when unset."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.key is None and self.operator != "Exists":
            raise ValueError("without key it is for every taint: say so by the operator 'Exists', or add the key")
        if self.value and self.operator == "Exists":
            raise ValueError("the operator Exists takes no value: remove it, or use Equal")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise ValueError("tolerationSeconds has a meaning only with the effect NoExecute")
        return self


class TopologySpread(Spec):
    """How evenly pods lie over the places that a node label makes."""

    topology_key: Key
    """The node label that says what one place is, for example ``topology.kubernetes.io/zone``."""
    max_skew: Whole = Field(default=1, ge=1)
    """By how many pods the fullest place may exceed the emptiest, at least 1."""
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    """Whether a pod that fits nowhere waits, or goes where it disturbs least."""
    label_selector: LabelSelector
    """The pods that are counted. It must be said: Kubernetes takes its absence for none, and spreads nothing."""
    match_label_keys: tuple[str, ...] | None = None
    """Labels in which counted pods must equal this one, for example ``pod-template-hash``."""
    min_domains: Whole | None = Field(default=None, ge=1)
    """The fewest places there must be; only with DoNotSchedule."""
    node_affinity_policy: Literal["Honor", "Ignore"] | None = None
    """Whether nodes that the pods' selector and affinity rule out are left out; ``Honor`` when unset."""
    node_taints_policy: Literal["Honor", "Ignore"] | None = None
    """Whether nodes whose taints the pods do not tolerate are left out; ``Ignore`` when unset."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.min_domains is not None and self.when_unsatisfiable != "DoNotSchedule":
            raise ValueError("minDomains has a meaning only with whenUnsatisfiable 'DoNotSchedule'")
        return self
