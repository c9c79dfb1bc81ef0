"""Takes the node down so that nothing of it is left but the cache: binaries, images, charts, logs."""

import shutil

from tools.embedded import cgroups, host_changes, image_store, mounts, network, processes
from tools.embedded.layout import Layout
from tools.progress import Report, step

_BEFORE_PODS = ("kubelet",)
_CLIENTS = ("kube-controller-manager", "kube-scheduler", "kube-proxy", "coredns")


def stop_all(layout: Layout, report: Report) -> None:
    """Stop pods and components and unmount what they mounted; the cluster's state stays on disk.

    The order matters: kubelet first, or it would start the pods again; the API server before etcd, without which it
    hangs for tens of seconds.

    Raises:
        ToolError: a process or mount cannot be removed.

    """
    with step("stop pods", report):
        processes.stop(_BEFORE_PODS)
        cgroups.kill("kubepods")
        if processes.find("containerd") and image_store.answers(layout):
            image_store.clear(layout)
    with step("stop components", report):
        processes.stop((*_CLIENTS, "kube-apiserver"))
        processes.stop(("etcd",))
        processes.stop(("containerd",))
        cgroups.kill()
    for folder in (layout.node, layout.image_store):
        mounts.clear(folder)
    shutil.rmtree(layout.run, ignore_errors=True)


def remove_all(layout: Layout, report: Report) -> None:
    """Stop everything, remove namespace, cgroups and the cluster's state, and put the machine back as it was.

    The record of how the machine was stays: `forget` removes it once that has been verified.

    Raises:
        ToolError: something cannot be removed.

    """
    stop_all(layout, report)
    network.remove()
    cgroups.remove()
    record = host_changes.recall(layout)
    if record:
        host_changes.put_back(record)
    shutil.rmtree(layout.node, ignore_errors=True)
    layout.kubeconfig.unlink(missing_ok=True)


def forget(layout: Layout) -> None:
    """Remove the record of how the machine was before."""
    layout.host_record.unlink(missing_ok=True)
