"""Which serving runtime KServe takes for a model, or why it takes none.

A model that names its runtime gets that one, which is then checked; any other gets the best of those that fit. KServe
decides both at reconcile, when the object is already stored. Among runtimes that are otherwise equal it takes the one
that was made last; facts do not say which that is, so the first by name is taken here.

https://github.com/kserve/kserve/blob/v0.20.0/pkg/apis/serving/v1beta1/predictor_model.go
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

from pulumi_kserve.contracts import PlatformFacts, RuntimeFacts
from pulumi_kserve.models import nearest

__all__ = [
    "CHECKS",
    "PROTOCOLS",
    "Need",
    "Offer",
    "Refusal",
    "candidates",
    "named_runtime",
    "refusals",
    "taken_runtime",
    "usual_protocol",
]

PROTOCOLS: Final = ("v1", "v2", "grpc-v1", "grpc-v2")
"""The protocols that KServe knows, in its order of preference."""
_SPEAKING_V2: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"0.19": ("triton",), "0.20": ("triton", "vLLM")})
"""The formats whose models the mutating webhook gives v2 when they name no protocol, by release."""

About = Literal["format", "version", "protocol", "runtime", "worker"]


@dataclass(frozen=True, slots=True)
class Need:
    """What a model asks of a runtime."""

    format: str
    """The format's name; the match is case-sensitive."""
    version: str | None = None
    """The format's version as an exact text; None takes any."""
    protocol: str | None = None
    """The protocol; None is what KServe makes of a model that names none."""
    runtime: str | None = None
    """The runtime that it names; None lets KServe choose."""
    namespace: str = ""
    """The namespace of the endpoint, whose own runtimes come first; empty where it is not known."""
    multi_node: bool = False
    """Whether the endpoint has a worker spec."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The runtimes there are to choose from."""

    runtimes: tuple[RuntimeFacts, ...]
    """The runtimes."""
    owner: str = "the platform"
    """Whose they are, for messages."""
    whole: bool = True
    """Whether there are no others: only then is a name that is not among them wrong."""

    @classmethod
    def of_platform(cls, facts: PlatformFacts) -> Offer:
        """What a platform offers."""
        return cls(facts.runtimes)

    @classmethod
    def of_charts(cls, release: str) -> Offer:
        """What KServe's own chart brings, for objects of which no platform is known."""
        from pulumi_kserve.platform.chart_runtimes import chart_runtimes  # noqa: PLC0415 -- reads a file

        return cls(chart_runtimes(release), "KServe's charts", whole=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a model gets no runtime, or not a working one."""

    rule: str
    """The name of the rule."""
    about: About
    """What of the model is wrong."""
    message: str
    """What is wrong."""
    cure: str
    """How to mend it."""


Check = Callable[[Offer, Need], Refusal | None]


def refusals(offer: Offer, need: Need) -> list[Refusal]:
    """Everything that is wrong with what a model asks for, in the order in which KServe looks."""
    return [found for check in CHECKS.values() if (found := check(offer, need)) is not None]


def usual_protocol(format_name: str, release: str) -> str:
    """The protocol that KServe takes when a model names none."""
    return "v2" if format_name in _SPEAKING_V2.get(release, ()) else "v1"


def named_runtime(offer: Offer, need: Need) -> RuntimeFacts | None:
    """The runtime that the model names, where it does and there is one: the namespace's own before the cluster's."""
    if need.runtime is None:
        return None
    found = [runtime for runtime in _reachable(offer, need) if runtime.name == need.runtime]
    return max(found, key=lambda runtime: bool(runtime.namespace), default=None)


def candidates(offer: Offer, need: Need) -> list[RuntimeFacts]:
    """The runtimes that KServe would take for a model that names none, best first."""
    protocol = need.protocol or PROTOCOLS[0]
    fitting = [runtime for runtime in _by_itself(offer, need) if runtime.speaks(protocol)]
    return sorted(fitting, key=lambda runtime: _rank(runtime, need.format))


def taken_runtime(offer: Offer, need: Need) -> RuntimeFacts | None:
    """The runtime that KServe takes: the named one, whatever is wrong with it, or the best; None: it takes none."""
    return named_runtime(offer, need) if need.runtime is not None else next(iter(candidates(offer, need)), None)


def _reachable(offer: Offer, need: Need) -> list[RuntimeFacts]:
    return [runtime for runtime in offer.runtimes if runtime.namespace in ("", need.namespace)]


def _by_itself(offer: Offer, need: Need) -> list[RuntimeFacts]:
    """Those that KServe may choose by itself, whatever they speak."""
    return [
        runtime
        for runtime in _reachable(offer, need)
        if not runtime.disabled
        and not runtime.multi_model
        and runtime.multi_node == need.multi_node
        and runtime.serves(need.format, need.version, by_itself=True)
    ]


def _rank(runtime: RuntimeFacts, format_name: str) -> tuple[bool, float, int, str]:
    """KServe reads the priority of the first entry with that name, whatever its version."""
    priority = next((item.priority for item in runtime.formats if item.name == format_name), None)
    spoken = [PROTOCOLS.index(protocol) for protocol in runtime.protocols if protocol in PROTOCOLS]
    lowest = min(spoken, default=len(PROTOCOLS))
    return not runtime.namespace, -priority if priority else 1, lowest, runtime.name


def _missing(offer: Offer, need: Need) -> Refusal | None:
    if need.runtime is None or not offer.whole or named_runtime(offer, need) is not None:
        return None
    known = [runtime.name for runtime in _reachable(offer, need)]
    cure = nearest(need.runtime, known) if known else f"{offer.owner.capitalize()} offers none: add one to it"
    return Refusal("runtime-missing", "runtime", f"{offer.owner} has no runtime {need.runtime!r}", cure)


def _disabled(offer: Offer, need: Need) -> Refusal | None:
    runtime = named_runtime(offer, need)
    if runtime is None or not runtime.disabled:
        return None
    return Refusal("runtime-disabled", "runtime", f"{runtime.name} is disabled", "Enable it, or name another")


def _wrong_protocol(offer: Offer, need: Need) -> Refusal | None:
    runtime = named_runtime(offer, need)
    if runtime is None or need.protocol is None or runtime.speaks(need.protocol):
        return None
    message = f"{runtime.name} does not speak {need.protocol}"
    return Refusal("runtime-protocol", "protocol", message, f"It speaks {', '.join(runtime.protocols)}")


def _wrong_format(offer: Offer, need: Need) -> Refusal | None:
    runtime = named_runtime(offer, need)
    if runtime is None or runtime.serves(need.format, need.version):
        return None
    formats = _names([runtime])
    if need.format in formats:
        message = f"{runtime.name} does not serve {need.format!r} in version {need.version!r}"
        return Refusal("runtime-format", "version", message, _versions([runtime], need.format))
    cure = _respelt(need.format, formats) or f"It serves {', '.join(formats)}"
    return Refusal("runtime-format", "runtime", f"{runtime.name} does not serve {need.format!r}", cure)


def _no_worker(offer: Offer, need: Need) -> Refusal | None:
    runtime = named_runtime(offer, need)
    if runtime is None or not need.multi_node or runtime.multi_node:
        return None
    able = [other.name for other in _reachable(offer, need) if other.multi_node and other.serves(need.format, None)]
    cure = f"Name {' or '.join(able)}" if able else "Leave the worker out"
    message = f"{runtime.name} has no worker spec, and KServe's controller crashes on a worker that has no counterpart"
    return Refusal("runtime-without-worker", "worker", message, cure)


def _worker_needed(offer: Offer, need: Need) -> Refusal | None:
    runtime = named_runtime(offer, need)
    if runtime is None or need.multi_node or not runtime.multi_node:
        return None
    able = [other.name for other in _by_itself(offer, need)]
    cure = f"Say the worker, or name {' or '.join(able)}" if able else "Say the worker"
    return Refusal(
        "runtime-needs-worker", "runtime", f"{runtime.name} spreads a model over several nodes and has no workers", cure
    )


def _none_found(offer: Offer, need: Need) -> Refusal | None:
    if need.runtime is not None or candidates(offer, need):
        return None
    spoken = _by_itself(offer, need)
    if spoken:
        return _none_speaks(offer, need, spoken)
    about: About = "format"
    what = f"no runtime of {offer.owner} serves {need.format!r}"
    manual = [runtime for runtime in _reachable(offer, need) if runtime.serves(need.format, need.version)]
    others = _by_itself(offer, replace(need, version=None))
    if others:
        about, what, cure = "version", f"{what} in version {need.version!r}", _versions(others, need.format)
    elif need.multi_node and manual:
        about, what, cure = "worker", f"{what} over several nodes", "Leave the worker out"
    elif manual:
        what, cure = f"{what} unless it is named", f"Set `runtime` to {' or '.join(other.name for other in manual)}"
    else:
        formats = _names(_reachable(offer, need))
        near = _respelt(need.format, formats) or (nearest(need.format, formats) if formats else "It offers none")
        cure = f"{near}; else add a runtime that does" + ("" if offer.whole else ", and name it with `runtime`")
    return Refusal("no-runtime", about, what, cure)


def _none_speaks(offer: Offer, need: Need, spoken: Sequence[RuntimeFacts]) -> Refusal:
    said = need.protocol or f"{PROTOCOLS[0]}, which KServe takes when no protocol is said"
    able = "; ".join(f"{runtime.name} speaks {', '.join(runtime.protocols)}" for runtime in spoken)
    message = f"no runtime of {offer.owner} serves {need.format!r} over {said}"
    return Refusal("no-runtime", "protocol", message, f"Set another protocol: {able}")


def _names(runtimes: Iterable[RuntimeFacts]) -> list[str]:
    return sorted({item.name for runtime in runtimes for item in runtime.formats})


def _versions(runtimes: Iterable[RuntimeFacts], format_name: str) -> str:
    listed = sorted({i.version for r in runtimes for i in r.formats if i.name == format_name and i.version})
    if not listed:
        return "Leave the version out"
    return f"Versions are compared as texts: use {' or '.join(map(repr, listed))}, or leave it out"


def _respelt(word: str, known: Iterable[str]) -> str:
    same = next((name for name in known if name.lower() == word.lower()), None)
    return f"Did you mean {same!r}? Case matters" if same else ""


CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "runtime-missing": _missing,
        "runtime-disabled": _disabled,
        "runtime-protocol": _wrong_protocol,
        "runtime-format": _wrong_format,
        "runtime-without-worker": _no_worker,
        "runtime-needs-worker": _worker_needed,
        "no-runtime": _none_found,
    }
)
"""What is checked, by the name of the rule, in the order in which KServe looks."""
