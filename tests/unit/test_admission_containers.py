"""Containers, their order and their texts, and what the schema's table says beyond KServe."""

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_kserve.endpoints.admission import containers, schema
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import judge

from tests.conformance.objects import CONTAINER, OWN, env, model, service

SIDECAR = {"name": "proxy", "image": "registry.example/proxy:1"}
RULES = (*containers.RULES, *schema.RULES)


def found(manifest: Mapping[str, Any], release: str = "0.20") -> list[tuple[str, str]]:
    problems = judge(manifest, Context(release, "Standard"), rules=RULES)
    return [(problem.rule, problem.path) for problem in problems]


@pytest.mark.parametrize(
    "predictor",
    [
        OWN,
        {"containers": [{"image": "registry.example/server:1"}]},
        {"containers": [CONTAINER, SIDECAR]},
        {"containers": [{"image": "registry.example/server:1"}, SIDECAR]},
        model(containers=[{"name": "transformer-container"}]),
        model(containers=[SIDECAR]),
        model({"args": ["--name={{.Name}}", "{{ .Labels.team }}", "{single}", "}}"]}),
        {"containers": [{**CONTAINER, "args": ["{{ messages }}"]}]},
        model({"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": 1, "memory": "1024Mi"}}}),
        model(restartPolicy="Always"),
    ],
)
def test_a_predictor_is_accepted(predictor: Mapping[str, Any]) -> None:
    assert found(service(predictor)) == []


@pytest.mark.parametrize(
    ("predictor", "rule", "path"),
    [
        ({"containers": [SIDECAR, {**SIDECAR, "name": "b"}]}, "main-container", "containers"),
        ({"containers": [SIDECAR, CONTAINER]}, "main-container", "containers[1].name"),
        ({"containers": [CONTAINER, SIDECAR, SIDECAR]}, "container-name", "containers[2].name"),
        ({"containers": [CONTAINER, {"image": "a"}]}, "container-name", "containers[1].name"),
        ({"containers": [CONTAINER, {**SIDECAR, "name": "A"}]}, "container-name", "containers[1].name"),
        ({"containers": [{"name": "kserve-container"}]}, "container-image", "containers[0].image"),
        ({**OWN, "initContainers": [{"name": "init"}]}, "container-image", "initContainers[0].image"),
        (model({"command": ["{{"]}), "template-braces", "model.command[0]"),
        (model(env("TEMPLATE", "{% {{ bos }} %}")), "template-braces", "model.env[0].value"),
        (
            model(containers=[{"name": "transformer-container", "args": ["{{x}}"]}]),
            "template-braces",
            "containers[0].args[0]",
        ),
        (
            model({"resources": {"requests": {"cpu": 2}, "limits": {"cpu": "1500m"}}}),
            "limit-below-request",
            "model.resources.limits.cpu",
        ),
        (
            model({"resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "1G"}}}),
            "limit-below-request",
            "model.resources.limits.memory",
        ),
        (model(restartPolicy="Never"), "restart-policy", "restartPolicy"),
        (model(minReplica=2), "unknown-key", "minReplica"),
        (model({"resources": {"limits": {"cpu": 0.5}}}), "float-quantity", "model.resources.limits.cpu"),
        (model({"env": [{"value": "x"}]}), "missing-key", "model.env[0].name"),
        (model({"env": [None]}), "missing-key", "model.env[0]"),
        (model({"resources": {"limits": {"cpu": "1e1.5"}}}), "schema", "model.resources.limits.cpu"),
        (model({"readinessProbe": {"httpGet": {"port": 2**40}}}), "schema", "model.readinessProbe.httpGet.port"),
        (model(timeout=2**63), "schema", "timeout"),
        (model(volumes=[{"name": "v", "projected": {}}]), "schema", "volumes[0].projected.sources"),
        (model({"ports": [{"containerPort": 80}, {"containerPort": 80}]}), "duplicate-item", "model.ports[1]"),
        (
            model(schedulingGates=[{"name": "a"}, {"name": "a"}]),
            "duplicate-item",
            "schedulingGates[1]",
        ),
    ],
)
def test_a_predictor_is_refused(predictor: Mapping[str, Any], rule: str, path: str) -> None:
    assert found(service(predictor)) == [(rule, f"spec.predictor.{path}")]


def test_what_a_release_drops_is_not_judged() -> None:
    canary = {"predictor": {"name": "next", **model(None, timeout=2**63, **OWN)}, "trafficPercent": 1}
    assert found(service(canary=[canary]), "0.19") == [("unknown-key", "spec.canary")]


def test_empty_uris_are_dropped_by_one_release_and_refused_by_the_next() -> None:
    manifest = service(model(storageUris=[]))
    assert found(manifest, "0.19") == []
    assert found(manifest, "0.20") == [("schema", "spec.predictor.storageUris")]


def test_a_status_is_kserves_to_write() -> None:
    problems = judge({**service(), "status": {}}, Context("0.20", "Standard"), rules=RULES)
    assert [problem.message for problem in problems] == ["the status is KServe's to write"]
