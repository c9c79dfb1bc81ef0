"""docs/commands.md lists what the command line has."""

import re
from typing import Any, cast

import typer.main
from pulumi_kserve.cli.app import app

from tests.docs.snippets import ROOT

ROW = re.compile(r"^\| `pulumi-kserve ([a-z-]+)` \|", re.MULTILINE)


def test_the_table_of_commands_has_every_command_once() -> None:
    listed = ROW.findall((ROOT / "docs" / "commands.md").read_text("utf-8"))
    commands = cast("Any", typer.main.get_command(app)).commands
    assert sorted(listed) == sorted(commands)
