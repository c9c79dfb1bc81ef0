"""KServe itself: its CRDs and its controller, as two releases.

https://kserve.github.io/website/docs/install/overview

The CRDs lie in a release of their own that a destroy keeps, because deleting them deletes every model. What the
controller's chart cannot say of KServe's ConfigMap is patched into it after each upgrade of the release, which undoes
such patches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from pulumi_kserve.contracts import Feature
from pulumi_kserve.errors import Problem
from pulumi_kserve.ownership import STACK_LABEL
from pulumi_kserve.platform.certificates import (
    CertManager,
    Provided,
    certificate_problems,
    certificate_values,
    serving_secret,
    webhook_authority,
)
from pulumi_kserve.platform.configuration.defaults import webhook_names
from pulumi_kserve.platform.configuration.judgement import configuration_problems
from pulumi_kserve.platform.configuration.rendering import chart_values, digest, laid_over, patched_keys, start_hash
from pulumi_kserve.platform.configuration.spec import KServeConfiguration
from pulumi_kserve.platform.layers import helm_release
from pulumi_kserve.platform.layers.helm_release import Layer, LayerContext
from pulumi_kserve.platform.modes import ClusterLocal, Gateway, IngressClass, Standard
from pulumi_kserve.platform.spec import PlatformSpec
from pulumi_kserve.resources import KubernetesObject, KubernetesPatch

__all__ = ["Controller", "gateway_values", "install", "values"]

_CONFIG_MAP: Final = "inferenceservice-config"
_DEPLOYMENT: Final = "kserve-controller-manager"
_LABELS: Final = {"control-plane": "kserve-controller-manager"}
_ENFORCED: Final = "pod-security.kubernetes.io/enforce"
_STARTED_WITH: Final = "pulumi-kserve/started-with"
_STARTED_WITH_PATCH: Final = "pulumi-kserve/started-with-patch"
_CONFIGURATION: Final = "pulumi-kserve/configuration"
_WATCHED_WHEN_THERE: Final = (Feature.KEDA, Feature.KNATIVE)
"""What the controller looks for when it starts, to watch its kinds."""


@dataclass(frozen=True, slots=True)
class Controller:
    """What is said of KServe's controller."""

    mode: Standard
    configuration: KServeConfiguration
    certificates: CertManager | Provided
    watched: tuple[str, ...] = ()
    """What the cluster has that decides which kinds the controller watches."""

    @classmethod
    def of(cls, spec: PlatformSpec, provides: Collection[Feature]) -> Controller:
        """The controller of a platform on a cluster that brings `provides`."""
        watched = tuple(each for each in _WATCHED_WHEN_THERE if each in provides)
        return cls(spec.mode, spec.configuration, spec.certificates, watched)

    @property
    def pod_security(self) -> str:
        """The Pod Security Standard of its namespace: the model cache's agent mounts a folder of the node."""
        return "restricted" if self.configuration.local_models is None else "privileged"

    def patched(self, release: str) -> dict[str, str]:
        """What the ConfigMap is patched with, by key."""
        return patched_keys(self.configuration, self.mode, release)

    def problems(self, release: str) -> tuple[Problem, ...]:
        """What of it cannot work, with its path from the platform's spec."""
        cached = self.configuration.local_models is not None
        return (
            *configuration_problems(self.configuration, self.mode, release),
            *certificate_problems(self.certificates, local_models=cached),
        )


def install(
    context: LayerContext,
    controller: Controller,
    *,
    namespace: str,
    delete_crds: bool,
    depends_on: Sequence[pulumi.Resource],
) -> Layer:
    """Install KServe's CRDs and controller; ready means that its webhooks accept each kind they judge.

    Args:
        context: What the platform's layers share.
        controller: What is said of it; it has no problems.
        namespace: Where the controller runs.
        delete_crds: Delete the CRDs, and so every model of the cluster, when the stack is destroyed.
        depends_on: What must be there before.

    """
    home = context.namespace(namespace, {**_LABELS, _ENFORCED: controller.pod_security}, depends_on)
    crds = helm_release.install(
        context, context.row.kserve_crd, namespace=namespace, values={}, depends_on=[home], retain=not delete_crds
    )
    secrets = list(_serving_secret(context, controller, namespace, home))
    layer = _installed(context, controller, namespace, [home, crds.ready, *depends_on, *secrets])
    gated = helm_release.gate(context, layer, namespace=namespace, probes=_probes(context, namespace))
    return Layer(gated.name, gated.version, gated.ready, (home, *secrets, *crds.resources, *gated.resources))


def _serving_secret(
    context: LayerContext, controller: Controller, namespace: str, home: pulumi.Resource
) -> Iterator[pulumi.Resource]:
    if isinstance(controller.certificates, Provided):
        secret = serving_secret(controller.certificates, namespace, {STACK_LABEL: context.stack})
        if secret:
            yield KubernetesObject(
                f"{context.platform}-webhook-certificate", secret, context.options(depends_on=[home])
            )


