"""One InferenceService as KServe's rules see it: after the mutating webhook has normalised it.

The webhook moves a legacy framework key (``sklearn:``, ``triton:`` ...) to ``model:``, and writes the modes' old names
anew. A problem must name what the user wrote, so a subject remembers it: `Component.at` gives written paths.
https://github.com/kserve/kserve/blob/master/pkg/apis/serving/v1beta1/inference_service_defaults.go
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, Self, TypeVar

from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.values import checkable, fields, items, joined, plain_text
from pulumi_kserve.errors import Problem
from pulumi_kserve.field_table import check_fields, field_table

__all__ = [
    "CLASS_ANNOTATION",
    "FRAMEWORKS",
    "MAIN_CONTAINER",
    "MODE_ANNOTATION",
    "OLD_MODES",
    "TRANSFORMER_CONTAINER",
    "Canary",
    "Component",
    "Container",
    "EnvEntry",
    "Subject",
]

MODE_ANNOTATION: Final = "serving.kserve.io/deploymentMode"
OLD_MODES: Final = {"RawDeployment": "Standard", "Serverless": "Knative"}
"""What the modes were once called; the webhook writes their present names."""
CLASS_ANNOTATION: Final = "serving.kserve.io/autoscalerClass"
MAIN_CONTAINER: Final = "kserve-container"
TRANSFORMER_CONTAINER: Final = "transformer-container"
FRAMEWORKS: Final = (
    "sklearn",
    "tensorflow",
    "xgboost",
    "pytorch",
    "triton",
    "onnx",
    "huggingface",
    "pmml",
    "lightgbm",
    "paddle",
)
"""The legacy keys, in the order in which the webhook looks for the one to move."""
_OF_PREDICTORS: Final = frozenset({*FRAMEWORKS, "model", "workerSpec"})
"""Keys that the API server drops from other components."""
_SPEAKING_V2: Final = ("triton", "onnx", "huggingface")
T = TypeVar("T")
Role = Literal["model", "art", "container", "init", "worker", "worker-init"]


@dataclass(frozen=True, slots=True)
class EnvEntry:
    """One environment variable of a container."""

    path: str
    name: str | None
    """None where it is not known."""
    value: Any
    """The value, which may be an Output; None where it comes from elsewhere, or is empty."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container, or the model or explainer that has a container's fields."""

    path: str
    name: str | None
    """Its name after the webhook, which calls some containers `kserve-container`. None: it has none yet."""
    fields: Mapping[str, Any]
    role: Role

    def at(self, *steps: str | int) -> str:
        """The written path of something below."""
        return joined(self.path, *steps)

    def env(self) -> Iterator[EnvEntry]:
        """Its environment variables."""
        for index, entry in enumerate(items(self.fields.get("env"))):
            known = fields(entry)
            yield EnvEntry(self.at("env", index), plain_text(known.get("name")), known.get("value"))


