"""What holds for every test: outside tests/e2e nothing reaches further than this machine's loopback."""

import asyncio
import ipaddress
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

_SOCKET_EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname")
_REAL = ("e2e", "wide", "soak")
"""Markers of tests that use a cluster or a registry."""
_seal = {"closed": True}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden", action="store_true", help="write the golden files again instead of comparing")


def pytest_configure() -> None:
    sys.addaudithook(_refuse_the_network)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Close the seal for a test and its fixtures, unless the test is one on real things."""
    _seal["closed"] = not any(item.get_closest_marker(name) for name in _REAL)
    return (yield)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).parents[1]


@pytest.fixture
def loop() -> Iterator[None]:
    """An event loop for Outputs that a test makes outside of a program."""
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield
    made.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def write_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(request.config.getoption("--write-golden"))


def _refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    if not _seal["closed"] or event not in _SOCKET_EVENTS:
        return
    host = str(arguments[0] or "") if event.startswith("socket.get") else _host_of(arguments[1])
    if host and not _is_loopback(host):
        raise PermissionError(f"{event} to {host!r}: tests outside tests/e2e do not use the network")


def _host_of(address: object) -> str:
    """The host of an internet address; nothing for a Unix socket, whose address is a path."""
    return str(cast("tuple[object, ...]", address)[0]) if isinstance(address, tuple) else ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
