"""`explain`: why an endpoint does not serve."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_kserve.cli.exit_codes import Exit

if TYPE_CHECKING:
    from pulumi_kserve.live.diagnosis import Diagnosis

__all__ = ["explain"]


def explain(
    endpoint: Annotated[str, typer.Argument(help="The InferenceService's name, or NAMESPACE/NAME.")],
    namespace: Annotated[str | None, typer.Option("--namespace", "-n", help="Its namespace.")] = None,
    context: Annotated[str | None, typer.Option(help="The kubeconfig's context. Default: the current one.")] = None,
    kubeconfig: Annotated[str | None, typer.Option(help="The kubeconfig file. Default: KUBECONFIG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,  # noqa: FBT002 -- a flag
) -> None:
    """Say why an endpoint does not serve, in its components' own words, and what to do.

    Works on any cluster and any InferenceService. Ends with 0 when the newest revision serves, else with 1.
    """
    from pulumi_kserve.live.cluster import connect  # noqa: PLC0415 -- loads the Kubernetes client
    from pulumi_kserve.live.diagnosis import diagnose  # noqa: PLC0415 -- the same

    space, _, name = endpoint.rpartition("/")
    with connect(kubeconfig, context) as cluster:
        found = diagnose(cluster, namespace or space or "default", name)
    if as_json:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
    else:
        _show(found)
    raise typer.Exit(Exit.FINE if found.serving and found.current else Exit.FINDINGS)


def _show(found: "Diagnosis") -> None:
    from rich.console import Console  # noqa: PLC0415 -- only when a table is printed
    from rich.table import Table  # noqa: PLC0415 -- the same
    from rich.text import Text  # noqa: PLC0415 -- the same

    print(f"{found.namespace}/{found.endpoint}: {_state(found)}")
    for label, text in (("why", found.summary), ("where", found.where), ("cure", found.cure)):
        if text:
            print(f"  {label + ':':<7}{text}")
    for line in found.log:
        print(f"    | {line}")
    table = Table("object", "says", show_lines=True)
    for piece in found.evidence:
        table.add_row(Text(f"{piece.kind}\n{piece.name}"), Text("\n".join(piece.says)))
    Console().print(table)


def _state(found: "Diagnosis") -> str:
    if not found.serving:
        return "does not serve"
    return "serves its newest revision" if found.current else "serves an older revision"
