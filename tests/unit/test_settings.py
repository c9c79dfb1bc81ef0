"""StackSettings: one YAML for a whole stack, and problems with file, path and line."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi_kserve.contracts import FormatFacts, PlatformFacts, RuntimeFacts
from pulumi_kserve.errors import StackFileError
from pulumi_kserve.settings import StackSettings
from pulumi_kserve.testing import synth

GOOD = """config:
  kserve:namespaces:
    team:
      owner: team
  kserve:endpoints:
    iris:
      namespace: team
      predictor:
        model:
          format: sklearn
          uri: s3://models/iris
"""


def load(folder: Path, text: str) -> StackSettings:
    stacks = folder / "stacks"
    stacks.mkdir()
    (folder / "Pulumi.yaml").write_text("name: p\nruntime: python\nstackConfigDir: stacks\n")
    (stacks / "Pulumi.dev.yaml").write_text(text)
    loaded: dict[str, dict[str, Any] | None] = yaml.safe_load(text)
    content = loaded["config"] or {}
    config = {key: _text(value) for key, value in content.items()}
    found: list[StackSettings] = []
    synth(lambda: found.append(StackSettings.load(folder)), stack="dev", config=config)
    return found[0]


def _text(value: object) -> str:
    """A value as the engine hands it to the program."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


SKLEARN = RuntimeFacts(name="sklearn", formats=(FormatFacts(name="sklearn", version="1", auto_select=True),))


def refused(folder: Path, text: str) -> StackFileError:
    with pytest.raises(StackFileError) as error:
        load(folder, text)
    return error.value


def test_a_good_file_gives_typed_endpoints(tmp_path: Path) -> None:
    model = load(tmp_path, GOOD).endpoints["iris"].predictor.model
    assert model is not None
    assert model.format == "sklearn"


def test_an_empty_file_is_a_platform_without_endpoints(tmp_path: Path) -> None:
    assert load(tmp_path, "config: {}\n").endpoints == {}


def test_a_typo_is_refused_with_file_path_line_and_the_right_word(tmp_path: Path) -> None:
    error = refused(tmp_path, GOOD.replace("uri: s3", "ur: s3"))
    text = str(error)
    assert "stacks/Pulumi.dev.yaml:11: kserve:endpoints.iris.predictor.model.ur" in text
    assert "Did you mean 'uri'?" in text


def test_all_problems_of_a_file_come_at_once(tmp_path: Path) -> None:
    error = refused(tmp_path, GOOD.replace("owner: team", "ownr: team").replace("format: sklearn", "format: 3"))
    assert {problem.line for problem in error.problems} == {3, 4, 10}


def test_an_unknown_setting_is_answered_with_the_nearest(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, GOOD + "  kserve:endpoint: {}\n").problems
    assert (problem.path, problem.line) == ("kserve:endpoint", 12)
    assert "'endpoints'" in problem.cure


def test_a_key_given_twice_hides_nothing_else_that_is_wrong(tmp_path: Path) -> None:
    twice = GOOD.replace("      namespace: team\n", "      namespace: team\n      namespace: team\n")
    error = refused(tmp_path, twice.replace("format: sklearn", "format: 3"))
    assert [(problem.path, problem.line) for problem in error.problems] == [
        ("kserve:endpoints.iris.namespace", 8),
        ("kserve:endpoints.iris.predictor.model.format", 11),
    ]
    assert error.file == "stacks/Pulumi.dev.yaml"


def test_a_key_given_twice_is_refused_when_all_else_is_right(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, GOOD.replace("owner: team", "owner: team\n      owner: team")).problems
    assert (problem.path, problem.line, problem.rule) == ("kserve:namespaces.team.owner", 5, "duplicate-key")


@pytest.mark.parametrize(
    ("text", "path", "cure"),
    [
        (GOOD + "  kserve:store:\n", "kserve:store", "Write a value, or remove it"),
        (GOOD + "  kserve:platform:\n", "kserve:platform", "Write a value, or remove it"),
        (GOOD + "  kserve:context: ''\n", "kserve:context", "Write a value, or remove it"),
        (GOOD + "      labels:\n", "kserve:endpoints.iris.labels", "Write a mapping, or remove it"),
    ],
)
def test_a_key_with_nothing_under_it_is_answered_with_the_cure(tmp_path: Path, text: str, path: str, cure: str) -> None:
    (problem,) = refused(tmp_path, text).problems
    assert (problem.path, problem.message, problem.cure) == (path, "has no value", cure)
    assert problem.line == len(text.splitlines())


def test_settings_of_other_prefixes_are_left_alone(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD + "  aws:region: eu-west-1\n").endpoints


def test_without_a_file_the_problem_names_the_stacks_config() -> None:
    with pytest.raises(StackFileError, match="config of stack dev"):
        synth(lambda: StackSettings.load(Path("/nowhere")), stack="dev", config={"kserve:endpoints": '{"a": {}}'})


def refused_on_a_platform(folder: Path, text: str, *runtimes: RuntimeFacts) -> StackFileError:
    settings = load(folder, text)
    facts = PlatformFacts(name="k", release="0.20", mode="Standard", gateway="cluster-local", runtimes=runtimes)

    def program() -> None:
        settings.endpoint_specs(folder, facts, None)

    with pytest.raises(StackFileError) as error:
        synth(program, stack="dev")
    return error.value


def test_a_store_uri_without_a_store_is_refused_with_its_line(tmp_path: Path) -> None:
    (problem,) = refused_on_a_platform(tmp_path, GOOD.replace("s3://models/iris", "store://iris")).problems
    assert (problem.path, problem.cure) == ("kserve:endpoints.iris.predictor.model.uri", "Add kserve:store")
    assert problem.line == 1 + GOOD.splitlines().index(next(line for line in GOOD.splitlines() if "uri:" in line))


def test_what_kserve_would_refuse_of_any_endpoint_comes_at_once_with_file_and_line(tmp_path: Path) -> None:
    wrong = GOOD.replace("s3://models/iris", "ftp://models/iris")
    indented = wrong[wrong.index("    iris:") :].replace("    iris:", "    other:")
    error = refused_on_a_platform(tmp_path, wrong.rstrip("\n") + "\n" + indented, SKLEARN)
    assert {problem.path for problem in error.problems} == {
        f"kserve:endpoints.{name}.predictor.model.uri" for name in ("iris", "other")
    }
    assert all(problem.line for problem in error.problems)
    assert "Pulumi.dev.yaml" in str(error)


def test_only_a_uri_of_a_spec_is_a_place_in_the_store(tmp_path: Path) -> None:
    labelled = GOOD.replace("    iris:\n", "    iris:\n      annotations: {uri: 'store://x'}\n")
    settings = load(tmp_path, labelled)
    facts = PlatformFacts(name="k", release="0.20", mode="Standard", gateway="cluster-local", runtimes=(SKLEARN,))
    seen: list[str] = []

    def program() -> None:
        seen.append(settings.endpoint_specs(tmp_path, facts, None)["iris"].annotations["uri"])

    synth(program, stack="dev")
    assert seen == ["store://x"]


def test_the_schema_allows_what_the_settings_allow() -> None:
    schema = StackSettings.model_json_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) >= {"platform", "endpoints", "namespaces", "store"}
