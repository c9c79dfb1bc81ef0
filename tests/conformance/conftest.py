"""The running oracles, one of each release, for every conformance test."""

import contextlib
from collections.abc import Iterator, Mapping

import pytest

from tools.oracle.judge import Oracle, releases, running
from tools.progress import Event


@pytest.fixture(scope="session")
def oracles() -> Iterator[Mapping[str, Oracle]]:
    """The oracle of each release, built first if need be."""
    with contextlib.ExitStack() as stack:
        yield {release: stack.enter_context(running(release, _told)) for release in releases()}


def _told(event: Event) -> None:
    if event.seconds is not None:
        print(f"{event.name}: {event.seconds:.0f} s")


@pytest.fixture(scope="session", params=releases())
def oracle(request: pytest.FixtureRequest, oracles: Mapping[str, Oracle]) -> Oracle:
    """The oracle of one release; a test with it runs once per release."""
    return oracles[str(request.param)]
