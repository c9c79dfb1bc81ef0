"""The further nodes of a model that one node cannot hold.

https://kserve.github.io/website/docs/model-serving/generative-inference/multi-node
"""

from __future__ import annotations

import json
from typing import Any, Final, Self

from pydantic import Field, model_validator

from pulumi_kserve.amounts import Whole
from pulumi_kserve.endpoints.spec.accelerators import (
    MULTI_NODE_RESOURCES,
    Gpus,
    container_on_gpus,
    gpu_fields,
    refuse_both,
)
from pulumi_kserve.endpoints.spec.component import Rendering, pod_on_pool
from pulumi_kserve.endpoints.spec.container import ContainerFields, ImageReference, container_fields
from pulumi_kserve.endpoints.spec.pod import PodFields
from pulumi_kserve.endpoints.spec.resources import Resources
from pulumi_kserve.inputs import In
from pulumi_kserve.models import without_none

__all__ = ["Worker", "WorkerContainer", "worker_annotations", "worker_fields"]

_GPU_TYPES: Final = "serving.kserve.io/gpu-resource-types"
_NAME: Final = "worker-container"
"""The runtime's container that KServe merges with the worker's."""


class WorkerContainer(ContainerFields):
    """What the workers' container has besides what the runtime gives it."""

    image: In[ImageReference] | None = None
    """An image instead of the runtime's."""


class Worker(PodFields):
    """Pods that hold a part of the model each. The runtime must have a worker spec, and the autoscaler be none."""

    pipeline_parallel_size: Whole | None = Field(default=None, ge=1)
    """Into how many stages the model is cut, one after the other; the runtime's number when unset."""
    tensor_parallel_size: Whole | None = Field(default=None, ge=1)
    """Over how many accelerators each stage is spread; the runtime's number when unset."""
    container: WorkerContainer | None = None
    """Further settings of the workers' container."""
    resources: Resources | None = None
    """CPU, memory and devices of each worker; the runtime's own when unset."""
    gpu: Gpus | None = None
    """Accelerators of each worker."""

    @model_validator(mode="after")
    def _accelerators_once(self) -> Self:
        refuse_both(self.gpu, self.resources)
        return self


def worker_fields(worker: Worker, rendering: Rendering) -> dict[str, Any]:
    """``workerSpec`` of a predictor; ``{}`` in it means the runtime's own workers."""
    gpus = gpu_fields(worker.gpu, rendering.pools)
    sizes = {"pipelineParallelSize": worker.pipeline_parallel_size, "tensorParallelSize": worker.tensor_parallel_size}
    given = worker.container or WorkerContainer()
    image = {} if given.image is None else {"image": given.image}
    container = container_on_gpus({**image, **container_fields(given)}, worker.resources, gpus)
    return {
        **without_none(sizes),
        **pod_on_pool(worker, rendering, gpus),
        **({"containers": [{"name": _NAME, **container}]} if container else {}),
    }


def worker_annotations(worker: Worker | None, gpu: Gpus | None, rendering: Rendering) -> dict[str, str]:
    """The annotations of the InferenceService that its workers need.

    KServe's multi-node has to be told of accelerators other than whole GPUs, for example of MIG slices.

    Args:
        worker: The workers, where there are any.
        gpu: The predictor's accelerators.
        rendering: What the form depends on.

    """
    if worker is None:
        return {}
    asked = {name for each in (gpu, worker.gpu) for name in gpu_fields(each, rendering.pools).resources}
    further = sorted(asked - MULTI_NODE_RESOURCES)
    return {_GPU_TYPES: json.dumps(further)} if further else {}
