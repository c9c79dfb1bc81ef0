"""How the data of KServe's configuration is made from a chart, and that every release has some."""

from pathlib import Path

import pytest
from pulumi_kserve.platform.configuration.defaults import default_configuration
from pulumi_kserve.platform.releases import RELEASES

from tools.errors import ToolError
from tools.schemas.configuration import configuration_file

BASE = 'apiVersion: v1\nkind: ConfigMap\ndata:\n  _example: |-\n    none\n  kept: |-\n    {"a": 1}\n'
OBJECTS = "kind: ValidatingWebhookConfiguration\nmetadata: {name: one}\nwebhooks: [{name: first}]\n"


def chart(folder: Path, patch: str, values: str) -> Path:
    """A module's folder with a chart that has one patched key."""
    files = {
        "files/common/configmap.yaml": BASE,
        "files/common/configmap-patch.yaml": f"data:\n  said: |-\n    {patch}\n",
        "files/kserve/resources.yaml": OBJECTS,
        "values.yaml": values,
    }
    for name, text in files.items():
        path = folder / "charts" / "kserve-resources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_a_release_has_data(release: str) -> None:
    assert default_configuration(release)["agent"]["image"].endswith(RELEASES[release].image_tag)


def test_values_are_filled_in_and_what_has_no_value_takes_the_one_beside_it(tmp_path: Path) -> None:
    patch = '{"image": "{{ .Values.a }}:{{ .Values.tag | default .Values.version }}", "yes": {{ .Values.enabled }}}'
    made = configuration_file(chart(tmp_path, patch, "a: agent\ntag: ''\nversion: v1\nenabled: false\n"))
    assert '"image": "agent:v1"' in made
    assert '"yes": false' in made


def test_what_the_chart_leaves_alone_stays_and_its_example_goes(tmp_path: Path) -> None:
    made = configuration_file(chart(tmp_path, "{}", "{}"))
    assert '"kept": {' in made
    assert "_example" not in made


def test_the_names_of_webhooks_are_kept(tmp_path: Path) -> None:
    assert '"one": [\n    "first"' in configuration_file(chart(tmp_path, "{}", "{}"))


def test_a_template_that_was_not_there_before_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="templated anew"):
        configuration_file(chart(tmp_path, '{"a": {{ toJson .Values.a }}}', "a: 1"))


def test_a_list_that_is_not_empty_any_more_is_refused(tmp_path: Path) -> None:
    patch = "[{{- range $index, $flag := .Values.a }} {{ $flag }} {{- end}}]"
    with pytest.raises(ToolError, match="not empty any more"):
        configuration_file(chart(tmp_path, patch, "a: [1]"))
