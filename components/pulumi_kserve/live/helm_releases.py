"""Helm releases that a killed engine left half recorded, and how each is put right.

Helm keeps a release's revisions in Secrets of type ``helm.sh/release.v1``. A release that Helm has and
Pulumi has not fails every later install ("cannot re-use a name that is still in use"), and one whose last
revision is pending fails every later upgrade. Deleting such Secrets is safe: the objects stay, and a new
install takes over objects that carry the release's name and namespace, which Helm writes on all of them.
A release of the state with no settled revision is called failed, from which Helm upgrades and uninstalls.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pulumi_kserve.live.cluster import CONFIG_MAPS, SECRETS, Cluster, Json
from pulumi_kserve.live.observation import dig
from pulumi_kserve.ownership import RELEASE_RECORD_PREFIX, STACK_LABEL

__all__ = ["RELEASE_TYPE", "Release", "ReleaseRepair", "is_busy", "release_of", "repairs", "revisions"]

RELEASE_TYPE = "kubernetes:helm.sh/v3:Release"
"""Pulumi's type of a Helm release."""

_PENDING = ("pending-install", "pending-upgrade", "pending-rollback")
_UNINSTALLING = "uninstalling"


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """A Helm release's identity."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"Helm release {self.name} in namespace {self.namespace}"


@dataclass(frozen=True, slots=True)
class ReleaseRepair:
    """What must happen to one release."""

    release: Release
    reason: str
    secrets: tuple[Json, ...] = ()
    """Revision Secrets to delete."""
    unsettled: Json | None = None
    """The revision Secret to call failed."""
    refusal: str = ""
    urn: str = ""
    """The state's entry, when there is one."""

    @property
    def gone(self) -> bool:
        """Whether the state has it and Helm has not."""
        return bool(self.urn) and not self.secrets and self.unsettled is None

    @property
    def done(self) -> str:
        """What was wrong and what was done about it."""
        if self.unsettled:
            return f"{self.reason}: called failed, so that the next up upgrades it"
        if self.gone:
            return f"{self.reason}: it is refreshed, and the next up installs it again"
        count = len(self.secrets)
        return f"{self.reason}: removed {count} revision record{'' if count == 1 else 's'}; its objects stay"

    def carry_out(self, cluster: Cluster) -> None:
        """Change Helm's records, each only if it is still the one that was looked at."""
        if self.unsettled:
            meta = self.unsettled["metadata"]
            cluster.merge(SECRETS, meta["name"], meta["namespace"], _called_failed(self.unsettled))
        for secret in reversed(self.secrets):
            meta = secret["metadata"]
            cluster.delete(SECRETS, meta["name"], meta["namespace"], uid=meta["uid"])


def repairs(cluster: Cluster, state: Iterable[Json], pending: Iterable[Json], label: str) -> list[ReleaseRepair]:
    """What to do about each release of this stack; nothing is changed yet.

    Args:
        cluster: Where the releases are.
        state: The state's resources.
        pending: The resources of operations that were interrupted while creating.
        label: The stack's ownership label.

    Raises:
        ClusterUnreachable: the server does not answer, or refuses.
    """
    owned = _recorded(cluster, label)
    known = {release_of(resource): str(resource["urn"]) for resource in state if resource["type"] == RELEASE_TYPE}
    unfinished = {release_of(resource) for resource in pending if resource["type"] == RELEASE_TYPE}
    found: list[ReleaseRepair | None] = []
    for release in sorted(owned | unfinished | set(known)):
        secrets = revisions(cluster, release)
        if release in known:
            found.append(_repair_known(release, secrets, known[release]))
        elif secrets:
            found.append(_repair_unknown(release, secrets, owned=release in owned))
    return [repair for repair in found if repair]


def revisions(cluster: Cluster, release: Release) -> list[Json]:
    """The release's revision Secrets, oldest first."""
    secrets = cluster.list(SECRETS, release.namespace, labels=f"owner=helm,name={release.name}")
    return sorted(secrets, key=_version)


def is_busy(cluster: Cluster, release: Release) -> bool:
    """Whether Helm still records an operation on it as going on."""
    secrets = revisions(cluster, release)
    return bool(secrets) and _status(secrets[-1]) in (*_PENDING, _UNINSTALLING)


def release_of(resource: Json) -> Release:
    """The release that a resource of the state stands for."""
    values: Json = resource.get("outputs") or resource.get("inputs") or {}
    return Release(str(values.get("namespace") or "default"), str(values.get("name")))


def _recorded(cluster: Cluster, label: str) -> set[Release]:
    records = cluster.list(CONFIG_MAPS, labels=f"{STACK_LABEL}={label}")
    return {
        Release(record["metadata"]["namespace"], str(dig(record, "data", "release")))
        for record in records
        if record["metadata"]["name"].startswith(RELEASE_RECORD_PREFIX)
    }


def _repair_unknown(release: Release, secrets: Sequence[Json], *, owned: bool) -> ReleaseRepair:
    status = _status(secrets[-1])
    reason = f"{release} is recorded by Helm ({status}) but not in the stack's state"
    if owned:
        return ReleaseRepair(release, reason, tuple(secrets))
    return ReleaseRepair(release, reason, refusal=_not_ours(release, reason))


def _repair_known(release: Release, secrets: Sequence[Json], urn: str) -> ReleaseRepair | None:
    if not secrets:
        return ReleaseRepair(release, f"{release} is in the stack's state but not in Helm's records", urn=urn)
    status = _status(secrets[-1])
    reason = f"{release} is left {status}"
    settled = [index for index, one in enumerate(secrets) if _status(one) not in _PENDING]
    if status == _UNINSTALLING or not settled:
        return ReleaseRepair(release, reason, unsettled=secrets[-1], urn=urn)
    if status not in _PENDING:
        return None
    return ReleaseRepair(release, reason, tuple(secrets[settled[-1] + 1 :]), urn=urn)


def _called_failed(secret: Json) -> Json:
    """A merge patch that makes the revision a failed one, in Helm's own encoding."""
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    record = json.loads(gzip.decompress(packed))
    record["info"]["status"] = "failed"
    again = base64.b64encode(gzip.compress(json.dumps(record).encode(), mtime=0))
    return {
        "metadata": {"labels": {"status": "failed"}, "resourceVersion": secret["metadata"]["resourceVersion"]},
        "data": {"release": base64.b64encode(again).decode()},
    }


def _not_ours(release: Release, reason: str) -> str:
    return (
        f"{reason}, and no ownership record of this stack names it. "
        f"If it is not needed: `helm uninstall {release.name} --namespace {release.namespace}`; "
        f"if it is this stack's: `pulumi import {RELEASE_TYPE} <resource> {release.namespace}/{release.name}`"
    )


def _status(secret: Json) -> str:
    return str(dig(secret, "metadata", "labels", "status") or "unknown")


def _version(secret: Json) -> int:
    return int(dig(secret, "metadata", "labels", "version") or 0)
