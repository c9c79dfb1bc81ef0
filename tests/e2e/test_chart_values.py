"""Every value that a layer hands to its chart is one that the chart's own values name."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi_kserve.models import is_mapping
from pulumi_kserve.platform.layers import envoy_gateway, metrics_server, model_cache
from pulumi_kserve.platform.releases import RELEASES, release_row

from tests.e2e.spine import REPOSITORY
from tools.charts.render import Rendered, rendered
from tools.embedded.binaries import MODULES as EMBEDDED
from tools.embedded.charts import build_charts
from tools.gobuild import module_source

pytestmark = pytest.mark.e2e

MODULES = REPOSITORY / "tools/schemas/modules"
LATER = {"0.19": {"crds.gatewayAPI.safeUpgradePolicy.enabled"}}
"""Values that only later charts read, and that earlier ones pass over."""


def unknown(values: Mapping[str, Any], known: Any, path: str = "") -> Iterator[str]:
    """The paths of values that the chart does not name; below an empty mapping everything is free."""
    for key, value in values.items():
        here = f"{path}{key}"
        if not isinstance(known, dict) or key not in known:
            yield from leaves(value, here)
        elif is_mapping(value) and known[key]:
            yield from unknown(value, known[key], f"{here}.")


def leaves(value: Any, path: str) -> Iterator[str]:
    if is_mapping(value) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}")
    else:
        yield path


def named(chart: Path) -> dict[str, Any]:
    """The chart's values, with those of its subcharts under their names."""
    file = next(chart / name for name in ("values.yaml", "values.tmpl.yaml") if (chart / name).is_file())
    own: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    subcharts = sorted((chart / "charts").glob("*/values.yaml"))
    return own | {each.parent.name: yaml.safe_load(each.read_text("utf-8")) for each in subcharts}


def envoy_chart(release: str, chart: str) -> dict[str, Any]:
    source = module_source(MODULES / release / "envoy-gateway", "github.com/envoyproxy/gateway")
    return named(source / "charts" / chart)


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_envoy_gateways_chart_knows_what_it_is_told(release: str) -> None:
    told = envoy_gateway.values(release_row(release).proven_images)
    assert set(unknown(told, envoy_chart(release, "gateway-helm"))) == LATER.get(release, set())


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_the_model_caches_chart_knows_what_it_is_told(release: str) -> None:
    source = module_source(MODULES / release, "github.com/kserve/kserve")
    assert list(unknown(model_cache.values(), named(source / "charts/kserve-localmodel-resources"))) == []


def test_metrics_servers_chart_knows_what_it_is_told() -> None:
    source = module_source(EMBEDDED / "metrics-server", "sigs.k8s.io/metrics-server")
    told = metrics_server.values(release_row("0.20").proven_images, cert_manager=True)
    assert list(unknown(told, named(source / "charts/metrics-server"))) == []


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """What Helm makes of Envoy Gateway's chart and our values."""
    charts = build_charts(tmp_path_factory.mktemp("made") / "charts", lambda _line: None)
    values = envoy_gateway.values(release_row("0.20").proven_images)
    return rendered(charts / "gateway-helm", values, release="eg", namespace=envoy_gateway.NAMESPACE)


def test_no_hook_of_envoy_gateway_outlives_its_namespace(envoy: Rendered) -> None:
    assert {hook["metadata"].get("namespace") for hook in envoy.hooks} == {envoy_gateway.NAMESPACE}


def test_envoy_gateways_chart_brings_no_policy_for_crds(envoy: Rendered) -> None:
    assert [each["kind"] for each in envoy.objects if each["kind"].startswith("ValidatingAdmission")] == []


def test_the_release_of_envoy_gateway_makes_the_deployment_of_its_documentation(envoy: Rendered) -> None:
    assert envoy.named("Deployment", "envoy-gateway")
