"""How a layer installs a chart: a record of ownership, the release, and a gate that its webhooks answer.

The record is written before the install, so that a release that was half recorded when the engine was
killed can be told from somebody else's (:mod:`pulumi_kserve.live.recovery`). The gate holds back what
depends on the layer until an object of its API is really accepted; previews never ask the cluster.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes import helm

from pulumi_kserve.contracts import ClusterAccess
from pulumi_kserve.ownership import STACK_LABEL, release_record
from pulumi_kserve.platform.charts import ChartFolder, ChartMirror, resolve
from pulumi_kserve.platform.releases import Chart, Release
from pulumi_kserve.resources import KubernetesObject

__all__ = ["Layer", "LayerContext"]

_RETRIES = 12
_RETRY_SECONDS = 5


@dataclass(frozen=True)
class LayerContext:
    """What every layer of one platform shares."""

    platform: str
    parent: pulumi.Resource
    cluster: ClusterAccess
    row: Release
    chart_source: ChartFolder | ChartMirror | None
    stack: str

    def options(self, *, depends_on: Sequence[pulumi.Resource] = (), **more: Any) -> pulumi.ResourceOptions:
        """Options of a child: the platform is its parent."""
        return pulumi.ResourceOptions(parent=self.parent, depends_on=list(depends_on), **more)

    def namespace(
        self, name: str, labels: Mapping[str, str], depends_on: Sequence[pulumi.Resource] = ()
    ) -> pulumi.Resource:
        """A system namespace of this platform."""
        metadata = {"name": name, "labels": {STACK_LABEL: self.stack, **labels}}
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        return KubernetesObject(f"{self.platform}-namespace-{name}", manifest, self.options(depends_on=depends_on))

    def config_map(self, name: str, namespace: str, data: Mapping[str, str]) -> dict[str, Any]:
        """A ConfigMap of this platform."""
        metadata = {"name": name, "namespace": namespace, "labels": {STACK_LABEL: self.stack}}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}


@dataclass(frozen=True)
class Layer:
    """An installed layer; whatever needs it depends on `ready`."""

    name: str
    version: str
    ready: pulumi.Resource
    resources: tuple[pulumi.Resource, ...]


def install(
    context: LayerContext,
    chart: Chart,
    *,
    namespace: str,
    values: Mapping[str, Any],
    depends_on: Sequence[pulumi.Resource],
    retain: bool = False,
    timeout_seconds: int = 600,
) -> Layer:
    """Record, then install `chart` as the Helm release of its name, waiting until its workloads are available.

    Args:
        context: What the platform's layers share.
        chart: The chart of the release row.
        namespace: The namespace of the release, which must exist.
        values: The chart's values.
        depends_on: What must be there before.
        retain: Keep the release when the stack is destroyed.
        timeout_seconds: How long Helm waits for the workloads.

    """
    found = resolve(chart, context.chart_source, context.row)
    record = KubernetesObject(
        f"{context.platform}-record-{chart.name}",
        context.config_map(release_record(chart.name), namespace, {"release": chart.name}),
        context.options(depends_on=depends_on),
    )
    release = helm.v3.Release(
        f"{context.platform}-{chart.name}",
        name=chart.name,
        namespace=namespace,
        values=dict(values),
        timeout=timeout_seconds,
        create_namespace=False,
        **found.release_args,
        opts=context.options(
            depends_on=[*depends_on, record],
            retain_on_delete=retain,
            hooks=pulumi.ResourceHookBinding(on_error=[_say_how_to_recover(context, chart.name)]),
        ),
    )
    return Layer(chart.name, found.version, release, (record, release))


def gate(context: LayerContext, layer: Layer, *, namespace: str, probes: Sequence[Mapping[str, Any]]) -> Layer:
    """A layer whose `ready` also means that the API server accepts each probe in a dry run."""
    hook = _webhooks_answer(context, layer.name, probes)
    marker = KubernetesObject(
        f"{context.platform}-gate-{layer.name}",
        context.config_map(
            f"pulumi-kserve-gate-{layer.name}", namespace, {"release": layer.name, "version": layer.version}
        ),
        context.options(
            depends_on=[layer.ready],
            hooks=pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook]),
        ),
    )
    return Layer(layer.name, layer.version, marker, (*layer.resources, marker))


def _webhooks_answer(context: LayerContext, layer: str, probes: Sequence[Mapping[str, Any]]) -> pulumi.ResourceHook:
    async def wait(_args: pulumi.ResourceHookArgs) -> None:
        await asyncio.to_thread(ask, await context.cluster.kubeconfig.future())

    def ask(kubeconfig: str | None) -> None:
        from pulumi_kserve.live.cluster import connect  # noqa: PLC0415 -- only a real `up` needs a client
        from pulumi_kserve.live.webhooks import await_accepted  # noqa: PLC0415 -- the same

        with connect(kubeconfig, context.cluster.context) as cluster:
            await_accepted(cluster, probes, what=layer)

    return pulumi.ResourceHook(f"{context.platform}-{layer}-webhooks-answer", wait)


def _say_how_to_recover(context: LayerContext, release: str) -> pulumi.ErrorHook:
    def say(args: pulumi.ErrorHookArgs) -> bool:
        from pulumi_kserve.live.recovery import explain_engine_error  # noqa: PLC0415

        if message := explain_engine_error(args.errors, pulumi.get_stack()):
            pulumi.log.error(message)
        return False

    return pulumi.ErrorHook(f"{context.platform}-{release}-recovery", say)


def retry_webhooks(name: str) -> pulumi.ErrorHook:
    """An error hook that tries again while a webhook of ours does not answer, for a minute at most."""

    def retry(args: pulumi.ErrorHookArgs) -> bool:
        unanswered = "failed calling webhook" in "".join(args.errors[:1])
        if unanswered and len(args.errors) <= _RETRIES:
            time.sleep(_RETRY_SECONDS)
            return True
        return False

    return pulumi.ErrorHook(f"{name}-webhook-retry", retry)
