"""A container of a pod: its process, its environment, its ports, mounts and probes.

https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#container-v1-core
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field

from pulumi_kserve.amounts import Truth
from pulumi_kserve.contracts import DnsLabel
from pulumi_kserve.endpoints.spec.environment import Env, EnvSource, env_fields, env_from_fields
from pulumi_kserve.endpoints.spec.probes import (
    Lifecycle,
    LivenessProbe,
    PortNumber,
    ReadinessProbe,
    StartupProbe,
    lifecycle_fields,
    probe_fields,
)
from pulumi_kserve.endpoints.spec.resources import Resources
from pulumi_kserve.endpoints.spec.security import ContainerSecurity, restricted_container
from pulumi_kserve.endpoints.spec.volumes import VolumeMounts
from pulumi_kserve.inputs import In
from pulumi_kserve.models import Spec, wire, without_none

__all__ = ["Container", "ContainerFields", "ContainerPort", "ImageReference", "PullPolicy", "container_fields"]

ImageReference: TypeAlias = Annotated[str, Field(pattern=r"^\S+$")]
"""A container image, ``registry/repository:tag`` or, better, ``registry/repository@sha256:…``."""
PullPolicy: TypeAlias = Literal["Always", "IfNotPresent", "Never"]
"""When the kubelet asks the registry for an image."""
_DEFAULT_PORT: Final = 8080
"""Where KServe expects a container that names no port."""


class ContainerPort(Spec):
    """A port that the container listens on."""

    container_port: PortNumber
    """The number, 1 to 65535. KServe sends requests to the first port of the component's main container."""
    name: Annotated[str, Field(pattern=r"^[a-z0-9-]*[a-z][a-z0-9-]*$", max_length=15)] | None = None
    """Its name, at most 15 characters. Knative reads the protocol in it: ``h2c`` is HTTP/2 and gRPC."""
    protocol: Literal["TCP", "UDP", "SCTP"] | None = None
    """The transport; TCP when unset."""
    host_port: PortNumber | None = None
    """The port of the node that leads here; unset: none. One such pod fits on a node."""


class ContainerFields(Spec):
    """What containers and models have in common. What is unset stays as the image or the runtime has it."""

    command: tuple[In[str], ...] = ()
    """The program and its first arguments, instead of the image's entrypoint."""
    args: tuple[In[str], ...] = ()
    """Arguments; of a model: further ones, after the runtime's own."""
    env: Env = Field(default_factory=dict)
    """Environment variables by name. Secrets come from a Secret: a text here is readable in the object."""
    env_from: tuple[EnvSource, ...] = ()
    """ConfigMaps and Secrets of which every key becomes a variable; `env` wins over them, later ones over earlier."""
    working_dir: str | None = None
    """The working directory; the image's when unset."""
    ports: tuple[ContainerPort, ...] = ()
    """Ports it listens on; 8080 when there are none."""
    volume_mounts: VolumeMounts = ()
    """Volumes that it sees, and where."""
    liveness_probe: LivenessProbe | None = None
    """When it fails, the container is restarted."""
    readiness_probe: ReadinessProbe | None = None
    """While it fails, no requests come. KServe asks the first port by TCP when unset."""
    startup_probe: StartupProbe | None = None
    """Until it passes, the other probes wait: for models that take long to load."""
    lifecycle: Lifecycle | None = None
    """What runs after the start and before the end. Knative refuses it."""
    security_context: ContainerSecurity | None = None
    """Rights of its processes. Containers of ours are restricted wherever this does not say otherwise."""
    image_pull_policy: PullPolicy | None = None
    """When unset: ``Always`` for the tag ``latest`` or none, else ``IfNotPresent``."""
    termination_message_path: str | None = None
    """The file whose text becomes the reason of an end; ``/dev/termination-log`` when unset."""
    termination_message_policy: Literal["File", "FallbackToLogsOnError"] | None = None
    """Whether the end of the log serves where that file is empty; ``File``, that is no, when unset."""
    stdin: Truth | None = None
    """Whether standard input stays open; no when unset."""
    tty: Truth | None = None
    """Whether it has a terminal, which needs `stdin`; no when unset."""


class Container(ContainerFields):
    """A container of your own."""

    name: DnsLabel = "kserve-container"
    """Its name in the pod. The main container of a component is ``kserve-container``."""
    image: In[ImageReference]
    """Its image."""
    resources: Resources | None = None
    """CPU, memory and devices. Of a component's main container say it on the component."""
    restart_policy: Literal["Always"] | None = None
    """``Always`` makes an init container a sidecar that runs as long as the pod does; other containers leave it out."""


def container_fields(container: ContainerFields, *, name: str | None = None) -> dict[str, Any]:
    """The container as Kubernetes has it, with only what is set, in a fixed order.

    A `Container` gets its name, image and resources, and the restricted security context where its own says
    nothing. What only has a container's fields, as a model does, gets nothing that it does not say.

    Args:
        container: The container.
        name: Its name, where the place it stands in decides that.

    """
    named = container if isinstance(container, Container) else None
    port = _probed_port(container)
    security = container.security_context
    fields: dict[str, Any] = {
        "name": name or (named.name if named else None),
        "image": named.image if named else None,
        "imagePullPolicy": container.image_pull_policy,
        "command": list(container.command) or None,
        "args": list(container.args) or None,
        "workingDir": container.working_dir,
        "env": env_fields(container.env) or None,
        "envFrom": env_from_fields(container.env_from) or None,
        "ports": wire(container.ports) or None,
        "resources": wire(named.resources) if named else None,
        "volumeMounts": wire(container.volume_mounts) or None,
        "livenessProbe": probe_fields(container.liveness_probe, port),
        "readinessProbe": probe_fields(container.readiness_probe, port),
        "startupProbe": probe_fields(container.startup_probe, port),
        "lifecycle": lifecycle_fields(container.lifecycle, port),
        "restartPolicy": named.restart_policy if named else None,
        "securityContext": restricted_container(security) if named else wire(security),
        "terminationMessagePath": container.termination_message_path,
        "terminationMessagePolicy": container.termination_message_policy,
        "stdin": container.stdin,
        "tty": container.tty,
    }
    return without_none(fields)


def _probed_port(container: ContainerFields) -> int | None:
    """Where a probe asks that names no port. The runtime decides for a model that has no ports of its own."""
    if container.ports:
        return container.ports[0].container_port
    return _DEFAULT_PORT if isinstance(container, Container) else None
