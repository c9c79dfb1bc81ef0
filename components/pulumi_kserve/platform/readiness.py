"""When an object counts as ready: one rule per kind and mode.

The provider's ``condition=`` check compares ``observedGeneration`` with ``generation``, but KServe in
Standard mode copies the Deployment's generation there: a change that touches no Deployment would wait
for ever, and a stale Ready would pass. So an InferenceService waits for nothing itself and is judged by
its rollout gate (:mod:`pulumi_kserve.endpoints.rollout_gate`). Kinds without a status wait for nothing.
https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/#pulumicomwaitfor
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

__all__ = ["READINESS", "wait_annotations"]

_NOTHING: Final = ""
READINESS: Final = MappingProxyType(
    {
        ("InferenceService", "Standard"): _NOTHING,
        ("InferenceService", "Knative"): "condition=Ready",
        ("ServingRuntime", "Standard"): _NOTHING,
        ("ServingRuntime", "Knative"): _NOTHING,
        ("ClusterServingRuntime", "Standard"): _NOTHING,
        ("ClusterServingRuntime", "Knative"): _NOTHING,
        ("ClusterStorageContainer", "Standard"): _NOTHING,
        ("ClusterStorageContainer", "Knative"): _NOTHING,
    }
)


def wait_annotations(kind: str, mode: str, *, stopped: bool = False) -> dict[str, str]:
    """The annotations that make the provider wait as the table says; what is stopped never becomes ready."""
    rule = _NOTHING if stopped else READINESS[(kind, mode)]
    return {"pulumi.com/waitFor": rule} if rule else {"pulumi.com/skipAwait": "true"}
