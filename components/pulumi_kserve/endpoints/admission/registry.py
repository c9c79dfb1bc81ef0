"""Every rule about an InferenceService, in KServe's order, and the judge that applies them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi_kserve.endpoints.admission import (
    canary,
    containers,
    ignored,
    knative,
    locations,
    logger,
    metadata,
    multi_node,
    names,
    pod_references,
    pools,
    reserved,
    revisions,
    runtimes,
    scaling,
    schema,
    storage,
    storage_uris,
    update,
)
from pulumi_kserve.endpoints.admission.context import Context
from pulumi_kserve.endpoints.admission.rule import Rule
from pulumi_kserve.endpoints.admission.subject import Subject
from pulumi_kserve.errors import Problem

__all__ = ["RULES", "judge"]

RULES: Final[tuple[Rule, ...]] = (
    *schema.RULES,
    *metadata.RULES,
    *update.RULES,
    *names.RULES,
    *containers.RULES,
    *pod_references.RULES,
    *multi_node.RULES,
    *storage.RULES,
    *locations.RULES,
    *storage_uris.RULES,
    *logger.RULES,
    *scaling.RULES,
    *knative.RULES,
    *revisions.RULES,
    *canary.RULES,
    *runtimes.RULES,
    *pools.RULES,
    *ignored.RULES,
    *reserved.RULES,
)
"""The rules. Their order is that of the problems: first what the API server says, last what only we say."""


def judge(manifest: Mapping[str, Any], context: Context, *, rules: Sequence[Rule] = RULES) -> list[Problem]:
    """Everything that is wrong with an InferenceService, in the order of the rules.

    Args:
        manifest: The whole object, as plain YAML has it or as a program made it: a leaf may be an Output, and a URI
            a `ModelUri`.
        context: The release, the mode, and what is known of the platform.
        rules: The rules to apply, all of them unless said otherwise.

    """
    subject = Subject.of(manifest)
    return [problem for rule in rules if context.release in rule.releases for problem in rule.refuse(subject, context)]
