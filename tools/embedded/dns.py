"""Asks the cluster's DNS server one question, to know that it serves."""

import secrets
import socket
import struct

from tools.embedded.layout import CLUSTER_DOMAIN, NODE_ADDRESS

_SECONDS = 1.0
_PORT = 53
_HEADER = struct.Struct("!HHHHHH")
_RECURSION_DESIRED = 0x0100
_TYPE_A, _CLASS_IN = 1, 1


def address_of(name: str = f"kubernetes.default.svc.{CLUSTER_DOMAIN}") -> str | None:
    """Return the first IPv4 address the cluster's DNS has for a name, or None when it has none or does not answer."""
    number = secrets.randbelow(1 << 16)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(_SECONDS)
        try:
            connection.connect((NODE_ADDRESS, _PORT))
            connection.send(question(name, number))
            return first_address(connection.recv(512), number)
        except OSError:
            return None


def question(name: str, number: int) -> bytes:
    """Return a DNS query for the IPv4 addresses of a name."""
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split("."))
    return (
        _HEADER.pack(number, _RECURSION_DESIRED, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", _TYPE_A, _CLASS_IN)
    )


def first_address(answer: bytes, number: int) -> str | None:
    """Return the address in a DNS answer whose first record is an address record, or None."""
    if len(answer) < _HEADER.size or _HEADER.unpack_from(answer)[0] != number or not _HEADER.unpack_from(answer)[3]:
        return None
    kind, _, _, length = struct.unpack_from("!HHIH", answer, len(answer) - 14)
    return socket.inet_ntoa(answer[-4:]) if (kind, length) == (_TYPE_A, 4) else None
