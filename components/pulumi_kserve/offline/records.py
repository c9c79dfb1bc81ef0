"""What an offline evaluation found: resources as the engine would have been told of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    import pulumi

__all__ = ["UNKNOWN", "Alias", "Resource", "Secret", "Synthesis", "Timeouts", "Unknown", "plain"]

STACK_TYPE: Final = "pulumi:pulumi:Stack"


class Unknown:
    """The type of `UNKNOWN`: a value that exists after an update only."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN: Final = Unknown()
"""Stands for every value that is not known yet."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret value, exactly where the program put it. Its repr does not show it."""

    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Alias:
    """An earlier identity of a resource: a whole URN, or the parts that differ from today's."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the engine waits for each operation; empty text where the provider decides."""

    create: str = ""
    update: str = ""
    delete: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource as the program registered it.

    Names of inputs and outputs are the wire's (camelCase). Values are plain Python, with `Secret` and
    `UNKNOWN` in place; a reference to another resource is that resource's URN.
    """

    urn: str
    """The engine's identity of this resource."""
    type: str
    """The type token, for example ``kubernetes:core/v1:ConfigMap``."""
    name: str
    """The logical name."""
    custom: bool
    """Whether a provider manages it; a component is not custom."""
    remote: bool = False
    """Whether it is a component that a plugin evaluates, so that its children are not shown here."""
    external: bool = False
    """Whether the program only reads it (``X.get(...)``, a stack reference)."""
    id: str = ""
    """The id that the program reads or imports; empty for a resource that is created."""
    parent: str = ""
    """The parent's URN; empty for the stack."""
    provider: str = ""
    """The URN of the provider it was given; empty for the package's default provider."""
    providers: Mapping[str, str] = field(default_factory=dict[str, str])
    """A component's providers: package to URN."""
    dependencies: tuple[str, ...] = ()
    """URNs it waits for, sorted."""
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Per input, the URNs it comes from, sorted."""
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the program asks for."""
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What a component registered; for others the inputs and the stubbed outputs."""
    aliases: tuple[Alias, ...] = ()
    """Earlier identities."""
    protect: bool = False
    """Whether deleting it is refused."""
    retain_on_delete: bool = False
    """Whether deleting it leaves the real thing alone."""
    delete_before_replace: bool | None = None
    """Whether a replacement deletes first; None where the provider decides."""
    deleted_with: str = ""
    """The URN of the resource whose deletion deletes this one too."""
    ignore_changes: tuple[str, ...] = ()
    """Inputs whose changes are ignored."""
    replace_on_changes: tuple[str, ...] = ()
    """Inputs whose changes replace the resource."""
    replacement_trigger: Any = None
    """The value whose change replaces the resource."""
    additional_secret_outputs: tuple[str, ...] = ()
    """Outputs kept secret besides those that are found to be."""
    custom_timeouts: Timeouts = Timeouts()
    """Timeouts of its operations."""
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Names of its hooks by event (``before_create``, ``on_error``); only events that have some."""
    version: str = ""
    """The plugin version the SDK asks for."""

    @property
    def kubernetes(self) -> bool:
        """Whether this is a Kubernetes object, patch or Helm release that the program manages."""
        return self.custom and not self.external and self.type.startswith("kubernetes:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesis:
    """The result of one offline evaluation."""

    project: str
    """The project's name."""
    stack: str
    """The stack's name."""
    resources: tuple[Resource, ...]
    """Every resource, the stack itself among them, sorted by URN."""
    hooks: Mapping[str, pulumi.ResourceHook | pulumi.ErrorHook] = field(
        default_factory=dict[str, "pulumi.ResourceHook | pulumi.ErrorHook"]
    )
    """The hooks the program registered, by name. They were not run; a test may call one."""

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the program exported."""
        return next(found.outputs for found in self.resources if found.type == STACK_TYPE)

    def of_type(self, token: str) -> tuple[Resource, ...]:
        """All resources of one type token."""
        return tuple(found for found in self.resources if found.type == token)

    def named(self, name: str) -> Resource:
        """The one resource with this logical name.

        Raises:
            LookupError: None has it, or several of different types or parents do.

        """
        return self._only(lambda found: found.name == name, f"named {name!r}")

    def component(self, name: str) -> Resource:
        """The one component with this logical name.

        Raises:
            LookupError: None has it, or several of different types or parents do.

        """
        return self._only(
            lambda found: found.name == name and not found.custom and found.type != STACK_TYPE, f"component {name!r}"
        )

    def resource(self, urn: str) -> Resource:
        """The resource with this URN.

        Raises:
            LookupError: There is none.

        """
        return self._only(lambda found: found.urn == urn, f"with URN {urn!r}")

    def kubernetes(self) -> tuple[Resource, ...]:
        """The Kubernetes objects, patches and Helm releases that the program manages."""
        return tuple(found for found in self.resources if found.kubernetes)

    def _only(self, fits: Callable[[Resource], bool], wanted: str) -> Resource:
        match [found for found in self.resources if fits(found)]:
            case [only]:
                return only
            case []:
                known = ", ".join(sorted({found.name for found in self.resources})) or "none"
                raise LookupError(f"no resource {wanted}; names in this program: {known}")
            case several:
                raise LookupError(f"{len(several)} resources {wanted}: {', '.join(each.urn for each in several)}")


def plain(value: Any, *, secret: str = "<secret>", unknown: str = "<unknown>") -> Any:  # noqa: S107 -- a marker
    """`value` with every `Secret` and `UNKNOWN` replaced by a text, so that JSON and YAML can hold it."""
    if isinstance(value, Secret):
        return secret
    if isinstance(value, Unknown):
        return unknown
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        return {key: plain(item, secret=secret, unknown=unknown) for key, item in entries.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, secret=secret, unknown=unknown) for item in cast("list[Any]", value)]
    return value
