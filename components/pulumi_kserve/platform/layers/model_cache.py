"""KServe's local model cache: its CRDs, its controller, and the agent on nodes that keep models on their own disks.

https://kserve.github.io/website/docs/model-serving/generative-inference/modelcache/localmodel

Which nodes keep which models is said by LocalModelNodeGroups and LocalModelCaches, which are not made here. The agent
runs on nodes with the label ``kserve/localmodel: worker``. KServe's own controller looks at the cache only when its
configuration says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pulumi

from pulumi_kserve.platform.layers import helm_release
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext

__all__ = ["JOBS_NAMESPACE", "NODE_LABEL", "install", "values"]

JOBS_NAMESPACE: Final = "kserve-localmodel-jobs"
"""Where models are downloaded by default, as KServe's configuration names it."""
NODE_LABEL: Final = {"kserve/localmodel": "worker"}
"""The label of nodes on which the agent runs."""


def install(
    context: LayerContext,
    *,
    namespace: str,
    jobs_namespace: str | None,
    delete_crds: bool,
    depends_on: Sequence[pulumi.Resource],
) -> Layer:
    """Install the local model cache; ready means that its webhook accepts a LocalModelCache.

    Args:
        context: What the platform's layers share.
        namespace: KServe's namespace, in which the issuer of its webhooks' certificates lives.
        jobs_namespace: Where models are downloaded; :data:`JOBS_NAMESPACE` when unset.
        delete_crds: Delete its CRDs, and so every cache of the cluster, when the stack is destroyed.
        depends_on: What must be there before: KServe's controller.

    """
    jobs = context.namespace(
        jobs_namespace or JOBS_NAMESPACE, {"pod-security.kubernetes.io/enforce": "baseline"}, depends_on
    )
    crds = helm_release.install(
        context,
        context.row.kserve_localmodel_crd,
        namespace=namespace,
        values={},
        depends_on=depends_on,
        retain=not delete_crds,
    )
    controller = helm_release.install(
        context,
        context.row.kserve_localmodel_resources,
        namespace=namespace,
        values=values(),
        depends_on=[jobs, crds.ready, *depends_on],
    )
    gated = helm_release.gate(context, controller, namespace=namespace, probes=[_probe()])
    return Layer("model-cache", gated.version, gated.ready, (jobs, *crds.resources, *gated.resources))


def values() -> dict[str, Any]:
    """The values of chart kserve-localmodel-resources; the shared objects are those of KServe's own chart."""
    return {
        "kserve": {
            "createSharedResources": False,
            "localmodel": {"controller": {"imagePullPolicy": "IfNotPresent"}},
            "localmodelnode": {
                "controller": {"imagePullPolicy": "IfNotPresent", "nodeSelector": dict(NODE_LABEL)},
            },
        }
    }


def _probe() -> dict[str, Any]:
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "LocalModelCache",
        "metadata": {"name": "pulumi-kserve-probe"},
        "spec": {"sourceModelUri": "pvc://probe/pulumi-kserve-probe", "modelSize": "1Mi", "nodeGroups": ["probe"]},
    }
