"""What the pods of a component are, besides their containers.

https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#podspec-v1-core
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from pulumi_kserve.amounts import Truth, Whole
from pulumi_kserve.endpoints.spec.container import Container, container_fields
from pulumi_kserve.endpoints.spec.environment import ObjectName
from pulumi_kserve.endpoints.spec.scheduling import Affinity, Toleration, TopologySpread
from pulumi_kserve.endpoints.spec.security import PodSecurity, restricted_pod_security
from pulumi_kserve.endpoints.spec.volumes import Volume, volume_fields
from pulumi_kserve.inputs import In
from pulumi_kserve.models import Spec, wire

__all__ = ["Affinity", "DnsConfig", "DnsOption", "HostAlias", "PodFields", "Toleration", "TopologySpread", "pod_fields"]


class HostAlias(Spec):
    """A line of the pods' ``/etc/hosts``."""

    ip: In[str]
    """The address."""
    hostnames: tuple[str, ...] = Field(min_length=1)
    """The names that lead to it."""


class DnsOption(Spec):
    """An option of the resolver."""

    name: str = Field(min_length=1)
    """Its name, for example ``ndots``."""
    value: str | None = None
    """Its value, where it takes one."""


class DnsConfig(Spec):
    """What the pods' ``/etc/resolv.conf`` says besides what `dns_policy` gives it."""

    nameservers: tuple[In[str], ...] | None = Field(default=None, max_length=3)
    """Addresses of name servers, at most 3."""
    searches: tuple[str, ...] | None = Field(default=None, max_length=32)
    """Domains in which short names are looked up, at most 32."""
    options: tuple[DnsOption, ...] | None = None
    """Options of the resolver."""


def _named_once(named: tuple[Any, ...]) -> tuple[Any, ...]:
    twice = [name for name, count in Counter(item.name for item in named).items() if count > 1]
    if twice:
        raise ValueError(f"the name {twice[0]!r} is given twice: every name stands for one thing in a pod")
    return named


Volumes: TypeAlias = Annotated[tuple[Volume, ...], AfterValidator(_named_once)]
InitContainers: TypeAlias = Annotated[tuple[Container, ...], AfterValidator(_named_once)]


def _key(name: str) -> str:
    """The key of a pod's field: camelCase, but for an abbreviation that Kubernetes writes in capitals."""
    return "hostIPC" if name == "host_ipc" else to_camel(name)


class PodFields(Spec):
    """What components and workers have in common. Unset: as the runtime or Kubernetes has it."""

    model_config = ConfigDict(alias_generator=_key)

    node_selector: dict[str, str] = Field(default_factory=dict)
    """Labels that a node must carry."""
    affinity: Affinity | None = None
    """Nodes and neighbours that the pods want or shun."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints of nodes that do not keep the pods away."""
    topology_spread_constraints: tuple[TopologySpread, ...] = ()
    """How evenly the pods lie over zones or nodes."""
    volumes: Volumes = ()
    """Volumes that containers can mount."""
    init_containers: InitContainers = ()
    """Containers that run, one after the other, before the main one starts."""
    image_pull_secrets: tuple[In[ObjectName], ...] = ()
    """Names of the Secrets that open private registries."""
    service_account_name: In[ObjectName] | None = None
    """The pods' service account; one of the endpoint's own when unset."""
    automount_service_account_token: Truth = False
    """Whether pods get a token of the API server; Knative refuses true."""
    security_context: PodSecurity | None = None
    """Rights of the pods; restricted wherever this does not say otherwise."""
    priority_class_name: In[ObjectName] | None = None
    """The priority class: who is scheduled first, and who makes room."""
    runtime_class_name: In[ObjectName] | None = None
    """The container runtime, for example ``nvidia`` or ``gvisor``; the node's own when unset."""
    scheduler_name: ObjectName | None = None
    """The scheduler; ``default-scheduler`` when unset."""
    node_name: str | None = Field(default=None, min_length=1)
    """A node to run on, past the scheduler. Prefer `node_selector`. Knative refuses it."""
    termination_grace_period_seconds: Whole | None = Field(default=None, ge=0)
    """Seconds from the asked to the forced end; 30 when unset. Knative refuses it: its request timeout decides."""
    dns_policy: Literal["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"] | None = None
    """Where names are looked up; ``ClusterFirst`` when unset."""
    dns_config: DnsConfig | None = None
    """Further settings of the resolver."""
    host_aliases: tuple[HostAlias, ...] = ()
    """Lines for ``/etc/hosts``."""
    enable_service_links: Truth = False
    """Whether pods get environment variables for every Service of the namespace."""
    share_process_namespace: Truth | None = None
    """Whether containers see each other's processes; no when unset."""
    host_ipc: Truth | None = None
    """Whether pods use the node's shared memory; no when unset. Not allowed in restricted namespaces."""
    host_network: Truth | None = None
    """Whether pods use the node's network, as RDMA needs; no when unset. Not allowed in restricted namespaces."""
    host_users: Truth | None = None
    """False gives pods users of their own, so that root in a container is nobody on the node; shared when unset."""

    @model_validator(mode="after")
    def _resolver_has_a_server(self) -> Self:
        if self.dns_policy == "None" and not (self.dns_config and self.dns_config.nameservers):
            raise ValueError("dnsPolicy 'None' leaves the pods without a name server: give dnsConfig.nameservers")
        return self


_MADE_BELOW: Final = {"image_pull_secrets", "init_containers", "security_context", "volumes"}
_AS_THEY_ARE: Final = {name: _key(name) for name in PodFields.model_fields if name not in _MADE_BELOW}
"""The fields whose form is Kubernetes' own, with their keys."""


def pod_fields(pod: PodFields, *, restricted: bool = True) -> dict[str, Any]:
    """The pod's fields as Kubernetes has them, without main containers, with only what is set, in a fixed order.

    Always there: the token and the service links, off unless asked for, and the restricted security context.

    Args:
        pod: The component or worker.
        restricted: Whether the security context is filled up. Knative refuses one, unless its feature is on.

    """
    security = pod.security_context
    fields: dict[str, Any] = {
        **{key: wire(value) for name, key in _AS_THEY_ARE.items() if (value := getattr(pod, name)) is not None},
        "securityContext": restricted_pod_security(security) if restricted else wire(security),
        "imagePullSecrets": [{"name": name} for name in pod.image_pull_secrets],
        "initContainers": [container_fields(each) for each in pod.init_containers],
        "volumes": [volume_fields(volume) for volume in pod.volumes],
    }
    return {key: value for key, value in fields.items() if _is_set(value)}


def _is_set(value: Any) -> bool:
    return value is not None and not (isinstance(value, (list, dict)) and not value)
