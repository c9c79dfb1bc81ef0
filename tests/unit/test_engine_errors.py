"""The engine's errors of a fault name what is in the way, where, why, and what to type."""

import pytest
from pulumi_kserve.live.engine_errors import explain_engine_error, is_unanswered

CONFLICT = (
    'Unable to continue with install: CustomResourceDefinition "inferenceservices.serving.kserve.io" in namespace "" '
    "exists and cannot be imported into the current release: invalid ownership metadata"
)
APPLIED = (
    f'{CONFLICT}; label validation error: missing key "app.kubernetes.io/managed-by": must be set to "Helm"; '
    'annotation validation error: missing key "meta.helm.sh/release-name": must be set to "kserve-crd"; '
    'annotation validation error: missing key "meta.helm.sh/release-namespace": must be set to "kserve"'
)
RELEASED = (
    f'{CONFLICT}; annotation validation error: key "meta.helm.sh/release-name" must equal "kserve-crd": current value '
    'is "theirs"; annotation validation error: key "meta.helm.sh/release-namespace" must equal "kserve": current value '
    'is "ml"'
)
TAKEN_ROLE = APPLIED.replace(
    'CustomResourceDefinition "inferenceservices.serving.kserve.io" in namespace ""', 'Role "leader" in namespace "ml"'
)
LARGE = (
    'create: failed to create: Secret "sh.helm.release.v1.kserve-resources.v1" is invalid: data: Too long: may not be '
    "more than 1048576 bytes"
)
LATE = (
    'failed calling webhook "inferenceservice.kserve-webhook-server.defaulter": failed to call webhook: Post '
    '"https://kserve-webhook-server-service.kserve.svc:443/mutate?timeout=10s": context deadline exceeded'
)
TAKE_OVER = "annotate --overwrite @ meta.helm.sh/release-name=kserve-crd meta.helm.sh/release-namespace=kserve"


@pytest.mark.parametrize(
    "error",
    [
        "error: cannot re-use a name that is still in use",
        "another operation (install/upgrade/rollback) is in progress",
        "the stack is currently locked by 1 lock(s)",
    ],
)
def test_an_interrupted_run_names_the_exact_command(error: str) -> None:
    assert "pulumi-kserve recover --stack dev" in (explain_engine_error([error], "dev") or "")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (LARGE, ("release kserve-resources", "1 MiB", "nothing of it was changed", "out of the values")),
        ("Request entity too large: limit is 3145728", ("a release", "1 MiB")),
        (LATE, ("Service kserve-webhook-server-service in namespace kserve", "`kubectl -n kserve get pods")),
        (
            LATE.replace("context deadline exceeded", "connect: connection refused"),
            ("Service kserve-webhook",),
        ),
        (
            'Patch "https://10.0.0.1:6443/api": dial tcp 10.0.0.1:6443: connect: connection refused',
            ("The API server did not answer", "pulumi-kserve recover --stack dev"),
        ),
        (
            APPLIED,
            (
                "inferenceservices.serving.kserve.io is on the cluster",
                "not made by Helm",
                TAKE_OVER,
                "managed-by!=Helm",
            ),
        ),
        (
            RELEASED,
            (
                "belongs to Helm release theirs in namespace ml",
                "kubectl -n ml delete secret -l owner=helm,name=theirs",
                TAKE_OVER,
            ),
        ),
        (TAKEN_ROLE, ("kubectl -n ml annotate --overwrite role leader meta.helm.sh/release-name=kserve-crd",)),
    ],
)
def test_a_fault_names_what_where_why_and_the_cure(error: str, words: tuple[str, ...]) -> None:
    told = explain_engine_error([error], "dev") or ""
    assert [each for each in words if each not in told] == []


@pytest.mark.parametrize(("error", "again"), [(LATE, True), ("unexpected EOF", True), (LARGE, False), (APPLIED, False)])
def test_only_what_gave_no_answer_is_worth_another_try(error: str, *, again: bool) -> None:
    assert is_unanswered([error]) is again


def test_other_errors_are_left_to_the_engine() -> None:
    assert explain_engine_error(["quota exceeded"], "dev") is None
