"""Rights of pods and containers: the restricted Pod Security Standard, unless the user says otherwise.

https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
"""

from __future__ import annotations

from copy import deepcopy
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from pulumi_kserve.amounts import Truth, Whole
from pulumi_kserve.models import Spec, wire
from pulumi_kserve.pod_security import RESTRICTED_CONTAINER, restricted_pod

__all__ = [
    "Capabilities",
    "ContainerSecurity",
    "PodSecurity",
    "Profile",
    "SeLinuxOptions",
    "Sysctl",
    "restricted_container",
    "restricted_pod_security",
]

_DEMANDED: Final = ("allowPrivilegeEscalation", "capabilities", "runAsNonRoot", "seccompProfile")
"""What the restricted standard demands of a container."""
_POD: Final[dict[str, Any]] = {
    key: restricted_pod()["securityContext"][key] for key in ("runAsNonRoot", "seccompProfile")
}
"""What it demands of a pod; the image says which user."""
_ADMIN: Final = ("SYS_ADMIN", "CAP_SYS_ADMIN")
Id: TypeAlias = Annotated[Whole, Field(ge=0, le=2**31 - 1)]
"""The number of a user or group."""


class Profile(Spec):
    """A seccomp or AppArmor profile."""

    type: Literal["RuntimeDefault", "Unconfined", "Localhost"]
    """The container runtime's own, none, or one that lies on the node."""
    localhost_profile: str | None = Field(default=None, min_length=1)
    """The profile on the node; with Localhost, and only then."""

    @model_validator(mode="after")
    def _names_a_profile_of_the_node(self) -> Self:
        if (self.type == "Localhost") != (self.localhost_profile is not None):
            raise ValueError("localhostProfile belongs to the type Localhost, and only there")
        return self


class SeLinuxOptions(Spec):
    """An SELinux label; what is unset, the container runtime chooses."""

    user: str | None = None
    """The user."""
    role: str | None = None
    """The role."""
    type: str | None = None
    """The type."""
    level: str | None = None
    """The level."""


class Capabilities(Spec):
    """Single rights of root."""

    add: tuple[str, ...] | None = None
    """Added, for example ``IPC_LOCK``."""
    drop: tuple[str, ...] | None = None
    """Taken away; ``ALL`` when unset in a container of ours."""


class _User(Spec):
    """Who runs processes, in pods and containers alike."""

    run_as_user: Id | None = None
    """The user's number; the image's when unset."""
    run_as_group: Id | None = None
    """The primary group's number; the image's when unset."""
    run_as_non_root: Truth | None = None
    """Whether a process of root is refused at the start; yes when unset."""
    seccomp_profile: Profile | None = None
    """The seccomp profile; ``RuntimeDefault`` when unset."""
    app_armor_profile: Profile | None = None
    """The AppArmor profile; the container runtime's choice when unset."""
    se_linux_options: SeLinuxOptions | None = None
    """The SELinux label; the container runtime's choice when unset."""

    @model_validator(mode="after")
    def _root_is_asked_for(self) -> Self:
        if self.run_as_user == 0 and self.run_as_non_root is not False:
            raise ValueError("runAsUser 0 is root: set runAsNonRoot to false if you mean it, else another user")
        return self


class ContainerSecurity(_User):
    """Rights of a container's processes."""

    allow_privilege_escalation: Truth | None = None
    """Whether a process can gain rights that its parent lacks; no when unset in a container of ours."""
    capabilities: Capabilities | None = None
    """Single rights of root."""
    privileged: Truth | None = None
    """Whether it has all rights on the node; no when unset. Knative refuses yes."""
    read_only_root_filesystem: Truth | None = None
    """Whether the image's files cannot be changed; no when unset."""

    @model_validator(mode="after")
    def _escalation_fits(self) -> Self:
        if self.allow_privilege_escalation is False and self.can_do_everything:
            raise ValueError(
                "allowPrivilegeEscalation false contradicts privileged and the capability SYS_ADMIN: remove one of them"
            )
        return self

    @property
    def can_do_everything(self) -> bool:
        """Whether it is as good as root on the node, which Kubernetes pairs with privilege escalation."""
        added = (self.capabilities.add if self.capabilities else None) or ()
        return bool(self.privileged) or any(each in _ADMIN for each in added)


class Sysctl(Spec):
    """A kernel setting of the pod's own namespaces."""

    name: str = Field(min_length=1)
    """Its name, for example ``net.core.somaxconn``; only safe ones work on most clusters."""
    value: str
    """Its value."""


class PodSecurity(_User):
    """Rights of a pod; a container's own settings win, and containers of ours have some."""

    fs_group: Id | None = None
    """The group that owns the files of volumes; unset: left as they are."""
    fs_group_change_policy: Literal["Always", "OnRootMismatch"] | None = None
    """Whether files change owner at every start; ``Always`` when unset, which is slow for large volumes."""
    supplemental_groups: tuple[Id, ...] | None = None
    """Further groups of all processes."""
    supplemental_groups_policy: Literal["Merge", "Strict"] | None = None
    """Whether groups of the image's ``/etc/group`` count too; ``Merge``, that is yes, when unset."""
    sysctls: tuple[Sysctl, ...] | None = None
    """Kernel settings."""


def restricted_container(security: ContainerSecurity | None) -> dict[str, Any]:
    """The ``securityContext`` of a container of the user's: the restricted one where `security` says nothing.

    Its files stay writable, because images we do not know expect that.
    """
    given: dict[str, Any] = wire(security) or {}
    fields = deepcopy({key: value for key, value in RESTRICTED_CONTAINER.items() if key in _DEMANDED})
    if security is not None and security.can_do_everything:
        del fields["allowPrivilegeEscalation"]
    capabilities = {**fields["capabilities"], **given.get("capabilities", {})}
    return {**fields, **given, "capabilities": capabilities}


def restricted_pod_security(security: PodSecurity | None) -> dict[str, Any]:
    """The ``securityContext`` of a pod: the restricted one where `security` says nothing."""
    return {**deepcopy(_POD), **(wire(security) or {})}
