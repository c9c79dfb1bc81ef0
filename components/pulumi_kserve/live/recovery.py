"""Makes the next `pulumi up` work after the engine was killed.

Four things stay behind: the lock of a ``file://`` backend, operations that the state calls pending, Helm
releases that Helm has recorded and Pulumi has not, and objects of the state that are gone or being deleted,
because their deletion went on after the run that began it. Everything is looked at first; when anything is
not provably this stack's, nothing is touched. What is found right is left alone, so it can run before
every `up`.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_kserve.errors import ClusterUnreachable, RecoveryRefused
from pulumi_kserve.live.cluster import Cluster, Json, connect
from pulumi_kserve.live.deletions import (
    Deletion,
    await_deletions,
    await_finalizers,
    controller_namespace,
    find_deletions,
    is_patch,
)
from pulumi_kserve.live.engine_errors import explain_engine_error
from pulumi_kserve.live.helm_releases import RELEASE_TYPE, ReleaseRepair, is_busy, release_of, repairs
from pulumi_kserve.live.orphans import orphaned_providers
from pulumi_kserve.live.pending_operations import Resolution, resolve, resolved_state
from pulumi_kserve.live.stack_locks import StackLock, find_locks, local_backend
from pulumi_kserve.ownership import stack_label

if TYPE_CHECKING:
    from pulumi import automation

__all__ = ["Recovery", "explain_engine_error", "recover", "refuse_stuck_destroy"]

Report = Callable[[str], None]

_DEFAULT_ORGANIZATION = "organization"
_ORPHAN_PATIENCE = 330.0
_ORPHAN_INTERVAL = 1.0


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was done, one line each; nothing when nothing was wrong."""

    done: tuple[str, ...] = ()
    unrecorded: bool = False
    """Whether objects stand that the state does not know: an `up` takes them over, a `destroy` does not."""

    @property
    def changed(self) -> bool:
        """Whether anything was put right."""
        return bool(self.done)


@dataclass(frozen=True, slots=True)
class _Findings:
    """All that was found, before anything is touched."""

    locks: tuple[StackLock, ...] = ()
    resolutions: tuple[Resolution, ...] = ()
    releases: tuple[ReleaseRepair, ...] = ()
    gone: tuple[Deletion, ...] = ()
    stuck: tuple[str, ...] = ()
    """Why deletions do not end."""
    orphaned: tuple[str, ...] = ()
    """Patches of what goes with an object that is gone."""

    @property
    def refusals(self) -> list[str]:
        held = [_lock_refusal(lock) for lock in self.locks if not lock.is_dead()]
        refused = [one.refusal for one in self.resolutions] + [one.refusal for one in self.releases]
        return [*held, *(refusal for refusal in refused if refusal), *self.stuck]

    @property
    def refreshed(self) -> list[str]:
        """What must be refreshed afterwards."""
        urns = {one.urn for one in self.resolutions if one.refresh} | {one.urn for one in self.releases if one.urn}
        return sorted((urns | {one.urn for one in self.gone}) - set(self.unfinished))

    @property
    def unfinished(self) -> list[str]:
        """What the next `up` must update even when the program has not changed."""
        return [*(one.urn for one in self.releases if one.unsettled), *self.orphaned]


def recover(
    stack: automation.Stack,
    *,
    kubeconfig: str | None = None,
    context: str | None = None,
    report: Report | None = None,
) -> Recovery:
    """Put right what a killed engine left behind, or refuse and touch nothing.

    It serves a `destroy` as well as an `up`.

    Args:
        stack: The stack, on its own backend.
        kubeconfig: Path or text. Unset: the stack's setting ``kserve:kubeconfig``.
        context: Unset: the stack's setting ``kserve:context``.
        report: Gets a line for everything that is done.

    Raises:
        RecoveryRefused: a lock is held, an object or release is not provably this stack's, or a deletion does not
            end; all are named.
        ClusterUnreachable: operations are pending and the cluster cannot be asked.
    """
    say = report or _silent
    files = _StateFiles(stack)
    locks = files.locks()
    _refuse([_lock_refusal(lock) for lock in locks if not lock.is_dead()])
    deployment = files.export()
    findings = _Findings(tuple(locks))
    cluster: Cluster | None = None
    if deployment.get("resources") or deployment.get("pending_operations"):
        cluster = _reach(stack, kubeconfig, context, pending=bool(deployment.get("pending_operations")), say=say)
    try:
        if cluster:
            _let_orphans_finish(cluster, deployment, say)
            findings = _examine(cluster, deployment, _label(stack, local=files.backend is not None), locks, say)
        _refuse(findings.refusals)
        return _Repair(stack, files, say).carry_out(cluster, deployment, findings)
    finally:
        if cluster:
            cluster.close()


