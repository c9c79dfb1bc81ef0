"""Rules about names, containers, several nodes, explainers, and the shape of the whole."""

from tests.conformance.objects import (
    CONTAINER,
    HPA,
    KEDA,
    NO_SCALING,
    OWN,
    env,
    external,
    gpus,
    logged,
    model,
    resource,
    scaled_by,
    service,
    worker,
)
from tests.conformance.rule import Rule

IDENTITY: tuple[Rule, ...] = (
    Rule("V1 name", "name must consist of lower case", service(name="1iris"), service(name="iris-1")),
    Rule(
        "V2 autoscaler class",
        "[kpa] is not a supported autoscaler class type",
        service(annotations={"serving.kserve.io/autoscalerClass": "kpa"}),
        service(annotations=HPA),
    ),
    Rule(
        "V3 PYTHONPATH in the transformer",
        "setting PYTHONPATH in container",
        service(transformer={"containers": [CONTAINER | env("PYTHONPATH")]}),
        service(transformer=OWN),
    ),
    Rule(
        "V3 PYTHONPATH in the explainer",
        "setting PYTHONPATH in container",
        service(explainer={"containers": [CONTAINER | env("PYTHONPATH")]}),
        service(explainer=OWN),
    ),
    Rule(
        "V3 PYTHONPATH in the model",
        "setting PYTHONPATH in container",
        service(model(env("PYTHONPATH"))),
        service(model(env("PATH"))),
    ),
    Rule(
        "V3 PYTHONPATH in a container",
        "setting PYTHONPATH in container",
        service({"containers": [CONTAINER | env("PYTHONPATH")]}),
        service(OWN),
    ),
    Rule(
        "V3 PYTHONPATH in an init container",
        "setting PYTHONPATH in container",
        service({**OWN, "initContainers": [CONTAINER | env("PYTHONPATH")]}),
        service({**OWN, "initContainers": [CONTAINER]}),
    ),
    Rule(
        "V12 name of a model",
        "the 'name' field is not allowed in standard predictor",
        service(model({"name": "mine"})),
        service(model()),
    ),
    Rule(
        "V18 two implementations",
        "exactly one of",
        service({"sklearn": {"storageUri": "s3://a/b"}, "xgboost": {"storageUri": "s3://a/b"}}),
        service({"xgboost": {"storageUri": "s3://a/b"}}),
    ),
    Rule("V18 none", "panic: runtime error", service({}), service(model()), stage="default"),
    Rule(
        "V19 protocol of a container",
        "invalid protocol",
        service({"containers": [{**CONTAINER, **env("PROTOCOL", "grpc-v2")}]}),
        service({"containers": [{**CONTAINER, **env("PROTOCOL", "v2")}]}),
    ),
)

MULTI_NODE: tuple[Rule, ...] = tuple(
    Rule(
        name,
        says,
        service(broken, annotations={**NO_SCALING, **(annotations or {})}),
        service(worker(), annotations=NO_SCALING),
    )
    for name, says, broken, annotations in (
        (
            "V4 workers with two containers",
            "setting multiple containers in workerSpec is not allowed",
            worker(containers=[CONTAINER, CONTAINER]),
            None,
        ),
        (
            "V5 pipeline size by environment",
            "setting PIPELINE_PARALLEL_SIZE in environment variables is not allowed",
            worker(env("PIPELINE_PARALLEL_SIZE")),
            None,
        ),
        (
            "V5 tensor size by environment",
            "setting TENSOR_PARALLEL_SIZE in environment variables is not allowed",
            worker(env("TENSOR_PARALLEL_SIZE")),
            None,
        ),
        ("V6 unknown GPU of the model", "Unknown GPU resource type", worker(gpus("example.com/gpu")), None),
        (
            "V6 unknown GPU of the worker",
            "Unknown GPU resource type",
            worker(containers=[CONTAINER | gpus("example.com/gpu")]),
            None,
        ),
        (
            "V6 list of GPUs",
            "must be a valid JSON array",
            worker({"resources": {"requests": {"nvidia.com/gpu": "1"}, "limits": {"nvidia.com/gpu": "1"}}}),
            {"serving.kserve.io/gpu-resource-types": "example.com/gpu"},
        ),
        (
            "V7 workers without a URI",
            "StorageURI must be set for multinode enabled",
            worker({"storageUri": None}),
            None,
        ),
        ("V8 workers with s3", "Multinode only supports 'pvc' and 'oci'", worker({"storageUri": "s3://a/b"}), None),
        (
            "V9 workers that scale",
            "Multinode only supports 'none' autoscaler",
            worker(),
            {"serving.kserve.io/autoscalerClass": "hpa"},
        ),
        ("V10 pipeline size 0", "PipelineParallelSize cannot be less than 1", worker(pipelineParallelSize=0), None),
        ("V10 tensor size 0", "TensorParallelSize cannot be less than 1", worker(tensorParallelSize=0), None),
    )
)

