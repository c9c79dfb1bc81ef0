"""The catalogue of serving runtimes: one folder each under ``runtimes/``, read as data.

In a checkout the folders lie at the repository's root, in a wheel inside the package; one finder serves
both. A wrong entry is refused with its file, path and cure before anything is made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml
from pydantic import Field

from pulumi_kserve.contracts import AcceleratorVendor, DnsLabel, FormatFacts, RuntimeFacts
from pulumi_kserve.errors import Problem, SpecError
from pulumi_kserve.models import Spec, wire
from pulumi_kserve.pod_security import RESTRICTED_CONTAINER

__all__ = ["Runtime", "catalogue", "catalogue_folder", "read_runtime", "runtime_manifest"]

Protocol = Literal["v1", "v2", "grpc-v1", "grpc-v2"]


class RuntimeImage(Spec):
    """The container image of a runtime."""

    name: str
    """Registry and repository, without tag or digest."""
    tag: str
    """A tag, or ``{release}`` for the KServe release's own tag."""
    digest: str | None = Field(default=None, pattern=r"^sha256:[0-9a-f]{64}$")
    """The digest, where one was resolved; without it the image counts as unpinned."""


class RuntimeResources(Spec):
    """Requests and limits as Kubernetes quantities."""

    requests: dict[str, str]
    """What the scheduler reserves."""
    limits: dict[str, str]
    """What the container may not exceed."""


class RuntimeProbe(Spec):
    """The HTTP readiness probe of a runtime."""

    path: str = Field(pattern=r"^/")
    """The path to ask."""
    period_seconds: int = Field(default=1, ge=1)
    """Seconds between two probes."""
    failure_threshold: int = Field(default=30, ge=1)
    """Failures in a row until the pod counts as not ready."""


class Runtime(Spec):
    """One serving runtime: what it serves, speaks, runs and needs."""

    name: DnsLabel
    """The ClusterServingRuntime's name; equal to its folder's."""
    summary: str
    """One line for tables."""
    upstream: str = Field(pattern=r"^https://")
    """The page that documents it."""
    server_type: str
    """KServe's ``server-type`` annotation, which decides its defaults."""
    formats: tuple[FormatFacts, ...] = Field(min_length=1)
    """Formats it serves."""
    protocols: tuple[Protocol, ...] = Field(min_length=1)
    """Protocols it speaks, in KServe's order of preference."""
    image: RuntimeImage
    """Its image."""
    args: tuple[str, ...] = ()
    """Arguments; KServe fills in ``{{.Name}}`` and the like."""
    port: int = Field(default=8080, ge=1024, le=65535)
    """The HTTP port."""
    metrics_path: str = "/metrics"
    """The path of its Prometheus metrics."""
    resources: RuntimeResources
    """Default requests and limits; an endpoint may set its own."""
    readiness: RuntimeProbe
    """The readiness probe."""
    drain_seconds: int = Field(default=5, ge=0)
    """Seconds a pod keeps answering after it was told to end, while nodes take it out of their routes."""
    env: dict[str, str] = Field(default_factory=dict)
    """Environment variables."""
    accelerators: tuple[AcceleratorVendor, ...] = ()
    """Whose accelerators the image can use; none by default."""

    def facts(self, image_tag: str) -> RuntimeFacts:
        """What endpoints see of this runtime."""
        spec = json.dumps(runtime_manifest(self, image_tag)["spec"], sort_keys=True)
        return RuntimeFacts(
            name=self.name,
            formats=self.formats,
            protocols=self.protocols,
            server_type=self.server_type,
            image=image_reference(self.image, image_tag),
            accelerators=self.accelerators,
            revision=hashlib.sha256(spec.encode()).hexdigest()[:16],
        )


def catalogue_folder() -> Path:
    """The folder of the runtimes: inside an installed package, else at the root of the checkout."""
    packaged = Path(__file__).parent.parent / "_data" / "runtimes"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "runtimes"


@cache
def catalogue(folder: Path | None = None) -> Mapping[str, Runtime]:
    """Every runtime of `folder`, by name.

    Raises:
        SpecError: a file is not YAML, has wrong values, or its name is not its folder's.

    """
    files = sorted((folder or catalogue_folder()).glob("*/runtime.yaml"))
    return MappingProxyType({runtime.name: runtime for runtime in map(read_runtime, files)})


def read_runtime(file: Path) -> Runtime:
    """The runtime that `file` describes."""
    try:
        content = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise SpecError(str(file), [Problem("", f"cannot be read: {error}", "Make it a YAML mapping")]) from error
    runtime = Runtime.parse(content, subject=str(file))
    if runtime.name != file.parent.name:
        raise SpecError(
            str(file),
            [Problem("name", f"{runtime.name!r} is not the folder's name {file.parent.name!r}", "Make them equal")],
        )
    return runtime


def image_reference(image: RuntimeImage, image_tag: str) -> str:
    """The image by digest where one is known, else by tag."""
    if image.digest:
        return f"{image.name}@{image.digest}"
    return f"{image.name}:{image.tag.replace('{release}', image_tag)}"


def runtime_manifest(runtime: Runtime, image_tag: str) -> dict[str, Any]:
    """The ClusterServingRuntime object of a catalogue entry."""
    container = {
        "name": "kserve-container",
        "image": image_reference(runtime.image, image_tag),
        "imagePullPolicy": "IfNotPresent",
        "args": list(runtime.args),
        "env": [{"name": name, "value": value} for name, value in sorted(runtime.env.items())],
        "ports": [{"containerPort": runtime.port, "protocol": "TCP"}],
        "readinessProbe": {
            "httpGet": {"path": runtime.readiness.path, "port": runtime.port},
            "periodSeconds": runtime.readiness.period_seconds,
            "failureThreshold": runtime.readiness.failure_threshold,
        },
        "resources": wire(runtime.resources),
        "securityContext": RESTRICTED_CONTAINER,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 -- a path in the container
    }
    if not runtime.env:
        del container["env"]
    if runtime.drain_seconds:
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": runtime.drain_seconds}}}
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ClusterServingRuntime",
        "metadata": {
            "name": runtime.name,
            "annotations": {"serving.kserve.io/server-type": runtime.server_type},
        },
        "spec": {
            "annotations": {
                "prometheus.kserve.io/path": runtime.metrics_path,
                "prometheus.kserve.io/port": str(runtime.port),
            },
            "supportedModelFormats": [wire(item) for item in runtime.formats],
            "protocolVersions": list(runtime.protocols),
            "containers": [container],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
        },
    }
