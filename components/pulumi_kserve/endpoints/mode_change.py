"""A change of the deployment mode of an endpoint that exists: never by accident.

KServe refuses to change the mode in place, so the InferenceService is replaced, and two of one name cannot stand
beside each other: the endpoint is down from the old one's deletion until the new one serves. That needs the user's
word, `allow_recreate`. https://kserve.github.io/website/docs/concepts/architecture/control-plane
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import pulumi

from pulumi_kserve.contracts import ClusterAccess
from pulumi_kserve.endpoints.admission.subject import MODE_ANNOTATION
from pulumi_kserve.errors import Problem, SpecError

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster

__all__ = ["mode_change_refused", "refuse_mode_change"]

_STANDARD: Final = frozenset({"Standard", "RawDeployment"})


def mode_change_refused(name: str, namespace: str, mode: str, cluster: ClusterAccess) -> pulumi.ResourceHook:
    """A hook for before the InferenceService is made: it fails when one of another mode serves.

    A replacement makes the new object first unless `allow_recreate` is set, so nothing has been deleted by then.
    """

    async def look(_args: pulumi.ResourceHookArgs) -> None:
        kubeconfig = await cluster.kubeconfig.future()
        await asyncio.to_thread(ask, kubeconfig)

    def ask(kubeconfig: str | None) -> None:
        from pulumi_kserve.live.cluster import connect  # noqa: PLC0415 -- only a real `up` needs a client

        with connect(kubeconfig, cluster.context) as client:
            refuse_mode_change(client, name, namespace, mode)

    return pulumi.ResourceHook(f"{name}-mode-change", look)


def refuse_mode_change(cluster: Cluster, name: str, namespace: str, mode: str) -> None:
    """Do nothing unless an InferenceService of that name runs in another mode than `mode`.

    Raises:
        SpecError: it does; the message states the downtime and how to allow it.

    """
    from pulumi_kserve.live.cluster import INFERENCE_SERVICES  # noqa: PLC0415 -- as above

    live = cluster.get(INFERENCE_SERVICES, name, namespace)
    if live is None:
        return
    said = live["metadata"].get("annotations", {}).get(MODE_ANNOTATION)
    standing = str(live.get("status", {}).get("deploymentMode") or said or mode)
    if (standing in _STANDARD) != (mode in _STANDARD):
        raise SpecError(
            f"InferenceService {name!r}",
            [
                Problem(
                    "allowRecreate",
                    f"{namespace}/{name} runs in {standing} mode and KServe cannot change it to {mode} in place: "
                    "the endpoint must be deleted and made again, and answers nothing from its deletion until the "
                    "new pods serve (the time of a first start: image pull, model download, load)",
                    "Set allow_recreate (YAML: allowRecreate: true) for this one update, or make a second endpoint "
                    "of another name and move its clients",
                    "mode-change",
                )
            ],
        )