SCHEMA: tuple[Rule, ...] = (
    Rule(
        "V22 mode of the logger",
        'Unsupported value: "none"',
        service(logged(mode="none")),
        service(logged(mode="request")),
        stage="schema",
    ),
    Rule(
        "V29 other resource",
        'Unsupported value: "gpu"',
        service(scaled_by(resource("gpu", type="Utilization", averageUtilization=80)), annotations=KEDA),
        service(scaled_by(resource("cpu", type="Utilization", averageUtilization=80)), annotations=KEDA),
        stage="schema",
    ),
    Rule(
        "V32 other metric",
        'Unsupported value: "Object"',
        service(scaled_by({"type": "Object"}), annotations=KEDA),
        service(scaled_by(external(value="1")), annotations=KEDA),
        stage="schema",
    ),
    Rule(
        "schema: integer as text",
        "cannot unmarshal string",
        service(model(minReplicas="1")),
        service(model(minReplicas=1)),
        stage="default",
    ),
    Rule(
        "schema: integer beyond 32 bits",
        "cannot unmarshal number 3000000000",
        service(model(minReplicas=3000000000)),
        service(model(minReplicas=1)),
        stage="default",
    ),
    Rule(
        "schema: variable twice",
        "Duplicate value",
        service(model({"env": [*env("A")["env"], *env("A", "2")["env"]]})),
        service(model({"env": [*env("A")["env"], *env("B", "2")["env"]]})),
        stage="schema",
    ),
    Rule(
        "schema: label",
        "a valid label must be an empty string or consist of alphanumeric characters",
        {**service(), "metadata": {"name": "iris", "namespace": "team", "labels": {"team": "a b"}}},
        {**service(), "metadata": {"name": "iris", "namespace": "team", "labels": {"team": "a-b"}}},
        stage="schema",
    ),
)

METADATA: tuple[Rule, ...] = tuple(
    Rule(f"metadata: {name}", says, {**service(), "metadata": broken}, service(), stage="schema")
    for name, says, broken in (
        ("no name", "name or generateName is required", {"namespace": "team"}),
        ("namespace", "metadata.namespace: Invalid value", {"name": "iris", "namespace": "Team"}),
        (
            "annotation",
            "metadata.annotations: Invalid value",
            {"name": "iris", "namespace": "team", "annotations": {"a b": "c"}},
        ),
    )
)

_ART = {"type": "SquareAttack"}
EXPLAINERS: tuple[Rule, ...] = (
    Rule(
        "explainer: URI beside storage",
        "is not supported",
        service(explainer={"art": {**_ART, "storageUri": "gs://a/b", "storage": {"path": "b", "key": "k"}}}),
        service(explainer={"art": {**_ART, "storageUri": "s3://a/b", "storage": {"path": "b", "key": "k"}}}),
    ),
    Rule(
        "explainer: type of storage",
        "storage.spec.type, must be one of",
        service(explainer={"art": {**_ART, "storage": {"path": "b", "parameters": {"type": "gs"}}}}),
        service(explainer={"art": {**_ART, "storage": {"path": "b", "parameters": {"type": "s3"}}}}),
    ),
)
