"""The CRDs of gateways: each an object of its own, applied by the server, and kept when the stack is destroyed.

They are no Helm release, because Helm keeps every template of a chart in the release's Secret, switched on or not, and
the chart that holds them is twice as large as a Secret may be (https://github.com/envoyproxy/gateway/issues/6105). So
they come with this package, one file for each version, written by ``make schemas`` from the
modules of their projects. Descriptions are left out: they are two thirds of the size, the state holds each object three
times, and the engine's own log grows with size and depth.
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import pulumi

from pulumi_kserve.ownership import STACK_LABEL
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext
from pulumi_kserve.resources import KubernetesObject

__all__ = ["Definitions", "definitions", "install"]

Definitions = Literal["envoy-gateway", "gateway-api"]
"""A set of CRDs that comes with this package."""

_DATA: Final = Path(__file__).parents[2] / "_data" / "definitions"
_DEFINITION: Final = "CustomResourceDefinition"


class _CustomResources(pulumi.ComponentResource):
    """What depends on a set of CRDs depends on each of them."""

    def __init__(self, name: str, version: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("kserve:index:CustomResources", name, {"version": version}, opts)


def install(
    context: LayerContext,
    name: Definitions,
    version: str,
    *,
    delete_crds: bool,
    depends_on: Sequence[pulumi.Resource],
) -> Layer:
    """Apply a set of CRDs; ready means that every one is established.

    Args:
        context: What the platform's layers share.
        name: Which set.
        version: The version of the release row.
        delete_crds: Delete them, and so every object of their kinds, when the stack is destroyed.
        depends_on: What must be there before.

    """
    whole = f"{context.platform}-{name}-crds"
    group = _CustomResources(whole, version, context.options(depends_on=depends_on))
    kept = pulumi.ResourceOptions(parent=group, depends_on=list(depends_on), retain_on_delete=not delete_crds)
    made = [
        KubernetesObject(f"{whole}-{_short_name(each)}", _owned(each, context.stack), kept)
        for each in definitions(name, version)
    ]
    group.register_outputs({})
    return Layer(f"{name}-crds", version, group, (group, *made))


def definitions(name: Definitions, version: str) -> list[dict[str, Any]]:
    """The objects of a set, as they were published but for descriptions.

    Raises:
        FileNotFoundError: this package does not hold that version.

    """
    read: dict[str, Any] = json.loads((_DATA / f"{name}-{version}.json").read_text("utf-8"))
    objects: list[dict[str, Any]] = read["objects"]
    return objects


def _short_name(manifest: Mapping[str, Any]) -> str:
    first = str(manifest["metadata"]["name"]).partition(".")[0]
    return first if manifest["kind"] == _DEFINITION else f"{first}-{manifest['kind']}"


def _owned(manifest: Mapping[str, Any], stack: str) -> dict[str, Any]:
    """The object with its owner's label, and awaited where it has a state to wait for."""
    metadata = {**manifest["metadata"]}
    metadata["labels"] = {**metadata.get("labels", {}), STACK_LABEL: stack}
    if manifest["kind"] == _DEFINITION:
        awaited = {"pulumi.com/waitFor": "condition=Established"}
        metadata["annotations"] = {**metadata.get("annotations", {}), **awaited}
    return {**manifest, "metadata": metadata}
