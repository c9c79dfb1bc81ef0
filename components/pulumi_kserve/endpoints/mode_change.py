"""A change of the deployment mode of an endpoint that exists: never by accident.

KServe refuses to change the mode in place, so the InferenceService is replaced, and two of one name cannot stand
beside each other: the endpoint is down from the old one's deletion until the new one serves. That needs the user's
word, `allow_recreate`. https://kserve.github.io/website/docs/concepts/architecture/control-plane
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_kserve.endpoints.admission.subject import MODE_ANNOTATION, OLD_MODES
from pulumi_kserve.errors import Problem, SpecError

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster

__all__ = ["Standing", "refuse_mode_change"]


@dataclass(frozen=True)
class Standing:
    """The endpoint that is to be made, and the mode it shall have."""

    name: str
    namespace: str
    mode: str


def refuse_mode_change(wanted: Standing, cluster: Cluster) -> None:
    """Do nothing unless an InferenceService of that name runs in another mode in the cluster.

    A replacement makes the new object first unless `allow_recreate` is set, so nothing has been deleted by then.

    Raises:
        SpecError: it does; the message states the downtime and how to allow it.

    """
    from pulumi_kserve.live.cluster import INFERENCE_SERVICES  # noqa: PLC0415 -- only a real `up` needs it

    live = cluster.get(INFERENCE_SERVICES, wanted.name, wanted.namespace)
    if live is None:
        return
    said = live["metadata"].get("annotations", {}).get(MODE_ANNOTATION)
    standing = str(live.get("status", {}).get("deploymentMode") or said or wanted.mode)
    if OLD_MODES.get(standing, standing) != wanted.mode:
        raise SpecError(
            f"InferenceService {wanted.name!r}",
            [
                Problem(
                    "allowRecreate",
                    f"{wanted.namespace}/{wanted.name} runs in {standing} mode and KServe cannot change it to "
                    f"{wanted.mode} in place: "
                    "the endpoint must be deleted and made again, and answers nothing from its deletion until the "
                    "new pods serve (the time of a first start: image pull, model download, load)",
                    "Set allow_recreate (YAML: allowRecreate: true) for this one update, or make a second endpoint "
                    "of another name and move its clients",
                    "mode-change",
                )
            ],
        )
