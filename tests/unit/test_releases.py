"""The rows of releases: what belongs together, and where it is published."""

from dataclasses import fields

import pytest
from pulumi_kserve.platform.releases import RELEASES, Chart, Release, release_row


def charts(row: Release) -> list[Chart]:
    values = [getattr(row, field.name) for field in fields(row)]
    return [value for value in values if isinstance(value, Chart)]


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_every_chart_is_pinned_to_a_whole_version_of_a_published_place(release: str) -> None:
    for chart in charts(release_row(release)):
        assert len(chart.version.removeprefix("v").split(".")) == 3
        assert chart.repository.startswith(("oci://", "https://"))


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_charts_that_one_project_publishes_have_one_version(release: str) -> None:
    row = release_row(release)
    assert row.istio_base.version == row.istio_cni.version == row.istiod.version == row.istio
    assert {chart.version for chart in charts(row) if chart.name.startswith("kserve-")} == {f"v{release}.0"}


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_what_was_proven_is_a_chart_of_the_row(release: str) -> None:
    row = release_row(release)
    assert set(row.proven) <= {chart.name for chart in charts(row)}


@pytest.mark.parametrize(
    ("release", "gateway_api", "envoy_gateway"), [("0.19", "v1.4.1", "v1.7.0"), ("0.20", "v1.5.1", "v1.8.1")]
)
def test_gateways_come_in_the_versions_that_kserve_names(release: str, gateway_api: str, envoy_gateway: str) -> None:
    row = release_row(release)
    assert (row.gateway_api, row.envoy_gateway) == (gateway_api, envoy_gateway)
