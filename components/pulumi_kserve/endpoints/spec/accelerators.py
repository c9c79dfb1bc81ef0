"""GPUs and other accelerators of a component: asked for by pool and count, rendered from what the pool is.

The resource, the tolerations, the node selector and the shared memory follow from the platform's pool. NVIDIA's MIG
slices are pools of their own, whose resource is for example ``nvidia.com/mig-1g.5gb``.

https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import Field

from pulumi_kserve.amounts import Whole
from pulumi_kserve.contracts import PoolFacts
from pulumi_kserve.endpoints.spec.resources import Resources
from pulumi_kserve.models import Spec, is_mapping, wire

__all__ = [
    "MULTI_NODE_RESOURCES",
    "GpuFields",
    "Gpus",
    "container_on_gpus",
    "gpu_fields",
    "is_accelerator",
    "pod_on_gpus",
    "refuse_both",
]

MULTI_NODE_RESOURCES: Final = frozenset({"nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi"})
"""The accelerators that KServe's multi-node knows without being told."""
_ACCELERATOR: Final = re.compile(r"(nvidia|amd|intel)\.com/gpu|nvidia\.com/mig-.+|gpu\.intel\.com/.+|habana\.ai/gaudi")
_SHARED_MEMORY: Final = "shared-memory"
_SHARED_MEMORY_PATH: Final = "/dev/shm"  # noqa: S108 -- where POSIX shared memory is mounted, not a file of ours


class Gpus(Spec):
    """Accelerators of one pod: ``pool.gpus(2)``. The platform's pool decides what they are."""

    pool: str = Field(min_length=1)
    """The pool's name, as the platform has it."""
    count: Whole = Field(default=1, ge=1)
    """How many each pod gets, at least 1 and at most what one node of the pool has."""


@dataclass(frozen=True, slots=True)
class GpuFields:
    """What accelerators add to a pod and to its main container."""

    resources: Mapping[str, str] = field(default_factory=dict[str, str])
    """Quantity by resource name, the same for request and limit."""
    tolerations: tuple[Mapping[str, str], ...] = ()
    """One for each of the pool's taints."""
    node_selector: Mapping[str, str] = field(default_factory=dict[str, str])
    """The labels of the pool's nodes."""
    shared_memory: bool = False
    """Whether several processes share the model, and so need more than the 64 MiB that containers have."""


def gpu_fields(gpu: Gpus | None, pools: Iterable[PoolFacts]) -> GpuFields:
    """What `gpu` adds. Nothing for no GPUs, an unknown pool, or one without accelerators: admission refuses those."""
    pool = next((each for each in pools if gpu and each.name == gpu.pool), None)
    if gpu is None or pool is None or pool.resource is None:
        return GpuFields()
    return GpuFields(
        resources={pool.resource: str(gpu.count)},
        tolerations=tuple(_toleration(taint) for taint in pool.taints),
        node_selector=dict(sorted(pool.labels.items())),
        shared_memory=gpu.count > 1,
    )


def pod_on_gpus(pod: Mapping[str, Any], gpus: GpuFields) -> dict[str, Any]:
    """The pod's fields with the pool's tolerations, selector and shared memory; the user's own come first and win."""
    tolerations = [*pod.get("tolerations", ())]
    tolerations += [dict(each) for each in gpus.tolerations if each not in tolerations]
    selector = {**gpus.node_selector, **pod.get("nodeSelector", {})}
    volumes = [*pod.get("volumes", ())]
    if gpus.shared_memory and _SHARED_MEMORY not in [volume["name"] for volume in volumes]:
        volumes.append({"name": _SHARED_MEMORY, "emptyDir": {"medium": "Memory"}})
    added = {"tolerations": tolerations, "nodeSelector": selector, "volumes": volumes}
    return {**pod, **{key: value for key, value in added.items() if value}}


def container_on_gpus(container: Mapping[str, Any], resources: Resources | None, gpus: GpuFields) -> dict[str, Any]:
    """The main container with the component's resources and accelerators, and the shared memory where it is needed."""
    own: Mapping[str, Any] = container.get("resources", {})
    said: Mapping[str, Any] = wire(resources) if resources is not None else own
    merged = {key: {**said.get(key, {}), **gpus.resources} for key in ("requests", "limits")}
    result = {**container, "resources": {key: value for key, value in merged.items() if value}}
    if not result["resources"]:
        del result["resources"]
    mounts: Sequence[Any] = container.get("volumeMounts", ())
    if gpus.shared_memory and not any(_is_shared_memory(mount) for mount in mounts):
        result["volumeMounts"] = [*mounts, {"name": _SHARED_MEMORY, "mountPath": _SHARED_MEMORY_PATH}]
    return result


def is_accelerator(resource: str) -> bool:
    """Whether the resource is a known accelerator: of NVIDIA, a MIG slice, AMD, Intel or Habana."""
    return _ACCELERATOR.fullmatch(resource) is not None


def refuse_both(gpu: Gpus | None, resources: Resources | None) -> None:
    """Refuse accelerators said twice.

    Raises:
        ValueError: `gpu` is set and `resources` names an accelerator too.

    """
    if gpu is None or resources is None:
        return
    named: set[str] = {*(resources.requests or ()), *(resources.limits or ())}
    twice = sorted(resource for resource in named if is_accelerator(resource))
    if twice:
        raise ValueError(f"gpu and resources both ask for accelerators: remove {', '.join(twice)} from resources")


def _toleration(taint: str) -> dict[str, str]:
    """``key=value:Effect`` or ``key:Effect`` as a toleration."""
    named, _, effect = taint.rpartition(":")
    key, equals, value = named.partition("=")
    matched = {"operator": "Equal", "value": value} if equals else {"operator": "Exists"}
    return {"key": key, **matched, "effect": effect}


def _is_shared_memory(mount: Any) -> bool:
    return is_mapping(mount) and mount.get("mountPath") == _SHARED_MEMORY_PATH
