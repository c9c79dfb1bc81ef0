"""`pulumi-kserve upgrade`: the plan of a release change, and what it ends with."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
import yaml
from pulumi_kserve.cli import main
from pulumi_kserve.platform.platform import Platform
from pulumi_kserve.testing import synth_stack

ROOT = Path(__file__).parents[2]
WORKERS = "https://github.com/kserve/kserve/issues/6113"
HEAD = """
    import pulumi
    import pulumi_kserve as kserve
    from pulumi_kserve.clouds import existing
    cluster = existing.Cluster("c", {"context": "c"})
    """
PLATFORM = 'platform = kserve.Platform("kserve", {"release": "0.19", "runtimes": RUNTIMES}, cluster=cluster)\n'
MODEL: dict[str, Any] = {"model": {"format": "sklearn", "uri": "s3://models/iris"}}
OWN = {"containers": [{"name": "kserve-container", "image": "registry.example.com/pricing:1.2.3"}]}
RAW = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {"name": "raw", "namespace": "team"},
    "spec": {
        "predictor": {
            "model": {"modelFormat": {"name": "huggingface"}, "storageUri": "pvc://models/llama"},
            "workerSpec": {"pipelineParallelSize": 2, "containers": [{"name": "worker-container"}]},
        }
    },
}


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def plan(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(frozen=True)
class Command:
    capture: pytest.CaptureFixture[str]
    folder: Path

    def __call__(self, *arguments: str | Path) -> Ended:
        with pytest.raises(SystemExit) as caught:
            main(["upgrade", *map(str, arguments)])
        said = self.capture.readouterr()
        return Ended(int(caught.value.code or 0), said.out, said.err)

    def of(self, *lines: str, runtimes: str = '["sklearn"]', head: str = HEAD, platform: str = PLATFORM) -> Ended:
        """The plan of a program for 0.20, as JSON."""
        return self(self.program(*lines, runtimes=runtimes, head=head, platform=platform), "--to", "0.20", "--json")

    def program(self, *lines: str, runtimes: str = '["sklearn"]', head: str = HEAD, platform: str = PLATFORM) -> Path:
        file = self.folder / "program.py"
        file.write_text(dedent(head) + platform.replace("RUNTIMES", runtimes) + "\n".join(lines))
        return file

    def stack(self, config: str, *options: str) -> Ended:
        """The plan of a stack of this repository's own program, for 0.20."""
        for name in ("Pulumi.yaml", "__main__.py"):
            shutil.copy(ROOT / name, self.folder / name)
        (self.folder / "stacks").mkdir()
        (self.folder / "stacks" / "Pulumi.dev.yaml").write_text("config:\n" + indent(dedent(config), "  "))
        return self(self.folder, "--stack", "dev", "--to", "0.20", *options)


