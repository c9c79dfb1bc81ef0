"""Accelerators among a container's resources that no pod could get, or that its server could not use.

https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pulumi_kserve.contracts import AcceleratorVendor, PoolFacts, RuntimeFacts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.runtime_selection import Need, taken_runtime
from pulumi_kserve.endpoints.admission.runtimes import needs, offered
from pulumi_kserve.endpoints.admission.subject import Component, Container, Subject
from pulumi_kserve.endpoints.admission.values import fields, plain_text, quantity
from pulumi_kserve.endpoints.spec.accelerators import is_accelerator
from pulumi_kserve.errors import Problem

__all__ = ["RULES", "pools_said"]

_TAGGED: Final = {
    "huggingfaceserver": "kserve-huggingfaceserver",
    "tensorflow-serving": "kserve-tensorflow-serving",
    "torchserve": "kserve-torchserve",
}
"""The servers whose image KServe exchanges for the one tagged ``-gpu``, and the only runtimes for which 0.19 does."""
_BY_NAME: Final = "0.19"


def pools_said(pools: Sequence[PoolFacts]) -> str:
    """What the pools have, in one line."""
    said = [
        f"{pool.name}: {pool.accelerators_per_node} {pool.resource} a node" if pool.resource else f"{pool.name}: none"
        for pool in pools
    ]
    return f"The platform's pools have {'; '.join(said)}" if said else "The platform declares no pools"


def _refuse_counts(subject: Subject, _context: Context) -> Iterator[Problem]:
    """Kubernetes: an extended resource is a whole number, and its request equals its limit."""
    for container in _containers(subject):
        resources = fields(container.fields.get("resources"))
        requests, limits = fields(resources.get("requests")), fields(resources.get("limits"))
        for name in sorted(filter(is_accelerator, {*requests, *limits})):
            key = "limits" if name in limits else "requests"
            path = container.at("resources", key, name)
            for message, cure in _wrong_counts(name, requests, limits):
                yield Problem(path, message, cure, "accelerator-count")


def _wrong_counts(name: str, requests: Mapping[str, Any], limits: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    request, limit = quantity(requests.get(name)), quantity(limits.get(name))
    if any(found is not None and found != found.to_integral_value() for found in (request, limit)):
        yield "accelerators come as whole numbers", "Ask for 1, or for a pool of slices such as nvidia.com/mig-1g.5gb"
    elif limits.get(name) is None and request:
        yield "an accelerator is requested and not in the limits", f"Set limits to {request} too"
    elif request is not None and limit is not None and limit > request:
        yield f"the limit {limit} is above the request {request}", "Set both to the same number"


def _refuse_no_pool(subject: Subject, context: Context) -> Iterator[Problem]:
    """Accelerators that no node of the platform's pools has, or not as many at once."""
    if context.facts is None or not context.facts.pools:
        return
    for container in _containers(subject):
        for name, count in _asked(container):
            most = max((p.accelerators_per_node for p in context.facts.pools if p.resource == name), default=0)
            if count > most:
                has = f"the most that one has is {most}" if most else "none has any"
                message = f"a pod needs {count} {name} on one node, and {has}"
                path = container.at("resources", "limits", name)
                yield Problem(path, message, pools_said(context.facts.pools), "accelerator-pool")


def _refuse_image(subject: Subject, context: Context) -> Iterator[Problem]:
    """Accelerators for a server whose image cannot use them."""
    offer = offered(context)
    for predictor, need in needs(subject, context):
        model = fields(predictor.model)
        runtime = taken_runtime(offer, need)
        if runtime is None or runtime.accelerators is None or model.get("image") is not None:
            continue
        version = plain_text(model.get("runtimeVersion"))
        for name in _limits(predictor):
            if _vendor(name) not in runtime.accelerators:
                message = f"the image of {runtime.name} has no use for {name}"
                cure = _able(offer.runtimes, need, name)
            elif not _gets_gpu_image(runtime, context.release, version):
                message = f"KServe gives {runtime.name} an image without support for {name}"
                cure = "Set runtimeVersion to a tag that ends in -gpu, or the image itself"
            else:
                continue
            yield Problem(predictor.at("model", "resources", "limits", name), message, cure, "accelerator-image")


def _gets_gpu_image(runtime: RuntimeFacts, release: str, version: str | None) -> bool:
    """KServe's `UpdateImageTag`; what facts do not say counts as fine."""
    if runtime.server_type not in _TAGGED or not runtime.image or "@sha256:" in runtime.image:
        return True
    if version is not None:
        return "gpu" in version
    tag = runtime.image.rpartition("/")[2].partition(":")[2]
    by_itself = release != _BY_NAME or runtime.name == _TAGGED[runtime.server_type]
    return tag.endswith("-gpu") or (bool(tag) and by_itself)


def _able(runtimes: Iterable[RuntimeFacts], need: Need, resource: str) -> str:
    vendor = _vendor(resource)
    able = [r.name for r in runtimes if vendor in (r.accelerators or ()) and r.serves(need.format, need.version)]
    named = f"Name {' or '.join(able)} as the runtime, or s" if able else "S"
    return f"{named}et an image built for it, or leave {resource} out"


def _vendor(resource: str) -> AcceleratorVendor:
    head = resource.partition(".")[0]
    return "nvidia" if head == "nvidia" else "amd" if head == "amd" else "intel"


def _containers(subject: Subject) -> Iterator[Container]:
    for component in subject.all_components:
        yield from component.all_containers


def _asked(container: Container) -> Iterator[tuple[str, Decimal]]:
    resources = fields(container.fields.get("resources"))
    both = {**fields(resources.get("requests")), **fields(resources.get("limits"))}
    for name in sorted(filter(is_accelerator, both)):
        count = quantity(both[name])
        if count:
            yield name, count


def _limits(predictor: Component) -> list[str]:
    """The accelerators in the limits of the model's container, which KServe looks at."""
    limits = fields(fields(fields(predictor.model).get("resources")).get("limits"))
    return sorted(name for name in filter(is_accelerator, limits) if quantity(limits[name]) != 0)


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "accelerator-count",
        _refuse_counts,
        "reconcile",
        "Kubernetes makes no pod with a fraction of an accelerator, or with a request that differs from the limit",
    ),
    Rule("accelerator-pool", _refuse_no_pool, "reconcile", "no node has the accelerators: the pod waits for ever"),
    Rule(
        "accelerator-image",
        _refuse_image,
        "stricter",
        "the runtime's image cannot use the accelerator: it is paid for and idle",
    ),
)
