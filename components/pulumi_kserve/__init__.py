"""Typed, tested, governed KServe on Kubernetes, as Pulumi components.

The map of the package, in the direction that dependencies point:

- `endpoints`: what a team declares: :class:`InferenceService`, :class:`ModelNamespace`, with the specs in
  `endpoints.spec`, KServe's rules in `endpoints.admission`, and the gate that tells the truth about an update
- `platform`: what a platform team installs: :class:`Platform`, its layers, releases and runtime catalogue
- `contracts`: what the layers promise each other: :class:`PlatformFacts`, :class:`PlatformRef`, and Protocols
- `clouds`: one folder per cloud; `clouds.existing` takes a cluster that is there
- `offline`: evaluates a whole program in-process; `testing` builds on it
- `live`: everything that asks a running cluster
- `settings`: a whole stack as YAML

Names are loaded on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_kserve.contracts import (
        ClusterAccess as ClusterAccess,
    )
    from pulumi_kserve.contracts import (
        Feature as Feature,
    )
    from pulumi_kserve.contracts import (
        ImageRegistry as ImageRegistry,
    )
    from pulumi_kserve.contracts import (
        ModelStore as ModelStore,
    )
    from pulumi_kserve.contracts import (
        ModelUri as ModelUri,
    )
    from pulumi_kserve.contracts import (
        PlatformFacts as PlatformFacts,
    )
    from pulumi_kserve.contracts import (
        PlatformRef as PlatformRef,
    )
    from pulumi_kserve.contracts import (
        PoolFacts as PoolFacts,
    )
    from pulumi_kserve.contracts import (
        WorkloadIdentity as WorkloadIdentity,
    )
    from pulumi_kserve.endpoints.inference_service import (
        InferenceService as InferenceService,
    )
    from pulumi_kserve.endpoints.inference_service import (
        InferenceServiceSpec as InferenceServiceSpec,
    )
    from pulumi_kserve.endpoints.model_namespace import (
        ModelNamespace as ModelNamespace,
    )
    from pulumi_kserve.endpoints.model_namespace import (
        ModelNamespaceSpec as ModelNamespaceSpec,
    )
    from pulumi_kserve.endpoints.spec.model import Model as Model
    from pulumi_kserve.endpoints.spec.predictor import Predictor as Predictor
    from pulumi_kserve.endpoints.spec.resources import Resources as Resources
    from pulumi_kserve.endpoints.spec.scaling import Hpa as Hpa
    from pulumi_kserve.endpoints.spec.scaling import NoScaling as NoScaling
    from pulumi_kserve.errors import (
        ClusterUnreachable as ClusterUnreachable,
    )
    from pulumi_kserve.errors import (
        KServeError as KServeError,
    )
    from pulumi_kserve.errors import (
        Problem as Problem,
    )
    from pulumi_kserve.errors import (
        RecoveryRefused as RecoveryRefused,
    )
    from pulumi_kserve.errors import (
        RolloutFailed as RolloutFailed,
    )
    from pulumi_kserve.errors import (
        SpecError as SpecError,
    )
    from pulumi_kserve.errors import (
        StackFileError as StackFileError,
    )
    from pulumi_kserve.inputs import In as In
    from pulumi_kserve.platform.charts import ChartFolder as ChartFolder
    from pulumi_kserve.platform.charts import ChartMirror as ChartMirror
    from pulumi_kserve.platform.modes import ClusterLocal as ClusterLocal
    from pulumi_kserve.platform.modes import Standard as Standard
    from pulumi_kserve.platform.platform import Platform as Platform
    from pulumi_kserve.platform.spec import PlatformSpec as PlatformSpec
    from pulumi_kserve.settings import StackSettings as StackSettings

_HOMES = {
    "contracts": (
        "ClusterAccess", "Feature", "ImageRegistry", "ModelStore", "ModelUri", "PlatformFacts", "PlatformRef",
        "PoolFacts", "WorkloadIdentity",
    ),
    "endpoints.inference_service": ("InferenceService", "InferenceServiceSpec"),
    "endpoints.model_namespace": ("ModelNamespace", "ModelNamespaceSpec"),
    "endpoints.spec.model": ("Model",),
    "endpoints.spec.predictor": ("Predictor",),
    "endpoints.spec.resources": ("Resources",),
    "endpoints.spec.scaling": ("Hpa", "NoScaling"),
    "errors": (
        "ClusterUnreachable", "KServeError", "Problem", "RecoveryRefused", "RolloutFailed", "SpecError",
        "StackFileError",
    ),
    "inputs": ("In",),
    "platform.charts": ("ChartFolder", "ChartMirror"),
    "platform.modes": ("ClusterLocal", "Standard"),
    "platform.platform": ("Platform",),
    "platform.spec": ("PlatformSpec",),
    "settings": ("StackSettings",),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ChartFolder",
    "ChartMirror",
    "ClusterAccess",
    "ClusterLocal",
    "ClusterUnreachable",
    "Feature",
    "Hpa",
    "ImageRegistry",
    "In",
    "InferenceService",
    "InferenceServiceSpec",
    "KServeError",
    "Model",
    "ModelNamespace",
    "ModelNamespaceSpec",
    "ModelStore",
    "ModelUri",
    "NoScaling",
    "Platform",
    "PlatformFacts",
    "PlatformRef",
    "PlatformSpec",
    "PoolFacts",
    "Predictor",
    "Problem",
    "RecoveryRefused",
    "Resources",
    "RolloutFailed",
    "SpecError",
    "StackFileError",
    "StackSettings",
    "Standard",
    "WorkloadIdentity",
]


if not TYPE_CHECKING:  # type checkers shall refuse a name that is not there

    def __getattr__(name: str) -> Any:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module 'pulumi_kserve' has no attribute {name!r}")
        value = getattr(import_module(f"pulumi_kserve.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
