"""`runtimes`: what serves what."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pulumi_kserve.errors import KServeError

if TYPE_CHECKING:
    from pulumi_kserve.contracts import RuntimeFacts

__all__ = ["runtimes"]

_UNSET = "unset"


def runtimes(
    release: Annotated[str | None, typer.Option("--release", "-r", help="KServe's release. Default: 0.20.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,  # noqa: FBT002 -- a flag
) -> None:
    """List the serving runtimes that a platform can offer, and which of them KServe takes for a format by itself.

    They are this package's own, and those of KServe's chart. A platform offers those that its `runtimes` name.
    """
    from pulumi_kserve.platform.catalogue import catalogue  # noqa: PLC0415 -- loads Pulumi
    from pulumi_kserve.platform.chart_runtimes import chart_runtimes  # noqa: PLC0415 -- the same
    from pulumi_kserve.platform.releases import DEFAULT_RELEASE, RELEASES  # noqa: PLC0415 -- the same

    row = RELEASES.get(release or DEFAULT_RELEASE)
    if row is None:
        raise KServeError(f"KServe {release} is not supported. Use {' or '.join(RELEASES)}.")
    own = [runtime.facts(row.image_tag) for runtime in catalogue().values()]
    charted = chart_runtimes(row.release)
    chosen = _chosen(charted, row.release)
    if as_json:
        found = {"release": row.release, "runtimes": _listed(own, charted), "chosen": chosen}
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    else:
        _show(own, charted)
        _show_chosen(chosen, row.release)


def _listed(own: Sequence["RuntimeFacts"], charted: Sequence["RuntimeFacts"]) -> list[dict[str, Any]]:
    origins = [("catalogue", own), ("chart", charted)]
    return [
        {"origin": origin, **runtime.model_dump(mode="json", by_alias=True, exclude_defaults=True)}
        for origin, listed in origins
        for runtime in listed
    ]


def _chosen(charted: Sequence["RuntimeFacts"], release: str) -> dict[str, dict[str, str | None]]:
    """The runtime that KServe takes by format and protocol when its chart's are all there; None where none fits."""
    from pulumi_kserve.endpoints.admission.runtime_selection import (  # noqa: PLC0415 -- loads Pulumi
        PROTOCOLS,
        Need,
        Offer,
        candidates,
        usual_protocol,
    )

    offer = Offer(tuple(charted))
    formats = sorted({item.name for runtime in charted for item in runtime.formats}, key=str.lower)

    def name(format_name: str, protocol: str) -> str | None:
        asked = usual_protocol(format_name, release) if protocol == _UNSET else protocol
        return next((found.name for found in candidates(offer, Need(format_name, protocol=asked))), None)

    return {each: {protocol: name(each, protocol) for protocol in (_UNSET, *PROTOCOLS)} for each in formats}


def _show(own: Sequence["RuntimeFacts"], charted: Sequence["RuntimeFacts"]) -> None:
    from rich import box  # noqa: PLC0415 -- only when a table is printed
    from rich.console import Console  # noqa: PLC0415 -- the same
    from rich.table import Table  # noqa: PLC0415 -- the same

    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("runtime", no_wrap=True)
    for column in ("serves", "protocols", "GPUs"):
        table.add_column(column, overflow="fold")
    for runtime in (*own, *charted):
        able = "not known" if runtime.accelerators is None else ", ".join(runtime.accelerators) or "none"
        protocols = ", ".join(runtime.protocols) or "any"
        table.add_row(runtime.name, _serves(runtime), protocols, able + (", several nodes" if runtime.worker else ""))
    Console().print(table)


def _serves(runtime: "RuntimeFacts") -> str:
    """Formats with their versions; one that KServe takes the runtime for only when it is named is marked."""
    versions: dict[str, list[str]] = {}
    for item in runtime.formats:
        name = item.name if item.auto_select else f"{item.name}*"
        versions.setdefault(name, []).extend([item.version] if item.version else [])
    return "\n".join(f"{name} {', '.join(listed)}".rstrip() for name, listed in versions.items())


def _show_chosen(chosen: Mapping[str, Mapping[str, str | None]], release: str) -> None:
    from rich import box  # noqa: PLC0415 -- only when a table is printed
    from rich.console import Console  # noqa: PLC0415 -- the same
    from rich.table import Table  # noqa: PLC0415 -- the same

    print("* only when an endpoint names the runtime")
    print(f"\nWhat KServe {release} takes by itself when its chart's runtimes (kserve-...) are all there:")
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("format", no_wrap=True)
    for protocol in next(iter(chosen.values())):
        table.add_column(protocol, overflow="fold")
    for name, by_protocol in chosen.items():
        table.add_row(name, *((found or "-").removeprefix("kserve-") for found in by_protocol.values()))
    Console().print(table)
