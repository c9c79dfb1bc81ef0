"""Every chart that is installed as a Helm release fits into the Secret in which Helm keeps it, with room to spare.

Helm keeps the chart's own files and the rendered manifests as JSON, packed and then in base64; files of subcharts are
not kept. https://helm.sh/docs/topics/advanced/#storage-backends
"""

import base64
import gzip
import json
from pathlib import Path

import pytest
from pulumi_kserve.platform.releases import RELEASES

from tests.e2e.spine import REPOSITORY
from tools.embedded.charts import build_charts
from tools.gobuild import module_source

pytestmark = pytest.mark.e2e

MODULES = REPOSITORY / "tools/schemas/modules"
LIMIT = 1 << 20
"""The most bytes that the data of a Secret may have."""
SPARE = 0.9
KSERVE_CHARTS = (
    "kserve-crd",
    "kserve-resources",
    "kserve-runtime-configs",
    "kserve-localmodel-crd",
    "kserve-localmodel-resources",
)
NEARLY_FULL = ("0.19", "gateway-helm")
"""Envoy Gateway v1.7.0 has its CRDs in the chart itself: https://github.com/envoyproxy/gateway/pull/8283."""


def kept(chart: Path) -> float:
    """What Helm keeps of the chart, as a share of the limit; every template counts as rendered."""
    whole = [path for path in sorted(chart.rglob("*")) if path.is_file()]
    own = [path for path in whole if "charts" not in path.relative_to(chart).parts]
    files = [{"name": str(path.relative_to(chart)), "data": encoded(path.read_bytes())} for path in own]
    rendered = "".join(path.read_text("utf-8") for path in own if is_rendered(path.relative_to(chart)))
    release = json.dumps({"chart": {"templates": files}, "manifest": rendered})
    return len(encoded(gzip.compress(release.encode(), 9, mtime=0))) / LIMIT


def is_rendered(path: Path) -> bool:
    return path.suffix == ".yaml" and path.parts[0] in {"templates", "files"}


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def envoy_chart(release: str, chart: str) -> Path:
    return module_source(MODULES / release / "envoy-gateway", "github.com/envoyproxy/gateway") / "charts" / chart


@pytest.mark.parametrize("release", sorted(RELEASES))
@pytest.mark.parametrize("chart", KSERVE_CHARTS)
def test_kserves_charts_fit(release: str, chart: str) -> None:
    source = module_source(MODULES / release, "github.com/kserve/kserve")
    assert kept(source / "charts" / chart) < SPARE


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_envoy_gateways_controller_fits(release: str) -> None:
    spare = 1 if (release, "gateway-helm") == NEARLY_FULL else SPARE
    assert kept(envoy_chart(release, "gateway-helm")) < spare


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_the_crds_of_gateways_do_not_fit_and_so_are_no_release(release: str) -> None:
    assert kept(envoy_chart(release, "gateway-crds-helm")) > 1


def test_the_charts_of_the_embedded_cluster_fit(tmp_path: Path) -> None:
    charts = build_charts(tmp_path / "charts", lambda _line: None)
    full = {chart.name: kept(chart) for chart in charts.iterdir() if (chart / "Chart.yaml").is_file()}
    del full["gateway-crds-helm"]
    assert {name: share for name, share in full.items() if share >= SPARE} == {}
