"""The security settings of pods that this package makes: the restricted Pod Security Standard and more.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["RESTRICTED_CONTAINER", "restricted_pod"]

_NOBODY: Final = 65532
RESTRICTED_CONTAINER: Final[dict[str, Any]] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""A container that cannot gain rights or write to its image."""


def restricted_pod(**spec: Any) -> dict[str, Any]:
    """A pod spec that runs as nobody, without a token of the API server."""
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            "fsGroup": _NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **spec,
    }
