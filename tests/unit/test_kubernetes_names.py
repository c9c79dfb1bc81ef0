"""Every key that the Kubernetes structures write is a key of KServe's CRDs, at the place where it is written."""

import inspect

import pytest
from pulumi_kserve.endpoints.spec import (
    container,
    environment,
    pod,
    probes,
    projections,
    resources,
    scheduling,
    security,
    volumes,
)
from pulumi_kserve.models import Spec

from tests.unit.kubernetes_fields import RELEASES, keys_at, keys_of

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
PLACES: dict[type[Spec], tuple[str, ...]] = {
    container.ContainerFields: ("containers", "initContainers", "model", "workerSpec.containers"),
    container.Container: ("containers", "initContainers", "workerSpec.containers"),
    container.ContainerPort: ("containers.ports",),
    environment.SecretKey: ("containers.env.valueFrom.secretKeyRef",),
    environment.ConfigMapKey: ("containers.env.valueFrom.configMapKeyRef",),
    environment.PodField: ("containers.env.valueFrom.fieldRef",),
    environment.ResourceField: ("containers.env.valueFrom.resourceFieldRef",),
    probes.Probe: ("containers.livenessProbe", "containers.readinessProbe", "containers.startupProbe"),
    probes.HttpGet: ("containers.readinessProbe.httpGet", "containers.lifecycle.preStop.httpGet"),
    probes.HttpHeader: ("containers.readinessProbe.httpGet.httpHeaders",),
    probes.TcpSocket: ("containers.readinessProbe.tcpSocket",),
    probes.Grpc: ("containers.readinessProbe.grpc",),
    probes.Exec: ("containers.readinessProbe.exec",),
    probes.Sleep: ("containers.lifecycle.preStop.sleep",),
    probes.Lifecycle: ("containers.lifecycle",),
    security.ContainerSecurity: ("containers.securityContext",),
    security.Capabilities: ("containers.securityContext.capabilities",),
    security.Profile: ("containers.securityContext.seccompProfile", "securityContext.appArmorProfile"),
    security.SeLinuxOptions: ("containers.securityContext.seLinuxOptions",),
    security.PodSecurity: ("securityContext",),
    security.Sysctl: ("securityContext.sysctls",),
    resources.Resources: ("containers.resources",),
    volumes.VolumeMount: ("containers.volumeMounts",),
    volumes.EmptyDir: ("volumes.emptyDir",),
    volumes.ConfigMapVolume: ("volumes.configMap",),
    volumes.SecretVolume: ("volumes.secret",),
    volumes.ClaimVolume: ("volumes.persistentVolumeClaim",),
    volumes.HostPath: ("volumes.hostPath",),
    volumes.NfsVolume: ("volumes.nfs",),
    volumes.SecretReference: ("volumes.csi.nodePublishSecretRef",),
    volumes.CsiVolume: ("volumes.csi",),
    volumes.ImageVolume: ("volumes.image",),
    volumes.DownwardApiVolume: ("volumes.downwardAPI",),
    projections.KeyToPath: ("volumes.configMap.items", "volumes.secret.items"),
    projections.FieldReference: ("volumes.downwardAPI.items.fieldRef",),
    projections.ContainerResource: ("volumes.downwardAPI.items.resourceFieldRef",),
    projections.DownwardApiFile: ("volumes.downwardAPI.items",),
    projections.ConfigMapProjection: ("volumes.projected.sources.configMap",),
    projections.SecretProjection: ("volumes.projected.sources.secret",),
    projections.DownwardApiProjection: ("volumes.projected.sources.downwardAPI",),
    projections.ServiceAccountToken: ("volumes.projected.sources.serviceAccountToken",),
    projections.ProjectedVolume: ("volumes.projected",),
    pod.PodFields: ("", "workerSpec"),
    pod.HostAlias: ("hostAliases",),
    pod.DnsConfig: ("dnsConfig",),
    pod.DnsOption: ("dnsConfig.options",),
    scheduling.Toleration: ("tolerations",),
    scheduling.TopologySpread: ("topologySpreadConstraints",),
    scheduling.Affinity: ("affinity",),
    scheduling.NodeAffinity: ("affinity.nodeAffinity",),
    scheduling.NodeSelector: (f"affinity.nodeAffinity.{_REQUIRED}",),
    scheduling.NodeSelectorTerm: (f"affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms",),
    scheduling.NodeRequirement: (f"affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms.matchExpressions",),
    scheduling.WeightedNodeTerm: (f"affinity.nodeAffinity.{_PREFERRED}",),
    scheduling.PodAffinity: ("affinity.podAffinity", "affinity.podAntiAffinity"),
    scheduling.PodAffinityTerm: (f"affinity.podAffinity.{_REQUIRED}",),
    scheduling.WeightedPodTerm: (f"affinity.podAffinity.{_PREFERRED}",),
    scheduling.LabelSelector: ("topologySpreadConstraints.labelSelector",),
    scheduling.LabelRequirement: ("topologySpreadConstraints.labelSelector.matchExpressions",),
}
OF_A_FORM_OF_THEIR_OWN = {environment.EnvSource, volumes.Volume, volumes.EphemeralVolume}
MODULES = (container, environment, pod, probes, projections, resources, scheduling, security, volumes)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("kind", "place"),
    [(kind, place) for kind, places in PLACES.items() for place in places],
    ids=lambda value: value.__name__ if isinstance(value, type) else value or "predictor",
)
def test_every_key_of_a_class_is_one_of_the_crd(kind: type[Spec], place: str, release: str) -> None:
    assert keys_of(kind) <= keys_at(release, place)


def test_every_class_has_a_place_or_a_form_of_its_own() -> None:
    classes = {
        kind
        for module in MODULES
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Spec) and kind.__module__ == module.__name__ and not name.startswith("_")
    }
    assert classes == set(PLACES) | OF_A_FORM_OF_THEIR_OWN
