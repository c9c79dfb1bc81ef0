"""The configuration as the chart's values, and as what the ConfigMap has to be patched with.

Helm writes the ConfigMap anew in every upgrade of the release, and so undoes a patch. So the patch names a digest of
the release's inputs, and is made again with them; and the release's values hold a digest of the patch, so that whatever
is taken out of it comes back as the chart has it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any, Final, cast

from pulumi_kserve.models import is_mapping
from pulumi_kserve.platform.configuration.defaults import default_configuration
from pulumi_kserve.platform.configuration.fields import ConfigurationField, fields_set
from pulumi_kserve.platform.configuration.spec import KServeConfiguration
from pulumi_kserve.platform.modes import Standard

__all__ = ["chart_values", "digest", "laid_over", "patched_keys", "start_hash"]

_READ_AT_START: Final = ("multiNode",)
_DIGEST_LENGTH: Final = 16


def chart_values(configuration: KServeConfiguration) -> dict[str, Any]:
    """What of the configuration the values of chart kserve-resources can say; nothing for what is unset."""
    values: dict[str, Any] = {}
    if configuration.local_models is not None:
        _put(values, "localmodel.enabled", value=True)
    for field, value in fields_set(configuration):
        for path, said in zip(field.values, _said(field, value), strict=True):
            _put(values, path, value=said)
    return {"kserve": values} if values else {}


def _said(field: ConfigurationField, value: Any) -> list[Any]:
    if not field.values:
        return []
    written = field.written(value)
    if len(field.values) > 1:
        return str(written).rsplit(":", 1)
    return [str(written) if isinstance(written, int) and not isinstance(written, bool) else written]


def patched_keys(configuration: KServeConfiguration, mode: Standard, release: str) -> dict[str, str]:
    """The whole JSON of each key of the ConfigMap with a field that values cannot say, by key."""
    known = list(fields_set(configuration))
    named = sorted({key for field, _ in known if field.patched for key in field.keys})
    whole: dict[str, Any] = {key: value for key, value in default_configuration(release).items() if key in named}
    for field, value in known:
        for place in field.places:
            if place.partition(".")[0] in named:
                _put(whole, place, value=field.written(value))
    if "deploy" in whole:
        whole["deploy"]["defaultDeploymentMode"] = mode.kserve_name
    return {key: json.dumps(whole[key], sort_keys=True) for key in named}


def start_hash(values: Mapping[str, Any], patched: Mapping[str, str], watched: Collection[str] = ()) -> tuple[str, str]:
    """Digests of what KServe's controller reads only when it starts: of the values, and of the patch.

    The first belongs into the pods' annotations, where Helm restarts the controller for it, the ConfigMap being written
    before. The second is empty when the patch holds nothing of the kind; else the controller has to be restarted after
    the patch.

    Args:
        values: The chart's values.
        patched: The patch of the ConfigMap.
        watched: What else decides which kinds the controller watches, such as KEDA being there.

    """
    gateway = values["kserve"]["controller"]["gateway"]
    by_gateway_api = gateway.get("ingressGateway", {}).get("enableGatewayApi", False)
    read = {key: patched[key] for key in _READ_AT_START if key in patched}
    watches = [gateway.get("disableIstioVirtualHost", False), by_gateway_api, sorted(watched)]
    return digest(watches), digest(read) if read else ""


def digest(value: Any) -> str:
    """A short digest of plain data."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:_DIGEST_LENGTH]


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """The values of both, mappings merged; where both say something, `above` is right."""
    merged = dict(below)
    for key, value in above.items():
        there = merged.get(key)
        merged[key] = laid_over(there, value) if is_mapping(there) and is_mapping(value) else value
    return merged


def _put(into: dict[str, Any], path: str, *, value: Any) -> None:
    *folders, last = path.split(".")
    for name in folders:
        into = cast("dict[str, Any]", into.setdefault(name, {}))
    into[last] = value
