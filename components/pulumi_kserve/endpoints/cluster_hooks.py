"""The engine's hooks that the endpoints of one cluster share.

The engine takes each hook by its name, in a call of its own: three for each endpoint would be thousands of calls for a
large program, and three for all endpoints are three. What a hook needs to know of one endpoint it finds by the name of
the resource that it runs for. https://www.pulumi.com/docs/iac/concepts/options/hooks
"""

from __future__ import annotations

from functools import partial
from weakref import WeakKeyDictionary

import pulumi

from pulumi_kserve.asking import ask_cluster
from pulumi_kserve.contracts import ClusterAccess
from pulumi_kserve.endpoints.mode_change import Standing, refuse_mode_change
from pulumi_kserve.endpoints.rollout_gate import Rollout, await_pods
from pulumi_kserve.endpoints.route import withdraw_requests
from pulumi_kserve.live.route import Departure
from pulumi_kserve.platform.layers.helm_release import retry_webhooks

__all__ = ["ClusterHooks", "cluster_hooks"]


class ClusterHooks:
    """What runs before and after the engine touches an endpoint's objects.

    Attributes:
        standings: The mode that each InferenceService shall have, by the resource's name.
        rollouts: What shall serve, by the name of the gate.
        departures: What an update of each InferenceService leaves, by the resource's name.
        mode_change: For before an InferenceService is made: it fails when one of another mode serves.
        withdrawal: For before an InferenceService is updated: it takes requests off what the update removes.
        rollout_truth: For before a gate is written: it waits until the pods of the rollout serve.
        webhook_retry: For a failed creation: it tries again while KServe's webhook does not answer.

    """

    def __init__(self, cluster: ClusterAccess) -> None:
        """Register the hooks."""
        self._cluster = cluster
        self.standings: dict[str, Standing] = {}
        self.rollouts: dict[str, Rollout] = {}
        self.departures: dict[str, Departure] = {}
        name = cluster.provider.pulumi_resource_name
        self.mode_change = pulumi.ResourceHook(f"{name}-mode-change", self._refuse_mode_change)
        self.withdrawal = pulumi.ResourceHook(f"{name}-withdrawal", self._withdraw)
        self.rollout_truth = pulumi.ResourceHook(f"{name}-rollout-truth", self._await_pods)
        self.webhook_retry = retry_webhooks(name)

    async def _refuse_mode_change(self, args: pulumi.ResourceHookArgs) -> None:
        await ask_cluster(self._cluster, partial(refuse_mode_change, self.standings[args.name]))

    async def _withdraw(self, args: pulumi.ResourceHookArgs) -> None:
        await ask_cluster(self._cluster, partial(withdraw_requests, self.departures[args.name]))

    async def _await_pods(self, args: pulumi.ResourceHookArgs) -> None:
        rollout = self.rollouts[args.name]
        revision = await pulumi.Output.from_input(rollout.revision).future()
        await ask_cluster(self._cluster, partial(await_pods, rollout, revision or ""))


_KNOWN: WeakKeyDictionary[pulumi.ProviderResource, ClusterHooks] = WeakKeyDictionary()


def cluster_hooks(cluster: ClusterAccess) -> ClusterHooks:
    """The hooks of `cluster`, registered when the first endpoint asks."""
    found = _KNOWN.get(cluster.provider)
    if found is None:
        found = _KNOWN[cluster.provider] = ClusterHooks(cluster)
    return found
