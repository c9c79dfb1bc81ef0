"""How a new version takes over from the old one.

In Standard mode it is the Deployment's strategy, in Knative mode it is how traffic moves between revisions. KServe
cannot pin any other revision than the previous one.

https://kserve.github.io/website/docs/model-serving/predictive-inference/rollout-strategies/canary
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pulumi_kserve.amounts import Duration, Truth, Whole, between
from pulumi_kserve.models import OneOf, Spec

__all__ = [
    "DURATION_ANNOTATION",
    "ROLLOUT_ARMS",
    "ROLLOUT_FIELDS",
    "TAG_ANNOTATION",
    "CanaryTraffic",
    "GradualTraffic",
    "PreviousRevision",
    "Recreate",
    "RollingUpdate",
    "Rollout",
    "gradual_annotations",
    "rollout_annotations",
    "rollout_fields",
]

TAG_ANNOTATION: Final = "serving.kserve.io/enable-tag-routing"
DURATION_ANNOTATION: Final = "serving.knative.dev/rollout-duration"
_ALL: Final = 100
_LONGEST: Final = "2562047h"
"""The longest time that Knative can read."""


def _is_number_or_percent(value: Any) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdecimal():
        return value
    raise ValueError(f"expected a number of pods, or a share such as '25%' (got {value!r})")


def _at_most_all(share: int | str) -> int | str:
    if isinstance(share, str) and int(share[:-1]) > _ALL:
        raise ValueError(f"{share!r} is more than all pods")
    return share


Pods: TypeAlias = Annotated[int | str, BeforeValidator(_is_number_or_percent)]
"""A number of pods, or a share of them such as ``25%``."""


class RollingUpdate(Spec):
    """New pods first, then fewer old ones. Standard mode."""

    max_surge: Pods | None = None
    """How many pods there may be beyond the wanted number; ``25%``, rounded up, when unset."""
    max_unavailable: Annotated[Pods, AfterValidator(_at_most_all)] | None = None
    """How many of the wanted pods may be missing; ``25%``, rounded down, when unset."""

    @model_validator(mode="after")
    def _can_move(self) -> Self:
        if _is_none(self.max_surge) and _is_none(self.max_unavailable):
            raise ValueError("maxSurge and maxUnavailable cannot both be 0: no pod could ever be replaced")
        return self


class Recreate(Spec):
    """All old pods go before new ones come: nothing serves in between, and no spare node is needed. Standard mode."""


class CanaryTraffic(Spec):
    """A share of the requests for the newest revision, the rest for the previous one. Knative mode."""

    traffic_percent: Whole = Field(ge=0, le=_ALL)
    """The newest revision's share of requests, in percent; 100 ends the canary."""
    tag: Truth = False
    """Whether the newest revision has an address of its own too, tagged ``latest``. Changing it makes a revision."""


class PreviousRevision(Spec):
    """All requests go to the previous ready revision: a rollback that keeps the newest one at hand. Knative mode."""

    tag: Truth = False
    """Whether the newest revision has an address of its own too, tagged ``latest``. Changing it makes a revision."""


class GradualTraffic(Spec):
    """Requests move to the newest revision little by little, with no further step of yours. Knative mode."""

    duration: Annotated[Duration, between("0s", _LONGEST)]
    """How long the move takes, in whole seconds with a unit, for example ``10m``; ``0s`` moves all at once."""


ROLLOUT_ARMS: Final[Mapping[type[Spec], str]] = {
    RollingUpdate: "rolling",
    Recreate: "recreate",
    CanaryTraffic: "canary",
    PreviousRevision: "previous",
    GradualTraffic: "gradual",
}
"""The key of each kind of rollout."""
Rollout: TypeAlias = Annotated[
    RollingUpdate | Recreate | CanaryTraffic | PreviousRevision | GradualTraffic,
    OneOf(**{key: kind for kind, key in ROLLOUT_ARMS.items()}),
]

ROLLOUT_FIELDS: Final = ("canaryTrafficPercent", "deploymentStrategy")
"""The component's fields that say how pods and requests move to a new version, and nothing of what the pods are."""


def rollout_fields(rollout: Rollout | None) -> dict[str, Any]:
    """The component's fields that KServe reads for the rollout."""
    if isinstance(rollout, RollingUpdate):
        shares = {"maxSurge": rollout.max_surge, "maxUnavailable": rollout.max_unavailable}
        update = {key: value for key, value in shares.items() if value is not None}
        return {"deploymentStrategy": {"type": "RollingUpdate", **({"rollingUpdate": update} if update else {})}}
    if isinstance(rollout, Recreate):
        return {"deploymentStrategy": {"type": "Recreate"}}
    if isinstance(rollout, CanaryTraffic):
        return {"canaryTrafficPercent": rollout.traffic_percent}
    return {"canaryTrafficPercent": 0} if isinstance(rollout, PreviousRevision) else {}


def rollout_annotations(rollout: Rollout | None) -> dict[str, str]:
    """The annotations of the InferenceService that the rollout needs."""
    tagged = isinstance(rollout, (CanaryTraffic, PreviousRevision)) and rollout.tag
    return {TAG_ANNOTATION: "true"} if tagged else {}


def gradual_annotations(rollout: Rollout | None) -> dict[str, str]:
    """The annotations of the component that the rollout needs."""
    return {DURATION_ANNOTATION: rollout.duration} if isinstance(rollout, GradualTraffic) else {}


def _is_none(pods: int | str | None) -> bool:
    return pods in (0, "0%")
