"""What the library accepts today and KServe refuses: each is a rule that the library still lacks.

A line here is an expected failure; when the library learns the rule, the test says so, and the line goes.
"""

from collections.abc import Mapping
from typing import Any, Final

from tests.conformance.strategies import Case

_MODEL: Final = {"format": "sklearn", "uri": "s3://models/iris"}


def _case(scaling: Mapping[str, Any] | None = None, namespace: str = "team", **spec: Any) -> Case:
    predictor = {"model": _MODEL, **({"scaling": scaling} if scaling else {})}
    return Case("iris", namespace, {"predictor": predictor, **spec})


GAPS: Final[Mapping[str, Case]] = {
    "a label whose value is no label value": _case(labels={"team": "a b"}),
    "a label whose key is no label key": _case(labels={"the team": "a"}),
    "an annotation whose key is no annotation key": _case(annotations={"the team": "a"}),
    "annotations above 256 KiB": _case(annotations={"notes": "x" * 300_000}),
    "replicas beyond 32 bits": _case({"noScaling": {"replicas": 2**31}}),
    "a maximum beyond 32 bits": _case({"hpa": {"maxReplicas": 2**31}}),
    "a namespace that is no DNS label": _case(namespace="a.b"),
    "overrides that break a rule": _case(overrides={"spec": {"predictor": {"containerConcurrency": -1}}}),
}
