"""For tests of programs that use this package, ours and yours: whole programs in-process, with no cluster.

    from pulumi_kserve import testing

    def test_the_endpoint_has_two_replicas() -> None:
        found = testing.synth(program)
        service = testing.manifest(found, "InferenceService", "iris")
        assert service["spec"]["predictor"]["minReplicas"] == 2

Failures say what the program does have, so that the test's message is enough to see why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_kserve.offline import UNKNOWN, Resource, Secret, Synthesis, synth, synth_program, synth_stack
from pulumi_kserve.offline.manifests import metadata_of, render, to_yaml
from pulumi_kserve.offline.problems import problems_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_kserve.errors import Problem

__all__ = [
    "UNKNOWN",
    "Resource",
    "Secret",
    "Synthesis",
    "manifest",
    "manifests",
    "manifests_yaml",
    "problems",
    "synth",
    "synth_program",
    "synth_stack",
]


def manifests(synthesis: Synthesis, kind: str | None = None) -> list[dict[str, Any]]:
    """All manifests of the program, or those of one kind, sorted by namespace, kind and name."""
    return [each for each in render(synthesis) if kind in (None, each.get("kind"))]


def manifest(synthesis: Synthesis, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
    """The one manifest of this kind and name.

    Raises:
        AssertionError: There is none, or several; the text lists what there is.
    """
    found = [each for each in manifests(synthesis) if _is(each, kind, name, namespace)]
    if len(found) != 1:
        there = "\n".join(f"  {_title(each)}" for each in manifests(synthesis)) or "  nothing"
        wanted = f"{kind} {f'{namespace}/' if namespace else ''}{name}"
        raise AssertionError(f"{len(found)} manifests are {wanted}; the program has\n{there}")
    return found[0]


def manifests_yaml(synthesis: Synthesis) -> str:
    """All manifests as YAML, for golden files: the same program gives the same bytes."""
    return to_yaml(render(synthesis))


def problems(program: Callable[[], object]) -> tuple[Problem, ...]:
    """What the program is refused for; empty when it is fine.

    Raises:
        Exception: The program fails for another reason than wrong values.
    """
    try:
        synth(program)
    except Exception as error:
        found = problems_in(error)
        if not found:
            raise
        return found
    return ()


def _is(each: dict[str, Any], kind: str, name: str, namespace: str | None) -> bool:
    metadata = metadata_of(each)
    here = namespace is None or metadata.get("namespace") == namespace
    return each.get("kind") == kind and metadata.get("name") == name and here


def _title(each: dict[str, Any]) -> str:
    metadata = metadata_of(each)
    name = "/".join(str(metadata[key]) for key in ("namespace", "name") if key in metadata)
    return f"{each.get('kind')} {name}"
