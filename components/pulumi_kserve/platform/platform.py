"""`Platform`: KServe and what it needs, installed on a cluster in the order that works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_kserve.contracts import ClusterAccess, PlatformFacts
from pulumi_kserve.errors import SpecError, input_properties_error
from pulumi_kserve.ownership import STACK_LABEL, this_stack
from pulumi_kserve.platform.catalogue import Runtime, runtime_manifest
from pulumi_kserve.platform.existing import ExistingLayer
from pulumi_kserve.platform.gateways.install import route_facts
from pulumi_kserve.platform.installation import features_of, install_layers, require_possible
from pulumi_kserve.platform.layers import chart_runtimes
from pulumi_kserve.platform.layers.existing import namespace_of
from pulumi_kserve.platform.layers.helm_release import LayerContext, retry_webhooks
from pulumi_kserve.platform.modes import EnvoyGateway, IngressClass, IstioGateway
from pulumi_kserve.platform.offered_runtimes import OfferedRuntimes, offered_runtimes
from pulumi_kserve.platform.readiness import wait_annotations
from pulumi_kserve.platform.releases import Release, release_row
from pulumi_kserve.platform.spec import PlatformSpec
from pulumi_kserve.resources import KubernetesObject

__all__ = ["Platform"]


class Platform(pulumi.ComponentResource):
    """KServe, what it stands on, its gateway and its serving runtimes, each waiting for what it needs."""

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
            _inputs(self.spec, row),
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[cluster.provider])),
        )
        self._facts = _facts(name, self.spec, row, runtimes, cluster)
        context = LayerContext(name, self, cluster, row, self.spec.chart_source, this_stack())
        try:
            require_possible(context, self.spec)
            layers = install_layers(context, self.spec)
            self._ready = (*layers, *self._runtimes(context, runtimes, layers[0]))
        except SpecError as error:
            raise input_properties_error(f"Platform {name!r}", error.problems) from None
        self.register_outputs({"facts": self.export_facts()})

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


def _inputs(spec: PlatformSpec, row: Release) -> dict[str, Any]:
    """What the component shows of itself: names only, since a spec can hold secrets."""
    mode = {"mode": spec.mode.kserve_name, "gateway": spec.mode.gateway.facts_name}
    return {"release": row.release, **mode, "runtimes": list(spec.runtimes)}


def _facts(
    name: str, spec: PlatformSpec, row: Release, runtimes: OfferedRuntimes, cluster: ClusterAccess
) -> PlatformFacts:
    gateway = spec.mode.gateway
    reached: dict[str, Any] = {}
    if isinstance(gateway, (EnvoyGateway, IstioGateway)):
        exposure = gateway.exposure
        envoys = namespace_of("envoy-gateway", spec.existing.get("envoy-gateway", ExistingLayer()))
        reached = {
            "domain": exposure.host,
            "scheme": exposure.scheme,
            "route": route_facts(gateway, spec.namespace, envoys),
        }
    elif isinstance(gateway, IngressClass):
        reached = {"domain": gateway.host, "host_template": spec.configuration.ingress.domain_template or ""}
    return PlatformFacts(
        name=name,
        release=row.release,
        mode=spec.mode.kserve_name,
        gateway=gateway.facts_name,
        namespace=spec.namespace,
        stack=this_stack(),
        pools=cluster.pools,
        runtimes=runtimes.facts(row.image_tag),
        features=features_of(spec, cluster.provides),
        **reached,
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
