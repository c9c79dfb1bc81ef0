"""StackSettings: one YAML for a whole stack, and problems with file, path and line."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
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
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in content.items()}
    found: list[StackSettings] = []
    synth(lambda: found.append(StackSettings.load(folder)), stack="dev", config=config)
    return found[0]


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


def test_settings_of_other_prefixes_are_left_alone(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD + "  aws:region: eu-west-1\n").endpoints


def test_without_a_file_the_problem_names_the_stacks_config() -> None:
    with pytest.raises(StackFileError, match="config of stack dev"):
        synth(lambda: StackSettings.load(Path("/nowhere")), stack="dev", config={"kserve:endpoints": '{"a": {}}'})


def test_a_store_uri_without_a_store_is_refused(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD.replace("s3://models/iris", "store://iris"))

    def program() -> None:
        settings.endpoint("iris", None)

    with pytest.raises(StackFileError, match="Add kserve:store"):
        synth(program)


def test_the_schema_allows_what_the_settings_allow() -> None:
    schema = StackSettings.model_json_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) >= {"platform", "endpoints", "namespaces", "store"}
