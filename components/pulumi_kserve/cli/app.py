"""The commands, put together."""

from __future__ import annotations

import typer

from pulumi_kserve.cli.check import check
from pulumi_kserve.cli.explain import explain
from pulumi_kserve.cli.facts import facts
from pulumi_kserve.cli.recover import recover
from pulumi_kserve.cli.render import render
from pulumi_kserve.cli.runtimes import runtimes
from pulumi_kserve.cli.schema import schema
from pulumi_kserve.cli.upgrade import upgrade

__all__ = ["app"]

app = typer.Typer(
    help="KServe as Pulumi components: look at a stack offline, at an endpoint, at an upgrade, and clean up.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _command in (render, check, schema, runtimes, facts, explain, upgrade, recover):
    app.command()(_command)
