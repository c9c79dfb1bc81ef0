"""How a layer installs a chart: a record of ownership, the release, and a gate that its webhooks answer.

The record is written before the install, so that a release that was half recorded when the engine was
killed can be told from somebody else's (:mod:`pulumi_kserve.live.recovery`). The gate holds back what
depends on the layer until an object of its API is really accepted; previews never ask the cluster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_kubernetes import helm

from pulumi_kserve.asking import ask_cluster
from pulumi_kserve.contracts import ClusterAccess
from pulumi_kserve.namespace_claim import namespace_claim
from pulumi_kserve.ownership import STACK_LABEL, release_record
from pulumi_kserve.platform.charts import ChartFolder, ChartMirror, resolve
from pulumi_kserve.platform.releases import Chart, Release
from pulumi_kserve.platform.served import Served
from pulumi_kserve.resources import KubernetesObject

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster

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

    @property
    def images(self) -> Mapping[str, str]:
        """Tags of images to be used instead of those that charts name, by the image's name; none but for a folder."""
        return self.row.proven_images if isinstance(self.chart_source, ChartFolder) else {}

    def options(self, *, depends_on: Sequence[pulumi.Resource] = (), **more: Any) -> pulumi.ResourceOptions:
        """Options of a child: the platform is its parent."""
        return pulumi.ResourceOptions(parent=self.parent, depends_on=list(depends_on), **more)

    def namespace(
        self, name: str, labels: Mapping[str, str], depends_on: Sequence[pulumi.Resource] = ()
    ) -> pulumi.Resource:
        """A system namespace of this platform."""
        metadata = {"name": name, "labels": {STACK_LABEL: self.stack, **labels}}
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        options = self.options(depends_on=depends_on, hooks=namespace_claim(self.cluster))
        return KubernetesObject(f"{self.platform}-namespace-{name}", manifest, options)

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
    release: str = "",
    skip_crds: bool = False,
) -> Layer:
    """Record, then install `chart` as a Helm release, waiting until its workloads are available.

    Args:
        context: What the platform's layers share.
        chart: The chart of the release row.
        namespace: The namespace of the release, which must exist.
        values: The chart's values.
        depends_on: What must be there before.
        retain: Keep the release when the stack is destroyed.
        timeout_seconds: How long Helm waits for the workloads.
        release: The release's name; the chart's when empty.
        skip_crds: Leave out what lies in the chart's folder ``crds``, which Helm would never update.

    """
    name = release or chart.name
    found = resolve(chart, context.chart_source, context.row)
    record = _record(context, name, namespace, depends_on)
    installed = helm.v3.Release(
        f"{context.platform}-{name}",
        name=name,
        namespace=namespace,
        values=dict(values),
        timeout=timeout_seconds,
        create_namespace=False,
        skip_crds=skip_crds or None,
        **found.release_args,
        opts=context.options(
            depends_on=[*depends_on, record],
            retain_on_delete=retain,
            hooks=pulumi.ResourceHookBinding(on_error=[_say_how_to_recover(context, name)]),
        ),
    )
    return Layer(name, found.version, installed, (record, installed))


def _record(
    context: LayerContext, name: str, namespace: str, depends_on: Sequence[pulumi.Resource]
) -> pulumi.CustomResource:
    """The record that the release of that name is this stack's."""
    manifest = context.config_map(release_record(name), namespace, {"release": name})
    return KubernetesObject(f"{context.platform}-record-{name}", manifest, context.options(depends_on=depends_on))


def gate(
    context: LayerContext,
    layer: Layer,
    *,
    namespace: str,
    probes: Sequence[Mapping[str, Any]] = (),
    served: Sequence[Served] = (),
) -> Layer:
    """A layer whose `ready` also means that the API server serves each kind and accepts each probe in a dry run.

    Args:
        context: What the platform's layers share.
        layer: The layer that is to answer.
        namespace: Where the gate's ConfigMap lies.
        probes: Objects that the working layer accepts; none is stored.
        served: Kinds that the working layer serves.

    """

    def ask(cluster: Cluster) -> None:
        from pulumi_kserve.live.installed import await_served  # noqa: PLC0415 -- only a real `up` needs a client
        from pulumi_kserve.live.webhooks import await_accepted  # noqa: PLC0415 -- the same

        await_served(cluster, served, what=layer.name)
        await_accepted(cluster, probes, what=layer.name)

    data = {"release": layer.name, "version": layer.version}
    marker = guard(context, f"gate-{layer.name}", namespace=namespace, data=data, ask=ask, depends_on=[layer.ready])
    return Layer(layer.name, layer.version, marker, (*layer.resources, marker))


def guard(
    context: LayerContext,
    name: str,
    *,
    namespace: str,
    data: Mapping[str, str],
    ask: Callable[[Cluster], None],
    depends_on: Sequence[pulumi.Resource] = (),
) -> pulumi.Resource:
    """A ConfigMap that is written only when `ask` finds no fault with the cluster; previews never ask.

    Args:
        context: What the platform's layers share.
        name: What it guards; the ConfigMap is ``pulumi-kserve-<name>``.
        namespace: Where the ConfigMap lies.
        data: The ConfigMap's data; when it changes, `ask` is called again.
        ask: Looks at the cluster, and raises what is wrong with it.
        depends_on: What must be there before.

    """

    async def look(_args: pulumi.ResourceHookArgs) -> None:
        await ask_cluster(context.cluster, ask)

    hook = pulumi.ResourceHook(f"{context.platform}-{name}-answers", look)
    return KubernetesObject(
        f"{context.platform}-{name}",
        context.config_map(f"pulumi-kserve-{name}", namespace, data),
        context.options(
            depends_on=depends_on, hooks=pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])
        ),
    )


def _say_how_to_recover(context: LayerContext, release: str) -> pulumi.ErrorHook:
    def say(args: pulumi.ErrorHookArgs) -> bool:
        from pulumi_kserve.live.engine_errors import explain_engine_error  # noqa: PLC0415 -- only a failure needs it

        if message := explain_engine_error(args.errors, pulumi.get_stack()):
            pulumi.log.error(message)
        return False

    return pulumi.ErrorHook(f"{context.platform}-{release}-recovery", say)


def retry_webhooks(name: str) -> pulumi.ErrorHook:
    """An error hook that tries again while a webhook or the API server does not answer, then says what to do."""

    def retry(args: pulumi.ErrorHookArgs) -> bool:
        from pulumi_kserve.live.engine_errors import explain_engine_error, is_unanswered  # noqa: PLC0415 -- the same

        newest = args.errors[:1]
        if is_unanswered(newest) and len(args.errors) <= _RETRIES:
            time.sleep(_RETRY_SECONDS)
            return True
        if message := explain_engine_error(newest, pulumi.get_stack()):
            pulumi.log.error(message)
        return False

    return pulumi.ErrorHook(f"{name}-webhook-retry", retry)
