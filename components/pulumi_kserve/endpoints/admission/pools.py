"""Accelerators of an endpoint that the platform's pools do not have, or not enough of.

`refuse_gpus` judges the typed spec, where a component names its pool; `RULES` judge the object, whoever made it.

https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_kserve.contracts import PlatformFacts, PoolFacts, WorkerFacts
from pulumi_kserve.endpoints.admission import accelerators, multi_node_gpus
from pulumi_kserve.endpoints.admission.accelerators import pools_said
from pulumi_kserve.endpoints.admission.multi_node_gpus import node_plan
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.spec.accelerators import Gpus
from pulumi_kserve.endpoints.spec.rollout import Recreate, RollingUpdate, Rollout
from pulumi_kserve.endpoints.spec.scaling import least_replicas, most_replicas
from pulumi_kserve.errors import Problem
from pulumi_kserve.models import nearest

if TYPE_CHECKING:
    from pulumi_kserve.endpoints.spec.predictor import Predictor
    from pulumi_kserve.endpoints.spec.service import InferenceServiceSpec

__all__ = ["RULES", "refuse_gpus"]

RULES: Final[tuple[Rule, ...]] = (*accelerators.RULES, *multi_node_gpus.RULES)

_SHARE: Final = "25%"
"""Kubernetes' default for both ends of a rolling update."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """Pods that want accelerators of one pool."""

    path: str
    gpu: Gpus
    pods: int | None
    """How many at most; None where that is not known."""
    rollout: Rollout | None
    worker: bool = False
    """Whether they are workers, whose update KServe always makes with as many new pods beside the old."""


def refuse_gpus(spec: InferenceServiceSpec, facts: PlatformFacts) -> Iterator[Problem]:
    """Every `gpu` of a spec that its pool cannot give: to one pod, to all of them, or to an update.

    What other endpoints take of the pools is not known here.
    """
    taken: Counter[str] = Counter()
    for ask in _asks(spec):
        pool = next((pool for pool in facts.pools if pool.name == ask.gpu.pool), None)
        problems = list(_misfits(ask, pool, facts))
        if not problems and pool is not None and ask.pods is not None:
            taken[pool.name] += ask.pods * ask.gpu.count
            problems = list(_shortage(ask, pool, taken[pool.name])) or list(_no_headroom(ask, pool, facts.mode))
        yield from problems


def _asks(spec: InferenceServiceSpec) -> Iterator[_Ask]:
    for name in ("predictor", "transformer", "explainer"):
        component = getattr(spec, name)
        if component is not None and component.gpu is not None:
            yield _Ask(f"{name}.gpu", component.gpu, most_replicas(component.scaling), component.rollout)
    yield from _worker(spec.predictor)
    for name, canary in spec.canaries.items():
        gpu = canary.gpu or (spec.predictor.gpu if canary.resources is None else None)
        if gpu is not None:
            share = math.ceil(least_replicas(spec.predictor.scaling) * canary.traffic_percent / 100)
            pods = share if canary.min_replicas is None else canary.min_replicas
            path = f"canaries.{name}.gpu" if canary.gpu else "predictor.gpu"
            yield _Ask(path, gpu, pods, spec.predictor.rollout)


def _worker(predictor: Predictor) -> Iterator[_Ask]:
    worker = predictor.worker
    if worker is None or worker.gpu is None:
        return
    sizes = WorkerFacts(
        pipeline_parallel_size=worker.pipeline_parallel_size or 1,
        tensor_parallel_size=worker.tensor_parallel_size or 1,
    )
    head = predictor.gpu.count if predictor.gpu else 0
    plan = node_plan(sizes, head=head, worker=worker.gpu.count)
    yield _Ask("predictor.worker.gpu", worker.gpu, plan.nodes - 1, predictor.rollout, worker=True)


def _misfits(ask: _Ask, pool: PoolFacts | None, facts: PlatformFacts) -> Iterator[Problem]:
    """A pool that is not there, has no accelerators, or too few on one node."""
    path, count = f"{ask.path}.pool", ask.gpu.count
    if pool is None:
        known = [each.name for each in facts.pools]
        cure = nearest(ask.gpu.pool, known) if known else "Declare the cluster's pools by accelerator and count"
        yield Problem(path, f"the platform has no pool {ask.gpu.pool!r}", cure, "unknown-pool")
    elif pool.resource is None or not pool.accelerators_per_node:
        missing = "accelerators_per_node is 0" if pool.resource else "no accelerator is declared"
        message = f"pool {pool.name} has no accelerators: {missing}"
        yield Problem(path, message, pools_said(facts.pools), "pool-without-accelerators")
    elif count > pool.accelerators_per_node:
        message = f"a pod needs {count} {pool.resource} on one node of {pool.name}, which has {_per_node(pool)}"
        yield Problem(f"{ask.path}.count", message, pools_said(facts.pools), "too-many-accelerators")


def _shortage(ask: _Ask, pool: PoolFacts, taken: int) -> Iterator[Problem]:
    """More pods than the pool has room for at its largest."""
    room, pods = pool.pods(ask.gpu.count), ask.pods or 0
    if pods > room:
        message = f"{_largest(pool)}: room for {room} pods of {ask.gpu.count}, and {pods} are asked for"
    elif taken > pool.accelerators:
        message = f"{_largest(pool)}, and this endpoint takes {taken} in all"
    else:
        return
    yield Problem(f"{ask.path}.count", message, "Lower the replicas, or raise the pool's max_nodes", "pool-too-small")


def _no_headroom(ask: _Ask, pool: PoolFacts, mode: str) -> Iterator[Problem]:
    """An update whose new pod waits for the accelerators that the old one holds."""
    pods = ask.pods or 0
    if not pods or isinstance(ask.rollout, Recreate):
        return
    spare = pool.pods(ask.gpu.count) - pods
    least = pods if ask.worker else 1
    if spare >= least or (mode == "Standard" and not ask.worker and _may_be_missing(ask.rollout, pods)):
        return
    free = "Set rollout to recreate, which stops serving meanwhile, or raise" if mode == "Standard" else "Raise"
    message = (
        f"an update starts a new pod before an old one ends, and {pool.name} has room for {pods + spare}: "
        f"at {pods} pods the new one waits for ever"
    )
    own = ask.path.partition(".")[0]
    place = f"{'predictor' if own == 'canaries' else own}.rollout"
    yield Problem(place, message, f"{free} the pool's max_nodes by {_nodes(pool, ask, least - spare)}", "no-headroom")


def _may_be_missing(rollout: Rollout | None, pods: int) -> bool:
    """Whether a rolling update may take an old pod away first."""
    rolling = rollout if isinstance(rollout, RollingUpdate) else RollingUpdate()
    surge = _SHARE if rolling.max_surge is None else rolling.max_surge
    missing = _SHARE if rolling.max_unavailable is None else rolling.max_unavailable
    return _of(missing, pods, up=False) > 0 or _of(surge, pods, up=True) == 0


def _of(share: int | str, pods: int, *, up: bool) -> int:
    if isinstance(share, int):
        return share
    exact = int(share.removesuffix("%")) * pods
    return -(-exact // 100) if up else exact // 100


def _nodes(pool: PoolFacts, ask: _Ask, pods: int) -> int:
    return math.ceil(pods / (pool.accelerators_per_node // ask.gpu.count))


def _per_node(pool: PoolFacts) -> str:
    return f"{pool.accelerators_per_node} a node"


def _largest(pool: PoolFacts) -> str:
    return f"{pool.name} has {pool.accelerators} {pool.resource} in {pool.max_nodes} nodes at most"
