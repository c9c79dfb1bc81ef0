"""Problems name what the user wrote, also where KServe's webhook moves it before its rules look at it."""

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import judge
from pulumi_kserve.endpoints.admission.subject import FRAMEWORKS, Subject

from tests.conformance.objects import CONTAINER, NO_SCALING, OWN, env, gpus, model, service, uris, worker

STANDARD = Context("0.20", "Standard")


def places(manifest: Mapping[str, Any], rule: str, context: Context = STANDARD) -> list[str]:
    return [problem.path for problem in judge(manifest, context) if problem.rule == rule]


@pytest.mark.parametrize("key", FRAMEWORKS)
def test_a_legacy_framework_key_stays_in_the_path(key: str) -> None:
    manifest = service({key: {"storageUri": "s3://models", **env("PYTHONPATH")}})
    assert places(manifest, "python-path") == [f"spec.predictor.{key}.env[0]"]
    assert places(manifest, "storage-path") == [f"spec.predictor.{key}.storageUri"]


@pytest.mark.parametrize(
    ("rule", "path", "manifest"),
    [
        ("labels", 'metadata.labels["a/b/c"]', {**service(), "metadata": {"name": "a", "labels": {"a/b/c": "x"}}}),
        ("pod-labels", "spec.transformer.labels.team", service(transformer={**OWN, "labels": {"team": "a b"}})),
        ("pod-labels", "spec.predictor.nodeSelector.zone", service(model(nodeSelector={"zone": "a b"}))),
        ("name-pattern", "metadata.name", service(name="Iris")),
        ("namespace-name", "metadata.namespace", {**service(), "metadata": {"name": "a", "namespace": "T"}}),
        ("python-path", "spec.explainer.art.env[0]", service(explainer={"art": {"type": "x", **env("PYTHONPATH")}})),
        (
            "python-path",
            "spec.predictor.initContainers[1].env[0]",
            service({**OWN, "initContainers": [CONTAINER, {**CONTAINER, **env("PYTHONPATH")}]}),
        ),
        ("implementations", "spec.predictor", service({})),
        ("implementations", "spec.predictor.containers[0]", service(model(containers=[CONTAINER]))),
        ("implementations", "spec.transformer", service(transformer={"minReplicas": 1})),
        ("model-dropped", "spec.predictor.model", service({**model(), "sklearn": {"storageUri": "s3://a/b"}})),
        (
            "limit-below-request",
            'spec.predictor.model.resources.limits["nvidia.com/gpu"]',
            service(model({"resources": {"requests": {"nvidia.com/gpu": 2}, "limits": {"nvidia.com/gpu": "1"}}})),
        ),
        (
            "unknown-gpu",
            'spec.predictor.workerSpec.containers[0].resources.limits["example.com/gpu"]',
            service(worker(containers=[{**CONTAINER, **gpus("example.com/gpu")}]), annotations=NO_SCALING),
        ),
        ("mount-path", "spec.predictor.storageUris[1].mountPath", service(uris(("s3://a/b", None), ("s3://a/c", "/")))),
        ("duplicate-item", "spec.predictor.model.env[1]", service(model({"env": [{"name": "A"}, {"name": "A"}]}))),
        ("template-braces", "spec.predictor.model.args[1]", service(model({"args": ["{{.Name}}", "{{ messages }}"]}))),
        (
            "container-protocol",
            "spec.predictor.containers[0].env[0]",
            service({"containers": [{**CONTAINER, **env("PROTOCOL", "v3")}]}),
        ),
    ],
)
def test_a_problem_names_the_place(rule: str, path: str, manifest: Mapping[str, Any]) -> None:
    assert path in places(manifest, rule)


def test_a_canary_has_its_number_in_the_path() -> None:
    broken = {"predictor": {"name": "next", **model({"storageUri": "s3://models"})}, "trafficPercent": 10}
    assert places(service(canary=[broken]), "storage-path") == ["spec.canary[0].predictor.model.storageUri"]


def test_a_path_below_a_legacy_key_is_the_written_one() -> None:
    predictor = Subject.of(service({"triton": {"storageUri": "s3://a/b"}})).predictor
    assert predictor.at("model", "env", 0) == "spec.predictor.triton.env[0]"
    assert predictor.at("modelish") == "spec.predictor.modelish"


def test_a_legacy_key_that_speaks_v2_is_seen_as_the_webhook_writes_it() -> None:
    predictor = Subject.of(service({"triton": {"storageUri": "s3://a/b"}})).predictor
    assert predictor.model == {
        "modelFormat": {"name": "triton"},
        "protocolVersion": "v2",
        "storageUri": "s3://a/b",
    }


@pytest.mark.parametrize(("written", "mode"), [("RawDeployment", "Standard"), ("Serverless", "Knative")])
def test_an_old_name_of_a_mode_is_known(written: str, mode: str) -> None:
    subject = Subject.of(service(annotations={"serving.kserve.io/deploymentMode": written}))
    assert (subject.admission_mode("Standard"), subject.mode("Standard")) == (mode, mode)


def test_an_unknown_mode_is_validated_as_written_and_runs_as_the_cluster_does() -> None:
    subject = Subject.of(service(annotations={"serving.kserve.io/deploymentMode": "Fast"}))
    assert (subject.admission_mode("Standard"), subject.mode("Standard")) == ("Fast", "Standard")
