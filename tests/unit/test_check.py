"""`pulumi-kserve check`: which objects it judges, where findings stand, and how it ends."""

import io
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from pulumi_kserve.cli import judgement, main
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.errors import Problem

GOLDEN = Path(__file__).parents[1] / "golden"
SERVICE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: iris
  namespace: team
spec:
  predictor:
    minReplicas: 1
    maxReplicas: 2
    model:
      modelFormat: {name: sklearn}
      storageUri: s3://models/iris
"""
RUNTIME = """\
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: mine}
spec:
  containers:
  - name: kserve-container
    image: a
"""
BROKEN_RUNTIME = RUNTIME.replace("image", "imag")
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"


@dataclass(frozen=True)
class Checked:
    code: int
    out: str
    err: str

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.out)
        return found

    @property
    def findings(self) -> list[tuple[Any, ...]]:
        return [
            (finding["rule"], finding["path"], finding["line"])
            for verdict in self.verdicts
            for finding in verdict["findings"]
        ]


@dataclass(frozen=True)
class Command:
    """`check`, called in a folder of its own."""

    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, **files: str) -> Checked:
        for name, text in files.items():
            Path(f"{name}.yaml").write_text(dedent(text), "utf-8")
        with pytest.raises(SystemExit) as caught:
            main(["check", *arguments])
        said = self.capsys.readouterr()
        return Checked(int(caught.value.code or 0), said.out, said.err)

    def json(self, text: str, *options: str) -> Checked:
        return self("a.yaml", "--json", *options, a=text)


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(tmp_path)
    return Command(capsys)


@dataclass
class Asked:
    """What the judge was asked, and what it answers."""

    manifests: list[Mapping[str, Any]]
    contexts: list[Context]
    answer: list[Problem]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    seen = Asked([], [], [])

    def judge(manifest: Mapping[str, Any], context: Context) -> list[Problem]:
        seen.manifests.append(manifest)
        seen.contexts.append(context)
        return seen.answer

    monkeypatch.setattr(judgement, "judge", judge)
    return seen


def test_findings_of_the_rules_stand_on_the_lines_they_are_about(check: Command) -> None:
    class_of_none = "  annotations:\n    serving.kserve.io/autoscalerClass: kpa\n"
    text = SERVICE.replace("spec:\n", f"{class_of_none}spec:\n", 1).replace("iris\n", "Iris\n", 1)
    text = text.replace("maxReplicas: 2", "maxReplicas: 0.5").replace("    model:", "    sklearn:")
    found = {path: line for _, path, line in check.json(text).findings}
    assert found["metadata.name"] == 4
    assert found['metadata.annotations["serving.kserve.io/autoscalerClass"]'] == 7
    assert found["spec.predictor.maxReplicas"] == 11
    assert found["spec.predictor.sklearn.modelFormat"] == 13


def test_good_yaml_ends_with_0(check: Command) -> None:
    ended = check("a.yaml", a=SERVICE)
    assert (ended.code, ended.err) == (0, "")
    assert "1 object judged, 0 passed over: fine" in ended.out


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*/*.yaml")), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_what_our_own_endpoints_render_has_no_findings(check: Command, file: Path) -> None:
    mode = "knative" if file.stem.endswith("-knative") else "standard"
    ended = check(str(file), "--release", file.parent.name, "--mode", mode, "--json")
    assert ended.findings == []


def test_a_finding_is_one_line_with_file_line_object_path_message_and_cure(check: Command, asked: Asked) -> None:
    asked.answer = [Problem("spec.predictor.minReplicas", "is more than the most", "Give less", "max-below-min")]
    ended = check("a.yaml", a=SERVICE)
    expected = "a.yaml:8: InferenceService/iris: spec.predictor.minReplicas: is more than the most. Give less"
    assert (ended.code, ended.out.splitlines()[0]) == (1, expected)


def test_after_the_findings_a_table_sums_them_up_by_kind(check: Command, asked: Asked) -> None:
    asked.answer = [Problem("spec", "is wrong")]
    out = check("a.yaml", a=f"{SERVICE}---\n{CONFIG_MAP}---\n{SERVICE}").out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if line.startswith("│")]
    assert rows == [["ConfigMap", "passed over", "1", "0"], ["InferenceService", "judged", "2", "2"]]
    assert out.splitlines()[-1] == "2 objects judged, 1 passed over: 2 findings"


def test_json_gives_a_verdict_per_object(check: Command, asked: Asked) -> None:
    asked.answer = [Problem("spec.predictor", "is wrong", "Mend it", "a-rule")]
    ended = check.json(f"---\n---\n{SERVICE}---\n{CONFIG_MAP}")
    line = {"rule": "a-rule", "path": "spec.predictor", "line": 9, "message": "is wrong", "cure": "Mend it"}
    service = {"index": 1, "kind": "InferenceService", "name": "iris", "namespace": "team", "judged": True}
    other = {"index": 2, "kind": "ConfigMap", "name": "c", "namespace": None, "judged": False}
    assert ended.verdicts == [
        {"file": "a.yaml", "item": None, **service, "findings": [line]},
        {"file": "a.yaml", "item": None, **other, "findings": []},
    ]


def test_format_json_and_json_are_the_same(check: Command) -> None:
    assert check("a.yaml", "--format", "json", a=SERVICE) == check("a.yaml", "--json")


def test_every_file_is_judged_in_its_order_and_once(check: Command, asked: Asked) -> None:
    ended = check("b.yaml", "a.yaml", "b.yaml", "--json", a=SERVICE, b=SERVICE)
    assert [verdict["file"] for verdict in ended.verdicts] == ["b.yaml", "a.yaml"]
    assert len(asked.manifests) == 2


def test_a_dash_is_standard_input(check: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BROKEN_RUNTIME.encode())))
    assert check("-").out.startswith("<stdin>:7: ServingRuntime/mine: spec.containers[0].imag: unknown key 'imag'")


@pytest.mark.parametrize(
    ("options", "release", "mode"),
    [
        ((), "0.20", "Standard"),
        (("--release", "0.19"), "0.19", "Standard"),
        (("--mode", "knative"), "0.20", "Knative"),
        (("--mode", "Standard"), "0.20", "Standard"),
    ],
)
def test_the_judge_is_told_release_and_mode(
    check: Command, asked: Asked, options: tuple[str, ...], release: str, mode: str
) -> None:
    check.json(SERVICE, *options)
    assert asked.contexts == [Context(release, "Knative" if mode == "Knative" else "Standard")]


def test_what_the_api_server_writes_is_not_judged(check: Command, asked: Asked) -> None:
    check.json(f"{SERVICE}status: {{url: x}}\n")
    assert "status" not in asked.manifests[0]


def test_the_judge_sees_yaml_as_kubectl_does(check: Command, asked: Asked) -> None:
    check.json(SERVICE.replace("minReplicas: 1", "stopped: on"))
    assert asked.manifests[0]["spec"]["predictor"]["stopped"] is True


def indented(text: str, by: str = "  ") -> str:
    lines = text.splitlines()
    return "".join([f"- {lines[0]}\n", *(f"{by}{line}\n" for line in lines[1:])])


def test_the_items_of_a_list_are_judged_each(check: Command, asked: Asked) -> None:
    asked.answer = [Problem("spec.predictor.minReplicas", "is wrong")]
    ended = check.json(f"apiVersion: v1\nkind: List\nitems:\n{indented(CONFIG_MAP)}{indented(SERVICE)}")
    assert [(each["item"], each["kind"], each["judged"]) for each in ended.verdicts] == [
        ("items[0]", "ConfigMap", False),
        ("items[1]", "InferenceService", True),
    ]
    assert ended.findings == [("", "items[1].spec.predictor.minReplicas", 14)]


def test_items_of_kserves_own_list_need_no_kind_of_their_own(check: Command, asked: Asked) -> None:
    text = "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceServiceList\nitems:\n- metadata: {name: iris}\n"
    check.json(text)
    assert [manifest["kind"] for manifest in asked.manifests] == ["InferenceService"]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (BROKEN_RUNTIME, ("unknown-key", "spec.containers[0].imag", 7)),
        (SERVICE.replace("v1beta1", "v1alpha2"), ("api-version", "apiVersion", 1)),
        (SERVICE.replace("serving.kserve.io/v1beta1", "example.com/v1"), ("api-version", "apiVersion", 1)),
        (SERVICE.replace("kserve.io", "kubeflow.org"), ("api-version", "apiVersion", 1)),
        (SERVICE.replace("InferenceService", "InferenceServise"), ("kind", "kind", 2)),
        (SERVICE.replace("kind: InferenceService", "knd: x"), ("no-kind", "kind", 1)),
        (SERVICE.replace("kind: InferenceService", "kind: 1"), ("no-kind", "kind", 2)),
        ("kind: InferenceService\nspec: {}\n", ("no-kind", "apiVersion", 1)),
        ("just text\n", ("no-object", "", 1)),
        ("---\n\n- a\n", ("no-object", "", 3)),
        ("apiVersion: v1\nkind: List\nitems: {}\n", ("no-object", "items", 3)),
        ("apiVersion: v1\nkind: List\nitems:\n- 1\n", ("no-object", "items[0]", 4)),
        (f"{CONFIG_MAP}kind: Secret\n", ("duplicate-key", "kind", 4)),
        (f"{SERVICE}kind: InferenceService\n", ("duplicate-key", "kind", 13)),
        (
            f"apiVersion: v1\nkind: List\nitems:\n{indented(CONFIG_MAP)}  kind: Secret\n",
            ("duplicate-key", "items[0].kind", 7),
        ),
    ],
)
def test_an_object_that_is_wrong_has_its_finding(check: Command, text: str, finding: tuple[Any, ...]) -> None:
    ended = check.json(text)
    assert (ended.code, ended.findings) == (1, [finding])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---\n",
        "# nothing\n",
        CONFIG_MAP,
        RUNTIME,
        "resources:\n- service.yaml\n",
        "apiVersion: serving.kserve.io/v1alpha2\nkind: LLMInferenceService\n",
        "apiVersion: example.com/v1\nkind: ServingRuntime\n",
        "apiVersion: v1\nkind: List\nitems: []\n",
    ],
)
def test_nothing_of_ours_or_nothing_wrong_is_fine(check: Command, text: str) -> None:
    ended = check.json(text)
    assert (ended.code, ended.findings) == (0, [])


def test_all_that_hinders_is_named_at_once_and_nothing_is_printed(check: Command) -> None:
    Path("folder").mkdir()
    Path("odd.yaml").write_bytes(b"a: \xff\n")
    files = {"good": BROKEN_RUNTIME, "broken": f"{SERVICE}---\na: [\n", "tag": "a: !!python/none x\n"}
    names = ("good.yaml", "broken.yaml", "folder", "absent.yaml", "odd.yaml", "tag.yaml")
    ended = check(*names, "--release", "0.18", "--mode", "fast", **files)
    assert (ended.code, ended.out) == (2, "")
    expected = (
        "nothing was checked",
        "--release: KServe 0.18 is not supported",
        "--mode: there is no mode 'fast'. Known: knative, standard",
        "broken.yaml:15: is not YAML",
        "folder: is a folder. Name the files in it, for example folder/*.yaml",
        "absent.yaml: cannot be read",
        "odd.yaml:1: is not UTF-8",
        "tag.yaml:1: has the tag !!python/none",
    )
    assert [words for words in expected if words not in ended.err] == []
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("arguments", [[], ["a.yaml", "--format", "xml"]])
def test_a_wrong_call_ends_with_2(check: Command, arguments: list[str]) -> None:
    ended = check(*arguments, a=SERVICE)
    assert (ended.code, ended.out) == (2, "")


def test_a_finding_stays_one_line_whatever_the_yaml_holds(check: Command) -> None:
    ended = check("a.yaml", a=BROKEN_RUNTIME.replace("mine", '"mi\\nne\\e[31m[bold]ü"'))
    assert ended.out.startswith("a.yaml:7: ServingRuntime/mi\\nne\\x1b[31m[bold]ü: spec.containers[0].imag")


def test_a_bomb_is_refused_with_file_and_line(check: Command) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    ended = check("a.yaml", a="\n".join(rows))
    assert (ended.code, ended.out) == (2, "")
    assert "a.yaml:6: holds more than 1,000,000 values" in ended.err
