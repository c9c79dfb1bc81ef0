"""Resources and a short call for the tests of the offline evaluator."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pulumi_kserve.offline import Synthesis, synth

STACK = "urn:pulumi:dev::pulumi-kserve::pulumi:pulumi:Stack::pulumi-kserve-dev"


class Thing(pulumi.CustomResource):
    """A resource with one output of its own."""

    answer: pulumi.Output[str]

    def __init__(self, name: str, props: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__("t:index:Thing", name, {"answer": None, **(props or {})}, pulumi.ResourceOptions(**options))


class Group(pulumi.ComponentResource):
    def __init__(self, name: str, **options: Any) -> None:
        super().__init__("t:index:Group", name, {"size": 2}, pulumi.ResourceOptions(**options))
        self.child = Thing(f"{name}-child", parent=self)
        self.register_outputs({"child": self.child.urn})


class Cloud(pulumi.ProviderResource):
    def __init__(self, name: str) -> None:
        super().__init__("t", name, {"region": "here"})


def of(program: Callable[[], object], **options: Any) -> Synthesis:
    return synth(program, **options)


class DeclinedError(ValueError):
    """An error of a program's own."""


def raise_(error: Exception) -> Any:
    raise error
