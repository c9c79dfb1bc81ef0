"""Which runtime KServe takes: the whole table of formats, protocols and releases, and what a model is refused for."""

from typing import Any

import pulumi
import pytest
from pulumi_kserve.contracts import FormatFacts, PlatformFacts, RuntimeFacts, WorkerFacts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import judge
from pulumi_kserve.endpoints.admission.runtime_selection import (
    CHECKS,
    Need,
    Offer,
    refusals,
    taken_runtime,
    usual_protocol,
)
from pulumi_kserve.endpoints.admission.runtimes import RULES, chosen_runtime, spoken_protocol
from pulumi_kserve.endpoints.spec.predictor import Predictor
from pulumi_kserve.errors import Problem
from pulumi_kserve.platform.chart_runtimes import chart_runtimes
from pulumi_kserve.platform.releases import RELEASES

PROTOCOLS = ("unset", "v1", "v2", "grpc-v1", "grpc-v2")
TABLE = {
    "sklearn": ("sklearnserver", "sklearnserver", "mlserver", None, None),
    "xgboost": ("xgbserver", "xgbserver", "mlserver", None, None),
    "lightgbm": ("lgbserver", "lgbserver", "mlserver", None, None),
    "mlflow": (None, None, "mlserver", None, None),
    "pmml": ("pmmlserver", "pmmlserver", "pmmlserver", None, None),
    "paddle": ("paddleserver", "paddleserver", "paddleserver", None, None),
    "tensorflow": ("tensorflow-serving", "tensorflow-serving", "tritonserver", "tensorflow-serving", "tritonserver"),
    "pytorch": ("torchserve", "torchserve", "torchserve", None, "torchserve"),
    "onnx": (None, None, "tritonserver", None, "tritonserver"),
    "tensorrt": (None, None, "tritonserver", None, "tritonserver"),
    "triton": ("tritonserver", None, "tritonserver", None, "tritonserver"),
    "huggingface": ("huggingfaceserver", "huggingfaceserver", "huggingfaceserver", None, None),
    "vllm": (None, None, None, None, None),
}
ONLY_020 = {
    "vLLM": ("vllmserver", "vllmserver", "vllmserver", "vllmserver", "vllmserver"),
    "autogluon": ("autogluonserver", "autogluonserver", "autogluonserver", None, None),
}


def rows() -> list[Any]:
    nothing = (None,) * len(PROTOCOLS)
    return [
        pytest.param(release, name, protocol, expected, id=f"{release}-{name}-{protocol}")
        for release in sorted(RELEASES)
        for name, by_protocol in {
            **TABLE,
            **(ONLY_020 if release == "0.20" else dict.fromkeys(ONLY_020, nothing)),
        }.items()
        for protocol, expected in zip(PROTOCOLS, by_protocol, strict=True)
    ]


def runtime(name: str = "mine", *formats: str, **more: Any) -> RuntimeFacts:
    """A runtime whose formats are written `name`, `name:version` or `name:version:priority`."""
    parts = [item.split(":") for item in formats or ("sklearn:1",)]
    listed = tuple(
        FormatFacts(
            name=part[0],
            version=part[1] if len(part) > 1 else None,
            priority=int(part[2]) if len(part) > 2 else None,
            auto_select=more.get("auto_select", True),
        )
        for part in parts
    )
    return RuntimeFacts(name=name, formats=listed, **{key: more[key] for key in more if key != "auto_select"})


def taken(need: Need, *runtimes: RuntimeFacts) -> str:
    offer = Offer(runtimes)
    found = taken_runtime(offer, need)
    refused = [f"refused: {each.rule}" for each in refusals(offer, need)]
    return found.name if found and not refused else refused[0]


def facts(*runtimes: RuntimeFacts, release: str = "0.20") -> PlatformFacts:
    return PlatformFacts(
        name="p",
        release=release,
        mode="Standard",
        gateway="cluster-local",
        runtimes=runtimes or chart_runtimes(release),
    )


def service(model: dict[str, Any], **predictor: Any) -> dict[str, Any]:
    described = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://b/m", **model}
    return {"metadata": {"name": "a", "namespace": "team"}, "spec": {"predictor": {"model": described, **predictor}}}


