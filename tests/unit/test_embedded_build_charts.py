"""Chart folders made from the modules' own files, and the order of the whole build."""

from pathlib import Path

import pytest

from tests.unit.answers import always
from tools.embedded import build as build_module
from tools.embedded import charts, images
from tools.embedded.build import build_all
from tools.embedded.charts import build_charts
from tools.errors import ToolError
from tools.progress import Event

ENVOY_GATEWAY_CHART = """apiVersion: v2
name: gateway-helm
version: v0.0.0-latest
appVersion: "latest"
dependencies:
  - name: crds
    version: "0.0.0"
"""
CHART = """apiVersion: v1
name: cert-manager
version: v0.1.0
appVersion: v0.1.0
annotations:
  artifacthub.io/prerelease: "{{IS_PRERELEASE}}"
"""


def ignore(_: Event) -> None:
    pass


def put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    path.chmod(0o444)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The chart folders, made of a small copy of what the modules hold."""
    source = tmp_path / "source"
    for chart in charts.KSERVE_CHARTS:
        put(source / "charts" / chart / "Chart.yaml", f"name: {chart}\n")
    parts = source / "deploy" / "charts" / "cert-manager"
    put(parts / "Chart.template.yaml", CHART)
    put(parts / "values.yaml", "installCRDs: false\n")
    put(parts / "templates" / "deployment.yaml", "kind: Deployment\n")
    for crd in ("b", "a"):
        put(source / "deploy" / "crds" / f"crd-{crd}.yaml", f"kind: {crd}\n")
        put(source / "config" / "crd" / "standard" / f"gateway.{crd}.yaml", f"kind: {crd}\n")
    for chart in charts.ENVOY_GATEWAY_CHARTS:
        put(source / "charts" / chart / "Chart.yaml", ENVOY_GATEWAY_CHART)
        values = "image: ${GatewayImage}\npullPolicy: ${GatewayImagePullPolicy}\n"
        put(source / "charts" / chart / "values.tmpl.yaml", values)
    put(source / "charts" / charts.METRICS_SERVER_CHART / "Chart.yaml", "version: 3.13.1\n")
    monkeypatch.setattr(charts, "module_source", always(source))
    return build_charts(tmp_path / "charts", ignore)


def test_a_chart_of_kserve_is_copied_as_it_is(made: Path) -> None:
    assert (made / "kserve-crd" / "Chart.yaml").read_text("utf-8") == "name: kserve-crd\n"


def test_the_cert_manager_chart_bears_its_release(made: Path) -> None:
    described = (made / "cert-manager" / "Chart.yaml").read_text("utf-8")
    assert "\nversion: v1.11.5\nappVersion: v1.11.5\n" in described
    assert 'prerelease: "false"' in described


def test_the_cert_manager_crds_are_switched_by_one_value(made: Path) -> None:
    template = (made / "cert-manager" / "templates" / "crds.yaml").read_text("utf-8")
    assert template == "{{- if .Values.installCRDs }}\nkind: a\n---\nkind: b\n{{- end }}\n"


def test_the_envoy_gateway_chart_bears_its_release_and_leaves_its_dependency_alone(made: Path) -> None:
    described = (made / "gateway-helm" / "Chart.yaml").read_text("utf-8")
    assert "\nversion: v1.8.1\nappVersion: v1.8.1\n" in described
    assert '    version: "0.0.0"\n' in described


def test_the_values_of_envoy_gateway_name_its_image(made: Path) -> None:
    values = (made / "gateway-helm" / "values.yaml").read_text("utf-8")
    assert values == "image: docker.io/envoyproxy/gateway:v1.8.1\npullPolicy: IfNotPresent\n"


def test_the_objects_of_gateway_api_are_one_file(made: Path) -> None:
    assert (made / charts.GATEWAY_API_FILE).read_text("utf-8") == "kind: a\n---\nkind: b\n"


def test_the_metrics_server_chart_is_copied_as_it_is(made: Path) -> None:
    assert (made / "metrics-server" / "Chart.yaml").read_text("utf-8") == "version: 3.13.1\n"


def test_unchanged_charts_are_left_alone(made: Path) -> None:
    before = made.stat().st_ino
    assert build_charts(made, ignore).stat().st_ino == before


def test_a_damaged_chart_is_made_again(made: Path) -> None:
    damaged = made / "cert-manager" / "values.yaml"
    damaged.write_text("", "utf-8")
    build_charts(made, ignore)
    assert damaged.read_text("utf-8") == "installCRDs: false\n"


def test_a_missing_tool_is_told_before_the_first_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_KSERVE_HOME", str(tmp_path))
    monkeypatch.setattr(build_module, "is_built", always(0))
    monkeypatch.setattr("tools.embedded.debian.shutil.which", always(None))
    events: list[Event] = []
    with pytest.raises(ToolError, match="no `mmdebstrap` on PATH"):
        build_all(events.append)
    assert events == []


def test_a_short_disk_is_told_before_the_first_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_KSERVE_HOME", str(tmp_path))
    monkeypatch.setattr(build_module, "is_built", always(0))
    monkeypatch.setattr(images, "require_tools", always(None))
    monkeypatch.setattr(build_module, "go_folders", always((tmp_path / "modules", tmp_path / "compiled")))
    monkeypatch.setattr("tools.cache.shutil.disk_usage", always(type("Usage", (), {"free": 1 << 30})))
    events: list[Event] = []
    with pytest.raises(ToolError, match=r"needs 25\.0 GiB of free disk .* 1\.0 GiB are free"):
        build_all(events.append)
    assert events == []
