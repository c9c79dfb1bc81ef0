"""Probes, and what runs at a container's start and end.

https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pulumi_kserve.amounts import Whole
from pulumi_kserve.models import OneOf, Spec, wire

__all__ = [
    "Exec",
    "Grpc",
    "Handler",
    "HttpGet",
    "HttpHeader",
    "Lifecycle",
    "LivenessProbe",
    "Port",
    "PortNumber",
    "Probe",
    "ReadinessProbe",
    "Sleep",
    "StartupProbe",
    "TcpSocket",
    "lifecycle_fields",
    "probe_fields",
]

_LAST_PORT: Final = 65535
PortNumber: TypeAlias = Annotated[Whole, Field(ge=1, le=_LAST_PORT)]
"""A port, 1 to 65535."""
Seconds: TypeAlias = Annotated[Whole, Field(ge=1, le=2**31 - 1)]
"""A whole number of seconds, at least 1."""
Times: TypeAlias = Annotated[Whole, Field(ge=1, le=2**31 - 1)]
"""How often, at least once."""


def _is_port(value: Any) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool):
        if 1 <= value <= _LAST_PORT:
            return value
        raise ValueError(f"the port {value} is not between 1 and {_LAST_PORT}")
    if isinstance(value, str):
        if value.isdecimal():
            raise ValueError(f"{value!r} in quotes is a port's name: remove the quotes")
        if re.fullmatch(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*", value) and len(value) <= 15:  # noqa: PLR2004 -- said below
            return value
        raise ValueError(f"{value!r} is no port's name: at most 15 of a to z, 0 to 9 and '-', with a letter in it")
    raise ValueError("expected a port's number, or the name of one of the container's ports")


Port: TypeAlias = Annotated[int | str, BeforeValidator(_is_port)]
"""A port's number, 1 to 65535, or the name of one of the container's ports."""


class HttpHeader(Spec):
    """A header of a probe's request."""

    name: str = Field(pattern=r"^[-A-Za-z0-9]+$")
    """Its name."""
    value: str
    """Its value; it is readable in the object."""


class HttpGet(Spec):
    """An HTTP request, which succeeds with 200 to 399."""

    path: str | None = Field(default=None, pattern=r"^/")
    """The path; ``/`` when unset."""
    port: Port | None = None
    """The port; when unset: the container's first, else 8080; of a model's probes: the runtime's."""
    scheme: Literal["HTTP", "HTTPS"] | None = None
    """``HTTP`` when unset; of HTTPS the certificate is not checked."""
    host: str | None = Field(default=None, min_length=1)
    """The host; the pod's address when unset."""
    http_headers: tuple[HttpHeader, ...] | None = None
    """Headers."""


class TcpSocket(Spec):
    """A connection, which succeeds when it opens."""

    port: Port
    """The port."""
    host: str | None = Field(default=None, min_length=1)
    """The host; the pod's address when unset."""


class Grpc(Spec):
    """A call of gRPC's health protocol."""

    port: PortNumber
    """The port; only a number."""
    service: str | None = None
    """The service that is asked about; the server as a whole when unset."""


class Exec(Spec):
    """A program in the container, which succeeds with exit status 0. No shell reads it."""

    command: tuple[str, ...] = Field(min_length=1)
    """The program and its arguments."""


class Sleep(Spec):
    """A pause."""

    seconds: Seconds
    """How long, in seconds, at least 1."""


class Probe(Spec):
    """A question to a container, asked again and again in exactly one of four ways."""

    http_get: HttpGet | None = None
    """By an HTTP request."""
    tcp_socket: TcpSocket | None = None
    """By a connection."""
    grpc: Grpc | None = None
    """By gRPC's health protocol."""
    exec: Exec | None = None
    """By a program in the container."""
    initial_delay_seconds: Whole | None = Field(default=None, ge=0, le=2**31 - 1)
    """Seconds from the container's start to the first question; 0 when unset."""
    period_seconds: Seconds | None = None
    """Seconds between two questions; 10 when unset."""
    timeout_seconds: Seconds | None = None
    """Seconds until no answer counts as a failure; 1 when unset."""
    success_threshold: Times | None = None
    """Successes in a row that end a failure; 1 when unset, and always of liveness and startup probes."""
    failure_threshold: Times | None = None
    """Failures in a row that count; 3 when unset."""
    termination_grace_period_seconds: Seconds | None = None
    """Seconds from the asked to the forced end after a failure; the pod's when unset. Not for readiness probes."""

    @model_validator(mode="after")
    def _asks_in_one_way(self) -> Self:
        ways = {"httpGet": self.http_get, "tcpSocket": self.tcp_socket, "grpc": self.grpc, "exec": self.exec}
        given = [key for key, way in ways.items() if way is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise ValueError(f"expected exactly one of the keys {' or '.join(ways)}, got {found}")
        return self


def _one_success_is_enough(probe: Probe) -> Probe:
    if probe.success_threshold not in (None, 1):
        raise ValueError("successThreshold must be 1 for liveness and startup probes: remove it")
    return probe


def _ends_nothing(probe: Probe) -> Probe:
    if probe.termination_grace_period_seconds is not None:
        raise ValueError("terminationGracePeriodSeconds is not for readiness probes, which end nothing: remove it")
    return probe


LivenessProbe: TypeAlias = Annotated[Probe, AfterValidator(_one_success_is_enough)]
StartupProbe: TypeAlias = Annotated[Probe, AfterValidator(_one_success_is_enough)]
ReadinessProbe: TypeAlias = Annotated[Probe, AfterValidator(_ends_nothing)]

_HANDLERS: Final[Mapping[type[Spec], str]] = {Exec: "exec", HttpGet: "httpGet", TcpSocket: "tcpSocket", Sleep: "sleep"}
Handler: TypeAlias = Annotated[
    Exec | HttpGet | TcpSocket | Sleep, OneOf(exec=Exec, httpGet=HttpGet, tcpSocket=TcpSocket, sleep=Sleep)
]
"""What runs: ``exec``, ``httpGet``, ``tcpSocket`` or ``sleep``."""


class Lifecycle(Spec):
    """What runs beside a container's start and before its end."""

    post_start: Handler | None = None
    """Runs right after the start; the container counts as started when it is done."""
    pre_stop: Handler | None = None
    """Runs before the container is told to end, within the grace period: a `Sleep` lets requests drain."""


def probe_fields(probe: Probe | None, port: int | None) -> dict[str, Any] | None:
    """The probe as Kubernetes has it.

    Args:
        probe: The probe, if there is one.
        port: Where an HTTP request goes that names no port; None leaves it open.

    """
    if probe is None:
        return None
    fields: dict[str, Any] = wire(probe)
    if "httpGet" in fields:
        fields["httpGet"] = _with_port(fields["httpGet"], port)
    return fields


def lifecycle_fields(lifecycle: Lifecycle | None, port: int | None) -> dict[str, Any] | None:
    """What runs at start and end as Kubernetes has it; `port` as in :func:`probe_fields`."""
    if lifecycle is None:
        return None
    hooks = {"postStart": lifecycle.post_start, "preStop": lifecycle.pre_stop}
    return {key: _handler(hook, port) for key, hook in hooks.items() if hook is not None} or None


def _handler(handler: Handler, port: int | None) -> dict[str, Any]:
    fields: dict[str, Any] = wire(handler)
    return {_HANDLERS[type(handler)]: _with_port(fields, port) if isinstance(handler, HttpGet) else fields}


def _with_port(http_get: dict[str, Any], port: int | None) -> dict[str, Any]:
    return http_get if port is None else {"port": port, **http_get}
