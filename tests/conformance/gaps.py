"""What the library accepts today and KServe refuses: each is a rule that the library still lacks.

A line here is an expected failure; when the library learns the rule, the test says so, and the line goes.
"""

from collections.abc import Mapping
from typing import Any, Final

from tests.conformance.strategies import Case

_MODEL: Final = {"format": "sklearn", "uri": "s3://models/iris"}


def _case(**spec: Any) -> Case:
    return Case("iris", "team", {"predictor": {"model": _MODEL}, **spec})


GAPS: Final[Mapping[str, Case]] = {
    "overrides that break a rule": _case(overrides={"spec": {"predictor": {"containerConcurrency": -1}}}),
}