@dataclass(frozen=True)
class Component:
    """A predictor, transformer or explainer; a canary has a predictor too."""

    name: Literal["predictor", "transformer", "explainer"]
    path: str
    """Where it stands, for example `spec.predictor` or `spec.canary[0].predictor`."""
    fields: Mapping[str, Any]
    """Its fields, with a legacy framework key as `model`."""
    written: Mapping[str, Any]
    """Its fields as the user wrote them."""
    model_key: str = "model"
    """The key under which the user wrote what is `model` now."""
    defaulted: bool = True
    """Whether the webhook looks at it at all: at a canary it does not."""

    def at(self, *steps: str | int) -> str:
        """The written path of something below: `at("model", "env")` may be `spec.predictor.sklearn.env`."""
        if steps and steps[0] == "model":
            return joined(self.path, self.model_key, *steps[1:])
        return joined(self.path, *steps)

    @cached_property
    def model(self) -> Mapping[str, Any] | None:
        """The model, where there is one."""
        return fields(self.fields["model"]) if self.fields.get("model") is not None else None

    @cached_property
    def worker(self) -> Mapping[str, Any] | None:
        """The worker spec, where there is one."""
        return fields(self.fields["workerSpec"]) if self.fields.get("workerSpec") is not None else None

    @cached_property
    def implementations(self) -> tuple[str, ...]:
        """The written paths of all that KServe counts as an implementation; right is exactly one."""
        found = [self.at(key) for key in (*FRAMEWORKS, "model", "art") if self.fields.get(key) is not None]
        if self.name != "predictor":
            return (*found, self.at("containers")) if self.containers else tuple(found)
        found += [container.path for container in self.containers if container.name == MAIN_CONTAINER]
        return tuple(found) if found or not self.containers else (self.at("containers"),)

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """The pod's own containers."""
        return tuple(
            self._container(index, fields(found)) for index, found in enumerate(items(self.fields.get("containers")))
        )

    @cached_property
    def all_containers(self) -> tuple[Container, ...]:
        """Every container there is: model or ART explainer, containers, init containers, and those of the workers."""
        own = (self._inline("model"), self._inline("art"))
        worker = fields(self.fields.get("workerSpec"))
        listed: tuple[tuple[Mapping[str, Any], tuple[str, ...], Role], ...] = (
            (self.fields, ("initContainers",), "init"),
            (worker, ("workerSpec", "containers"), "worker"),
            (worker, ("workerSpec", "initContainers"), "worker-init"),
        )
        further = [
            Container(self.at(*steps, index), plain_text(fields(found).get("name")), fields(found), role)
            for holder, steps, role in listed
            for index, found in enumerate(items(holder.get(steps[-1])))
        ]
        return (*(found for found in own if found), *self.containers, *further)

    def _inline(self, key: Literal["model", "art"]) -> Container | None:
        found = self.fields.get(key)
        return None if found is None else Container(self.at(key), MAIN_CONTAINER, fields(found), key)

    def _container(self, index: int, found: Mapping[str, Any]) -> Container:
        name = plain_text(found.get("name"))
        if self.defaulted and index == 0 and self._renames_first(name):
            name = MAIN_CONTAINER
        return Container(self.at("containers", index), name, found, "container")

    def _renames_first(self, name: str | None) -> bool:
        if any(self.fields.get(key) is not None for key in (*FRAMEWORKS, "model", "art")):
            return False
        return self.name != "predictor" or not name or len(items(self.fields.get("containers"))) == 1


@dataclass(frozen=True, slots=True)
class Canary:
    """One entry of `spec.canary`, which KServe has since 0.20."""

    path: str
    """Where it stands, for example `spec.canary[0]`."""
    fields: Mapping[str, Any]
    predictor: Component


