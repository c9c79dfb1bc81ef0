"""The truth about an update: `up` ends well only when the new model answers.

KServe's Ready stays True on the old pod while the new one fails. The gate is a patch of the predictor's
Deployment that records the revision whose pods serve. Before the patch is sent, a hook watches the
rollout of exactly that revision and fails early with the component's own words; the patch then is not
recorded, so that the next `up` tries, and fails, again until the cause is mended. The patch itself waits
for the same truth, so that it also holds where hooks do not run.

The revision travels as an annotation of the predictor into the pods' template: a rollout that KServe has
not begun is thereby told from one that is done.

The patch is never taken back: it goes with its Deployment, which KServe deletes with the endpoint, or when the
endpoint is stopped; the provider would make a Deployment anew to take a patch off it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from pulumi_kserve.ownership import REPLICAS_ANNOTATION, REVISION_ANNOTATION
from pulumi_kserve.resources import KubernetesPatch

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster

__all__ = ["Rollout", "await_pods", "rollout_gate"]


@dataclass(frozen=True)
class Rollout:
    """What shall serve."""

    endpoint: str
    namespace: str
    component: str
    deployment: str
    revision: str | pulumi.Output[str]
    replicas: int | None
    timeout_seconds: int
    controller_namespace: str
    canary: str | None = None
    """The canary whose pods are meant; of the predictor the stable ones when None."""

    @property
    def gate(self) -> str:
        """The name of the gate's resource."""
        return f"{self.endpoint}-{f'{self.canary}-canary' if self.canary else self.component}-rollout"


def rollout_gate(
    rollout: Rollout,
    *,
    hook: pulumi.ResourceHook,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource],
) -> pulumi.CustomResource:
    """A resource that exists, or is updated, only once the revision's pods serve: `hook` waits for them."""
    annotations: dict[str, pulumi.Input[str]] = {
        REVISION_ANNOTATION: rollout.revision,
        "pulumi.com/patchForce": "true",
        "pulumi.com/patchFieldManager": "pulumi-kserve-rollout-gate",
        "pulumi.com/waitFor": _conditions_of(rollout.revision),
    }
    if rollout.replicas is not None:
        annotations[REPLICAS_ANNOTATION] = str(rollout.replicas)
    timeout = f"{rollout.timeout_seconds}s"
    metadata = {"name": rollout.deployment, "namespace": rollout.namespace, "annotations": annotations}
    return KubernetesPatch(
        rollout.gate,
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata},
        pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(depends_on),
            hooks=pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook]),
            custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout),
            retain_on_delete=True,
        ),
    )


def await_pods(rollout: Rollout, revision: str, cluster: Cluster) -> None:
    """Return once the pods of `revision` serve.

    Raises:
        RolloutFailed: they cannot, or did not in time; with the component's own words.

    """
    from pulumi_kserve.live.rollout import await_rollout  # noqa: PLC0415 -- only a real `up` needs it

    await_rollout(
        cluster,
        namespace=rollout.namespace,
        endpoint=rollout.endpoint,
        component=rollout.component,
        canary=rollout.canary,
        revision=revision,
        replicas=rollout.replicas,
        timeout=float(rollout.timeout_seconds),
        controller_namespace=rollout.controller_namespace,
        report=pulumi.log.info,
    )


def _conditions_of(revision: str | pulumi.Output[str]) -> pulumi.Input[str]:
    if isinstance(revision, str):
        return _conditions(revision)
    return revision.apply(_conditions)


def _conditions(revision: str) -> str:
    annotation = REVISION_ANNOTATION
    return json.dumps(
        [
            f"jsonpath={{.spec.template.metadata.annotations['{annotation}']}}={revision}",
            "jsonpath={.status.conditions[?(@.type=='Progressing')].reason}=NewReplicaSetAvailable",
        ]
    )
