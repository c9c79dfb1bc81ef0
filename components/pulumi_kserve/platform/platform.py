"""`Platform`: KServe and what it needs, installed on a cluster in the order that works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_kserve.contracts import ClusterAccess, Feature, PlatformFacts
from pulumi_kserve.errors import SpecError, input_properties_error
from pulumi_kserve.models import wire
from pulumi_kserve.ownership import STACK_LABEL, this_stack
from pulumi_kserve.platform.catalogue import Runtime, runtime_manifest
from pulumi_kserve.platform.layers import cert_manager, chart_runtimes, kserve
from pulumi_kserve.platform.layers.helm_release import LayerContext, retry_webhooks
from pulumi_kserve.platform.offered_runtimes import OfferedRuntimes, offered_runtimes
from pulumi_kserve.platform.readiness import wait_annotations
from pulumi_kserve.platform.releases import Release, release_row
from pulumi_kserve.platform.spec import PlatformSpec
from pulumi_kserve.resources import KubernetesObject

__all__ = ["Platform"]


class Platform(pulumi.ComponentResource):
    """cert-manager, KServe's CRDs, its controller and its serving runtimes, each waiting for the one before."""

    def __init__(
        self,
        name: str,
        spec: PlatformSpec | Mapping[str, Any],
        *,
        cluster: ClusterAccess,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Install the platform on `cluster`.

        Args:
            name: The component's name; children are named after it.
            spec: A PlatformSpec, or a mapping of the same shape.
            cluster: The cluster to install on.
            opts: Options of the component, not of its children.

        Raises:
            pulumi.InputPropertiesError: the spec is wrong; all problems at once, with their paths.

        """
        self._cluster = cluster
        try:
            self.spec = PlatformSpec.parse(spec)
            row = release_row(self.spec.release, allow_untested=self.spec.allow_untested)
            runtimes = offered_runtimes(self.spec.runtimes, row.release, row.image_tag)
        except SpecError as error:
            raise input_properties_error(f"Platform {name!r}", error.problems) from None
        super().__init__(
            "kserve:index:Platform",
            name,
            {"release": row.release, "mode": wire(self.spec.mode), "runtimes": list(self.spec.runtimes)},
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[cluster.provider])),
        )
        self._facts = _facts(name, self.spec, row, runtimes, cluster)
        context = LayerContext(name, self, cluster, row, self.spec.chart_source, this_stack())
        try:
            controller = self._install(context)
            self._ready = (controller, *self._runtimes(context, runtimes, controller))
        except SpecError as error:
            raise input_properties_error(f"Platform {name!r}", error.problems) from None
        self.register_outputs({"facts": self.export_facts()})

    def _install(self, context: LayerContext) -> pulumi.Resource:
        below: list[pulumi.Resource] = []
        if Feature.CERT_MANAGER not in self._cluster.provides:
            below.append(cert_manager.install(context).ready)
        return kserve.install(
            context,
            mode=self.spec.mode,
            namespace=self.spec.namespace,
            delete_crds=self.spec.delete_crds,
            depends_on=below,
        ).ready

    def _runtimes(
        self, context: LayerContext, runtimes: OfferedRuntimes, controller: pulumi.Resource
    ) -> list[pulumi.Resource]:
        made = [_runtime(context, runtime, controller) for runtime in runtimes.own]
        named = [runtime.name for runtime in runtimes.charted]
        if named:
            namespace = self.spec.namespace
            made.append(chart_runtimes.install(context, named, namespace=namespace, depends_on=[controller]).ready)
        return made

    @property
    def facts(self) -> PlatformFacts:
        """What endpoints and other stacks need to know of this platform."""
        return self._facts

    @property
    def cluster(self) -> ClusterAccess:
        """The cluster it is installed on."""
        return self._cluster

    @property
    def ready(self) -> Sequence[pulumi.Resource]:
        """What endpoints depend on: the controller's gate and the runtimes."""
        return self._ready

    def export_facts(self) -> dict[str, Any]:
        """The facts as a stack output; export it under the name ``facts``."""
        return self._facts.model_dump(mode="json", by_alias=True)


def _facts(
    name: str, spec: PlatformSpec, row: Release, runtimes: OfferedRuntimes, cluster: ClusterAccess
) -> PlatformFacts:
    return PlatformFacts(
        name=name,
        release=row.release,
        mode=spec.mode.kserve_name,
        gateway=spec.mode.gateway.facts_name,
        namespace=spec.namespace,
        stack=this_stack(),
        pools=cluster.pools,
        runtimes=runtimes.facts(row.image_tag),
        features=tuple(sorted({*cluster.provides, Feature.CERT_MANAGER})),
    )


def _runtime(context: LayerContext, runtime: Runtime, controller: pulumi.Resource) -> pulumi.Resource:
    manifest = runtime_manifest(runtime, context.row.image_tag)
    metadata = manifest["metadata"]
    metadata["labels"] = {STACK_LABEL: context.stack}
    metadata["annotations"] |= wait_annotations("ClusterServingRuntime", "Standard")
    return KubernetesObject(
        f"{context.platform}-runtime-{runtime.name}",
        manifest,
        context.options(
            depends_on=[controller],
            hooks=pulumi.ResourceHookBinding(on_error=[retry_webhooks(f"{context.platform}-runtime-{runtime.name}")]),
        ),
    )
