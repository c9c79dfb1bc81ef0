"""Whether a KServe that others run is as a program says: every difference at once, each with its cure.

https://kserve.github.io/website/docs/admin-guide/configurations
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pulumi_kserve.errors import ClusterUnreachable, Problem
from pulumi_kserve.live.cluster import DEPLOYMENTS, Json, Kind
from pulumi_kserve.live.controller import CONTROLLER, look_at_controller
from pulumi_kserve.live.installed import missing
from pulumi_kserve.live.installed_configuration import configuration_differences
from pulumi_kserve.live.installed_gateway import gateway_differences
from pulumi_kserve.live.observation import dig
from pulumi_kserve.platform.served import Served

if TYPE_CHECKING:
    from pulumi_kserve.contracts import PlatformFacts, RuntimeFacts
    from pulumi_kserve.live.cluster import Cluster
    from pulumi_kserve.platform.existing_platform import ExistingPlatformSpec
    from pulumi_kserve.platform.releases import Release

__all__ = ["CLUSTER_RUNTIMES", "RUNTIMES", "differences"]

CLUSTER_RUNTIMES = Kind(
    "serving.kserve.io/v1alpha1", "ClusterServingRuntime", "clusterservingruntimes", namespaced=False
)
RUNTIMES = Kind("serving.kserve.io/v1alpha1", "ServingRuntime", "servingruntimes")

_NEEDED: Final = ("InferenceService", "ClusterServingRuntime", "ServingRuntime", "InferenceGraph", "TrainedModel")
_PROBE: Final = "pulumi-kserve-probe"
_FORBIDDEN: Final = "(403)"
_VERSION: Final = re.compile(r"(?<![\d.])v?(\d+\.\d+)\.\d+")
_VERSION_LABELS: Final = ("app.kubernetes.io/version", "helm.sh/chart")


@dataclass(frozen=True, slots=True)
class _Look:
    cluster: Cluster
    spec: ExistingPlatformSpec
    facts: PlatformFacts
    row: Release
    say: Callable[[str], object]


def differences(
    cluster: Cluster,
    spec: ExistingPlatformSpec,
    facts: PlatformFacts,
    row: Release,
    say: Callable[[str], object],
) -> list[Problem]:
    """All in which the cluster differs from what is said of it. What may not be looked at counts as a difference.

    Args:
        cluster: The cluster.
        spec: What is said of it.
        facts: What endpoints are told of it.
        row: The release that it is said to have.
        say: Gets one line of what could not be told.

    """
    look = _Look(cluster, spec, facts, row, say)
    checks = (_kinds, _controller, _configuration, _gateway, _runtimes)
    return [problem for check in checks for problem in _seen(check, look)]


def _seen(check: Callable[[_Look], Iterator[Problem]], look: _Look) -> Iterator[Problem]:
    try:
        yield from check(look)
    except ClusterUnreachable as error:
        yield Problem("cluster", str(error), rule="existing-platform")


def _kinds(look: _Look) -> Iterator[Problem]:
    """The kinds, and the webhooks that judge them once they are there."""
    needed = [Served(look.row.api_versions[kind], kind, f"{kind.lower()}s") for kind in _NEEDED]
    faults = _missing(look.cluster, needed)
    chart = look.row.kserve_crd
    for fault in faults:
        yield _problem(
            "release", fault, f"Have the chart {chart.name} {chart.version} installed, or name the release that runs"
        )
    if not faults:
        yield from _webhooks(look)


def _missing(cluster: Cluster, needed: list[Served]) -> list[str]:
    """What is not served; who may not read definitions is still told by the API server what it serves."""
    try:
        return missing(cluster, needed)
    except ClusterUnreachable:
        return missing(cluster, [replace(kind, plural="") for kind in needed])


def _webhooks(look: _Look) -> Iterator[Problem]:
    """They must let pass what is right, and refuse a name that only KServe refuses."""
    where = look.spec.probe_namespace
    refusal = look.cluster.refusal(_service(look, _PROBE))
    if refusal is None:
        if look.cluster.refusal(_service(look, f"0-{_PROBE}")) is None:
            text = (
                "no webhook of KServe's judges InferenceServices: a name that KServe refuses was accepted in a dry run"
            )
            chart = look.row.kserve_resources
            yield _problem("namespace", text, f"Have the chart {chart.name} {chart.version} installed again")
    elif _FORBIDDEN in refusal or refusal.startswith("there is no namespace"):
        cure = "Name a namespace that exists, in which these credentials may create InferenceServices"
        yield _problem("probeNamespace", f"no dry run of an InferenceService is possible in {where}: {refusal}", cure)
    else:
        cure = (
            f"Read the controller's log: kubectl -n {look.spec.namespace} logs deployment/{CONTROLLER}; on private "
            "clusters look at the firewall between the API server and port 9443, too"
        )
        yield _problem("namespace", f"a dry run of an InferenceService is refused: {refusal}", cure)


def _service(look: _Look, name: str) -> dict[str, Any]:
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": "pvc://probe/probe"}
    return {
        "apiVersion": look.row.api_versions["InferenceService"],
        "kind": "InferenceService",
        "metadata": {"name": name, "namespace": look.spec.probe_namespace},
        "spec": {"predictor": {"model": model}},
    }


def _controller(look: _Look) -> Iterator[Problem]:
    seen = look_at_controller(look.cluster, look.spec.namespace)
    if not seen.works:
        yield _problem("namespace", seen.state, seen.cure)
    deployment = look.cluster.get(DEPLOYMENTS, CONTROLLER, look.spec.namespace)
    if deployment is None:
        return
    release, image = _release_of(deployment), _image_of(deployment)
    if release is None:
        look.say(f"neither the image {image} nor labels of Deployment {CONTROLLER} tell which release of KServe runs")
    elif release != look.row.release:
        text = f"the controller is of KServe {release} ({image}), and the spec says {look.row.release}"
        yield _problem("release", text, f"Write release {release}, or have KServe {look.row.release} installed")


def _release_of(deployment: Json) -> str | None:
    labels: dict[str, str] = dig(deployment, "metadata", "labels") or {}
    tag = _image_of(deployment).partition("@")[0].rpartition("/")[2].partition(":")[2]
    found = [_VERSION.search(text) for text in (tag, *(labels.get(label, "") for label in _VERSION_LABELS))]
    return next((match[1] for match in found if match), None)


def _image_of(deployment: Json) -> str:
    containers: list[Json] = dig(deployment, "spec", "template", "spec", "containers") or []
    return next((str(each.get("image", "")) for each in containers if each["name"] == "manager"), "")


def _configuration(look: _Look) -> Iterator[Problem]:
    yield from configuration_differences(look.cluster, look.spec)


def _gateway(look: _Look) -> Iterator[Problem]:
    yield from gateway_differences(look.cluster, look.spec, look.row)


def _runtimes(look: _Look) -> Iterator[Problem]:
    named = len(look.spec.runtimes)
    for index, runtime in enumerate(look.facts.runtimes):
        path = f"runtimes[{index}]" if index < named else f"furtherRuntimes[{index - named}]"
        yield from _runtime(look, runtime, path)


def _runtime(look: _Look, runtime: RuntimeFacts, path: str) -> Iterator[Problem]:
    kind = RUNTIMES if runtime.namespace else CLUSTER_RUNTIMES
    place = f"{runtime.namespace}/{runtime.name}" if runtime.namespace else runtime.name
    live = look.cluster.get(kind, runtime.name, runtime.namespace or None)
    if live is None:
        chart = look.row.kserve_runtime_configs
        cure = (
            f"Remove it from the list, or have it installed; KServe's own are in the chart {chart.name} {chart.version}"
        )
        yield _problem(path, f"there is no {kind.name} {place}", cure)
        return
    spec: Json = live["spec"]
    if bool(spec.get("disabled")) != runtime.disabled:
        state = "disabled" if spec.get("disabled") else "not disabled"
        yield _problem(path, f"{kind.name} {place} is {state}", "Have that changed, or say it here")
    for lacking in _unserved(spec, runtime):
        yield _problem(path, f"{kind.name} {place} does not serve {lacking}", "Say what it serves in furtherRuntimes")


def _unserved(live: Json, runtime: RuntimeFacts) -> Iterator[str]:
    formats: list[Json] = live.get("supportedModelFormats") or []
    served = {(each["name"], each.get("version"), bool(each.get("autoSelect"))) for each in formats}
    for each in runtime.formats:
        if (each.name, each.version, each.auto_select) not in served:
            how = "to be chosen by KServe itself" if each.auto_select else "when it is named"
            yield f"the format {each.name}{f' {each.version}' if each.version else ''} {how}"
    protocols: list[str] = live.get("protocolVersions") or []
    for protocol in runtime.protocols:
        if protocols and protocol not in protocols:
            yield f"the protocol {protocol}"


def _problem(path: str, message: str, cure: str) -> Problem:
    return Problem(path, message, cure, "existing-platform")
