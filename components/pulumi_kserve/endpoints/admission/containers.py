"""Rules about containers: names, order, environment, resources, and which of them serve.

https://kserve.github.io/website/docs/model-serving/predictive-inference/frameworks/custom-predictor
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import (
    MAIN_CONTAINER,
    TRANSFORMER_CONTAINER,
    Container,
    Subject,
)
from pulumi_kserve.endpoints.admission.values import fields, is_unknown, quantity, texts
from pulumi_kserve.errors import Problem

__all__ = ["RULES"]

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PLACEHOLDER: Final = re.compile(r"\{\{-?\s*\.(Name|Namespace|(Labels|Annotations)\.[A-Za-z_]\w*)\s*-?\}\}")
_NOT_OF_THE_CONTAINER: Final = frozenset({"modelFormat", "storage", "storageUri", "confidential"})
"""Fields of a model that are not in its container, so that no template is made of them."""
_PROTOCOLS: Final = ("v1", "v2")
_IMPLEMENTATIONS: Final = {
    "predictor": "a model, or containers with one named kserve-container",
    "transformer": "containers",
    "explainer": "art, or containers",
}


def _refuse_python_path(subject: Subject, _context: Context) -> Iterator[Problem]:
    for component in subject.components:
        for container in component.all_containers:
            for entry in container.env():
                if entry.name == "PYTHONPATH":
                    message = "KServe refuses PYTHONPATH, so that no foreign module is imported"
                    yield Problem(entry.path, message, "Build the module into the image", "python-path")


def _refuse_name_of_model(subject: Subject, _context: Context) -> Iterator[Problem]:
    model = subject.predictor.model
    if model is not None and model.get("name") not in (None, ""):
        path = subject.predictor.at("model", "name")
        yield Problem(path, "KServe names a model's container itself", "Leave the name out", "model-name")


def _refuse_implementations(subject: Subject, _context: Context) -> Iterator[Problem]:
    for component in subject.components:
        found, wanted = component.implementations, _IMPLEMENTATIONS[component.name]
        if len(found) == 1 or is_unknown(component.fields.get("containers")):
            continue
        if not found:
            message = f"nothing says what the {component.name} runs"
            yield Problem(component.path, message, f"Give exactly one: {wanted}", "implementations")
            continue
        message = f"the {component.name} has {len(found)} implementations: {', '.join(found)}"
        yield Problem(found[1], message, f"Keep one: {wanted}", "implementations")


def _refuse_dropped_model(subject: Subject, _context: Context) -> Iterator[Problem]:
    predictor = subject.predictor
    if predictor.model_key != "model" and predictor.written.get("model") is not None:
        message = f"KServe writes {predictor.model_key} over it"
        cure = f"Keep `model`, with modelFormat.name {predictor.model_key!r}"
        yield Problem(f"{predictor.path}.model", message, cure, "model-dropped")


def _refuse_protocol(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        if component.name != "predictor" or component.model is not None or not component.containers:
            continue
        entry = next((entry for entry in component.containers[0].env() if entry.name == "PROTOCOL"), None)
        if entry is not None and not is_unknown(entry.value) and (entry.value or "") not in _PROTOCOLS:
            message = f"KServe knows no protocol {entry.value or ''!r} of a custom predictor"
            yield Problem(
                entry.path, message, "Use v1 or v2 as plain text, or leave PROTOCOL out", "container-protocol"
            )


def _refuse_main_elsewhere(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        if component.name != "predictor" or component.model is not None or len(component.containers) <= 1:
            continue
        names = [container.name for container in component.containers]
        cure = f"Put the container that serves first, and name it {MAIN_CONTAINER}"
        if MAIN_CONTAINER not in names and None not in names[1:]:
            message = f"no container is named {MAIN_CONTAINER}: KServe's controller panics"
            yield Problem(component.at("containers"), message, cure, "main-container")
        elif MAIN_CONTAINER in names[1:] and names[0] != MAIN_CONTAINER:
            path = component.at("containers", names.index(MAIN_CONTAINER), "name")
            yield Problem(path, "KServe writes it over the first container, which is lost", cure, "main-container")


def _refuse_container_names(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        for role in ("container", "init", "worker-init"):
            yield from _wrong_names([found for found in component.all_containers if found.role == role])


def _wrong_names(containers: list[Container]) -> Iterator[Problem]:
    seen: set[str] = set()
    for container in containers:
        name = container.name
        if is_unknown(container.fields.get("name")):
            continue
        if not name:
            cure = "Give it a name of lower-case letters, digits and hyphens"
            yield Problem(container.at("name"), "the container has no name", cure, "container-name")
        elif not _NAME.fullmatch(name):
            cure = "Use at most 63 lower-case letters, digits and hyphens, with a letter or digit first and last"
            yield Problem(container.at("name"), f"{name!r} is no name of a container", cure, "container-name")
        elif name in seen:
            message = f"another container is named {name!r}"
            yield Problem(container.at("name"), message, "Give each a name of its own", "container-name")
        seen.add(name or "")


def _refuse_missing_image(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        for container in component.all_containers:
            merged = container.name == TRANSFORMER_CONTAINER and component.model is not None
            if container.role in ("container", "init", "worker-init") and not merged and _has_no_image(container):
                cure = "Name the image, with a tag or a digest"
                yield Problem(container.at("image"), "the container has no image", cure, "container-image")


def _has_no_image(container: Container) -> bool:
    return container.fields.get("image") in (None, "")


def _refuse_template_braces(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        if component.model is None:
            continue
        for container in component.all_containers:
            if container.role == "model" or container.name == TRANSFORMER_CONTAINER:
                yield from _braces(container)


def _braces(container: Container) -> Iterator[Problem]:
    own = {key: value for key, value in container.fields.items() if key not in _NOT_OF_THE_CONTAINER}
    for path, text in texts(own, container.path):
        if "{{" in _PLACEHOLDER.sub("", text):
            message = "KServe runs this text as a Go template, and {{ starts an action of it"
            cure = "Put the text in a file of the model, or in a ConfigMap, and pass its path"
            yield Problem(path, message, cure, "template-braces")


def _refuse_limits_below_requests(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        for container in component.all_containers:
            resources = fields(container.fields.get("resources"))
            limits = fields(resources.get("limits"))
            for name, request in fields(resources.get("requests")).items():
                yield from _limit_below(limits.get(name), request, container.at("resources", "limits", name))


def _limit_below(limit: Any, request: Any, path: str) -> Iterator[Problem]:
    most, wanted = quantity(limit), quantity(request)
    if most is not None and wanted is not None and most < wanted:
        message = f"{limit} is below the request {request}"
        yield Problem(path, message, "Raise the limit or lower the request", "limit-below-request")


def _refuse_restart_policy(subject: Subject, context: Context) -> Iterator[Problem]:
    for component in subject.validated(context.release):
        written = component.fields.get("restartPolicy")
        if isinstance(written, str) and written not in ("", "Always"):
            message = f"{written!r}: a Deployment's pods are always restarted"
            yield Problem(component.at("restartPolicy"), message, "Leave it out", "restart-policy")


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "python-path", _refuse_python_path, "kserve", "KServe lets nobody set PYTHONPATH: it would import any module."
    ),
    Rule("model-name", _refuse_name_of_model, "kserve", "KServe names the container of a model itself."),
    Rule("implementations", _refuse_implementations, "kserve", "A component has exactly one implementation."),
    Rule("container-protocol", _refuse_protocol, "kserve", "PROTOCOL of a custom predictor is v1 or v2."),
    Rule(
        "model-dropped",
        _refuse_dropped_model,
        "stricter",
        "KServe moves a legacy framework key to `model` and drops the model that stood there.",
    ),
    Rule(
        "main-container",
        _refuse_main_elsewhere,
        "reconcile",
        "Among several containers kserve-container must be there and be first: the controller loses one, or panics.",
    ),
    Rule(
        "container-name",
        _refuse_container_names,
        "reconcile",
        "Kubernetes refuses the Deployment: its containers need names, each a different one.",
    ),
    Rule(
        "container-image",
        _refuse_missing_image,
        "reconcile",
        "Kubernetes refuses the Deployment: no runtime gives such a container its image.",
    ),
    Rule(
        "template-braces",
        _refuse_template_braces,
        "reconcile",
        "KServe runs a model's container as a Go template: braces that are no placeholder of it break the endpoint.",
    ),
    Rule(
        "limit-below-request",
        _refuse_limits_below_requests,
        "reconcile",
        "Kubernetes refuses the Deployment: a limit cannot be below the request.",
    ),
    Rule(
        "restart-policy",
        _refuse_restart_policy,
        "reconcile",
        "Kubernetes refuses the Deployment: the pods of one are always restarted.",
    ),
)
