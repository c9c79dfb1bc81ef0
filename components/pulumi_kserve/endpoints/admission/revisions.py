"""What Knative's webhook refuses of the service that KServe makes: lengths of time, and more ports than one.

https://github.com/knative/specs/blob/main/specs/serving/knative-api-specification-1.0.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.runtime_pods import brought_by_runtime
from pulumi_kserve.endpoints.admission.subject import Component, Container, Subject
from pulumi_kserve.endpoints.admission.values import fields, is_unknown, items, joined, plain_text, whole_number
from pulumi_kserve.errors import Problem

__all__ = ["RULES"]

_HOUR: Final = 3600
_LONGEST: Final = (2**63 - 1) // 10**9
"""Seconds that Go's lengths of time can hold."""
_LENGTHS: Final[Mapping[str, tuple[int, int]]] = {
    "autoscaling.knative.dev/window": (6, _HOUR),
    **dict.fromkeys(("autoscaling.knative.dev/scale-down-delay", "autoscaling.knative.dev/scaleDownDelay"), (0, _HOUR)),
    **dict.fromkeys(
        (
            "autoscaling.knative.dev/scale-to-zero-pod-retention-period",
            "autoscaling.knative.dev/scaleToZeroPodRetentionPeriod",
        ),
        (0, _HOUR),
    ),
    **dict.fromkeys(("serving.knative.dev/rollout-duration", "serving.knative.dev/rolloutDuration"), (0, _LONGEST)),
}
"""The fewest and the most seconds of each annotation that holds a length of time."""
_FINER: Final = re.compile(r".*(retention-period|RetentionPeriod)")
"""Annotations that may hold a fraction of a second."""
_LENGTH: Final = re.compile(r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|[-+]?0")
_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS: Final[Mapping[str, Decimal]] = {
    "ns": Decimal("1e-9"),
    **dict.fromkeys(("us", "µs", "μs"), Decimal("1e-6")),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(_HOUR),
}
_PORT_NAMES: Final = ("h2c", "http1")
_RESERVED: Final = frozenset({8008, 8012, 8013, 8022, 9090, 9091})
"""Ports of Knative's own container in the pod."""
_SERVING: Final = frozenset({"model", "art", "container"})
_Place = tuple[str, Mapping[str, Any]]


def _refuse_lengths(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.mode(context.mode) != "Knative":
        return
    holders = [("metadata.annotations", subject.annotations)]
    holders += [(each.at("annotations"), fields(each.fields.get("annotations"))) for each in subject.components]
    for path, written in holders:
        for key, bounds in _LENGTHS.items():
            text = plain_text(written.get(key))
            wrong = None if text is None else _wrong_length(key, text, *bounds)
            if wrong:
                cure = f"Write whole seconds with a unit, for example 30s or 10m, from {bounds[0]}s"
                cure += f" to {bounds[1]}s" if bounds[1] == _HOUR else ""
                yield Problem(joined(path, key), wrong, cure, "knative-duration")


def _wrong_length(key: str, text: str, least: int, most: int) -> str | None:
    """What Knative says against a length of time; it takes an empty one of a rollout for none."""
    if not text and most == _LONGEST:
        return None
    if not _LENGTH.fullmatch(text):
        return f"{text!r} is no length of time"
    length = sum((Decimal(number) * _SECONDS[unit] for number, unit in _PART.findall(text)), Decimal(0))
    length = -length if text.startswith("-") else length
    if not least <= length <= most:
        return f"{text!r} is too long or too short"
    return f"{text!r} is no whole number of seconds" if length % 1 and not _FINER.fullmatch(key) else None


def _refuse_ports(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.mode(context.mode) != "Knative":
        return
    for component in subject.components:
        serving = [found for found in component.all_containers if found.role in _SERVING]
        if any(is_unknown(found.fields.get("ports")) for found in serving):
            continue
        said = [place for container in serving for place in _ports(container)]
        for path, port in said:
            yield from _wrong_port(path, port)
        yield from _wrong_count(subject, component, context, serving, said)


def _ports(container: Container) -> Iterator[_Place]:
    for index, port in enumerate(items(container.fields.get("ports"))):
        yield container.at("ports", index), fields(port)


def _wrong_port(path: str, port: Mapping[str, Any]) -> Iterator[Problem]:
    name, number = plain_text(port.get("name")), whole_number(port.get("containerPort"))
    if name and name not in _PORT_NAMES:
        cure = f"Leave the name out, or use {' or '.join(_PORT_NAMES)}, by which Knative knows the protocol"
        yield Problem(f"{path}.name", f"Knative takes no port called {name!r}", cure, "knative-port")
    if port.get("protocol") in ("UDP", "SCTP"):
        yield Problem(f"{path}.protocol", "Knative serves TCP only", "Leave it out", "knative-port")
    if whole_number(port.get("hostPort")):
        yield Problem(f"{path}.hostPort", "Knative allows no port of the node", "Leave it out", "knative-port")
    if number in _RESERVED:
        message = f"Knative's own container in the pod listens on {number}"
        yield Problem(f"{path}.containerPort", message, "Use another port", "knative-port")


def _wrong_count(
    subject: Subject, component: Component, context: Context, serving: list[Container], said: list[_Place]
) -> Iterator[Problem]:
    """More ports in the pod than the one that Knative takes, or none where several containers could be meant."""
    brought = brought_by_runtime(subject, component, context) if said or len(serving) > 1 else None
    of_runtime = brought.ports if brought else frozenset[int]()
    further = [place for place in said if whole_number(place[1].get("containerPort")) not in of_runtime]
    allowed = 0 if of_runtime else 1
    for path, _ in further[allowed:]:
        message = "a pod of Knative has one port, to which all requests go"
        cure = f"Leave it out: the runtime has {min(of_runtime)}" if of_runtime else "Keep the port that serves"
        yield Problem(path, message, cure, "knative-port")
    if brought is not None and not said and not of_runtime and len(serving) > 1:
        message = f"none of the {len(serving)} containers says its port, and Knative asks which of them serves"
        cure = "Give the one that takes the requests `ports` with its containerPort"
        yield Problem(serving[0].at("ports"), message, cure, "knative-port")


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "knative-duration",
        _refuse_lengths,
        "reconcile",
        "Knative's webhook refuses such a length of time: most are whole seconds within bounds.",
    ),
    Rule(
        "knative-port",
        _refuse_ports,
        "reconcile",
        "Knative's webhook takes one TCP port in a pod, called h2c, http1 or nothing, and not one of its own.",
    ),
)
