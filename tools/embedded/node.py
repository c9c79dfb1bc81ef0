"""Brings the node up, in an order that takes a few seconds; every step looks first whether it is done already.

So `up` on a healthy cluster changes nothing, after a component has died it starts that one, and after it was itself
interrupted it goes on where it stopped.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.embedded import (
    access,
    certificates,
    configuration,
    dns,
    host_changes,
    image_store,
    kubeconfigs,
    network,
    preflight,
    processes,
    system_packages,
    teardown,
    verify,
)
from tools.embedded.api import Api
from tools.embedded.build import Built, build_all
from tools.embedded.components import ORDER, components
from tools.embedded.extras import Extra
from tools.embedded.layout import API_SERVICE_ADDRESS, API_SERVICE_PORT, KUBELET_PORT, NODE_ADDRESS, Layout
from tools.errors import ToolError
from tools.progress import Report, step

_SECONDS = 120.0
_POLL_SECONDS = 0.05
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STORE = ("etcd", "containerd", "kube-apiserver")
_AFTER_API = ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns")


def up(report: Report, extras: Sequence[Extra] = ()) -> Layout:
    """Bring the cluster up, built first where needed and with the images of `extras`; where its kubeconfig lies.

    Raises:
        ToolError: it cannot run here, or a step failed; before the first step nothing was touched.

    """
    preflight.check_machine()
    layout = Layout.standard()
    with held(layout):
        if not any(processes.find(name) for name in ORDER):
            preflight.check_room(layout)
        preflight.check_neighbours(layout)
        system_packages.ensure(report)
        built = build_all(report, extras)
        bring_up(layout, built, report)
    return layout


def build(report: Report, extras: Sequence[Extra] = ()) -> Built:
    """Build what the cluster is made of, without starting anything.

    Raises:
        ToolError: a tool is missing and cannot be installed, or a build failed.

    """
    with held(Layout.standard()):
        system_packages.ensure(report)
        return build_all(report, extras)


def down(report: Report) -> list[verify.Finding]:
    """Take the cluster down and return the findings of the check that nothing is left.

    Raises:
        ToolError: something cannot be removed.

    """
    preflight.check_machine()
    layout = Layout.standard()
    with held(layout):
        preflight.check_owner(layout)
        teardown.remove_all(layout, report)
        findings = verify.gone(layout)
        if all(finding.holds for finding in findings):
            teardown.forget(layout)
    return findings


def rotate_credentials() -> Layout:
    """Give the admin a new certificate in the kubeconfig.

    Raises:
        ToolError: there is no cluster.

    """
    layout = Layout.standard()
    with held(layout):
        if not layout.kubeconfig.exists():
            raise ToolError(f"there is no cluster: {layout.kubeconfig} is missing", cure="run `up` first")
        kubeconfigs.rotate(layout)
    return layout


def bring_up(layout: Layout, built: Built, report: Report) -> None:
    """Bring up a node from what was built.

    Raises:
        ToolError: a component ended or did not get ready in time; the message has the last lines of its log.

    """
    host_changes.remember(layout)
    fresh = _clear_stale(layout, report)
    with step("network", report):
        network.ensure()
    with step("certificates", report):
        certificates.ensure(layout)
        kubeconfigs.ensure_components(layout)
        configuration.ensure(layout)
    with ThreadPoolExecutor(1) as background:
        _start(layout, built, _STORE)
        wait(layout, ("containerd",), "containerd", lambda: image_store.answers(layout))
        if fresh:
            image_store.clear(layout)
        imported = background.submit(image_store.bring_in, layout, built.images, report)
        _control_plane(layout, built, report)
        imported.result()
    with step("node", report):
        api = Api(layout)
        wait(layout, ORDER, "kubelet", lambda: _accepts(NODE_ADDRESS, KUBELET_PORT) and api.node_is_ready())
        wait(layout, ORDER, "kube-proxy", lambda: _accepts(API_SERVICE_ADDRESS, API_SERVICE_PORT))
        wait(layout, ORDER, "coredns", lambda: dns.address_of() == API_SERVICE_ADDRESS)
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        wait(layout, ORDER, "kube-controller-manager", lambda: api.get(account) is not None)
    kubeconfigs.publish(layout)


@contextlib.contextmanager
def held(layout: Layout) -> Generator[None]:
    """Hold the lock of the cluster's folder; it is released when the process ends, however it ends.

    Raises:
        ToolError: another process holds it.

    """
    handle = os.open(layout.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(handle, 20).decode("ascii", "replace").strip()
            raise ToolError(
                f"another up or down is at work on {layout.root} (process {holder})", cure="wait until it has ended"
            ) from error
        os.truncate(handle, 0)
        os.write(handle, str(os.getpid()).encode("ascii"))
        yield
    finally:
        os.close(handle)


def _control_plane(layout: Layout, built: Built, report: Report) -> None:
    api = Api(layout)
    with step("API server", report):
        wait(layout, _STORE, "kube-apiserver", api.answers)
    with step("components", report):
        _start(layout, built, _AFTER_API)
        for path, content in access.objects().items():
            api.apply(path, content)


def _clear_stale(layout: Layout, report: Report) -> bool:
    """Clear what a crash or reboot left in the way; tell whether no pod can be running."""
    boot = _BOOT_ID.read_text("ascii")
    if not layout.node.exists():
        shutil.rmtree(layout.logs, ignore_errors=True)
    same_boot = layout.boot_record.exists() and layout.boot_record.read_text("ascii") == boot
    alive = [name for name in ORDER if processes.find(name)]
    if same_boot and (network.namespace_exists() or not alive):
        return not alive
    teardown.stop_all(layout, report)
    layout.node.mkdir(mode=0o700, parents=True, exist_ok=True)
    layout.boot_record.write_text(boot, "ascii")
    return True


def _start(layout: Layout, built: Built, names: Iterable[str]) -> None:
    table = components(layout, built.bin)
    for name in names:
        processes.start(layout, table[name])


def _accepts(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, port), 1.0):
        return True
    return False


def wait(layout: Layout, alive: Collection[str], what: str, check: Callable[[], bool]) -> None:
    """Wait until a check holds while the components in `alive` live; `what` is the one whose log tells why not.

    Raises:
        ToolError: time ran out or a component ended; the message has the last lines of its log.

    """
    until = time.monotonic() + _SECONDS
    while not check():
        processes.check_alive(layout, alive)
        if time.monotonic() > until:
            raise ToolError(
                f"{what} was not ready after {_SECONDS:.0f} s; the last lines of {layout.log(what)}:\n"
                f"{processes.last_lines(layout.log(what))}",
                cure="see the log; run `up` again to go on, or `down` and `up` to start from a clean state",
            )
        time.sleep(_POLL_SECONDS)
