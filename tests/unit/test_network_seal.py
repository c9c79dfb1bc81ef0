"""The suite's own promise: a test cannot reach the network by accident."""

import socket
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_a_connection_beyond_loopback_is_refused(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as client, pytest.raises(PermissionError, match="do not use the network"):
        client.connect((address, 443))


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(PermissionError, match="do not use the network"):
        socket.getaddrinfo("example.com", 443)


def test_a_server_on_loopback_can_be_reached() -> None:
    with (
        HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server,
        socket.create_connection(("127.0.0.1", server.server_port)) as client,
    ):
        assert client.getpeername()[1] == server.server_port
