"""The other side of the SDK: an engine that only takes notes.

The SDK calls a resource monitor for everything a program does. This one answers as a preview does:
inputs come back as they are, what a provider would compute is unknown unless stubbed. Hooks and
transforms are kept and not run, and no port is opened for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pulumi.runtime import rpc
from pulumi.runtime.proto import callback_pb2, resource_pb2

from pulumi_kserve.offline.errors import DuplicateUrn, OfflineError, SdkChanged, UnstubbedInvoke
from pulumi_kserve.offline.records import STACK_TYPE, Resource, Synthesis
from pulumi_kserve.offline.wire import read_resource, registered_resource, values

if TYPE_CHECKING:
    import pulumi

__all__ = ["Callbacks", "Computed", "Invokes", "Monitor"]

Computed = Callable[[Resource], Mapping[str, Any]]
"""What a provider would add to a resource: outputs by wire name, and perhaps an ``id``."""

Invokes = Mapping[str, Mapping[str, Any] | Callable[[dict[str, Any]], Mapping[str, Any]]]
"""Answers of provider functions by token: a mapping, or a function of the arguments."""

_REFUSED_FEATURES = ("OUTPUT_VALUES", "INVOKE_DEPENDS_ON")
"""Features of the engine this monitor does without: inputs then hold plain values, and invokes that
wait for a resource stay unknown on the SDK's side."""


def _features() -> list[Any]:
    names: Mapping[str, Any] = dict(resource_pb2.ResourceMonitorFeature.items())
    return [number for name, number in names.items() if not name.endswith(_REFUSED_FEATURES)]


class Monitor:
    """A resource monitor that records. One per evaluation; used by one event loop."""

    def __init__(self, *, project: str, stack: str, preview: bool, invokes: Invokes, computed: Computed | None) -> None:
        self._project = project
        self._stack = stack
        self._preview = preview
        self._invokes = invokes
        self._computed = computed
        self._resources: dict[str, Resource] = {}
        self._registered: dict[str, dict[str, Any]] = {}
        self.callbacks = Callbacks()

    def finish(self) -> Synthesis:
        """Hand over all that was recorded, and forget it: the SDK keeps its last monitor alive."""
        synthesis = Synthesis(
            project=self._project,
            stack=self._stack,
            resources=tuple(self._finished(self._resources[urn]) for urn in sorted(self._resources)),
            hooks=dict(sorted(self.callbacks.hooks.items())),
        )
        self._resources, self._registered, self.callbacks = {}, {}, Callbacks()
        return synthesis

    def _finished(self, resource: Resource) -> Resource:
        outputs = self._registered.get(resource.urn)
        return resource if outputs is None else replace(resource, outputs=outputs)

    def _urn(self, request: Any) -> str:
        """The engine's rule: the types of all parents but the stack, then the resource's own name."""
        parents = request.parent.split("::", 3)[2] if request.parent else STACK_TYPE
        chain = "" if parents == STACK_TYPE else f"{parents}$"
        return f"urn:pulumi:{self._stack}::{self._project}::{chain}{request.type}::{request.name}"

    def _record(self, resource: Resource) -> Mapping[str, Any]:
        """Keep the resource, and give what a provider would add to it."""
        if resource.urn in self._resources:
            raise DuplicateUrn(resource.urn)
        self._resources[resource.urn] = resource
        if self._computed is None or not (extra := self._computed(resource)):
            return {}
        self._resources[resource.urn] = replace(resource, outputs={**resource.outputs, **extra})
        return extra

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 -- the protocol's name
        """Record one resource."""
        urn = self._urn(request)
        extra = self._record(registered_resource(urn, request))
        made_up = "" if self._preview or not request.custom else f"{request.name}-id"
        answer: Any = resource_pb2.RegisterResourceResponse(
            urn=urn, id=str(extra.get("id", made_up)), object=request.object
        )
        answer.object.update(extra)
        return answer

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 -- the protocol's name
        """Record a resource that is read, not managed."""
        urn = self._urn(request)
        extra = self._record(read_resource(urn, request))
        answer: Any = resource_pb2.ReadResourceResponse(urn=urn, properties=request.properties)
        answer.properties.update(extra)
        return answer

    def RegisterResourceOutputs(self, request: Any) -> None:  # noqa: N802 -- the protocol's name
        """Record what a component or the stack gives out."""
        self._registered[request.urn] = values(request.outputs)

    def Invoke(self, request: Any) -> Any:  # noqa: N802 -- the protocol's name
        """Answer a provider function from the stubs."""
        stub = self._invokes.get(request.tok)
        if stub is None:
            raise UnstubbedInvoke(request.tok)
        answer = resource_pb2.ResourceInvokeResponse()
        result: Any = getattr(answer, "return")
        result.update(stub(rpc.deserialize_properties(request.args)) if callable(stub) else stub)
        return answer

    def Call(self, request: Any) -> Any:  # noqa: N802 -- the protocol's name
        """Refuse a method of a remote component: only its plugin can run it."""
        raise UnstubbedInvoke(request.tok)

    def ExistsResource(self, request: Any) -> Any:  # noqa: N802 -- the protocol's name
        """Refuse to say whether something exists in the real world."""
        raise OfflineError(
            f"the program asks whether {request.type} {request.id!r} exists, which is not known offline. "
            "Guard the question with `if not pulumi_kserve.offline.active():`."
        )

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802 -- the protocol's name
        """What this monitor can do."""
        del request
        return resource_pb2.DeploymentInfo(supportedFeatures=_features())

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802 -- the protocol's name
        """The same, as older SDKs ask it."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id != "outputValues")

    def RegisterPackage(self, request: Any) -> Any:  # noqa: N802 -- the protocol's name
        """Name a parameterized package."""
        return resource_pb2.RegisterPackageResponse(ref=f"{request.name}@{request.version}")

    def SignalAndWaitForShutdown(self, request: Any) -> None:  # noqa: N802 -- the protocol's name
        """Nothing is left to wait for."""

    def __getattr__(self, name: str) -> Any:
        raise SdkChanged(f"it asks the engine for {name}")


class Callbacks:
    """Stands for the SDK's callback server: keeps hooks by name, and opens no port."""

    def __init__(self) -> None:
        self.hooks: dict[str, pulumi.ResourceHook | pulumi.ErrorHook] = {}
        self._tokens = 0

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        """Keep a hook. The engine refuses a name twice, and so does this."""
        self._keep(hook)

    def register_error_hook(self, hook: pulumi.ErrorHook) -> None:
        """Keep an error hook, under the same rule."""
        self._keep(hook)

    def register_transform(self, transform: object) -> Any:
        """Take note of a transform on a resource."""
        return self._token(transform)

    def register_state_migration(self, migration: object) -> Any:
        """Take note of a state migration on a resource."""
        return self._token(migration)

    def register_stack_transform(self, transform: object) -> None:
        """Accept a transform on the whole stack."""

    def register_invoke_transform(self, transform: object) -> None:
        """Accept a transform on provider functions."""

    def _keep(self, hook: pulumi.ResourceHook | pulumi.ErrorHook) -> None:
        if hook.name in self.hooks:
            raise OfflineError(
                f"a hook named {hook.name!r} is registered already: the engine takes each name once. "
                "Put the component's name in front, or share one hook object."
            )
        self.hooks[hook.name] = hook

    def _token(self, callback: object) -> Any:
        del callback
        self._tokens += 1
        return callback_pb2.Callback(token=f"offline-{self._tokens}", target="")

    def __getattr__(self, name: str) -> Any:
        raise SdkChanged(f"it registers callbacks with {name}")