def said(manifest: dict[str, Any], *runtimes: RuntimeFacts, release: str = "0.20") -> list[Problem]:
    platform = facts(*runtimes) if runtimes else None
    return judge(manifest, Context(release, "Standard", platform), rules=RULES)


@pytest.mark.parametrize(("release", "name", "protocol", "expected"), rows())
def test_kserve_takes_of_its_charts_runtimes(release: str, name: str, protocol: str, expected: str | None) -> None:
    asked = usual_protocol(name, release) if protocol == "unset" else protocol
    found = taken(Need(name, protocol=asked), *chart_runtimes(release))
    assert found == (f"kserve-{expected}" if expected else "refused: no-runtime")


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_a_worker_takes_the_runtime_that_has_one(release: str) -> None:
    need = Need("huggingface", multi_node=True)
    assert taken(need, *chart_runtimes(release)) == "kserve-huggingfaceserver-multinode"


def test_a_version_is_an_exact_text() -> None:
    assert taken(Need("sklearn", "1"), *chart_runtimes("0.20")) == "kserve-sklearnserver"
    assert taken(Need("sklearn", "1.0"), *chart_runtimes("0.20")) == "refused: no-runtime"


def test_the_higher_priority_wins_and_none_comes_last() -> None:
    runtimes = [runtime("a", "sklearn:1"), runtime("b", "sklearn:1:1"), runtime("c", "sklearn:1:2")]
    assert taken(Need("sklearn"), *runtimes) == "c"
    assert taken(Need("sklearn"), *runtimes[:2]) == "b"


def test_the_priority_is_that_of_the_first_entry_of_the_name() -> None:
    runtimes = [runtime("a", "sklearn:0:1", "sklearn:1:9"), runtime("b", "sklearn:1:2")]
    assert taken(Need("sklearn", "1"), *runtimes) == "b"


def test_of_equal_priorities_the_lower_protocol_and_then_the_name_wins() -> None:
    assert taken(Need("sklearn"), runtime("a"), runtime("b", protocols=("v2", "v1"))) == "b"
    assert taken(Need("sklearn"), runtime("b"), runtime("a")) == "a"


def test_a_namespaces_own_runtime_comes_before_any_of_the_cluster() -> None:
    own = runtime("own", "sklearn:1", namespace="team")
    assert taken(Need("sklearn", namespace="team"), runtime("all", "sklearn:1:9"), own) == "own"
    assert taken(Need("sklearn", namespace="other"), runtime("all", "sklearn:1:9"), own) == "all"


def test_a_name_means_the_namespaces_own_runtime_first() -> None:
    offer = Offer((runtime("a"), runtime("a", namespace="team")))
    found = taken_runtime(offer, Need("sklearn", runtime="a", namespace="team"))
    assert found is not None
    assert found.namespace == "team"


@pytest.mark.parametrize("kind", [{"disabled": True}, {"multi_model": True}, {"auto_select": False}])
def test_kserve_chooses_by_itself_nothing(kind: dict[str, Any]) -> None:
    assert taken(Need("sklearn"), runtime("a", **kind)) == "refused: no-runtime"


def test_a_named_runtime_needs_no_auto_select() -> None:
    need = Need("sklearn", runtime="kserve-predictiveserver")
    assert taken(need, *chart_runtimes("0.20")) == "kserve-predictiveserver"