def refuse_stuck_destroy(stack: automation.Stack, *, kubeconfig: str | None = None, context: str | None = None) -> None:
    """Return when a `destroy` can delete the stack's endpoints: KServe's controller must take off their finalizers.

    Args:
        stack: The stack, on its own backend.
        kubeconfig: Path or text. Unset: the stack's setting ``kserve:kubeconfig``.
        context: Unset: the stack's setting ``kserve:context``.

    Raises:
        RecoveryRefused: the controller does not run, and endpoints are there; nothing was touched.
        ClusterUnreachable: the cluster cannot be asked.
    """
    resources: list[Json] = _StateFiles(stack).export().get("resources") or []
    cluster = _reach(stack, kubeconfig, context, pending=True, say=_silent) if resources else None
    if cluster is None:
        return
    with cluster:
        _refuse([told] if (told := await_finalizers(cluster, resources)) else [], what="destroy")


class _StateFiles:
    """The stack's backend: its locks, and its state with secrets left encrypted."""

    def __init__(self, stack: automation.Stack) -> None:
        self._stack = stack
        self._workspace = stack.workspace
        self._version = 0
        self.backend = local_backend(_backend_url(stack), Path(stack.workspace.work_dir))
        """The folder of a ``file://`` backend; None for another, whose locks `pulumi cancel` releases."""

    def locks(self) -> list[StackLock]:
        project = self._workspace.project_settings().name
        return find_locks(self.backend, project, _short_name(self._stack)) if self.backend else []

    def export(self) -> Json:
        exported = json.loads(self._pulumi("stack", "export", "--stack", self._stack.name))
        self._version = exported["version"]
        return exported.get("deployment") or {}

    def replace(self, deployment: Json) -> None:
        with tempfile.TemporaryDirectory(prefix="pulumi-kserve-") as folder:
            file = Path(folder) / "state.json"
            file.write_text(json.dumps({"version": self._version, "deployment": deployment}))
            self._pulumi("stack", "import", "--stack", self._stack.name, "--file", str(file))

    def _pulumi(self, *arguments: str) -> str:
        workspace = self._workspace
        home = {"PULUMI_HOME": workspace.pulumi_home} if workspace.pulumi_home else {}
        environment = {**home, **workspace.env_vars}
        return workspace.pulumi_command.run(list(arguments), workspace.work_dir, environment).stdout


class _Repair:
    """Carries out what was found, line by line."""

    def __init__(self, stack: automation.Stack, files: _StateFiles, say: Report) -> None:
        self._stack = stack
        self._files = files
        self._say = say
        self._done: list[str] = []

    def carry_out(self, cluster: Cluster | None, deployment: Json, findings: _Findings) -> Recovery:
        for lock in findings.locks:
            lock.release()
            self._tell(f"released the lock of a dead engine ({lock.holder})")
        for repair in findings.releases:
            if cluster:
                repair.carry_out(cluster)
            self._tell(repair.done)
        if findings.unfinished or any(not one.kept for one in findings.resolutions):
            self._files.replace(resolved_state(deployment, findings.resolutions, findings.unfinished))
        for resolution in findings.resolutions:
            self._tell(resolution.does)
        for deletion in findings.gone:
            self._tell(f"{deletion.place} is gone: the next up makes it again")
        if findings.refreshed:
            self._stack.refresh(target=findings.refreshed)
            self._tell(f"refreshed {len(findings.refreshed)} resources")
        return Recovery(tuple(self._done), unrecorded=any(not repair.urn for repair in findings.releases))

    def _tell(self, line: str) -> None:
        self._done.append(line)
        self._say(line)