@dataclass(frozen=True)
class Subject:
    """An InferenceService object. Make it with `of`; it is never changed."""

    manifest: Mapping[str, Any]
    """The object as the user wrote it."""

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Self:
        """The subject that an object is."""
        return cls(manifest)

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """The object's metadata."""
        return fields(self.manifest.get("metadata"))

    @cached_property
    def spec(self) -> Mapping[str, Any]:
        """The spec as the user wrote it."""
        return fields(self.manifest.get("spec"))

    @property
    def name(self) -> str | None:
        """The object's name, where it is known."""
        return plain_text(self.metadata.get("name"))

    @property
    def namespace(self) -> str | None:
        """The object's namespace, where it has one that is known."""
        return plain_text(self.metadata.get("namespace"))

    @cached_property
    def annotations(self) -> Mapping[str, Any]:
        """The object's annotations, with the mode by its present name."""
        written = fields(self.metadata.get("annotations"))
        mode = plain_text(written.get(MODE_ANNOTATION))
        return {**written, MODE_ANNOTATION: OLD_MODES[mode]} if mode in OLD_MODES else written

    @property
    def labels(self) -> Mapping[str, Any]:
        """The object's labels."""
        return fields(self.metadata.get("labels"))

    def annotation(self, key: str) -> str | None:
        """An annotation's text, where there is one and it is known."""
        return plain_text(self.annotations.get(key))

    def annotation_path(self, key: str) -> str:
        """The path of an annotation of the object."""
        return joined("metadata.annotations", key)

    def admission_mode(self, default: str) -> str:
        """The mode that KServe's validation reads: the annotation, which the webhook adds where `default` is Standard.

        Args:
            default: The cluster's own mode.

        Returns:
            Any text that the annotation has; "" where there is none, which KServe treats as Knative.

        """
        written = self.annotation(MODE_ANNOTATION)
        return written if written is not None else default if default == "Standard" else ""

    def mode(self, default: Literal["Standard", "Knative"]) -> Literal["Standard", "Knative"]:
        """The mode that the endpoint will run in. Where the annotation says nothing known, that is `default`."""
        written = self.annotation(MODE_ANNOTATION)
        return "Standard" if written == "Standard" else "Knative" if written == "Knative" else default

    @cached_property
    def predictor(self) -> Component:
        """The predictor; an empty one where the object has none."""
        return _predictor("spec.predictor", self.spec.get("predictor"))

    @cached_property
    def transformer(self) -> Component | None:
        """The transformer, where there is one."""
        return self._other("transformer")

    @cached_property
    def explainer(self) -> Component | None:
        """The explainer, where there is one."""
        return self._other("explainer")

    @cached_property
    def canaries(self) -> tuple[Canary, ...]:
        """The canaries, which KServe has since 0.20."""
        return tuple(
            Canary(path, fields(found), _predictor(f"{path}.predictor", fields(found).get("predictor"), canary=True))
            for index, found in enumerate(items(self.spec.get("canary")))
            for path in (f"spec.canary[{index}]",)
        )

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """Predictor, transformer and explainer, as far as they are there; not the canaries' predictors."""
        return tuple(found for found in (self.predictor, self.transformer, self.explainer) if found is not None)

    @cached_property
    def all_components(self) -> tuple[Component, ...]:
        """Every component, the canaries' predictors too."""
        return (*self.components, *(canary.predictor for canary in self.canaries))

    def validated(self, release: str) -> tuple[Component, ...]:
        """The components that KServe validates: the canaries' predictors too, where the release has canaries."""
        known: Mapping[str, Any] = field_table(release, "InferenceService")["properties"]["spec"]["properties"]
        return self.all_components if "canary" in known else self.components

    @cached_property
    def _found(self) -> dict[Any, tuple[Context, Any]]:
        return {}

    def once(self, find: Callable[[Subject, Context], T], context: Context) -> T:
        """What `find` makes of this object, looked for once: many rules ask the same."""
        held = self._found.get(find)
        if held is None or held[0] is not context:
            held = self._found[find] = (context, find(self, context))
        found: T = held[1]
        return found

    @cached_property
    def _shapes(self) -> dict[str, list[Problem]]:
        return {}

    def shape(self, release: str) -> list[Problem]:
        """What the release's field table says of the object as it was written; read once."""
        if release not in self._shapes:
            self._shapes[release] = check_fields(release, "InferenceService", checkable(self.manifest))
        return self._shapes[release]

    def _other(self, name: Literal["transformer", "explainer"]) -> Component | None:
        written = self.spec.get(name)
        known = {key: item for key, item in fields(written).items() if key not in _OF_PREDICTORS}
        return None if written is None else Component(name, f"spec.{name}", known, fields(written))


def _predictor(path: str, value: Any, *, canary: bool = False) -> Component:
    written = fields(value)
    known = {name: item for name, item in written.items() if name != "art"}
    key = next((key for key in FRAMEWORKS if written.get(key) is not None), None)
    if key is None or (canary and written.get("model") is not None):
        return Component("predictor", path, known, written, defaulted=not canary)
    moved = {"modelFormat": {"name": key}, **fields(written[key])}
    if key in _SPEAKING_V2 and moved.get("protocolVersion") is None:
        moved["protocolVersion"] = "v2"
    del known[key]
    return Component("predictor", path, {**known, "model": moved}, written, key, defaulted=not canary)
