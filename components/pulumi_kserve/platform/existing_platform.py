"""`ExistingPlatform`: KServe where others run it. It installs nothing, and looks before anything builds on it.

What endpoints need to know is said in the spec, so that previews never ask the cluster. An update asks it once, and
again when the spec or the cluster changes. What it found is kept as a value in Pulumi's state, and nothing is written
into the cluster: https://www.pulumi.com/docs/iac/concepts/stash/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pulumi
from pydantic import Field

from pulumi_kserve.asking import ask_cluster
from pulumi_kserve.contracts import ClusterAccess, DnsLabel, PlatformFacts, RouteFacts, RuntimeFacts
from pulumi_kserve.errors import Problem, SpecError, input_properties_error
from pulumi_kserve.models import OneOf, Spec, nearest
from pulumi_kserve.platform.chart_runtimes import chart_runtimes
from pulumi_kserve.platform.exposure import HostName
from pulumi_kserve.platform.modes import ClusterLocal
from pulumi_kserve.platform.releases import DEFAULT_RELEASE, Release, release_row

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster

__all__ = [
    "ExistingIngress",
    "ExistingKnative",
    "ExistingPlatform",
    "ExistingPlatformSpec",
    "ExistingStandard",
    "KServeGateway",
    "KnativeGateway",
    "SharedGateway",
]

Scheme = Literal["http", "https"]
_ENVOYS = "envoy-gateway-system"


class ExistingIngress(Spec):
    """KServe writes an Ingress for each endpoint."""

    class_name: DnsLabel
    """The IngressClass that KServe names in them."""
    domain: HostName
    """The domain of endpoint host names."""
    scheme: Scheme = "http"
    """The scheme of endpoints' URLs."""


class _Gateway(Spec):
    kind: Literal["envoy", "istio"]
    """What runs the Gateway: Envoy Gateway or Istio."""
    name: DnsLabel
    """The Gateway's name."""
    namespace: DnsLabel
    """The Gateway's namespace."""
    domain: HostName
    """The domain of endpoint host names."""
    scheme: Scheme = "http"
    """The scheme of endpoints' URLs."""


class KServeGateway(_Gateway):
    """KServe writes routes of its own for each endpoint, which attach to this Gateway. They know no canaries."""


class SharedGateway(_Gateway):
    """Endpoints bring routes of their own, which attach to this Gateway; KServe writes none."""

    pods_namespace: DnsLabel | None = None
    """Where the pods of its proxy run. When unset, ``envoy-gateway-system`` for Envoy Gateway, and the Gateway's own
    namespace for Istio."""

    @property
    def route(self) -> RouteFacts:
        """The Gateway as endpoints see it."""
        usual = _ENVOYS if self.kind == "envoy" else self.namespace
        return RouteFacts(gateway=self.name, namespace=self.namespace, pods_namespace=self.pods_namespace or usual)


class KnativeGateway(Spec):
    """Knative's network layer leads requests to endpoints."""

    kind: Literal["istio", "kourier"]
    """Which one it is."""
    domain: HostName
    """The domain of endpoint host names, as Knative's ``config-domain`` has it."""
    scheme: Scheme = "http"
    """The scheme of endpoints' URLs."""


class ExistingStandard(Spec):
    """Standard mode: Deployments and Services, without Knative."""

    gateway: Annotated[
        ClusterLocal | ExistingIngress | KServeGateway | SharedGateway,
        OneOf(
            clusterLocal=ClusterLocal,
            ingress=ExistingIngress,
            kserveGateway=KServeGateway,
            sharedGateway=SharedGateway,
        ),
    ] = Field(default_factory=ClusterLocal)
    """How requests reach endpoints; inside the cluster only by default."""

    @property
    def kserve_name(self) -> Literal["Standard"]:
        """KServe's word for this mode."""
        return "Standard"


class ExistingKnative(Spec):
    """Knative mode."""

    gateway: Annotated[ClusterLocal | KnativeGateway, OneOf(clusterLocal=ClusterLocal, knative=KnativeGateway)] = Field(
        default_factory=ClusterLocal
    )
    """How requests reach endpoints; inside the cluster only by default."""

    @property
    def kserve_name(self) -> Literal["Knative"]:
        """KServe's word for this mode."""
        return "Knative"


ExistingMode = Annotated[ExistingStandard | ExistingKnative, OneOf(standard=ExistingStandard, knative=ExistingKnative)]