@pytest.fixture
def upgrade(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    return Command(capsys, tmp_path)


def endpoint(name: str, predictor: Mapping[str, Any], **more: Any) -> str:
    spec = {"predictor": {**predictor, **more}}
    return f"kserve.InferenceService({name!r}, {spec!r}, platform=platform, namespace='team')"


IRIS = endpoint("iris", MODEL)
STACK = """
    kserve:platform: {release: "0.19"}
    kserve:endpoints:
      iris: {namespace: team, predictor: {model: {format: sklearn, uri: s3://models/iris}}}
    """
WORKING = """
    kserve:platform:
      release: "0.19"
      runtimes: [kserve-huggingfaceserver-multinode]
    kserve:pools:
      - {name: h100, accelerator: nvidia-h100, acceleratorsPerNode: 4, maxNodes: 2}
    kserve:endpoints:
      llama:
        namespace: team
        predictor:
          model:
            format: huggingface
            uri: pvc://models/llama
            protocol: openai
          gpu: {pool: h100, count: 4}
          worker:
            pipelineParallelSize: 2
            tensorParallelSize: 4
            gpu: {pool: h100, count: 4}
    """


def test_the_steps_go_from_the_crds_to_the_endpoints(upgrade: Command) -> None:
    steps = upgrade.of(IRIS, runtimes='["sklearn", "kserve-huggingfaceserver"]').plan["steps"]
    assert [step["what"] for step in steps] == [
        "chart kserve-crd",
        "chart kserve-resources",
        "runtimes",
        "chart kserve-runtime-configs",
        "endpoints",
    ]


def test_a_step_names_the_versions_of_its_chart(upgrade: Command) -> None:
    step = upgrade.of(IRIS).plan["steps"][1]
    assert (step["before"], step["after"]) == ("v0.19.0", "v0.20.0")


def test_new_crds_restart_nothing_and_a_new_controller_restarts_itself(upgrade: Command) -> None:
    crds, controller = upgrade.of(IRIS).plan["steps"][:2]
    assert crds["restarts"] == "nothing"
    assert controller["restarts"] == "KServe's controller; endpoints keep answering"


def test_fields_that_come_are_listed_by_kind(upgrade: Command) -> None:
    (fields,) = upgrade.of(IRIS).plan["fields"]
    assert (fields["kind"], fields["dropped"]) == ("InferenceService", [])
    assert {"spec.canary", "spec.predictor.name"} <= set(fields["added"])


def test_a_runtime_that_changes_names_its_images_and_who_it_serves(upgrade: Command) -> None:
    (runtime,) = upgrade.of(IRIS).plan["runtimes"]
    images = ("docker.io/kserve/sklearnserver:v0.19.0", "docker.io/kserve/sklearnserver:v0.20.0")
    assert (runtime["imageBefore"], runtime["imageAfter"]) == images
    assert runtime["usedBy"] == ["team/iris"]


def test_an_endpoint_rolls_with_its_runtime_and_one_with_its_own_container_stays(upgrade: Command) -> None:
    found = upgrade.of(IRIS, endpoint("pricing", OWN)).plan["endpoints"]
    assert {each["name"]: each["rolls"] for each in found} == {"iris": True, "pricing": False}


@pytest.mark.parametrize(("replicas", "words"), [(1, "may fail while its only pod is exchanged"), (2, "")])
def test_an_endpoint_with_one_replica_is_told_of_its_downtime(upgrade: Command, replicas: int, words: str) -> None:
    line = endpoint("iris", MODEL, scaling={"noScaling": {"replicas": replicas}})
    (part,) = upgrade.of(line).plan["endpoints"][0]["parts"]
    assert (part["rolls"], part["replicas"]) == (True, replicas)
    assert part["interruption"].startswith(words)
    assert bool(part["interruption"]) is bool(words)


def test_downtime_alone_is_no_finding(upgrade: Command) -> None:
    assert upgrade.of(IRIS).code == 0


def test_nothing_is_made_replaced_or_deleted_by_a_change_of_the_release_alone(upgrade: Command) -> None:
    plan = upgrade.of(IRIS, endpoint("pricing", OWN)).plan
    assert {change["action"] for change in plan["changes"]} == {"update"}
    assert plan["lost"] == []


def test_changes_are_paths_and_never_values(upgrade: Command) -> None:
    found = {change["type"].rpartition(":")[2]: change for change in upgrade.of(IRIS).plan["changes"]}
    assert found["ClusterServingRuntime"]["paths"] == ["spec.containers[0].image"]
    assert found["InferenceService"]["paths"] == ['spec.predictor.annotations["pulumi-kserve/revision"]']


@pytest.mark.parametrize("words", ["kserve: KServe 0.19 -> 0.20", "chart kserve-crd", "keep their UIDs: fine"])
def test_a_person_gets_tables_and_a_sum(upgrade: Command, words: str) -> None:
    ended = upgrade(upgrade.program(IRIS), "--to", "0.20")
    assert ended.code == 0
    assert words in ended.out


def test_a_stack_file_is_evaluated_with_the_new_release_in_its_configuration(upgrade: Command) -> None:
    ended = upgrade.stack(STACK, "--json")
    assert (ended.code, ended.plan["complete"]) == (0, True)
    assert ended.plan["where"] == "kserve:platform.release in the stack file"


def test_a_release_that_stands_in_code_is_changed_for_the_plan_only(upgrade: Command) -> None:
    made = Platform.__init__
    assert upgrade.of(IRIS).plan["where"] == "release of PlatformSpec in the program"
    assert Platform.__init__ is made


def test_endpoints_on_the_platform_of_another_stack_have_a_plan_too(upgrade: Command) -> None:
    facts = synth_stack(ROOT, "local").outputs["facts"]
    facts = {**facts, "release": "0.19", "runtimes": [{**facts["runtimes"][0], "revision": "old"}]}
    (upgrade.folder / "facts.json").write_text(json.dumps(facts))
    platform = 'platform = kserve.PlatformRef("ref", stack="o/p/s", facts="facts.json", cluster=cluster)\n'
    plan = upgrade.of(IRIS, platform=platform).plan
    assert [step["what"] for step in plan["steps"]] == ["endpoints"]
    assert plan["endpoints"][0]["rolls"] is True
    assert plan["where"].startswith("the facts of the PlatformRef")


def test_what_the_new_release_refuses_is_a_finding_with_file_line_and_path(upgrade: Command) -> None:
    ended = upgrade.stack(WORKING)
    assert ended.code == 1
    file, line, said = ended.out.splitlines()[-2].split(":", 2)
    assert file.endswith("Pulumi.dev.yaml")
    assert "worker" in (upgrade.folder / "stacks" / "Pulumi.dev.yaml").read_text().splitlines()[int(line) - 1]
    assert said.startswith(" kserve:endpoints.llama.predictor.worker: worker pods are deleted")


def test_a_known_bad_combination_is_named_with_its_issue(upgrade: Command) -> None:
    (bad,) = upgrade.stack(WORKING, "--json").plan["knownBad"]
    assert (bad["issue"], bad["usedBy"]) == (WORKERS, ["team/llama"])


def test_a_known_bad_combination_is_one_finding(upgrade: Command) -> None:
    assert len(upgrade.stack(WORKING, "--json").plan["findings"]) == 1


def test_a_plan_of_a_program_that_is_refused_says_what_is_not_known(upgrade: Command) -> None:
    ended = upgrade.stack(WORKING)
    assert "1 finding to mend first; steps and resources are known once" in ended.out
    assert "chart kserve-crd" not in ended.out


def test_all_endpoints_of_a_program_are_judged_although_the_first_one_ends_it(upgrade: Command) -> None:
    config = yaml.safe_load(WORKING)
    (spec,) = config["kserve:endpoints"].values()
    lines = [endpoint(name, spec["predictor"]) for name in ("first", "second")]
    head = HEAD.replace('"context": "c"', f'"context": "c", "pools": {config["kserve:pools"]!r}')
    found = upgrade.of(*lines, head=head, runtimes='["kserve-huggingfaceserver-multinode"]').plan["findings"]
    assert [each["object"] for each in found] == ["InferenceService 'first'", "InferenceService 'second'"]


def test_an_object_that_is_no_endpoint_of_ours_is_judged_too(upgrade: Command) -> None:
    line = f"pulumi.CustomResource('kubernetes:serving.kserve.io/v1beta1:InferenceService', 'raw', {RAW!r})"
    ended = upgrade.of(line)
    (finding,) = ended.plan["findings"]
    assert (ended.code, finding["object"], finding["path"]) == (
        1,
        "InferenceService 'raw'",
        "spec.predictor.workerSpec",
    )


def test_what_is_wrong_in_both_releases_is_not_held_against_the_new_one(upgrade: Command) -> None:
    broken = {**RAW, "spec": {"predictor": {"minReplicas": "one", **OWN}}}
    line = f"pulumi.CustomResource('kubernetes:serving.kserve.io/v1beta1:InferenceService', 'raw', {broken!r})"
    assert upgrade.of(line).plan["findings"] == []


def test_an_endpoint_that_would_be_deleted_is_a_finding(upgrade: Command) -> None:
    line = IRIS.replace("'iris'", "f'iris-{platform.facts.release[2:]}'")
    ended = upgrade.of(line)
    assert ended.code == 1
    lost = [each["object"] for each in ended.plan["findings"] if each["rule"] == "uid-lost"]
    assert lost == ["iris-19-inference-service"]


def test_a_platform_that_has_the_release_already_needs_nothing(upgrade: Command) -> None:
    ended = upgrade(upgrade.program(IRIS), "--to", "0.19")
    assert (ended.code, ended.out) == (0, "nothing to do: kserve has KServe 0.19 already\n")


def test_of_two_platforms_only_the_older_one_changes(upgrade: Command) -> None:
    other = 'kserve.Platform("new", {"release": "0.20"}, cluster=existing.Cluster("d", {"context": "d"}))'
    plan = upgrade.of(IRIS, other).plan
    assert plan["steps"][0]["what"] == "chart kserve-crd of kserve"
    assert not [change for change in plan["changes"] if change["name"].startswith("new-")]


REFUSED: dict[str, tuple[list[str], str, str]] = {
    "an older release": (["--to", "0.18"], PLATFORM, "KServe 0.18 is not supported"),
    "a text": (["--to", "latest"], PLATFORM, "Known: 0.19, 0.20"),
    "a patch release": (["--to", "v0.20.0"], PLATFORM, "Did you mean '0.20'"),
    "a downgrade": (["--to", "0.19"], PLATFORM.replace("0.19", "0.20"), "0.19 is older: its CRDs would drop"),
    "no platform": (["--to", "0.20"], "", "neither a Platform nor a PlatformRef"),
    "no release": ([], PLATFORM, "Missing option '--to'"),
}


@pytest.mark.parametrize(("options", "platform", "words"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_plan_says_why_and_ends_with_2(
    upgrade: Command, options: list[str], platform: str, words: str
) -> None:
    ended = upgrade(upgrade.program(platform=platform), *options)
    assert (ended.code, ended.out) == (2, "")
    assert words in " ".join(ended.err.replace("│", "").split())
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(("place", "words"), [("absent.py", "is no program"), (".", "has no Pulumi.yaml")])
def test_a_program_that_is_not_there_is_named(upgrade: Command, place: str, words: str) -> None:
    ended = upgrade(upgrade.folder / place, "--to", "0.20")
    assert ended.code == 2
    assert words in ended.err


def test_a_program_that_is_wrong_as_it_is_says_so_first(upgrade: Command) -> None:
    ended = upgrade(upgrade.program(endpoint("iris", {})), "--to", "0.20")
    assert ended.code == 1
    assert "InferenceService 'iris'" in ended.err


@pytest.mark.parametrize("config", ["kserve:platform: 7", "kserve:platform: {release: 0.19}", "kserve:plattform: {}"])
def test_a_wrong_stack_file_is_listed_with_file_and_line(upgrade: Command, config: str) -> None:
    ended = upgrade.stack(config)
    assert ended.code == 1
    assert "Pulumi.dev.yaml:2: " in ended.err


def test_a_program_that_breaks_with_the_new_release_only_says_with_which(upgrade: Command) -> None:
    ended = upgrade.of("if platform.facts.release == '0.20': raise KeyError('of mine')")
    assert ended.code == 2
    assert "KeyError: 'of mine'" in ended.err
    assert "while the program was evaluated with KServe 0.20" in ended.err


def test_what_a_program_prints_stays_out_of_the_json(upgrade: Command) -> None:
    assert upgrade.of("print('hello')").plan["complete"] is True


def charts(folder: Path, release: str) -> Path:
    versions = {"kserve-crd": f"v{release}.0", "kserve-resources": f"v{release}.0", "cert-manager": "v1.17.0"}
    for name, version in versions.items():
        (folder / release / name).mkdir(parents=True)
        (folder / release / name / "Chart.yaml").write_text(f"name: {name}\nversion: {version}\n")
    return folder / release


def test_charts_in_a_folder_have_the_versions_that_the_folder_says(upgrade: Command) -> None:
    old, new = charts(upgrade.folder, "0.19"), charts(upgrade.folder, "0.20")
    plan = upgrade.stack(f"{STACK}\n    kserve:chartSource: {old}\n", "--chart-source", str(new), "--json").plan
    found = {step["what"]: (step["before"], step["after"]) for step in plan["steps"]}
    assert found["chart kserve-crd"] == ("v0.19.0", "v0.20.0")


def test_a_chart_that_only_lies_elsewhere_restarts_nothing(upgrade: Command) -> None:
    old, new = charts(upgrade.folder, "0.19"), charts(upgrade.folder, "0.20")
    plan = upgrade.stack(f"{STACK}\n    kserve:chartSource: {old}\n", "--chart-source", str(new), "--json").plan
    found = {step["what"]: (step["before"], step["after"], step["restarts"]) for step in plan["steps"]}
    assert found["chart cert-manager"] == ("v1.17.0", "v1.17.0", "nothing")


def test_charts_of_the_old_release_are_a_finding(upgrade: Command) -> None:
    ended = upgrade.stack(f"{STACK}\n    kserve:chartSource: {charts(upgrade.folder, '0.19')}\n")
    assert ended.code == 1
    assert "chartSource.folder.path" in ended.out
    assert "Put v0.20.0 there" in ended.out


EXAMPLES = sorted(ROOT.glob("examples/*/facts/0.19-*.json"))


@pytest.mark.parametrize("facts", EXAMPLES, ids=lambda file: f"{file.parent.parent.name}-{file.stem}")
def test_every_example_of_the_old_release_has_a_plan(upgrade: Command, facts: Path) -> None:
    project = upgrade.folder / "project"
    shutil.copytree(facts.parent.parent, project)
    (project / "Pulumi.dev.yaml").write_text(
        yaml.safe_dump({"config": {"facts": f"facts/{facts.name}", "readerKey": "a-reader-key"}})
    )
    ended = upgrade(project, "--stack", "dev", "--to", "0.20", "--json")
    assert ended.code in (0, 1)
    assert len(ended.plan["endpoints"]) > 0
    assert "a-reader-key" not in ended.out