@pytest.mark.parametrize(
    ("model", "predictor", "rule", "path", "cure"),
    [
        ({"runtime": "kserve-sklearn"}, {}, "runtime-missing", "model.runtime", "'kserve-sklearnserver'"),
        ({"runtime": "off"}, {}, "runtime-disabled", "model.runtime", "Enable it"),
        (
            {"runtime": "kserve-mlserver", "protocolVersion": "v1"},
            {},
            "runtime-protocol",
            "model.protocolVersion",
            "v2",
        ),
        ({"runtime": "kserve-pmmlserver"}, {}, "runtime-format", "model.runtime", "It serves pmml"),
        (
            {"runtime": "kserve-sklearnserver", "modelFormat": {"name": "sklearn", "version": "1.0"}},
            {},
            "runtime-format",
            "model.modelFormat.version",
            "use '1'",
        ),
        ({"modelFormat": {"name": "vllm"}}, {}, "no-runtime", "model.modelFormat.name", "Did you mean 'vLLM'? Case"),
        ({"modelFormat": {"name": "sklaern"}}, {}, "no-runtime", "model.modelFormat.name", "'sklearn'"),
        (
            {"modelFormat": {"name": "sklearn", "version": "2"}},
            {},
            "no-runtime",
            "model.modelFormat.version",
            "'0' or '1'",
        ),
        ({"modelFormat": {"name": "onnx"}}, {}, "no-runtime", "model.protocolVersion", "tritonserver speaks v2"),
        ({"protocolVersion": "grpc-v2"}, {}, "no-runtime", "model.protocolVersion", "speaks v1, v2"),
        ({}, {"workerSpec": {}}, "no-runtime", "workerSpec", "Leave the worker out"),
        (
            {"modelFormat": {"name": "huggingface"}, "runtime": "kserve-huggingfaceserver"},
            {"workerSpec": {}},
            "runtime-without-worker",
            "workerSpec",
            "Name kserve-huggingfaceserver-multinode",
        ),
        (
            {"modelFormat": {"name": "huggingface"}, "runtime": "kserve-huggingfaceserver-multinode"},
            {},
            "runtime-needs-worker",
            "model.runtime",
            "name kserve-huggingfaceserver",
        ),
        ({"storageUri": None}, {}, "model-place", "model.storageUri", "Say where the model lies"),
    ],
)
def test_an_object_is_refused_with_path_and_cure(
    model: dict[str, Any], predictor: dict[str, Any], rule: str, path: str, cure: str
) -> None:
    (problem,) = said(service(model, **predictor), *chart_runtimes("0.20"), runtime("off", disabled=True))
    assert (problem.rule, problem.path) == (rule, f"spec.predictor.{path}")
    assert cure in problem.cure


def test_every_check_is_a_rule_and_yields_its_own_name() -> None:
    assert [rule.name for rule in RULES] == [*CHECKS, "model-place"]


@pytest.mark.parametrize(
    "model",
    [
        {},
        {"modelFormat": {"name": "onnx"}, "protocolVersion": "v2"},
        {"modelFormat": {"name": "huggingface"}, "storageUri": None},
        {"modelFormat": {"name": "triton"}},
        {"storageUri": None, "storage": {"path": "m"}},
        {"modelFormat": {"name": pulumi.Output.from_input("x")}},
        {"runtime": pulumi.Output.from_input("x")},
        {"storageUri": pulumi.Output.from_input("x")},
    ],
)
def test_nothing_is_said_of_what_is_served_or_not_known(model: dict[str, Any]) -> None:
    assert said(service(model), *chart_runtimes("0.20")) == []


def test_a_legacy_key_is_named_as_it_was_written() -> None:
    manifest = {"spec": {"predictor": {"sklearn": {"storageUri": "s3://b/m", "protocolVersion": "grpc-v1"}}}}
    (problem,) = said(manifest)
    assert problem.path == "spec.predictor.sklearn.protocolVersion"


def test_legacy_onnx_speaks_v2_and_so_is_served() -> None:
    assert said({"spec": {"predictor": {"onnx": {"storageUri": "s3://b/m"}}}}) == []


def test_plain_yaml_may_name_a_runtime_of_its_own() -> None:
    assert said(service({"modelFormat": {"name": "mine"}, "runtime": "of-our-own"})) == []
    (problem,) = said(service({"modelFormat": {"name": "mine"}}))
    assert "KServe's charts" in problem.message
    assert "name it with `runtime`" in problem.cure


def test_plain_yaml_is_judged_by_its_releases_charts() -> None:
    manifest = service({"modelFormat": {"name": "autogluon"}})
    assert said(manifest, release="0.20") == []
    assert [problem.rule for problem in said(manifest, release="0.19")] == ["no-runtime"]


