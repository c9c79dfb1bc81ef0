"""The Jobs that set up MinIO: each may run any number of times, and takes credentials from mounted files only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi_kserve.pod_security import RESTRICTED_CONTAINER, restricted_pod

__all__ = ["APPLY_USER", "MAKE_BUCKET", "UPLOAD", "job"]

_AS_ROOT: Final = """set -eu
MC_HOST_store="http://$(cat /root-user/access-key):$(cat /root-user/secret-key)@$ENDPOINT"
export MC_HOST_store
attempt=0
until mc ready store >/dev/null 2>&1; do
  attempt=$((attempt + 1))
  [ "$attempt" -lt 60 ] || { echo "the store at $ENDPOINT did not become ready" >&2; exit 1; }
  sleep 1
done
"""
MAKE_BUCKET: Final = (
    _AS_ROOT
    + """mc mb --ignore-existing "store/$BUCKET"
"""
)
"""Makes the bucket."""
APPLY_USER: Final = (
    _AS_ROOT
    + """{ cat /user/access-key; echo; cat /user/secret-key; echo; } | mc admin user add store
mc admin policy create store "$POLICY" /user/policy.json
if ! mc admin user info store "$(cat /user/access-key)" --json | grep -q "\\"policyName\\":\\"$POLICY\\""; then
  mc admin policy attach store "$POLICY" --user "$(cat /user/access-key)"
fi
"""
)
"""Makes or updates a user and the one policy it has. Access key ids are names, not secrets."""
UPLOAD: Final = """set -eu
MC_HOST_store="http://$(cat /user/access-key):$(cat /user/secret-key)@$ENDPOINT"
export MC_HOST_store
for file in /model/*; do
  mc cp "$file" "store/$TARGET/$(basename "$file" | sed 's#__#/#g')"
done
"""
"""Puts the files of /model under $TARGET."""


def job(
    *,
    image: str,
    script: str,
    env: Mapping[str, str],
    secrets: Mapping[str, str],
    volumes: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The spec of a Job that runs `script` with mounted Secrets and volumes.

    Args:
        image: An image with a shell and ``mc``.
        script: One of this module's scripts.
        env: Plain settings of the script.
        secrets: Mount path by name of Secret.
        volumes: Further volumes, each mounted at ``/<its name>``.

    """
    secret_volumes: list[Mapping[str, Any]] = [
        {"name": path.strip("/"), "secret": {"secretName": name, "defaultMode": 0o440}}
        for name, path in secrets.items()
    ]
    every: list[Mapping[str, Any]] = [*secret_volumes, {"name": "tmp", "emptyDir": {}}, *volumes]
    container = {
        "name": "mc",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", script],
        "env": [{"name": "HOME", "value": "/tmp"}, {"name": "MC_CONFIG_DIR", "value": "/tmp/mc"}]  # noqa: S108 -- paths in the container
        + [{"name": name, "value": value} for name, value in sorted(env.items())],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": RESTRICTED_CONTAINER,
        "volumeMounts": [
            {"name": volume["name"], "mountPath": f"/{volume['name']}", "readOnly": volume["name"] != "tmp"}
            for volume in every
        ],
    }
    return {
        "backoffLimit": 4,
        "template": {"spec": restricted_pod(restartPolicy="OnFailure", containers=[container], volumes=every)},
    }
