"""What a serving runtime puts into the pods of an endpoint beside what the endpoint says itself.

Facts do not carry a runtime's pod spec. It is known of KServe's own charts and of this package's catalogue, as far as
the platform offers them unchanged; of any other runtime nothing is known.

https://kserve.github.io/website/docs/concepts/resources/servingruntime
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pulumi_kserve.contracts import RuntimeFacts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.runtime_selection import taken_runtime
from pulumi_kserve.endpoints.admission.runtimes import needs, offered
from pulumi_kserve.endpoints.admission.subject import Component, Subject
from pulumi_kserve.endpoints.admission.values import fields, items
from pulumi_kserve.platform.releases import release_row

__all__ = ["Brought", "brought_by_runtime"]

_VOLUMES_OF_CHARTS: Final[Mapping[str, frozenset[str]]] = {
    "kserve-huggingfaceserver": frozenset({"devshm"}),
    "kserve-huggingfaceserver-multinode": frozenset({"shm"}),
    "kserve-vllmserver": frozenset({"devshm"}),
}
"""The volumes of the charts' runtimes, of which none declares a port."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What the runtime adds to a component's pods."""

    volumes: frozenset[str] = frozenset()
    """The names of its volumes."""
    ports: frozenset[int] = frozenset()
    """The ports of its server, none of which has a name."""


def brought_by_runtime(subject: Subject, component: Component, context: Context) -> Brought | None:
    """What the runtime of a component's model adds; nothing where there is no model. None: it is not known."""
    if component.model is None:
        return Brought()
    need = next((need for each, need in needs(subject, context) if each is component), None)
    runtime = None if need is None else taken_runtime(offered(context), need)
    return None if runtime is None else _of_charts(runtime, context.release) or _of_catalogue(runtime, context.release)


def _of_charts(runtime: RuntimeFacts, release: str) -> Brought | None:
    from pulumi_kserve.platform.chart_runtimes import chart_runtimes  # noqa: PLC0415 -- reads a file

    known = runtime in chart_runtimes(release)
    return Brought(_VOLUMES_OF_CHARTS.get(runtime.name, frozenset())) if known else None


def _of_catalogue(runtime: RuntimeFacts, release: str) -> Brought | None:
    from pulumi_kserve.platform.catalogue import catalogue, runtime_manifest  # noqa: PLC0415 -- reads files

    tag = release_row(release, allow_untested=True).image_tag
    entry = catalogue().get(runtime.name)
    if entry is None or entry.facts(tag) != runtime:
        return None
    spec = runtime_manifest(entry, tag)["spec"]
    ports = [port["containerPort"] for container in spec["containers"] for port in items(container.get("ports"))]
    return Brought(frozenset(fields(volume)["name"] for volume in spec["volumes"]), frozenset(ports))
