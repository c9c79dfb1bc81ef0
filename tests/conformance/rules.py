"""KServe's live rules for InferenceService, in one table.

A rule is live when admission can speak its message. A rule that the schema or the mutating webhook always forestalls
stands here with the message that really comes, and its stage.
"""

from typing import Final

from tests.conformance.rule import Rule
from tests.conformance.rules_of_parts import EXPLAINERS, IDENTITY, METADATA, MULTI_NODE, SCHEMA
from tests.conformance.rules_of_scaling import CANARIES, HPA_RULES, KEDA_RULES, KNATIVE
from tests.conformance.rules_of_storage import EXTENSIONS, STORAGE
from tests.conformance.rules_of_updates import UPDATES

RULES: Final[tuple[Rule, ...]] = (
    *UPDATES,
    *IDENTITY,
    *MULTI_NODE,
    *STORAGE,
    *EXTENSIONS,
    *HPA_RULES,
    *KEDA_RULES,
    *KNATIVE,
    *CANARIES,
    *EXPLAINERS,
    *SCHEMA,
    *METADATA,
)
