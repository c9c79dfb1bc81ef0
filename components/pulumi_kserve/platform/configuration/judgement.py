"""What of a configuration no controller of this release, mode and gateway would read."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from pydantic.alias_generators import to_camel

from pulumi_kserve.errors import Problem
from pulumi_kserve.platform.configuration.fields import ConfigurationField, fields_set
from pulumi_kserve.platform.configuration.spec import KServeConfiguration
from pulumi_kserve.platform.modes import IngressClass, Standard

__all__ = ["configuration_problems"]

_QUEUE_PROXY: Final = "is for Knative's queue proxy; in Standard mode it would send Prometheus to a port nobody opens"
_NO_ROUTES: Final = (
    "is read for HTTPRoutes and VirtualServices that KServe writes itself, and on this platform it writes none"
)
_PATHS: Final = f"{_NO_ROUTES}; behind a Gateway endpoints answer below /serving/NAMESPACE/NAME as well"
_UNREAD_IN_STANDARD: Final = MappingProxyType(
    {
        "metrics.aggregate": _QUEUE_PROXY,
        "metrics.scrape": _QUEUE_PROXY,
        "ingress.path_template": _PATHS,
        "ingress.additional_domains": _NO_ROUTES,
        "ingress.disable_route_timeouts": _NO_ROUTES,
    }
)
_DOMAINS: Final = (
    "names endpoints where KServe writes an Ingress; behind a Gateway, and inside the cluster, their names are fixed"
)


def configuration_problems(configuration: KServeConfiguration, mode: Standard, release: str) -> tuple[Problem, ...]:
    """Every field that is set and would have no effect, or is not there yet, with its path from the platform's spec."""
    return tuple(problem for field, _ in fields_set(configuration) for problem in _of_field(field, mode, release))


def _of_field(field: ConfigurationField, mode: Standard, release: str) -> Iterator[Problem]:
    path = ".".join(["configuration", *map(to_camel, field.path.split("."))])
    if field.since and _number(release) < _number(field.since):
        message = f"KServe {release} has no such setting; it came with {field.since}"
        yield Problem(path, message, f"Use release {field.since}, or leave it out", "unknown-configuration")
    reason = _UNREAD_IN_STANDARD.get(field.path)
    if field.path == "ingress.domain_template" and not isinstance(mode.gateway, IngressClass):
        reason = _DOMAINS
    if reason:
        yield Problem(path, f"it {reason}", "Leave it out", "unread-configuration")


def _number(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))