def _examine(cluster: Cluster, deployment: Json, label: str, locks: Sequence[StackLock], say: Report) -> _Findings:
    operations: list[Json] = deployment.get("pending_operations") or []
    creating = [operation["resource"] for operation in operations if operation["type"] == "creating"]
    resources: list[Json] = deployment.get("resources") or []
    found = _Findings(
        tuple(locks),
        tuple(resolve(cluster, operations, label)),
        tuple(repairs(cluster, resources, creating, label)),
    )
    if found.refusals:
        return found
    deletions = find_deletions(cluster, resources, label)
    stuck = await_deletions(cluster, deletions, controller_namespace(resources), say)
    gone = {one.urn for one in deletions} | {one.urn for one in found.releases if one.gone}
    orphaned = [one["urn"] for one in resources if is_patch(one) and gone & set(one.get("dependencies") or [])]
    return replace(found, gone=tuple(deletions), stuck=tuple(stuck), orphaned=tuple(orphaned))


def _let_orphans_finish(cluster: Cluster, deployment: Json, say: Report) -> None:
    """Wait while a provider that outlived its engine still works on a release of ours."""
    operations: list[Json] = deployment.get("pending_operations") or []
    resources: list[Json] = deployment.get("resources") or []
    candidates = [*(operation["resource"] for operation in operations), *resources]
    busy = sorted({release_of(one) for one in candidates if one["type"] == RELEASE_TYPE})
    deadline = time.monotonic() + _ORPHAN_PATIENCE
    told = False
    while busy and orphaned_providers() and time.monotonic() < deadline:
        busy = [release for release in busy if is_busy(cluster, release)]
        if busy and not told:
            told = True
            say(f"a provider of the killed engine still works on {', '.join(map(str, busy))}; waiting for it")
        if busy:
            time.sleep(_ORPHAN_INTERVAL)


def _reach(
    stack: automation.Stack, kubeconfig: str | None, context: str | None, *, pending: bool, say: Report
) -> Cluster | None:
    """The cluster; without pending operations an unreachable one is left to `up` to report."""
    settings: Mapping[str, automation.ConfigValue] = {} if kubeconfig and context else stack.get_all_config()
    named = kubeconfig or _file_of(stack, _setting(settings, "kserve:kubeconfig"))
    try:
        return connect(named, context or _setting(settings, "kserve:context"))
    except ClusterUnreachable as error:
        if pending:
            raise
        say(f"Helm's records were not looked at: {error}")
        return None


def _setting(settings: Mapping[str, automation.ConfigValue], key: str) -> str | None:
    entry = settings.get(key)
    return None if entry is None else str(entry.value)


def _file_of(stack: automation.Stack, kubeconfig: str | None) -> str | None:
    """The kubeconfig that the stack's setting names: its text, or a path relative to the project."""
    if not kubeconfig or "\n" in kubeconfig:
        return kubeconfig
    return str(Path(stack.workspace.work_dir) / Path(kubeconfig).expanduser())


def _label(stack: automation.Stack, *, local: bool) -> str:
    parts = stack.name.split("/")
    project = stack.workspace.project_settings().name
    if len(parts) == 3:  # noqa: PLR2004 -- organization/project/stack
        return stack_label(*parts)
    organization = _DEFAULT_ORGANIZATION if local else stack.workspace.who_am_i().user
    return stack_label(organization, project, _short_name(stack))


def _backend_url(stack: automation.Stack) -> str:
    """The backend's address; the command line tool is asked only when no setting says it."""
    named = stack.workspace.env_vars.get("PULUMI_BACKEND_URL") or os.environ.get("PULUMI_BACKEND_URL")
    return named or stack.workspace.who_am_i().url or ""


def _short_name(stack: automation.Stack) -> str:
    return stack.name.rpartition("/")[2]


def _lock_refusal(lock: StackLock) -> str:
    if lock.here:
        return f"the stack is locked by {lock.holder}, which still runs. Wait for it, or stop it"
    return f"the stack is locked by {lock.holder}, on another host. If it is dead, run `pulumi cancel`"


def _refuse(refusals: Sequence[str], *, what: str = "recovery") -> None:
    if refusals:
        listed = "\n".join(f"  - {refusal}" for refusal in refusals)
        raise RecoveryRefused(f"{what} refused, nothing was touched:\n{listed}")


def _silent(_: str) -> None:
    """Report nothing."""
