"""The passphrase that guards the stack's secrets, and the secrets that are made once."""

import os
import re
import secrets
from collections.abc import Mapping

from tools.cache import write_atomically
from tools.errors import ToolError
from tools.local.project import Project

_VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
_BYTES = 24


def passphrase_environment(project: Project, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that give the engine its passphrase: none if the caller set one, else our file's path.

    The file is made on first use, readable by its owner only.

    Raises:
        ToolError: the stack file holds secrets of a passphrase that is not here.

    """
    if any(name in environment for name in _VARIABLES):
        return {}
    file = project.own / "passphrase"
    if not file.is_file():
        if _salt(project):
            raise ToolError(
                f"{project.stack_file} is encrypted (line `encryptionsalt`), but {file} is missing and neither "
                f"{' nor '.join(_VARIABLES)} is set",
                cure=f"give the passphrase: `{_VARIABLES[1]}=FILE make up`; if it is lost, take the line "
                "`encryptionsalt` and the entries with `secure:` out of the stack file: new ones are made",
            )
        write_atomically(file, secrets.token_urlsafe(_BYTES) + "\n", mode=0o600)
    return {_VARIABLES[1]: str(file)}


def wrong_passphrase(project: Project) -> ToolError:
    """Return the error for a passphrase that does not open the stack file."""
    return ToolError(
        f"the passphrase does not open {project.stack_file}: it was encrypted with another one",
        cure=f"set {' or '.join(_VARIABLES)} to the passphrase it was made with, or, with neither set, put it into "
        f"{project.own / 'passphrase'}; if it is lost, take the line `encryptionsalt` and the entries with `secure:` "
        "out of the stack file: new ones are made",
    )


def new_secret() -> str:
    """Return a random password that shells, URLs and YAML take as it is."""
    return secrets.token_hex(_BYTES)


def _salt(project: Project) -> bool:
    return bool(re.search(r"^encryptionsalt:\s*\S", project.stack_file.read_text("utf-8"), re.MULTILINE))
