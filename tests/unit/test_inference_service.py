"""InferenceService: what it renders, what it refuses, and what its children depend on."""

from typing import Any

import pulumi
import pulumi_kserve as kserve
import pytest
from pulumi_kserve.contracts import FormatFacts, PlatformFacts, PlatformRef, RuntimeFacts
from pulumi_kserve.errors import Problem
from pulumi_kserve.ownership import REVISION_ANNOTATION, STACK_LABEL
from pulumi_kserve.testing import Synthesis, manifest, problems, synth

from tests.unit.programs import cluster, one_endpoint, predictor

SKLEARN = RuntimeFacts(
    name="sklearn", formats=(FormatFacts(name="sklearn", version="1", auto_select=True),), protocols=("v1", "v2")
)


def refused(spec: dict[str, Any], **options: Any) -> dict[str, Problem]:
    return {problem.path: problem for problem in problems(lambda: one_endpoint_inside(spec, **options))}


def one_endpoint_inside(spec: dict[str, Any], *, name: str = "iris", namespace: str = "team") -> None:

    platform = kserve.Platform("kserve", {}, cluster=cluster())
    kserve.InferenceService(name, spec, platform=platform, namespace=namespace)


def resources(said: dict[str, Any]) -> dict[str, Any]:
    return {"predictor": {**predictor()["predictor"], "resources": said}}


REFUSED = [
    (
        "a format that no runtime serves",
        predictor(format="sklern"),
        "predictor.model.format",
        "Did you mean 'sklearn'?",
    ),
    ("a version that no runtime lists", predictor(version="9"), "predictor.model.version", "version '9'"),
    (
        "a protocol that the runtime does not speak",
        predictor(protocol="grpc-v1"),
        "predictor.model.protocol",
        "grpc-v1",
    ),
    ("a runtime that is missing", predictor(runtime="sklearnx"), "predictor.model.runtime", "'sklearn'"),
    ("a scheme KServe does not read", predictor(uri="ftp://x/y"), "predictor.model.uri", "Use one of"),
    ("a URI without a scheme", predictor(uri="models/iris"), "predictor.model.uri", "no scheme"),
    ("a bucket without a path", predictor(uri="s3://models"), "predictor.model.uri", "no path"),
    ("template braces in args", predictor(args=["--t={{ x }}"]), "predictor.model.args[0]", "Go template"),
    ("PYTHONPATH", predictor(env={"PYTHONPATH": "/x"}), "predictor.model.env.PYTHONPATH", "image"),
    (
        "a limit below the request",
        resources({"requests": {"cpu": "2"}, "limits": {"cpu": "500m"}}),
        "predictor.resources.limits.cpu",
        "Raise the limit",
    ),
    (
        "memory without a unit",
        resources({"requests": {"memory": "512"}}),
        "predictor.resources.requests",
        "'512Mi'",
    ),
    (
        "a quantity that is a float",
        resources({"requests": {"cpu": 0.5}}),
        "predictor.resources.requests.cpu",
        "string",
    ),
    (
        "an autoscaler without metrics",
        {"predictor": {**predictor()["predictor"], "scaling": {"hpa": {"maxReplicas": 2}}}},
        "predictor.scaling.hpa.maxReplicas",
        "metrics-server",
    ),
    (
        "a maximum below the minimum",
        {"predictor": {**predictor()["predictor"], "scaling": {"hpa": {"minReplicas": 3, "maxReplicas": 2}}}},
        "predictor.scaling.hpa.maxReplicas",
        "Raise maxReplicas",
    ),
    (
        "a label of ours",
        {**predictor(), "labels": {"pulumi-kserve/stack": "other"}},
        "labels['pulumi-kserve/stack']",
        "Leave it out",
    ),
    (
        "the mode as an annotation",
        {**predictor(), "annotations": {"serving.kserve.io/deploymentMode": "Knative"}},
        "annotations['serving.kserve.io/deploymentMode']",
        "platform's mode",
    ),
    (
        "another name by override",
        {**predictor(), "overrides": {"metadata": {"name": "other"}}},
        "overrides.metadata.name",
        "labels and annotations",
    ),
    (
        "replicas by override",
        {**predictor(), "overrides": {"spec": {"predictor": {"minReplicas": 3}}}},
        "overrides.spec.predictor.minReplicas",
        "`scaling`",
    ),
    ("a label value with a space", {**predictor(), "labels": {"team": "a b"}}, "labels.team", "at most 63"),
    ("a label key with a space", {**predictor(), "labels": {"the team": "a"}}, 'labels["the team"]', "at most 63"),
    (
        "an annotation key with a space",
        {**predictor(), "annotations": {"the team": "a"}},
        'annotations["the team"]',
        "at most 63",
    ),
    ("large annotations", {**predictor(), "annotations": {"notes": "x" * 300_000}}, "annotations", "ConfigMap"),
    (
        "replicas beyond 32 bits",
        {"predictor": {**predictor()["predictor"], "scaling": {"noScaling": {"replicas": 2**31}}}},
        "predictor.scaling.noScaling.replicas",
        "2147483647",
    ),
    ("an unknown key", {**predictor(), "predictr": 1}, "predictr", "Did you mean 'predictor'?"),
]


