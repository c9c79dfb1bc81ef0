"""Rules about models that need several nodes (`workerSpec`).

https://kserve.github.io/website/docs/model-serving/generative-inference/multi-node
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import CLASS_ANNOTATION, Container, Subject
from pulumi_kserve.endpoints.admission.values import fields, is_unknown, items, place, whole_number
from pulumi_kserve.endpoints.admission.wording import in_both_words
from pulumi_kserve.errors import Problem

__all__ = ["RULES"]

_GPU_TYPES: Final = "serving.kserve.io/gpu-resource-types"
_KNOWN_RESOURCES: Final = frozenset(
    {
        "cpu",
        "memory",
        "storage",
        "ephemeral-storage",
        "nvidia.com/gpu",
        "amd.com/gpu",
        "intel.com/gpu",
        "habana.ai/gaudi",
    }
)
_SIZES_BY_ENV: Final = {"PIPELINE_PARALLEL_SIZE": "pipelineParallelSize", "TENSOR_PARALLEL_SIZE": "tensorParallelSize"}
_SCHEMES: Final = ("pvc", "oci")


def _refuse_several_worker_containers(subject: Subject, _context: Context) -> Iterator[Problem]:
    worker = subject.predictor.worker
    if worker is not None and len(items(worker.get("containers"))) > 1:
        path = subject.predictor.at("workerSpec", "containers", 1)
        yield Problem(path, "a worker has one container", "Keep the first", "worker-containers")


def _refuse_sizes_by_environment(subject: Subject, _context: Context) -> Iterator[Problem]:
    for container in _model_of_several_nodes(subject):
        for entry in container.env():
            if entry.name in _SIZES_BY_ENV:
                size = _SIZES_BY_ENV[entry.name]
                cure = in_both_words(f"Write it as workerSpec.{size}", f"`worker.{size}`")
                yield Problem(entry.path, f"KServe sets {entry.name} itself", cure, "parallel-size-env")


def _refuse_unreadable_gpu_types(subject: Subject, _context: Context) -> Iterator[Problem]:
    written = subject.annotation(_GPU_TYPES)
    if written and subject.predictor.worker is not None and _listed_gpu_types(written) is None:
        cure = """Write a JSON array of names, for example '["example.com/gpu"]'"""
        path = subject.annotation_path(_GPU_TYPES)
        yield Problem(path, f"{written!r} is no JSON array of names", cure, "gpu-types")


def _refuse_unknown_gpus(subject: Subject, _context: Context) -> Iterator[Problem]:
    written = subject.annotations.get(_GPU_TYPES)
    listed = _listed_gpu_types(written) if isinstance(written, str) and written else []
    if listed is None or is_unknown(written):
        return
    known = _KNOWN_RESOURCES | set(listed)
    workers = [found for found in subject.predictor.all_containers if found.role == "worker"]
    for container in (*_model_of_several_nodes(subject), *workers):
        resources = fields(container.fields.get("resources"))
        for kind in ("limits", "requests"):
            for name, amount in fields(resources.get(kind)).items():
                if name not in known and amount is not None:
                    cure = f"Use one of {', '.join(sorted(_KNOWN_RESOURCES))}, or list it in annotation {_GPU_TYPES}"
                    path = container.at("resources", kind, name)
                    yield Problem(path, f"KServe knows no accelerator {name!r}", cure, "unknown-gpu")


def _refuse_missing_uri(subject: Subject, _context: Context) -> Iterator[Problem]:
    for container in _model_of_several_nodes(subject):
        if container.fields.get("storageUri") is None:
            cure = in_both_words("Give a storageUri that starts with pvc:// or oci://", "`model.uri`")
            yield Problem(container.at("storageUri"), "several nodes need one place of the model", cure, "worker-uri")


def _refuse_other_schemes(subject: Subject, _context: Context) -> Iterator[Problem]:
    for container in _model_of_several_nodes(subject):
        written = container.fields.get("storageUri")
        found = place(written)
        scheme = written.split("://")[0] if isinstance(written, str) else found.scheme if found else _SCHEMES[0]
        if scheme not in _SCHEMES:
            message = f"several nodes cannot read {scheme!r}, each would download the whole model"
            cure = "Put the model on a volume that all nodes can read (pvc://), or into an image (oci://)"
            yield Problem(container.at("storageUri"), message, cure, "worker-uri-scheme")


def _refuse_scaling(subject: Subject, _context: Context) -> Iterator[Problem]:
    written = subject.annotations.get(CLASS_ANNOTATION)
    if _model_of_several_nodes(subject) and written != "none" and not is_unknown(written):
        message = "a model on several nodes cannot be scaled"
        cure = in_both_words(f"Set the annotation {CLASS_ANNOTATION} to none", "`scaling.noScaling`")
        yield Problem(subject.annotation_path(CLASS_ANNOTATION), message, cure, "worker-autoscaler")


def _refuse_sizes_below_one(subject: Subject, _context: Context) -> Iterator[Problem]:
    worker = subject.predictor.worker
    for key in ("pipelineParallelSize", "tensorParallelSize") if worker is not None else ():
        size = whole_number(fields(worker).get(key))
        if size is not None and size < 1:
            path = subject.predictor.at("workerSpec", key)
            yield Problem(path, f"{size} is less than 1", "Give 1 or more", "parallel-size")


def _refuse_knative(subject: Subject, context: Context) -> Iterator[Problem]:
    if subject.predictor.worker is not None and subject.mode(context.mode) == "Knative":
        message = "Knative mode makes the head only, and no workers"
        cure = "Serve it in Standard mode"
        yield Problem(subject.predictor.at("workerSpec"), message, cure, "worker-in-knative")


def _refuse_workers_without_model(subject: Subject, _context: Context) -> Iterator[Problem]:
    predictor = subject.predictor
    if predictor.worker is not None and predictor.model is None and predictor.containers:
        message = "only a runtime makes several nodes of a predictor, and containers of one's own have none"
        yield Problem(predictor.at("workerSpec"), message, "Give a model, or leave it out", "worker-without-model")


def _model_of_several_nodes(subject: Subject) -> tuple[Container, ...]:
    """The model's container, where the predictor has workers."""
    if subject.predictor.worker is None:
        return ()
    return tuple(found for found in subject.predictor.all_containers if found.role == "model")


