"""Two programs that declare the same resources, and one process's measurement of either.

`typed` declares InferenceServices: the two endpoints of the design's quickstart in turn, with all their default
children, on a platform that is known by its facts only. `plain` is what somebody would write by hand instead: a
component and as many plain resources with equal manifests, parents and dependencies, and nothing else; each is our own
`KubernetesObject`, the leanest there is that knows a status. Its text is made from what `typed` declares, so that the
two stay equal.
"""

from __future__ import annotations

import json
import resource
import runpy
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing
from pulumi_kserve.contracts import Feature
from pulumi_kserve.models import is_mapping
from pulumi_kserve.offline import Resource, Synthesis, synth
from pulumi_kserve.platform.chart_runtimes import chart_runtimes

__all__ = ["Program", "plain", "plain_source", "typed"]

Program = Callable[[], None]

_RELEASE = "0.20"
_NAMESPACE = "models"
_SAMPLE = "name-of-endpoint"
_WARM_UP = 2


def sklearn(name: str) -> kserve.InferenceServiceSpec:
    return kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(format="sklearn", uri=f"s3://models/{name}/v1"),
            scaling=kserve.Hpa(min_replicas=2, max_replicas=4, cpu_percent=70),
        )
    )


def huggingface(name: str) -> kserve.InferenceServiceSpec:
    return kserve.InferenceServiceSpec(
        predictor=kserve.Predictor(
            model=kserve.Model(format="huggingface", uri=f"hf://{name}/instruct", args=("--backend=huggingface",)),
            resources=kserve.Resources(requests={"cpu": "1", "memory": "2Gi"}, limits={"cpu": "2", "memory": "6Gi"}),
        )
    )


SPECS = (sklearn, huggingface)


def platform() -> kserve.PlatformRef:
    """A platform of another stack."""
    facts = kserve.PlatformFacts(
        name="kserve",
        release=_RELEASE,
        mode="Standard",
        gateway="envoy",
        domain="models.example.com",
        runtimes=chart_runtimes(_RELEASE),
        features=(Feature.CERT_MANAGER, Feature.METRICS_SERVER, Feature.ENVOY_GATEWAY),
    )
    cluster = existing.Cluster("cluster", {"context": "prod"})
    return kserve.PlatformRef("kserve", stack="org/platform/prod", facts=facts, cluster=cluster)


def typed(names: list[str]) -> Program:
    """The program of InferenceServices."""

    def program() -> None:
        here = platform()
        for number, name in enumerate(names):
            kserve.InferenceService(name, SPECS[number % len(SPECS)](name), platform=here, namespace=_NAMESPACE)

    return program


def plain(names: list[str], source: Path) -> Program:
    """The program of plain resources whose text is in `source`."""
    declare = runpy.run_path(str(source))["declare"]

    def program() -> None:
        here = platform()
        for number, name in enumerate(names):
            declare[number % len(SPECS)](name, here)

    return program


def plain_source() -> str:
    """The text of a module with one function per kind of endpoint, in a list named `declare`."""
    functions: list[str] = []
    for number in range(len(SPECS)):
        names = [f"other-{each}" for each in range(number)] + [_SAMPLE]
        functions += [f"def declare_{number}(name, platform):", *_statements(synth(typed(names))), ""]
    listed = ", ".join(f"declare_{number}" for number in range(len(SPECS)))
    return "\n".join(
        [
            "import pulumi",
            "from pulumi_kserve.resources import KubernetesObject",
            "",
            *functions,
            f"declare = [{listed}]",
            "",
        ]
    )


def _statements(found: Synthesis) -> Iterator[str]:
    """What declares the sample endpoint's component and children."""
    component = found.component(_SAMPLE)
    given = f"{component.type!r}, name, {_literal(component.inputs)}"
    yield f"    component = pulumi.ComponentResource({given}, "
    yield "        pulumi.ResourceOptions(providers=[platform.cluster.provider]))"
    children = {each.urn: each for each in found.resources if each.parent == component.urn}
    written: dict[str, str] = {}
    while children:
        urn = next(urn for urn, child in children.items() if children.keys().isdisjoint(child.dependencies))
        child = children.pop(urn)
        yield from _child(child, f"child_{len(written)}", written)
        written[urn] = f"child_{len(written)}"
    yield f"    component.register_outputs({_literal(component.outputs)})"


def _child(child: Resource, variable: str, written: Mapping[str, str]) -> Iterator[str]:
    needs = [written[urn] for urn in child.dependencies if urn in written]
    outside = ["*platform.ready"] if len(needs) < len(child.dependencies) else []
    options = f"parent=component, depends_on=[{', '.join([*outside, *needs])}]"
    is_patch = child.type.endswith("Patch")
    declared = f"pulumi.CustomResource({child.type!r}, " if is_patch else "KubernetesObject("
    yield f"    {variable} = {declared}{_literal(child.name)}, {_literal(child.inputs)},"
    yield f"        pulumi.ResourceOptions({options}))"


def _literal(value: Any) -> str:
    """Python's spelling of a value, with the sample's name as the variable `name`."""
    if is_mapping(value):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_literal, cast("Sequence[Any]", value))) + "]"
    if isinstance(value, str) and _SAMPLE in value:
        return "f" + repr(value.replace("{", "{{").replace("}", "}}").replace(_SAMPLE, "{name}"))
    return repr(value)


def measured(make: Callable[[list[str]], Program], count: int) -> dict[str, float]:
    """Seconds and peak memory of one evaluation, after a small one that loads what is loaded once."""
    synth(make([f"w{number:05}" for number in range(_WARM_UP)]))
    program = make([f"e{number:05}" for number in range(count)])
    wall, cpu = time.perf_counter(), time.process_time()
    found = synth(program)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"cpu": cpu, "wall": wall, "peak_kib": peak, "resources": len(found.resources)}


def main() -> None:
    """`write FILE` writes the plain program's text; `typed COUNT` and `plain COUNT FILE` print a measurement."""
    match sys.argv[1:]:
        case ["write", file]:
            Path(file).write_text(plain_source(), "utf-8")
        case ["typed", count]:
            print(json.dumps(measured(typed, int(count))))
        case ["plain", count, file]:
            print(json.dumps(measured(lambda names: plain(names, Path(file)), int(count))))
        case _:
            raise SystemExit(main.__doc__)


if __name__ == "__main__":
    main()
