"""One run of the engine: followed on the screen and in a log, and told apart when it fails."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pulumi.automation.errors import CommandError

from tools.cache import write_atomically
from tools.local import engine
from tools.local.events import Events, Failure, open_log
from tools.local.project import Project
from tools.local.screen import Screen


class DeploymentFailed(Exception):  # noqa: N818 -- it names an outcome
    """The engine ran and the deployment failed: what failed, each in its own words."""

    def __init__(self, failures: list[Failure], log: Path) -> None:
        self.failures = failures
        self.log = log
        super().__init__("\n".join(failure.message for failure in failures))


@contextmanager
def followed(project: Project, screen: Screen, name: str) -> Generator[Events]:
    """Follow one run of the engine in `<name>.log`; when it fails, all it printed is in `<name>.engine.log`.

    Raises:
        DeploymentFailed: the program or some resource failed.
        ToolError: the engine itself could not run.

    """
    with open_log(project.logs, name) as log:
        events = Events(screen, log)
        try:
            with screen.step(f"pulumi {name}"):
                yield events
        except CommandError as error:
            write_atomically(project.logs / f"{name}.engine.log", str(error), mode=0o600)
            if events.failures:
                raise DeploymentFailed(events.failures, project.logs / f"{name}.log") from error
            with engine.engine_errors(project):
                raise