def _listed_gpu_types(written: str) -> list[str] | None:
    """The names in the annotation; None where KServe cannot read it."""
    try:
        listed: Any = json.loads(written)
    except ValueError:
        return None
    names = [name for name in items(listed) if isinstance(name, str) and name]
    return names if names and len(names) == len(items(listed)) else None


RULES: Final[tuple[Rule, ...]] = (
    Rule("worker-containers", _refuse_several_worker_containers, "kserve", "A worker has one container."),
    Rule("parallel-size-env", _refuse_sizes_by_environment, "kserve", "KServe sets the parallel sizes itself."),
    Rule("gpu-types", _refuse_unreadable_gpu_types, "kserve", "The annotation must be a JSON array of names."),
    Rule("unknown-gpu", _refuse_unknown_gpus, "kserve", "KServe counts only accelerators that it knows by name."),
    Rule("worker-uri", _refuse_missing_uri, "kserve", "A model on several nodes needs a storageUri."),
    Rule("worker-uri-scheme", _refuse_other_schemes, "kserve", "Several nodes read models from pvc:// or oci:// only."),
    Rule("worker-autoscaler", _refuse_scaling, "kserve", "A model on several nodes has autoscaler class none."),
    Rule("parallel-size", _refuse_sizes_below_one, "kserve", "Parallel sizes are at least 1."),
    Rule(
        "worker-in-knative",
        _refuse_knative,
        "stricter",
        "Knative mode ignores the workers, and the head waits for them.",
    ),
    Rule(
        "worker-without-model",
        _refuse_workers_without_model,
        "reconcile",
        "Only a runtime has a worker to build upon; with containers of one's own the controller panics.",
    ),
)
