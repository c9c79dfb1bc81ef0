"""Rules about scaling and rollout, by deployment mode and autoscaler."""

from collections.abc import Mapping
from typing import Any

from tests.conformance.objects import (
    CONTAINER,
    HPA,
    HUGGING_FACE,
    KEDA,
    KNATIVE_HPA,
    OWN,
    canaries,
    canary,
    external,
    model,
    pod_metric,
    resource,
    scaled_by,
    service,
)
from tests.conformance.rule import NEW, Rule
from tools.oracle.judge import Mode

_SEVERAL_NODES = {**HUGGING_FACE, "runtime": "kserve-huggingfaceserver-multinode"}
_CPU = resource("cpu", type="Utilization", averageUtilization=80)


def keda(name: str, says: str, broken: Mapping[str, Any], sound: Mapping[str, Any] | None = None) -> Rule:
    return Rule(
        name,
        says,
        broken=service(scaled_by(broken), annotations=KEDA),
        sound=service(scaled_by(sound or _CPU), annotations=KEDA),
    )


_HPA_MODES: tuple[tuple[str, Mode, Mapping[str, str]], ...] = (
    ("", "Standard", HPA),
    ("V33 ", "Knative", KNATIVE_HPA),
)

HPA_RULES: tuple[Rule, ...] = tuple(
    Rule(
        f"{rule} {what}",
        says,
        service(broken, annotations=annotations),
        service(model(scaleMetric="cpu", scaleTarget=80), annotations=annotations),
        mode=mode,
    )
    for where, mode, annotations in _HPA_MODES
    for rule, what, says, broken in (
        (f"{where}V24", "metric", "[rps] is not a supported metric", model(scaleMetric="rps")),
        (f"{where}V25", "no CPU", "should be a [1-100] integer", model(scaleTarget=0)),
        (f"{where}V25", "CPU above 100", "should be a [1-100] integer", model(scaleTarget=101)),
        (
            f"{where}V25",
            "memory above 100",
            "should be a [1-100] integer",
            model(scaleMetric="memory", scaleTarget=101),
        ),
        (
            f"{where}V26",
            "no memory",
            "the target memory should be greater than 1 MiB",
            model(scaleMetric="memory", scaleTarget=0),
        ),
        (
            f"{where}V27",
            "external",
            "invalid HPA metric source type with value [External]",
            scaled_by(external(value="1")),
        ),
        (f"{where}V27", "empty", "metricSpec.Resource is not set", scaled_by({"type": "Resource"})),
    )
)

KEDA_RULES: tuple[Rule, ...] = (
    Rule(
        "V28 metric with KEDA",
        "ScaleMetric is not supported for KEDA",
        service(scaled_by(_CPU, scaleMetric="cpu"), annotations=KEDA),
        service(scaled_by(_CPU), annotations=KEDA),
    ),
    keda(
        "V29 CPU by value", "the cpu target value type should be Utilization", resource("cpu", type="Value", value="1")
    ),
    keda(
        "V29 memory by value",
        "the memory target value type should be AverageValue or Utilization",
        resource("memory", type="Value", value="1Gi"),
    ),
    keda(
        "V29 too little memory",
        "the memory target value should be greater than 1 MiB",
        resource("memory", type="AverageValue", averageValue="1Ki"),
        resource("memory", type="AverageValue", averageValue="1Gi"),
    ),
    keda("V29 empty", "metricSpec.Resource is not set", {"type": "Resource"}),
    keda("V30 external empty", "metricSpec.External is not set for external", {"type": "External"}),
    keda("V30 external query", "the query should not be empty", external(None, value="1"), external(value="1")),
    keda("V30 external value", "the target threshold value should not be empty", external(), external(value="1")),
    keda("V30 pod metric empty", "metricSpec.PodMetric is not set for pod", {"type": "PodMetric"}),
    keda("V30 pod metric query", "the query should not be empty", pod_metric(None, value="1"), pod_metric(value="1")),
    keda("V30 pod metric value", "the target threshold value should not be empty", pod_metric(), pod_metric(value="1")),
    keda("V31 no utilization", "the AverageUtilization type should be set", resource("cpu", type="Utilization")),
    keda(
        "V31 utilization above 100",
        "the target utilization percentage should be a [1-100] integer",
        resource("cpu", type="Utilization", averageUtilization=101),
    ),
    keda(
        "V31 no average value",
        "the AverageValue type should be set",
        external(type="AverageValue", value="1"),
        external(type="AverageValue", value="1", averageValue="1"),
    ),
)

KNATIVE: tuple[Rule, ...] = (
    Rule(
        "V34 strategy",
        "customizing deploymentStrategy is only supported for raw deployment mode",
        service(model(deploymentStrategy={"type": "Recreate"})),
        service(),
        mode="Knative",
    ),
    Rule(
        "V35 metric",
        "[cpu] is not a supported metric",
        service(model(scaleMetric="cpu")),
        service(model(scaleMetric="concurrency")),
        mode="Knative",
    ),
    Rule(
        "V35 requests below 1",
        "the target for rps should be greater than 1",
        service(model(scaleMetric="rps", scaleTarget=0)),
        service(model(scaleMetric="rps", scaleTarget=1)),
        mode="Knative",
    ),
)

CANARIES: tuple[Rule, ...] = (
    Rule(
        "canary in Knative mode",
        "canary is only supported in Standard deployment mode",
        canaries(canary()),
        service(),
        mode="Knative",
        releases=NEW,
    ),
    Rule(
        "canary of a container",
        "canary requires a stable predictor with a model",
        service(OWN, canary=[{"predictor": {**OWN, "name": "next"}, "trafficPercent": 10}]),
        canaries(canary()),
        releases=NEW,
    ),
    *(
        Rule(f"canary: {name}", says, canaries(*broken), canaries(canary()), releases=NEW)
        for name, says, broken in (
            ("name missing", "canary[0] predictor.name is required", (canary(None),)),
            ("name twice", 'canary predictor.name "next" is duplicated', (canary(), canary())),
            ("two implementations", 'canary "next" predictor: exactly one of', (canary(containers=[CONTAINER]),)),
            ("maximum", "must not set maxReplicas", (canary(maxReplicas=2),)),
            ("target", "must not set scaleTarget", (canary(scaleTarget=2),)),
            ("metric", "must not set scaleMetric", (canary(scaleMetric="cpu"),)),
            ("scaling", "must not set autoScaling", (canary(autoScaling={"metrics": []}),)),
            ("minimum above the stable one", "must not exceed stable predictor", (canary(minReplicas=2),)),
            ("sum", "sum of canary trafficPercent values (120)", (canary(percent=60), canary("b", 60))),
        )
    ),
    Rule(
        "canary: workers",
        "must not set workerSpec",
        service(model(HUGGING_FACE), canary=[canary(workerSpec=OWN, **model(_SEVERAL_NODES))]),
        service(model(HUGGING_FACE), canary=[canary(**model(HUGGING_FACE))]),
        releases=NEW,
    ),
    Rule(
        "canary: percent above 100",
        "should be less than or equal to 100",
        canaries(canary(percent=101)),
        canaries(canary(percent=100)),
        stage="schema",
        releases=NEW,
    ),
    Rule(
        "canary: name of the stable one",
        "conflicts with stable predictor name",
        canaries(canary("stable"), name="stable"),
        canaries(canary(), name="stable"),
        releases=NEW,
    ),
)
