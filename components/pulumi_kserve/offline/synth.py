"""Run a Pulumi program in this process and record what it registers."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, ParamSpec, TypeVar

from pulumi.runtime import reset_options, run_in_stack, set_all_config
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime import settings as sdk_settings
from pulumi.runtime.proto import source_pb2

from pulumi_kserve.offline import scope
from pulumi_kserve.offline.errors import OfflineError, SdkChanged
from pulumi_kserve.offline.monitor import Computed, Invokes, Monitor
from pulumi_kserve.offline.records import Synthesis
from pulumi_kserve.offline.stack_config import full_key

__all__ = ["synth"]

P = ParamSpec("P")
T = TypeVar("T")

_MANY_OBJECTS: Final = 200_000
_ONE_AT_A_TIME: Final = threading.Lock()
"""Evaluations change two things of the whole process for their time; see `_unburdened`."""


def synth(
    program: Callable[[], object],
    *,
    project: str = "pulumi-kserve",
    stack: str = "dev",
    organization: str = "organization",
    config: Mapping[str, str] | None = None,
    secret_keys: Iterable[str] = (),
    preview: bool = True,
    invokes: Invokes | None = None,
    computed: Computed | None = None,
    root: str = ".",
) -> Synthesis:
    """Evaluate `program` without engine, cluster, credentials or network; the same program gives the same result.

    Args:
        program: A function that declares resources; it may be async.
        project: The project's name, part of every URN.
        stack: The stack's name, part of every URN.
        organization: What `pulumi.get_organization()` answers.
        config: Configuration by key; a key without a colon belongs to the project.
        secret_keys: Keys of `config` that are secret.
        preview: Leave unknown what only a provider knows, and skip applies on it. With False every
            custom resource has an id and unstubbed outputs are None, which many applies cannot bear.
        invokes: Answers of provider functions, by token.
        computed: What a provider would add to a resource's outputs.
        root: What `pulumi.get_root_directory()` answers.

    Raises:
        OfflineError: Two resources have one URN (`DuplicateUrn`), a provider function has no stub (`UnstubbedInvoke`),
            the SDK is not one this evaluator knows (`SdkChanged`), or an event loop runs already.
        Exception: Whatever the program raises, in its body or in any apply, as it was raised.
    """
    _refuse_running_loop()
    monitor = Monitor(project=project, stack=stack, preview=preview, invokes=invokes or {}, computed=computed)

    async def evaluate() -> None:
        _enter(asyncio.get_running_loop())
        _configure(monitor, project=project, stack=stack, organization=organization, preview=preview, root=root)
        set_all_config(_full(config or {}, project), [full_key(key, project) for key in secret_keys])
        await run_in_stack(_entry(program))

    with _ONE_AT_A_TIME, _unburdened():
        _run(evaluate)
        return monitor.finish()


def _full(config: Mapping[str, str], project: str) -> dict[str, str]:
    return {full_key(key, project): value for key, value in config.items()}


def _enter(loop: asyncio.AbstractEventLoop) -> None:
    loop.set_default_executor(_Inline())
    loop.set_exception_handler(_ignore_followers)
    scope.enter()


def _configure(monitor: Monitor, *, project: str, stack: str, organization: str, preview: bool, root: str) -> None:
    """Tell the SDK who it talks to. Its settings are context variables, so this lasts as long as the evaluation."""
    address: Any = monitor
    reset_options(
        project=project,
        stack=stack,
        organization=organization,
        root_directory=root,
        monitor_address=address,
        preview=preview,
    )
    settings: Any = sdk_settings.SETTINGS
    if not hasattr(settings, "callbacks"):
        raise SdkChanged("pulumi.runtime.settings.SETTINGS.callbacks is missing")
    settings.callbacks = monitor.callbacks


def _run(evaluate: Callable[[], Any]) -> None:
    """Run in a copy of the context, and raise what the program raised."""
    failure: Exception | None = None
    try:
        # An own loop factory leaves the thread's current event loop as it was.
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            runner.run(evaluate())
    except Exception as error:  # noqa: BLE001 -- raised again below, outside of this handler's context
        failure = _as_raised(error)
    if failure is not None:
        raise failure


def _as_raised(error: Exception) -> Exception:
    """The program's own exception, without what the SDK puts around it.

    The SDK makes an exception its own cause, and repeats an input's ValueError, with the input's value,
    as others that name the input and the resource; here these become notes, without the value.
    """
    if error.__cause__ is error:
        error.__cause__ = None
    cause = error.__cause__
    if type(error) not in (ValueError, AssertionError) or not isinstance(cause, Exception):
        return error
    text = str(error)
    if not text.startswith("While processing "):
        return error
    for note in (*getattr(error, "__notes__", ()), text.splitlines()[0].partition(", value")[0]):
        cause.add_note(note)
    return _as_raised(cause)


def _entry(program: Callable[[], object]) -> Callable[[], Any]:
    """`program` for the SDK, which awaits what is awaitable and ignores other results."""

    def run() -> Any:
        result = program()
        return result if inspect.isawaitable(result) else None

    return run


def _refuse_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise OfflineError(
        "synth runs an event loop of its own and was called inside one. "
        "Call it from ordinary code, or with `await asyncio.to_thread(synth, program)`."
    )


def _ignore_followers(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """After the first error, which is raised, tasks that fail because of it are not worth a log line."""


@contextmanager
def _unburdened() -> Generator[None]:
    """Without the two things that cost most: garbage collection, and a stack trace per resource.

    At thousands of resources the collector takes over half of the time and frees nothing; the traces
    feed only the engine's links to source lines.
    """
    collecting = gc.isenabled()
    trace = getattr(sdk_resource, "_get_stack_trace", None)
    if trace is None:
        raise SdkChanged("pulumi.runtime.resource._get_stack_trace is missing")
    gc.disable()
    setattr(sdk_resource, "_get_stack_trace", source_pb2.StackTrace)  # noqa: B010 -- private to type checkers
    try:
        yield
    finally:
        setattr(sdk_resource, "_get_stack_trace", trace)  # noqa: B010 -- private to type checkers
        if collecting:
            if gc.get_count()[0] > _MANY_OBJECTS:
                # Enabling would at once scan them all: hand them to the oldest generation, which is scanned rarely.
                gc.freeze()
                gc.unfreeze()
            gc.enable()


class _Inline(ThreadPoolExecutor):
    """Runs the monitor's answers at once: they only take notes, and a thread per answer costs more."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 -- it belongs to the future
            future.set_exception(error)
        return future
