"""Which part of `rollout` a field or annotation of a component comes from."""

from __future__ import annotations

from typing import Final, TypeAlias

from pulumi_kserve.endpoints.spec.rollout import (
    DURATION_ANNOTATION,
    ROLLOUT_ARMS,
    TAG_ANNOTATION,
    CanaryTraffic,
    RollingUpdate,
    Rollout,
)

__all__ = ["annotation_of_rollout", "rollout_steps"]

_Steps: TypeAlias = tuple[str | int, ...]
_OF_ROLLOUT: Final = {TAG_ANNOTATION: "tag", DURATION_ANNOTATION: "duration"}


def annotation_of_rollout(rollout: Rollout | None, key: str) -> _Steps:
    """The steps of what an annotation stands for; none where the rollout does not write it."""
    return ("rollout", ROLLOUT_ARMS[type(rollout)], _OF_ROLLOUT[key]) if rollout and key in _OF_ROLLOUT else ()


def rollout_steps(rollout: Rollout | None, steps: _Steps) -> _Steps:
    """The steps, from the component, of what one of its rollout fields stands for."""
    if rollout is None:
        return ("rollout",)
    here: _Steps = ("rollout", ROLLOUT_ARMS[type(rollout)])
    if isinstance(rollout, CanaryTraffic):
        return (*here, "trafficPercent")
    return (*here, *steps[2:]) if isinstance(rollout, RollingUpdate) else here
