"""Rules on objects that a program makes: some values are known only when it runs, and some URIs are `ModelUri`."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pytest
from pulumi_kserve.contracts import ModelUri, PlatformFacts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.registry import RULES, judge
from pulumi_kserve.models import is_mapping

from tests.conformance.objects import env, model, service, uris, worker
from tests.conformance.rule import Rule as Live
from tests.conformance.rules import RULES as LIVE_RULES

KSERVE = {rule.name for rule in RULES if rule.source == "kserve"}
LARGE: dict[str, Any] = service(
    worker(
        {**env("A"), "ports": [{"containerPort": 80}], "storage": {"key": "k", "parameters": {"type": "s3"}}},
        storageUris=[{"uri": "s3://a/b", "mountPath": "/m"}],
        logger={"mode": "all", "storage": {"path": "p"}},
        autoScaling={"metrics": [{"type": "External", "external": {"metric": {"query": "q"}, "target": {"value": 1}}}]},
        volumes=[{"name": "v", "projected": {"sources": []}}],
    ),
    annotations={"serving.kserve.io/gpu-resource-types": "[]", "serving.kserve.io/deploymentMode": "Standard"},
    transformer={"containers": [{"image": "a", "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}}]},
    explainer={"art": {"type": "SquareAttack", "storageUri": "gs://a", "storage": {}}},
    canary=[{"predictor": {"name": "next", **model()}, "trafficPercent": 10}],
)
"""A bit of everything that rules look at."""
FACTS = PlatformFacts(name="kserve", release="0.20", mode="Standard", gateway="cluster-local")
Spot = tuple[Any, Any]


class Later(pulumi.Output[Any]):
    """An Output of which nothing is known, made without an engine."""

    def __init__(self) -> None:
        """Hold nothing: a rule that looked into it would fail."""


def leaves(value: Any) -> Iterator[Spot]:
    """The holder and key of every leaf below `value`."""
    return ((holder, key) for holder, key in spots(value) if not isinstance(holder[key], (dict, list)))


def spots(value: Any) -> Iterator[Spot]:
    """The holder and key of everything below `value`."""
    keys: list[Any] = list(value) if is_mapping(value) else [*range(len(value))]
    holder: Any = value
    for key in keys:
        yield holder, key
        if isinstance(holder[key], (dict, list)):
            yield from spots(holder[key])


def with_unknown_leaves(manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The object once for each leaf of its spec and annotations, with that leaf unknown."""
    count = len([*leaves(manifest["spec"]), *leaves(manifest["metadata"].get("annotations", {}))])
    for position in range(count):
        made = copy.deepcopy(dict(manifest))
        holder, key = [*leaves(made["spec"]), *leaves(made["metadata"].get("annotations", {}))][position]
        holder[key] = Later()
        yield made


@pytest.mark.parametrize("live", LIVE_RULES, ids=[live.name for live in LIVE_RULES])
def test_a_value_that_is_not_known_yet_is_never_refused(live: Live) -> None:
    context = Context(live.releases[-1], live.mode, previous=live.previous)
    for made in with_unknown_leaves(live.sound):
        assert [problem for problem in judge(made, context) if problem.rule in KSERVE] == []


@pytest.mark.parametrize("live", LIVE_RULES, ids=[live.name for live in LIVE_RULES])
def test_an_unknown_value_hides_nothing_but_itself(live: Live) -> None:
    """Judging a broken object with an unknown leaf ends without an error, with facts and without."""
    for made in with_unknown_leaves(live.broken):
        judge(made, Context(live.releases[-1], live.mode, FACTS))


@pytest.mark.parametrize("wrong", [None, "", "x", -1, 1.5, True, [], {}, [[]], [None], {"a": None}], ids=repr)
def test_a_value_of_any_shape_is_judged_without_an_error(wrong: Any) -> None:
    count = len([*spots(LARGE)])
    for position in range(count):
        made = copy.deepcopy(LARGE)
        holder, key = [*spots(made)][position]
        holder[key] = wrong
        for context in (Context("0.19", "Knative"), Context("0.20", "Standard", FACTS)):
            judge(made, context)


@pytest.mark.parametrize("manifest", [{}, {"metadata": None}, {"spec": []}, {"metadata": [], "spec": "x"}], ids=repr)
def test_an_object_without_its_parts_is_refused_without_an_error(manifest: Mapping[str, Any]) -> None:
    assert "schema" in {problem.rule for problem in judge(manifest, Context("0.20", "Standard"))}


def test_a_model_uri_is_a_text_for_the_schema() -> None:
    manifest = service(model({"storageUri": ModelUri("s3", "iris/v1", "models")}))
    assert [problem.path for problem in judge(manifest, Context("0.20", "Standard")) if problem.rule == "schema"] == []


def test_scheme_and_path_of_a_model_uri_are_judged_while_its_bucket_is_unknown() -> None:
    manifest = service(model({"storageUri": ModelUri("s3", "", Later())}))
    found = {problem.rule: problem.path for problem in judge(manifest, Context("0.20", "Standard"))}
    assert found["storage-path"] == "spec.predictor.model.storageUri"


def test_a_model_uri_is_judged_for_several_nodes() -> None:
    manifest = service(worker({"storageUri": ModelUri("s3", "llm", Later())}))
    assert "worker-uri-scheme" in {problem.rule for problem in judge(manifest, Context("0.19", "Standard"))}


def test_mount_paths_with_an_unknown_one_are_not_compared() -> None:
    manifest = service(uris(("s3://a/b", "/one"), ("s3://a/c", "/two")))
    manifest["spec"]["predictor"]["storageUris"][0]["mountPath"] = Later()
    assert "mount-parents" not in {problem.rule for problem in judge(manifest, Context("0.20", "Standard"))}


def test_the_name_of_a_variable_is_read_while_its_value_is_unknown() -> None:
    manifest = service(model(env("PYTHONPATH")))
    manifest["spec"]["predictor"]["model"]["env"][0]["value"] = Later()
    assert "python-path" in {problem.rule for problem in judge(manifest, Context("0.20", "Standard"))}