def _installed(
    context: LayerContext, controller: Controller, namespace: str, depends_on: Sequence[pulumi.Resource]
) -> Layer:
    """The controller's release, and after it one patch after the other."""
    chosen = values(controller, context.row.release)
    layer = helm_release.install(
        context, context.row.kserve_resources, namespace=namespace, values=chosen, depends_on=depends_on
    )
    made = [*layer.resources]
    for name, manifest in _patches(controller, context.row.release, namespace, digest([chosen, layer.version])):
        patch = KubernetesPatch(
            f"{context.platform}-{name}", manifest, context.options(depends_on=[made[-1]], retain_on_delete=True)
        )
        made.append(patch)
    return Layer(layer.name, layer.version, made[-1], tuple(made))


def _patches(controller: Controller, release: str, namespace: str, inputs: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is patched into what the release made, in this order; `inputs` is a digest of the release's inputs."""
    annotations = {
        "pulumi.com/patchForce": "true",
        "pulumi.com/patchFieldManager": "pulumi-kserve-configuration",
        "pulumi-kserve/release-inputs": inputs,
    }
    if isinstance(controller.certificates, Provided):
        for each in webhook_authority(controller.certificates, webhook_names(release), annotations):
            yield f"authority-{each['kind'].lower()}-{each['metadata']['name']}", each
    if patched := controller.patched(release):
        metadata = {"name": _CONFIG_MAP, "namespace": namespace, "annotations": annotations}
        yield "configuration", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": patched}
        started_with = start_hash(values(controller, release), patched, controller.watched)[1]
        if started_with:
            yield "controller-restart", _restart(namespace, annotations, started_with)


def _restart(namespace: str, annotations: Mapping[str, str], started_with: str) -> dict[str, Any]:
    """An annotation of the controller's pods that changes with what they read when they start."""
    template = {"metadata": {"annotations": {_STARTED_WITH_PATCH: started_with}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": _DEPLOYMENT, "namespace": namespace, "annotations": dict(annotations)},
        "spec": {"template": template},
    }


def values(controller: Controller, release: str) -> dict[str, Any]:
    """The values of chart kserve-resources.

    They hold a digest of what is patched, so that Helm writes the ConfigMap anew when that changes.
    """
    own: dict[str, Any] = {
        "kserve": {
            "controller": {
                "deploymentMode": controller.mode.kserve_name,
                "imagePullPolicy": "IfNotPresent",
                "gateway": gateway_values(controller.mode.gateway),
            },
        }
    }
    whole = laid_over(
        laid_over(own, chart_values(controller.configuration)), certificate_values(controller.certificates)
    )
    patched = controller.patched(release)
    started_with = start_hash(whole, patched, controller.watched)[0]
    annotated: dict[str, Any] = {"podAnnotations": {_STARTED_WITH: started_with}}
    if patched:
        annotated["annotations"] = {_CONFIGURATION: digest(patched)}
    return laid_over(whole, {"kserve": {"controller": annotated}})


def gateway_values(gateway: Gateway) -> dict[str, Any]:
    """The chart's values under ``kserve.controller.gateway``.

    Behind a Gateway the routes are ours: KServe's own know no shares of requests and no paths, and win over others by
    their age. The domain still is the gateway's, so that an InferenceService's status names the URL that answers.
    """
    shut = {"disableIngressCreation": True, "disableIstioVirtualHost": True}
    if isinstance(gateway, ClusterLocal):
        return shut
    if isinstance(gateway, IngressClass):
        return {
            "domain": gateway.host,
            "disableIstioVirtualHost": True,
            "ingressGateway": {"className": gateway.name},
        }
    return {**shut, "domain": gateway.exposure.host, "urlScheme": gateway.exposure.scheme}


def _probes(context: LayerContext, namespace: str) -> list[dict[str, Any]]:
    versions = context.row.api_versions
    metadata = {"name": "pulumi-kserve-probe", "namespace": namespace}
    container = {"name": "kserve-container", "image": "probe"}
    return [
        {
            "apiVersion": versions["InferenceService"],
            "kind": "InferenceService",
            "metadata": metadata,
            "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "pvc://probe/probe"}}},
        },
        {
            "apiVersion": versions["ServingRuntime"],
            "kind": "ServingRuntime",
            "metadata": metadata,
            "spec": {"containers": [container]},
        },
        {
            "apiVersion": versions["ClusterServingRuntime"],
            "kind": "ClusterServingRuntime",
            "metadata": {"name": "pulumi-kserve-probe"},
            "spec": {"containers": [container]},
        },
    ]
