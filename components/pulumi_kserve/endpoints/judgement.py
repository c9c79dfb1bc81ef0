"""What an endpoint's component is refused for: everything at once, with the paths of the user's own spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from pulumi_kserve.contracts import PlatformFacts, RuntimeFacts
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.metadata import refuse_annotations, refuse_labels
from pulumi_kserve.endpoints.admission.names import refuse_name, refuse_namespace
from pulumi_kserve.endpoints.admission.pools import refuse_gpus
from pulumi_kserve.endpoints.admission.registry import judge
from pulumi_kserve.endpoints.admission.reserved import refuse_reserved_keys, refuse_reserved_overrides
from pulumi_kserve.endpoints.admission.runtimes import chosen_runtime
from pulumi_kserve.endpoints.identity import refuse_lost_credentials, refuse_two_credentials
from pulumi_kserve.endpoints.spec.canary import Canary
from pulumi_kserve.endpoints.spec.component import Component, Rendering
from pulumi_kserve.endpoints.spec.paths import spec_path
from pulumi_kserve.endpoints.spec.service import InferenceServiceSpec, components_of, service_manifest, uris_in
from pulumi_kserve.endpoints.spec.storage import Credentials, WorkloadIdentityCredentials
from pulumi_kserve.errors import Problem, SpecError, input_properties_error
from pulumi_kserve.overrides import merged
from pulumi_kserve.ownership import STACK_LABEL, this_stack
from pulumi_kserve.platform.releases import RELEASES

__all__ = ["Judged", "judged", "refusals"]


_SAME_OF_OBJECT: Final = "accelerator-pool"
"""The object's rule that says of the resources what is said of `gpu` in the user's own words."""


_UNKNOWN: Final = "unknown-key"
"""The object's rule for a field that the release has not; `canaries` have a rule of their own."""


@dataclass(frozen=True)
class Judged:
    """A spec that has no problem, and the runtime that will serve its model; a custom predictor has none."""

    spec: InferenceServiceSpec
    runtime: RuntimeFacts | None
    manifest: Mapping[str, Any]
    """The object as it was judged, without the overrides; ModelUris stay in it as they are."""


def judged(
    name: str,
    namespace: str,
    given: InferenceServiceSpec | Mapping[str, Any],
    facts: PlatformFacts,
    team: Mapping[str, str] | None = None,
) -> Judged:
    """The parsed spec, its runtime, and the object that it becomes.

    Args:
        name: The endpoint's name.
        namespace: Its namespace.
        given: What the user wrote.
        facts: The platform.
        team: The labels of the namespace's team.

    Raises:
        pulumi.InputPropertiesError: everything that is wrong with name, namespace and spec, with paths and cures.

    """
    fit, problems = _examined(name, namespace, given, facts, team or {})
    if problems or fit is None:
        raise input_properties_error(f"InferenceService {name!r}", problems)
    return fit


def refusals(
    name: str, namespace: str, given: InferenceServiceSpec | Mapping[str, Any], facts: PlatformFacts
) -> list[Problem]:
    """Everything that an endpoint would be refused for on the platform, with paths and cures."""
    return _examined(name, namespace, given, facts, {})[1]


def _examined(
    name: str,
    namespace: str,
    given: InferenceServiceSpec | Mapping[str, Any],
    facts: PlatformFacts,
    team: Mapping[str, str],
) -> tuple[Judged | None, list[Problem]]:
    fit: Judged | None = None
    problems = [*refuse_name(name), *refuse_namespace(namespace, facts), *_refuse_release(facts)]
    try:
        spec = InferenceServiceSpec.parse(given)
    except SpecError as error:
        problems += error.problems
    else:
        if facts.release in RELEASES:
            fit, found = _judged(name, namespace, spec, facts, team)
            problems += found
    return fit, list({(problem.path, problem.rule, problem.message): problem for problem in problems}.values())


def _refuse_release(facts: PlatformFacts) -> Iterator[Problem]:
    if facts.release not in RELEASES:
        message = f"{facts.name} runs KServe {facts.release}, whose rules are not known here"
        cure = f"Use a platform of {' or '.join(RELEASES)}, or a version of this package that knows the release"
        yield Problem("platform", message, cure, "unknown-release")


def _judged(
    name: str, namespace: str, spec: InferenceServiceSpec, facts: PlatformFacts, team: Mapping[str, str]
) -> tuple[Judged, list[Problem]]:
    runtime, problems = chosen_runtime(spec.predictor, facts, namespace=namespace)
    rendering = Rendering.of(facts, runtime=runtime, service_account=spec.service_account or name)
    labels = {STACK_LABEL: this_stack(), **(team if spec.team_labels else {}), **spec.labels}
    plain = service_manifest(name, namespace, spec, rendering, labels=labels)
    problems += _of_object(plain, spec, facts)
    uris = [*uris_in(plain)]
    problems += refuse_two_credentials(uris, spec.credentials)
    for path, account in _accounts(spec):
        problems += refuse_lost_credentials(uris, spec.credentials, account, path)
    problems += _refuse_identity(spec.credentials)
    problems += refuse_reserved_overrides(spec.overrides, "overrides")
    problems += _refuse_reserved(spec)
    return Judged(spec, runtime, plain), problems


def _of_object(plain: Mapping[str, Any], spec: InferenceServiceSpec, facts: PlatformFacts) -> list[Problem]:
    """What the object is refused for, and its accelerators, in the words of the spec."""
    whole = merged(plain, spec.overrides, keep_none=True)
    gpus = [*refuse_gpus(spec, facts)]
    context = Context(facts.release, facts.mode, facts)
    found = [_said_of_spec(each, whole, spec, facts.release) for each in judge(whole, context)]
    found = [each for each in found if each.rule != _UNKNOWN or each.path != "canaries"]
    paths = {gpu.path for gpu in gpus}
    return [each for each in found if each.rule != _SAME_OF_OBJECT or each.path not in paths] + gpus


def _accounts(spec: InferenceServiceSpec) -> Iterator[tuple[str, pulumi.Input[str] | None]]:
    yield "serviceAccount", spec.service_account
    for name, component in components_of(spec).items():
        yield f"{name}.serviceAccountName", component.service_account_name


def _refuse_identity(credentials: Credentials | None) -> Iterator[Problem]:
    if isinstance(credentials, WorkloadIdentityCredentials):
        here = "credentials.workloadIdentity"
        yield from refuse_annotations(credentials.annotations, f"{here}.annotations")
        yield from refuse_labels(credentials.pod_labels, f"{here}.podLabels")


def _refuse_reserved(spec: InferenceServiceSpec) -> Iterator[Problem]:
    holders: dict[str, InferenceServiceSpec | Component | Canary] = {
        "": spec,
        **{f"{name}.": component for name, component in components_of(spec).items()},
        **{f"canaries.{name}.": canary for name, canary in spec.canaries.items()},
    }
    for path, holder in holders.items():
        yield from refuse_reserved_keys(holder.labels, f"{path}labels")
        yield from refuse_reserved_keys(holder.annotations, f"{path}annotations")


def _said_of_spec(problem: Problem, manifest: Mapping[str, Any], spec: InferenceServiceSpec, release: str) -> Problem:
    path = spec_path(problem.path, manifest, spec)
    if problem.rule == _UNKNOWN and not path.startswith("overrides"):
        return Problem(path, f"KServe {release} has no such field", "Leave it out, or use a newer KServe", _UNKNOWN)
    return Problem(path, problem.message, problem.cure, problem.rule)
