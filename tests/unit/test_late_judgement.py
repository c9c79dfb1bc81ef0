"""Outputs that turn out wrong: refused when they are known, by the rules of preview, before the object is made."""

from typing import Any

import pulumi
import pulumi_kserve as kserve
import pytest
from pulumi_kserve.testing import Synthesis, manifest, synth

from tests.unit.programs import cluster, predictor

WRONG = [
    ("a scheme that KServe does not read", {"uri": "ftp://models/iris"}, "predictor.model.uri"),
    ("a bucket without a path", {"uri": "s3://models"}, "predictor.model.uri"),
    ("a template in an argument", {"args": ["{{ secret }}"]}, "predictor.model.args[0]"),
    ("a template in a variable", {"env": {"LEVEL": "{{ secret }}"}}, "predictor.model.env.LEVEL"),
]


def late(value: str | list[str] | dict[str, str]) -> Any:
    if isinstance(value, str):
        return pulumi.Output.secret(value)
    if isinstance(value, list):
        return [late(item) for item in value]
    return {key: late(item) for key, item in value.items()}


def with_outputs(model: dict[str, Any]) -> Synthesis:
    def program() -> None:
        platform = kserve.Platform("kserve", {}, cluster=cluster())
        spec = predictor(**{key: late(value) for key, value in model.items()})
        kserve.InferenceService("iris", spec, platform=platform, namespace="team")

    return synth(program, stack="test")


@pytest.mark.parametrize(("model", "path"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_an_output_that_turns_out_wrong_is_refused_with_its_path(model: dict[str, Any], path: str) -> None:
    with pytest.raises(kserve.SpecError) as refused:
        with_outputs(model)
    assert [problem.path for problem in refused.value.problems] == [path]
    assert "the Output's value is refused: " in refused.value.problems[0].message


@pytest.mark.parametrize("model", [case[1] for case in WRONG], ids=[case[0] for case in WRONG])
def test_the_message_does_not_show_what_may_be_a_secret(model: dict[str, Any]) -> None:
    with pytest.raises(kserve.SpecError) as refused:
        with_outputs(model)
    texts = [model["uri"]] if "uri" in model else ["{{ secret }}"]
    assert not [text for text in texts if text in str(refused.value)]


def test_an_output_that_turns_out_right_passes_and_stays_a_secret() -> None:
    found = with_outputs({"uri": "s3://models/iris/v1"})
    assert manifest(found, "InferenceService", "iris")["spec"]["predictor"]["model"]["storageUri"] == "<secret>"
