"""How many replicas a component has, as a union that holds only what works.

https://kserve.github.io/website/docs/model-serving/predictive-inference/autoscaling/hpa-autoscaler
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from pulumi_kserve.models import OneOf, Spec

__all__ = ["SCALING_FIELDS", "Hpa", "NoScaling", "Scaling", "autoscaler_class", "fixed_replicas", "scaling_fields"]


_MOST = 2**31 - 1
"""The largest number that the field can hold."""


class NoScaling(Spec):
    """A fixed number of replicas."""

    replicas: int = Field(default=1, ge=1, le=_MOST)
    """How many pods run, at least 1."""


class Hpa(Spec):
    """A HorizontalPodAutoscaler on CPU. Needs metrics-server, and Standard mode."""

    min_replicas: int = Field(default=1, ge=1, le=_MOST)
    """The fewest pods. KServe raises 0 to 1 here, so 0 is refused."""
    max_replicas: int = Field(ge=1, le=_MOST)
    """The most pods; not below `min_replicas`."""
    cpu_percent: int = Field(default=80, ge=1, le=100)
    """The mean CPU use, in percent of the request, that the autoscaler aims at."""


Scaling = Annotated[NoScaling | Hpa, OneOf(noScaling=NoScaling, hpa=Hpa)]


SCALING_FIELDS = ("minReplicas", "maxReplicas", "scaleMetric", "scaleTarget")
"""The component's fields that say how many pods there are, and nothing of what they are."""


def autoscaler_class(scaling: NoScaling | Hpa) -> str:
    """The value of KServe's autoscalerClass annotation."""
    return "hpa" if isinstance(scaling, Hpa) else "none"


def fixed_replicas(scaling: NoScaling | Hpa) -> int | None:
    """The number of pods, where it is fixed."""
    return scaling.replicas if isinstance(scaling, NoScaling) else None


def scaling_fields(scaling: NoScaling | Hpa) -> dict[str, Any]:
    """The component's fields that KServe reads for scaling."""
    if isinstance(scaling, NoScaling):
        return {"minReplicas": scaling.replicas}
    return {
        "minReplicas": scaling.min_replicas,
        "maxReplicas": scaling.max_replicas,
        "scaleMetric": "cpu",
        "scaleTarget": scaling.cpu_percent,
    }
