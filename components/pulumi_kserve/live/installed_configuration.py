"""Whether the configuration of a KServe that others run is as a program says.

https://kserve.github.io/website/docs/admin-guide/configurations
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from pulumi_kserve.errors import Problem
from pulumi_kserve.live.cluster import CONFIG_MAPS
from pulumi_kserve.platform.existing_platform import ExistingIngress, KnativeGateway, KServeGateway, SharedGateway
from pulumi_kserve.platform.modes import ClusterLocal

if TYPE_CHECKING:
    from pulumi_kserve.live.cluster import Cluster, Json
    from pulumi_kserve.platform.existing_platform import ExistingPlatformSpec

__all__ = ["CONFIGURATION", "configuration_differences", "gateway_path"]

CONFIGURATION: Final = "inferenceservice-config"
"""The ConfigMap that holds KServe's configuration, in the controller's namespace."""
_MODES: Final = {"RawDeployment": "Standard", "Serverless": "Knative"}
"""Modes by the names that KServe once gave them."""
_NO_INGRESS: Final = "svc.cluster.local"
_TEMPLATE: Final = "{{ .Name }}-{{ .Namespace }}.{{ .IngressDomain }}"
_DEFAULTS: Final = {"ingressDomain": "example.com", "urlScheme": "http", "domainTemplate": _TEMPLATE}
_KEYS: Final = {
    ClusterLocal: "clusterLocal",
    ExistingIngress: "ingress",
    KServeGateway: "kserveGateway",
    KnativeGateway: "knative",
    SharedGateway: "sharedGateway",
}


@dataclass(frozen=True, slots=True)
class _Setting:
    key: str
    wanted: str | bool
    field: str = ""
    """The field of the spec that says it; its kind of gateway does when empty."""


def gateway_path(spec: ExistingPlatformSpec, field: str = "") -> str:
    """Where the spec says the gateway, or a field of it."""
    path = f"mode.{spec.mode.kserve_name.lower()}.gateway.{_KEYS[type(spec.mode.gateway)]}"
    return f"{path}.{field}" if field else path


def configuration_differences(cluster: Cluster, spec: ExistingPlatformSpec) -> Iterator[Problem]:
    """What KServe's ConfigMap says otherwise than the spec, or does not say.

    Args:
        cluster: The cluster.
        spec: What is said of it.

    Raises:
        ClusterUnreachable: the server does not answer, or refuses.

    """
    found = cluster.get(CONFIG_MAPS, CONFIGURATION, spec.namespace)
    if found is None:
        text = f"there is no ConfigMap {spec.namespace}/{CONFIGURATION}"
        yield _problem("namespace", text, "Name the namespace in which KServe's controller runs")
        return
    data: dict[str, str] = found.get("data") or {}
    yield from _mode(data, spec)
    yield from _ingress(data, spec)


def _mode(data: dict[str, str], spec: ExistingPlatformSpec) -> Iterator[Problem]:
    deploy = _section(data, "deploy")
    if deploy is None:
        yield _unreadable(spec, "deploy")
        return
    said = deploy.get("defaultDeploymentMode")
    if _MODES.get(str(said), said) != spec.mode.kserve_name:
        text = _differs(spec, "deploy.defaultDeploymentMode", said, spec.mode.kserve_name)
        yield _problem("mode", text, "Set it there, or choose the other mode here")


def _ingress(data: dict[str, str], spec: ExistingPlatformSpec) -> Iterator[Problem]:
    ingress = _section(data, "ingress")
    if ingress is None:
        yield _unreadable(spec, "ingress")
        return
    for setting in _settings(spec, ingress):
        said = ingress.get(setting.key) or _DEFAULTS.get(setting.key, False)
        if _plain(said) != _plain(setting.wanted):
            path = gateway_path(spec, setting.field)
            cure = (
                f"Set it there, or change {path} here"
                if setting.field
                else "Set it there, or choose another gateway here"
            )
            yield _problem(path, _differs(spec, f"ingress.{setting.key}", said, setting.wanted), cure)


def _settings(spec: ExistingPlatformSpec, live: Json) -> tuple[_Setting, ...]:
    """What must be set for requests to go the way that the spec says."""
    gateway, shut = spec.mode.gateway, _Setting("disableIngressCreation", wanted=True)
    if isinstance(gateway, KnativeGateway) or spec.mode.kserve_name == "Knative":
        return ()
    if isinstance(gateway, ClusterLocal):
        return () if live.get("ingressDomain") == _NO_INGRESS else (shut,)
    led = (_Setting("ingressDomain", gateway.domain, "domain"), _Setting("urlScheme", gateway.scheme, "scheme"))
    if isinstance(gateway, SharedGateway):
        return (shut, *led)
    written = (_Setting("disableIngressCreation", wanted=False), *led, _Setting("domainTemplate", _TEMPLATE))
    if isinstance(gateway, ExistingIngress):
        named = _Setting("ingressClassName", gateway.class_name, "className")
        return (_Setting("enableGatewayApi", wanted=False), *written, named)
    named = _Setting("kserveIngressGateway", f"{gateway.namespace}/{gateway.name}", "name")
    return (_Setting("enableGatewayApi", wanted=True), *written, named)


def _section(data: dict[str, str], key: str) -> Json | None:
    """The JSON object under a key; None when it is none."""
    try:
        found: Any = json.loads(data.get(key, "{}"))
    except ValueError:
        return None
    return cast("Json", found) if isinstance(found, dict) else None


def _plain(value: object) -> object:
    """Templates count as equal whatever blanks they have."""
    return value.replace(" ", "") if isinstance(value, str) else value


def _differs(spec: ExistingPlatformSpec, key: str, said: object, wanted: object) -> str:
    there = f"{key} of ConfigMap {spec.namespace}/{CONFIGURATION}"
    return f"{there} is {json.dumps(said)}, and it would have to be {json.dumps(wanted)}"


def _unreadable(spec: ExistingPlatformSpec, key: str) -> Problem:
    text = f"{key} of ConfigMap {spec.namespace}/{CONFIGURATION} is not a JSON object, and KServe reads it as one"
    return _problem("namespace", text, "Have it mended")


def _problem(path: str, message: str, cure: str) -> Problem:
    return Problem(path, message, cure, "existing-platform")
