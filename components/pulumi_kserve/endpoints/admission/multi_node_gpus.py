"""How many accelerators KServe gives the head and the workers of an endpoint on several nodes.

It reads requests only, of the four resources that it knows, and overwrites both numbers with what it worked out.

https://kserve.github.io/website/docs/model-serving/generative-inference/multi-node
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pulumi_kserve.contracts import RuntimeFacts, WorkerFacts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.runtime_selection import taken_runtime
from pulumi_kserve.endpoints.admission.runtimes import needs, offered
from pulumi_kserve.endpoints.admission.subject import Component, Subject
from pulumi_kserve.endpoints.admission.values import fields, items, quantity, whole_number
from pulumi_kserve.endpoints.spec.accelerators import MULTI_NODE_RESOURCES
from pulumi_kserve.errors import Problem

__all__ = ["RULES", "NodePlan", "node_plan"]


@dataclass(frozen=True, slots=True)
class NodePlan:
    """What KServe makes of the parallel sizes and of the accelerators asked for."""

    nodes: int
    """How many nodes, the head's among them."""
    head: int
    """Accelerators of the head."""
    worker: int
    """Accelerators of each worker; 0 where no worker runs."""

    @property
    def total(self) -> int:
        """All accelerators together."""
        return self.head + self.worker * (self.nodes - 1)


def node_plan(sizes: WorkerFacts, *, head: int, worker: int) -> NodePlan:
    """KServe's own arithmetic.

    Args:
        sizes: The parallel sizes, the endpoint's own before the runtime's, and what ties the nodes together.
        head: The accelerators that the head requests; 0 for none.
        worker: The accelerators that each worker requests; 0 for none.

    """
    pipeline, tensor = sizes.pipeline_parallel_size, sizes.tensor_parallel_size
    if sizes.executor == "mp":
        return NodePlan(pipeline, tensor, tensor)
    total = tensor * pipeline
    if worker > 0:
        nodes = math.ceil(total / worker)
        if nodes == 1 or (head > 0 and math.ceil(total / head) == 1):
            return NodePlan(1, total, 0)
        return NodePlan(nodes, head or total - worker * (nodes - 1), worker)
    return NodePlan(1 + max(total - head, 0), head, 1) if head > 0 else NodePlan(total, 1, 1)


def _refuse_too_few(subject: Subject, context: Context) -> Iterator[Problem]:
    """KServe: the total required number of GPUs is less than the number of GPUs assigned to the head and workers."""
    runtime = _runtime(subject, context)
    predictor = subject.predictor
    sizes = _sizes(predictor, runtime.worker) if runtime is not None and runtime.worker is not None else None
    head, worker = _requested(fields(predictor.model)), _requested(_worker_container(predictor))
    if sizes is None or head is None or worker is None:
        return
    plan = node_plan(sizes, head=head, worker=worker)
    needed = sizes.tensor_parallel_size * sizes.pipeline_parallel_size
    if sizes.executor == "ray" and needed > plan.total:
        message = (
            f"tensor size {sizes.tensor_parallel_size} by pipeline size {sizes.pipeline_parallel_size} needs {needed} "
            f"accelerators; the head has {plan.head} and {plan.nodes - 1} workers have {plan.worker} each"
        )
        cure = f"Give the head {needed - plan.worker * (plan.nodes - 1)}, or as many as each worker has"
        yield Problem(predictor.at("workerSpec"), message, cure, "multi-node-accelerators")


def _refuse_limits_alone(subject: Subject, _context: Context) -> Iterator[Problem]:
    """Accelerators in limits only, which KServe does not see and overwrites."""
    predictor = subject.predictor
    if predictor.worker is None or predictor.model is None:
        return
    held = (
        (fields(predictor.model), ("model", "resources", "limits")),
        (_worker_container(predictor), ("workerSpec", "containers", 0, "resources", "limits")),
    )
    for container, steps in held:
        resources = fields(container.get("resources"))
        for name in sorted(MULTI_NODE_RESOURCES & set(fields(resources.get("limits")))):
            if name not in fields(resources.get("requests")):
                message = "KServe reads requests only on several nodes, and overwrites this limit"
                cure = f"Request as many {name} too"
                yield Problem(predictor.at(*steps, name), message, cure, "multi-node-limits")


def _runtime(subject: Subject, context: Context) -> RuntimeFacts | None:
    if subject.predictor.worker is None:
        return None
    need = next((need for _, need in needs(subject, context)), None)
    return None if need is None else taken_runtime(offered(context), need)


def _sizes(predictor: Component, usual: WorkerFacts) -> WorkerFacts | None:
    """The sizes that hold; None where one of them is not known, or is refused by KServe itself."""
    worker = fields(predictor.worker)
    said = {key: worker[key] for key in ("pipelineParallelSize", "tensorParallelSize") if worker.get(key) is not None}
    if any((whole_number(value) or 0) < 1 for value in said.values()):
        return None
    pipeline = whole_number(said.get("pipelineParallelSize")) or usual.pipeline_parallel_size
    tensor = whole_number(said.get("tensorParallelSize")) or usual.tensor_parallel_size
    return WorkerFacts(pipeline_parallel_size=pipeline, tensor_parallel_size=tensor, executor=usual.executor)


def _worker_container(predictor: Component) -> Mapping[str, Any]:
    return fields(next(iter(items(fields(predictor.worker).get("containers"))), None))


def _requested(container: Mapping[str, Any]) -> int | None:
    """The accelerators that a container requests, 0 where it requests none; None where that is not known."""
    requests = fields(fields(container.get("resources")).get("requests"))
    name = next((name for name in sorted(MULTI_NODE_RESOURCES) if name in requests), None)
    if name is None:
        return 0
    found = quantity(requests[name])
    return None if found is None else math.ceil(found)


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "multi-node-accelerators",
        _refuse_too_few,
        "reconcile",
        "head and workers together have fewer accelerators than the parallel sizes need: no pod is ever made",
    ),
    Rule(
        "multi-node-limits",
        _refuse_limits_alone,
        "stricter",
        "KServe reads only the requests of accelerators on several nodes, and overwrites limits that stand alone",
    ),
)
