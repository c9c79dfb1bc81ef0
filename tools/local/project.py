"""The project folder the main job works on, and where its own files lie in it."""

import contextlib
import fcntl
import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolError

STACK = "local"


@dataclass(frozen=True)
class Project:
    """A folder with Pulumi.yaml, __main__.py and stacks/; everything we make in it is in `.local/`."""

    root: Path

    @property
    def stack_file(self) -> Path:
        """The user's own settings, into whose `config:` we write what we make once."""
        return self.root / "stacks" / f"Pulumi.{STACK}.yaml"

    @property
    def own(self) -> Path:
        """The folder of everything that is ours: state, passphrase, models, logs."""
        return self.root / ".local"

    @property
    def state(self) -> Path:
        """The folder of Pulumi's state."""
        return self.own / "state"

    @property
    def models(self) -> Path:
        """The folder of trained models, laid out as in the bucket."""
        return self.own / "models"

    @property
    def logs(self) -> Path:
        """The folder with the logs of all components."""
        return self.own / "logs"

    def check(self) -> None:
        """Check that the folder is a project with a stack `local`, and make our own folder in it.

        Raises:
            ToolError: a file is missing, or the folder cannot be written to.

        """
        for needed in (self.root / "Pulumi.yaml", self.root / "__main__.py", self.stack_file):
            if not needed.is_file():
                raise ToolError(
                    f"{needed} is missing, so {self.root} is not a project with a stack {STACK}",
                    cure="run from a full checkout, or name one with --project",
                )
        try:
            for folder in (self.own, self.state, self.logs):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ToolError(
                f"{self.own} cannot be made: {error.strerror}", cure=f"make {self.root} writable for this user"
            ) from error

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Hold the project alone: two runs at once would fight over one stack.

        Raises:
            ToolError: another run holds it.

        """
        with (self.own / "lock").open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                raise ToolError(
                    f"another run (process {lock.read().strip() or 'unknown'}) is at work in {self.root}",
                    cure="wait for it to end, or stop it; it leaves nothing that the next run does not take up",
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield
