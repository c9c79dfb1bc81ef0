"""Kubernetes objects as resources: plain manifests, with `status` readable as an Output.

The typed classes of `pulumi_kubernetes` cost 0.4 s to import, and its `CustomResource` hides the status from
programs. This subclass of `pulumi.CustomResource` takes any manifest under the same type token as those
classes, so that switching between them costs no replacement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi

__all__ = ["KubernetesObject", "KubernetesPatch"]

_SECRET_FIELDS = ["data", "stringData"]


class KubernetesObject(pulumi.CustomResource):
    """One object of any API group, with `status` as an output."""

    if TYPE_CHECKING:  # at run time the SDK would read annotations anew for every object
        metadata: pulumi.Output[dict[str, Any]]
        status: pulumi.Output[dict[str, Any] | None]

    def __init__(self, name: str, manifest: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the object that `manifest` describes.

        Args:
            name: The resource's name in the program.
            manifest: The whole object: ``apiVersion``, ``kind``, ``metadata`` and the rest.
            opts: Options of the resource.
        """
        if manifest["kind"] == "Secret":
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=_SECRET_FIELDS))
        super().__init__(_token(manifest), name, {**manifest, "status": None}, opts)


class KubernetesPatch(pulumi.CustomResource):
    """Fields of an object that something else owns, applied by the server under a field manager of their own."""

    def __init__(self, name: str, manifest: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the fields.

        Args:
            name: The resource's name in the program.
            manifest: ``apiVersion``, ``kind``, ``metadata`` with name and namespace, and the fields to be set.
            opts: Options of the resource.
        """
        super().__init__(f"{_token(manifest)}Patch", name, {**manifest}, opts)


def _token(manifest: Mapping[str, Any]) -> str:
    version = str(manifest["apiVersion"])
    return f"kubernetes:{version if '/' in version else f'core/{version}'}:{manifest['kind']}"