def test_a_custom_predictor_needs_no_runtime() -> None:
    assert said({"spec": {"predictor": {"containers": [{"image": "x"}]}}}) == []


def test_a_canary_gets_the_stable_models_runtime_when_it_names_none() -> None:
    manifest = service({})
    model = {"modelFormat": {"name": "xgboost"}, "storageUri": "s3://b/x"}
    manifest["spec"]["canary"] = [{"trafficPercent": 10, "predictor": {"name": "next", "model": model}}]
    (problem,) = said(manifest)
    assert (problem.rule, problem.path) == ("runtime-format", "spec.canary[0].predictor.model.runtime")
    model["runtime"] = "kserve-xgbserver"
    assert said(manifest) == []


def test_a_multi_model_runtime_needs_no_place_of_a_model() -> None:
    many = runtime("many", multi_model=True)
    assert said(service({"storageUri": None, "runtime": "many"}), many) == []


def typed(**model: Any) -> Predictor:
    return Predictor.parse({"model": {"uri": "s3://b/m", **model}})


@pytest.mark.parametrize(
    ("model", "name", "protocol"),
    [
        ({"format": "sklearn"}, "kserve-sklearnserver", "v1"),
        ({"format": "sklearn", "protocol": "v2"}, "kserve-mlserver", "v2"),
        ({"format": "onnx"}, "kserve-tritonserver", "v2"),
        ({"format": "mlflow"}, "kserve-mlserver", "v2"),
        ({"format": "triton"}, "kserve-tritonserver", "v2"),
        ({"format": "vLLM"}, "kserve-vllmserver", "v2"),
        ({"format": "sklearn", "runtime": "kserve-mlserver"}, "kserve-mlserver", "v2"),
        ({"format": "huggingface", "protocol": "openai"}, "kserve-huggingfaceserver", "v2"),
        ({"format": "vLLM", "protocol": "openai"}, "kserve-vllmserver", "v2"),
    ],
)
def test_a_typed_model_gets_a_runtime_and_a_protocol(model: dict[str, Any], name: str, protocol: str) -> None:
    predictor, platform = typed(**model), facts()
    found, problems = chosen_runtime(predictor, platform)
    assert predictor.model is not None
    assert problems == []
    assert (found and found.name, spoken_protocol(predictor.model, found, "0.20")) == (name, protocol)


@pytest.mark.parametrize(
    ("model", "rule", "path"),
    [
        ({"format": "nope"}, "no-runtime", "predictor.model.format"),
        ({"format": "sklearn", "protocol": "grpc-v2"}, "no-runtime", "predictor.model.protocol"),
        ({"format": "sklearn", "version": "9"}, "no-runtime", "predictor.model.version"),
        ({"format": "sklearn", "runtime": "nope"}, "runtime-missing", "predictor.model.runtime"),
        ({"format": "sklearn", "runtime": "kserve-pmmlserver"}, "runtime-format", "predictor.model.runtime"),
        ({"format": "sklearn", "protocol": "openai"}, "runtime-protocol", "predictor.model.protocol"),
    ],
)
def test_a_typed_model_is_refused_with_its_own_path(model: dict[str, Any], rule: str, path: str) -> None:
    _, (problem,) = chosen_runtime(typed(**model), facts())
    assert (problem.rule, problem.path) == (rule, path)


def test_rule_and_component_say_the_same_words() -> None:
    _, (of_spec,) = chosen_runtime(typed(format="nope"), facts())
    (of_object,) = said(service({"modelFormat": {"name": "nope"}, "protocolVersion": "v1"}), *chart_runtimes("0.20"))
    assert (of_spec.message, of_spec.cure) == (of_object.message, of_object.cure)


def test_a_typed_worker_needs_a_runtime_with_workers() -> None:
    predictor = Predictor.parse({"model": {"format": "huggingface", "uri": "pvc://m/m"}, "worker": {}})
    found, problems = chosen_runtime(predictor, facts(runtime("r", "huggingface", worker=WorkerFacts())))
    assert (found and found.name, problems) == ("r", [])
