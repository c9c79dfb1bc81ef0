"""The runtimes of KServe's own chart: the data, what a platform makes of them, and the command that lists them."""

import json
from pathlib import Path
from typing import Any

import pulumi_kserve as kserve
import pytest
from pulumi_kserve.cli import main
from pulumi_kserve.contracts import FormatFacts, RuntimeFacts, WorkerFacts
from pulumi_kserve.errors import SpecError
from pulumi_kserve.platform.catalogue import catalogue
from pulumi_kserve.platform.chart_runtimes import chart_runtime_data, chart_runtimes, read_chart_runtimes
from pulumi_kserve.platform.layers.chart_runtimes import values
from pulumi_kserve.platform.releases import RELEASES
from pulumi_kserve.testing import problems, synth

from tests.unit.programs import cluster
from tools.schemas.runtimes import runtimes_file

RUNTIME = """\
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterServingRuntime
metadata: {name: kserve-thing, annotations: {serving.kserve.io/server-type: thing}}
spec:
  annotations: {multinode/executor-backend: mp}
  containers:
  - {name: kserve-container, image: "thing:latest", resources: {requests: {cpu: "1"}, limits: {cpu: "2"}}}
  supportedModelFormats: [{name: thing, version: "1", autoSelect: false, priority: 3}]
  workerSpec: {tensorParallelSize: 2, containers: []}
"""
TEMPLATE = """\
metadata:
  name: kserve-thing
spec:
  disabled: {{ .Values.kserve.servingruntime.thing.disabled }}
  containers:
    - name: kserve-container
      image: "{{ .Values.kserve.servingruntime.thing.image }}:{{ .Values.kserve.tag | default .Values.kserve.version }}"
"""
VALUES = "kserve: {version: v9, tag: '', servingruntime: {thing: {image: here/thing}}}\n"


def chart(folder: Path, template: str = TEMPLATE) -> Path:
    files = folder / "charts" / "kserve-runtime-configs" / "files" / "runtimes"
    files.mkdir(parents=True)
    (files / "resources.yaml").write_text(RUNTIME)
    (files / "clusterservingruntimes-patch.yaml").write_text(template)
    (files.parents[1] / "values.yaml").write_text(VALUES)
    return folder


def named(release: str, name: str) -> RuntimeFacts:
    return next(runtime for runtime in chart_runtimes(release) if runtime.name == name)


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_every_release_has_data_of_its_charts_runtimes(release: str) -> None:
    found = chart_runtime_data(release)
    assert [runtime.name for runtime in found] == sorted(runtime.name for runtime in found)
    assert len(found) == {"0.19": 12, "0.20": 14}[release]


def test_kserves_own_images_carry_the_releases_tag() -> None:
    assert named("0.19", "kserve-sklearnserver").image == "kserve/sklearnserver:v0.19.0"
    assert named("0.20", "kserve-huggingfaceserver-multinode").image == "kserve/huggingfaceserver:v0.20.0-gpu"


def test_only_the_multi_node_runtime_has_workers() -> None:
    assert [each.name for each in chart_runtimes("0.20") if each.worker] == ["kserve-huggingfaceserver-multinode"]


def test_a_release_without_data_is_refused() -> None:
    with pytest.raises(SpecError, match="not known"):
        chart_runtimes("0.7")


@pytest.mark.parametrize("text", ["[", "a: b", "- name: x"])
def test_a_wrong_file_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "0.20.yaml"
    file.write_text(text)
    with pytest.raises(SpecError, match=r"0\.20\.yaml"):
        read_chart_runtimes(file)


def test_the_charts_data_is_no_runtime_of_the_catalogue() -> None:
    assert "charts" not in catalogue()


def test_the_data_is_read_from_the_charts_objects_and_templates(tmp_path: Path) -> None:
    file = tmp_path / "data.yaml"
    file.write_text(runtimes_file(chart(tmp_path), "KServe v9"))
    (runtime,) = read_chart_runtimes(file)
    assert runtime.image == "here/thing:v9"
    assert runtime.values_key == "thing"
    assert runtime.formats == (FormatFacts(name="thing", version="1", priority=3),)
    assert runtime.worker == WorkerFacts(tensor_parallel_size=2, executor="mp")


@pytest.mark.parametrize("template", ["", TEMPLATE.replace("| default .Values", "| or .Values")])
def test_a_chart_of_another_form_stops_the_writing(tmp_path: Path, template: str) -> None:
    with pytest.raises(Exception, match=r"(no template of kserve-thing|templated anew)"):
        runtimes_file(chart(tmp_path, template), "KServe v9")


def platform(*names: str) -> Any:
    return synth(lambda: kserve.Platform("kserve", {"runtimes": list(names)}, cluster=cluster()))


def test_a_platform_installs_the_chart_when_one_of_its_runtimes_is_named() -> None:
    found = platform("kserve-huggingfaceserver").named("kserve-kserve-runtime-configs")
    runtimes = found.inputs["values"]["kserve"]["servingruntime"]
    assert runtimes["enabled"] is True
    assert [key for key, value in runtimes.items() if value == {"disabled": False}] == ["huggingfaceserver"]


def test_a_platform_of_the_catalogues_runtimes_installs_no_chart_of_them() -> None:
    assert not [each for each in platform("sklearn").resources if "runtime-configs" in each.name]


def test_the_charts_runtimes_wait_for_the_controllers_gate() -> None:
    found = platform("kserve-pmmlserver")
    assert found.named("kserve-gate-kserve-resources").urn in found.named("kserve-kserve-runtime-configs").dependencies


def test_facts_hold_the_named_runtimes_only() -> None:
    made: list[str] = []

    def program() -> None:
        spec = {"runtimes": ["kserve-pmmlserver", "sklearn"]}
        made.extend(each.name for each in kserve.Platform("kserve", spec, cluster=cluster()).facts.runtimes)

    synth(program)
    assert made == ["sklearn", "kserve-pmmlserver"]


def test_two_runtimes_that_kserve_would_refuse_together_are_refused() -> None:
    spec = {"runtimes": ["sklearn", "kserve-sklearnserver"]}
    (problem,) = problems(lambda: kserve.Platform("kserve", spec, cluster=cluster()))
    assert problem.path == "runtimes[1]"
    assert "sklearn 1 with the same priority" in problem.reason


def test_runtimes_that_share_a_key_are_enabled_together() -> None:
    runtimes = values("0.20", ["kserve-huggingfaceserver-multinode"])["kserve"]["servingruntime"]
    assert runtimes["huggingfaceserver"] == {"disabled": False}


def test_the_command_lists_what_serves_what(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["runtimes", "--release", "0.19"])
    said = capsys.readouterr().out
    assert "kserve-tensorflow-serving" in said
    assert "kserve-vllmserver" not in said


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["runtimes", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert {each["name"]: each["origin"] for each in found["runtimes"]}["sklearn"] == "catalogue"
    assert found["chosen"]["sklearn"]["v2"] == "kserve-mlserver"
    assert found["chosen"]["onnx"]["unset"] is None


def test_the_command_refuses_a_release_that_is_not_supported(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["runtimes", "-r", "0.7"])
    assert "Use 0.19 or 0.20" in capsys.readouterr().err