@pytest.mark.parametrize(("spec", "path", "cure"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_wrong_endpoint_is_refused_with_path_and_cure(spec: dict[str, Any], path: str, cure: str) -> None:
    assert cure in refused(spec)[path].reason


@pytest.mark.parametrize(
    ("name", "namespace", "path"),
    [
        ("Iris", "team", "name"),
        ("1iris", "team", "name"),
        ("írís", "team", "name"),
        ("a" * 49, "team", "name"),
        ("a" * 40, "b" * 20, "name"),
        ("iris", "a.b", "namespace"),
        ("iris", "kube-system", "namespace"),
        ("iris", "kserve", "namespace"),
    ],
)
def test_a_name_that_would_fail_later_is_refused_now(name: str, namespace: str, path: str) -> None:
    assert path in refused(predictor(), name=name, namespace=namespace)


def in_knative(release: str = "0.20") -> Synthesis:
    facts = PlatformFacts(name="there", release=release, mode="Knative", gateway="kourier", runtimes=(SKLEARN,))

    def program() -> None:
        platform = PlatformRef("there", stack="o/p/s", facts=facts, cluster=cluster())
        kserve.InferenceService("iris", predictor(), platform=platform, namespace="team")

    return synth(program, stack="test")


@pytest.mark.parametrize(("release", "written"), [("0.19", None), ("0.20", "Knative")])
def test_a_release_that_fails_on_an_explicit_knative_mode_gets_none(release: str, written: str | None) -> None:
    service = manifest(in_knative(release), "InferenceService", "iris")
    assert service["metadata"]["annotations"].get("serving.kserve.io/deploymentMode") == written


def test_in_knative_mode_the_object_itself_waits_until_it_is_ready() -> None:
    found = in_knative()
    assert manifest(found, "InferenceService", "iris")["metadata"]["annotations"]["pulumi.com/waitFor"] == (
        "condition=Ready"
    )
    assert not [each.name for each in found.resources if each.name.endswith("-rollout")]


def test_too_many_accelerators_are_refused_once_with_what_the_pools_have() -> None:

    def program() -> None:
        pool = {"name": "l4", "accelerator": "nvidia-l4", "acceleratorsPerNode": 1}
        platform = kserve.Platform("kserve", {"runtimes": ["kserve-torchserve"]}, cluster=cluster(pools=[pool]))
        on_gpus = {**predictor(format="pytorch")["predictor"], "gpu": {"pool": "l4", "count": 4}}
        kserve.InferenceService("iris", {"predictor": on_gpus}, platform=platform, namespace="team")

    assert [problem.path for problem in problems(program)] == ["predictor.gpu.count"]


def test_all_problems_of_an_endpoint_come_at_once() -> None:
    spec = predictor(format="nope", uri="ftp://x", env={"PYTHONPATH": "x"})
    assert len(refused(spec, name="Iris", namespace="kube-system")) == 5


def test_the_object_says_model_and_runtime_explicitly() -> None:
    service = manifest(one_endpoint(), "InferenceService", "iris")
    model = service["spec"]["predictor"]["model"]
    assert (model["runtime"], model["protocolVersion"], model["modelFormat"]) == ("sklearn", "v1", {"name": "sklearn"})


def test_the_revision_of_the_pods_travels_in_the_predictors_annotations() -> None:
    service = manifest(one_endpoint(), "InferenceService", "iris")
    gate = one_endpoint().named("iris-predictor-rollout").inputs
    revision = service["spec"]["predictor"]["annotations"][REVISION_ANNOTATION]
    assert gate["metadata"]["annotations"][REVISION_ANNOTATION] == revision


def revision(spec: dict[str, Any]) -> str:
    service = manifest(one_endpoint(spec, provides=("metrics-server",)), "InferenceService", "iris")
    return str(service["spec"]["predictor"]["annotations"][REVISION_ANNOTATION])


@pytest.mark.parametrize(
    "change", [{"uri": "s3://models/iris/v2"}, {"args": ["--x"]}, {"env": {"A": "b"}}, {"protocol": "v2"}]
)
def test_a_change_of_the_pods_changes_the_revision(change: dict[str, Any]) -> None:
    assert revision(predictor(**change)) != revision(predictor())


def test_an_override_of_the_pods_changes_the_revision() -> None:
    overrides: dict[str, Any] = {"spec": {"predictor": {"terminationGracePeriodSeconds": 5}}}
    assert revision(predictor() | {"overrides": overrides}) != revision(predictor())


def test_a_change_of_the_replicas_keeps_the_revision() -> None:
    two = {"predictor": {**predictor()["predictor"], "scaling": {"hpa": {"maxReplicas": 2}}}}
    three = {"predictor": {**predictor()["predictor"], "scaling": {"hpa": {"maxReplicas": 3}}}}
    assert revision(two) == revision(three)


def test_overrides_are_merged_deeply_and_none_removes() -> None:
    overrides: dict[str, Any] = {"spec": {"predictor": {"tolerations": [], "securityContext": None}}}
    spec = predictor() | {"overrides": overrides}
    rendered = manifest(one_endpoint(spec), "InferenceService", "iris")["spec"]["predictor"]
    assert rendered["tolerations"] == []
    assert "securityContext" not in rendered
    assert rendered["model"]["runtime"] == "sklearn"


def test_none_removes_a_key_of_a_mapping_that_only_the_overrides_have() -> None:
    spec = predictor() | {"overrides": {"spec": {"predictor": {"dnsConfig": {"options": None, "searches": ["a"]}}}}}
    rendered = manifest(one_endpoint(spec), "InferenceService", "iris")["spec"]["predictor"]
    assert rendered["dnsConfig"] == {"searches": ["a"]}


def test_an_empty_mapping_in_the_overrides_stays() -> None:
    overrides: dict[str, Any] = {"spec": {"predictor": {"dnsConfig": {}}}}
    spec = predictor() | {"overrides": overrides}
    assert manifest(one_endpoint(spec), "InferenceService", "iris")["spec"]["predictor"]["dnsConfig"] == {}


def test_a_field_that_the_releases_crd_does_not_know_is_refused_with_the_endpoints_other_problems() -> None:
    found = refused(predictor(uri="ftp://x/y") | {"overrides": {"spec": {"predictor": {"tolerationz": []}}}})
    assert set(found) == {"predictor.model.uri", "overrides.spec.predictor.tolerationz"}
    assert "Did you mean 'tolerations'?" in found["overrides.spec.predictor.tolerationz"].reason


@pytest.mark.parametrize("removed", [{"spec": None}, {"spec": {"predictor": None}}, {"kind": None}])
def test_overrides_cannot_remove_what_an_endpoint_needs(removed: dict[str, Any]) -> None:
    assert next(iter(refused(predictor() | {"overrides": removed}))).startswith("overrides")


def test_every_object_carries_the_ownership_label() -> None:
    found = one_endpoint()
    objects = [each for each in found.resources if each.type.startswith("kubernetes:") and "metadata" in each.inputs]
    unlabelled = [
        each.name
        for each in objects
        if not each.type.endswith("Patch") and STACK_LABEL not in each.inputs["metadata"].get("labels", {})
    ]
    assert objects
    assert unlabelled == []


def test_the_endpoint_depends_on_the_controllers_gate_so_that_destroy_runs_in_reverse() -> None:
    found = one_endpoint()
    service = found.named("iris-inference-service")
    gate = found.named("kserve-gate-kserve-resources")
    assert gate.urn in service.dependencies


def test_the_service_account_gets_no_token_of_the_api_server() -> None:
    account = manifest(one_endpoint(), "ServiceAccount", "iris")
    assert account["automountServiceAccountToken"] is False


def test_a_change_of_mode_needs_a_replacement() -> None:
    service = one_endpoint().named("iris-inference-service")
    assert service.replace_on_changes == ('metadata.annotations["serving.kserve.io/deploymentMode"]',)


def test_the_gate_runs_the_watch_before_create_and_before_update() -> None:
    gate = one_endpoint().named("iris-predictor-rollout")
    assert gate.hooks["before_create"] == gate.hooks["before_update"] == ("c-kubernetes-rollout-truth",)


def test_the_endpoints_of_a_cluster_share_their_hooks() -> None:

    def program(count: int) -> int:
        def declare() -> None:
            platform = kserve.Platform("kserve", {}, cluster=cluster())
            for number in range(count):
                kserve.InferenceService(f"iris-{number}", predictor(), platform=platform, namespace="team")

        return len(synth(declare).hooks)

    assert program(3) == program(1)


def test_the_same_program_gives_the_same_resources() -> None:
    assert one_endpoint().resources == one_endpoint().resources


def test_two_clusters_work_in_one_program_with_ambient_providers_disabled() -> None:

    def program() -> None:
        for name in ("one", "two"):
            platform = kserve.Platform(f"kserve-{name}", {}, cluster=cluster(name))
            kserve.InferenceService(f"iris-{name}", predictor(), platform=platform, namespace="team")

    found = synth(program, config={"pulumi:disable-default-providers": '["*"]'})
    used = {
        each.name: each.provider.split("::")[3]
        for each in found.resources
        if each.type.startswith("kubernetes:") and each.custom
    }
    assert {name: provider for name, provider in used.items() if name.startswith("iris-two")} == {
        "iris-two-inference-service": "two-kubernetes",
        "iris-two-network-policy": "two-kubernetes",
        "iris-two-predictor-rollout": "two-kubernetes",
        "iris-two-service-account": "two-kubernetes",
    }
    assert set(used.values()) == {"one-kubernetes", "two-kubernetes"}


def test_callers_options_go_to_the_component_only() -> None:

    def program() -> None:
        platform = kserve.Platform("kserve", {}, cluster=cluster())
        kserve.InferenceService(
            "iris",
            predictor(),
            platform=platform,
            namespace="team",
            opts=pulumi.ResourceOptions(protect=True, aliases=[pulumi.Alias(name="old")]),
        )

    found = synth(program)
    assert found.component("iris").aliases
    assert not found.named("iris-inference-service").aliases