class ExistingPlatformSpec(Spec):
    """KServe as others have installed it. Every value is compared with the cluster during an update."""

    release: str = DEFAULT_RELEASE
    """KServe's release: 0.19 or 0.20."""
    mode: ExistingMode = Field(default_factory=ExistingStandard)
    """The deployment mode with its gateway; Standard and inside the cluster only by default."""
    namespace: DnsLabel = "kserve"
    """Where KServe's controller and its configuration are."""
    runtimes: tuple[str, ...] = ()
    """ClusterServingRuntimes of KServe's chart ``kserve-runtime-configs`` that endpoints may use, by name, such as
    ``kserve-sklearnserver``. ``pulumi-kserve runtimes`` lists them."""
    further_runtimes: tuple[RuntimeFacts, ...] = ()
    """Other ClusterServingRuntimes and ServingRuntimes that endpoints may use, with what they serve."""
    probe_namespace: DnsLabel = "default"
    """A namespace that exists, in which these credentials may create InferenceServices. Two are tried in it in a dry
    run, which stores nothing."""


class ExistingPlatform(pulumi.ComponentResource):
    """A KServe that is there already. Endpoints wait until it was found to be as the spec says."""

    def __init__(
        self,
        name: str,
        spec: ExistingPlatformSpec | Mapping[str, Any],
        *,
        cluster: ClusterAccess,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Take the platform of `cluster` as it is.

        Args:
            name: The component's name.
            spec: An ExistingPlatformSpec, or a mapping of the same shape.
            cluster: The cluster that KServe runs on; its pools and features become the platform's.
            opts: Options of the component.

        Raises:
            pulumi.InputPropertiesError: the spec is wrong; all problems at once, with their paths.
            SpecError: during an update, when the cluster is not as the spec says: all differences at once.

        """
        self._cluster = cluster
        try:
            self.spec = ExistingPlatformSpec.parse(spec)
            row = release_row(self.spec.release)
            self._facts = _facts(name, self.spec, row, cluster)
        except SpecError as error:
            raise input_properties_error(f"ExistingPlatform {name!r}", error.problems) from None
        facts = self.export_facts()
        super().__init__(
            "kserve:index:ExistingPlatform",
            name,
            {"release": row.release, "mode": self._facts.mode, "namespace": self._facts.namespace},
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[cluster.provider])),
        )
        self._ready = pulumi.Stash(
            f"{name}-found",
            input={"facts": facts, "probeNamespace": self.spec.probe_namespace, "provider": cluster.provider.id},
            opts=pulumi.ResourceOptions(parent=self, hooks=self._looking(row)),
        )
        self.register_outputs({"facts": facts})

    def _looking(self, row: Release) -> pulumi.ResourceHookBinding:
        async def look(_args: pulumi.ResourceHookArgs) -> None:
            await ask_cluster(self._cluster, partial(self._compare, row))

        hook = pulumi.ResourceHook(f"{self._facts.name}-is-as-said", look)
        return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])

    def _compare(self, row: Release, cluster: Cluster) -> None:
        from pulumi_kserve.live.installed_platform import differences  # noqa: PLC0415 -- only a real `up` needs it

        found = differences(cluster, self.spec, self._facts, row, pulumi.log.warn)
        if found:
            raise SpecError(f"KServe of the cluster is not as ExistingPlatform {self._facts.name!r} says", found)

    @property
    def facts(self) -> PlatformFacts:
        """What endpoints and other stacks need to know of this platform."""
        return self._facts

    @property
    def cluster(self) -> ClusterAccess:
        """The cluster it runs on."""
        return self._cluster

    @property
    def ready(self) -> Sequence[pulumi.Resource]:
        """What endpoints depend on: the look at the cluster."""
        return (self._ready,)

    def export_facts(self) -> dict[str, Any]:
        """The facts as a stack output; export it under the name ``facts``."""
        return self._facts.model_dump(mode="json", by_alias=True)


def _facts(name: str, spec: ExistingPlatformSpec, row: Release, cluster: ClusterAccess) -> PlatformFacts:
    facts = PlatformFacts(
        name=name,
        release=row.release,
        mode=spec.mode.kserve_name,
        gateway="cluster-local",
        namespace=spec.namespace,
        pools=cluster.pools,
        runtimes=(*_charted(spec.runtimes, row), *spec.further_runtimes),
        features=tuple(sorted(cluster.provides)),
    )
    gateway = spec.mode.gateway
    if isinstance(gateway, ClusterLocal):
        return facts
    kind = "ingress" if isinstance(gateway, ExistingIngress) else gateway.kind
    route = gateway.route if isinstance(gateway, SharedGateway) else None
    return facts.model_copy(
        update={"gateway": kind, "domain": gateway.domain, "scheme": gateway.scheme, "route": route}
    )


def _charted(names: Sequence[str], row: Release) -> Iterator[RuntimeFacts]:
    known = {runtime.name: runtime for runtime in chart_runtimes(row.release)} if names else {}
    problems = [
        Problem(
            f"runtimes[{index}]", f"KServe's chart has no runtime {each!r}", nearest(each, [*known]), "unknown-runtime"
        )
        for index, each in enumerate(names)
        if each not in known
    ]
    if problems:
        raise SpecError("runtimes", problems)
    return (known[each] for each in names)
