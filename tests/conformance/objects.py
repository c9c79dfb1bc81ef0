"""Builds InferenceService objects out of their parts, as short as the rules need them."""

from collections.abc import Mapping
from typing import Any

MODEL = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/iris"}
CONTAINER = {"name": "kserve-container", "image": "registry.example/server:1"}
BESIDE = {"name": "transformer-container", "image": "registry.example/transformer:1"}
"""A transformer in the predictor's pod."""
HUGGING_FACE = {"modelFormat": {"name": "huggingface"}}
OWN = {"containers": [CONTAINER]}
"""A predictor, transformer or explainer of one's own."""
STANDARD = {"serving.kserve.io/deploymentMode": "Standard"}
KNATIVE = {"serving.kserve.io/deploymentMode": "Knative"}
HPA = {"serving.kserve.io/autoscalerClass": "hpa"}
KEDA = {"serving.kserve.io/autoscalerClass": "keda"}
NO_SCALING = {"serving.kserve.io/autoscalerClass": "none"}
KNATIVE_HPA = {"autoscaling.knative.dev/class": "hpa.autoscaling.knative.dev"}


def service(
    predictor: Mapping[str, Any] | None = None,
    *,
    name: str = "iris",
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """An InferenceService; without a predictor it has one that KServe accepts."""
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name, "namespace": "team", "annotations": dict(annotations or {})},
        "spec": {"predictor": model() if predictor is None else dict(predictor), **spec},
    }


def model(of_model: Mapping[str, Any] | None = None, **predictor: Any) -> dict[str, Any]:
    """A predictor with a model; `of_model` is laid over the model, None removes a key."""
    fields = {key: value for key, value in {**MODEL, **(of_model or {})}.items() if value is not None}
    return {"model": fields, **predictor}


def env(name: str, value: str = "1") -> dict[str, Any]:
    return {"env": [{"name": name, "value": value}]}


def worker(of_model: Mapping[str, Any] | None = None, **worker_spec: Any) -> dict[str, Any]:
    """A predictor of several nodes."""
    large = {**HUGGING_FACE, "storageUri": "pvc://claim/model"}
    return model({**large, **(of_model or {})}, workerSpec={**OWN, **worker_spec})


def gpus(resource: str) -> dict[str, Any]:
    return {"resources": {"limits": {resource: "1"}}}


def scaled_by(metric: Mapping[str, Any], **predictor: Any) -> dict[str, Any]:
    return model(autoScaling={"metrics": [metric]}, **predictor)


def resource(name: str, **target: Any) -> dict[str, Any]:
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def external(query: str | None = "up", **target: Any) -> dict[str, Any]:
    metric = {"backend": "prometheus", "serverAddress": "http://prometheus", **({"query": query} if query else {})}
    return {"type": "External", "external": {"metric": metric, "target": {"type": "Value", **target}}}


def pod_metric(query: str | None = "up", **target: Any) -> dict[str, Any]:
    metric = {"backend": "opentelemetry", "metricNames": ["up"], **({"query": query} if query else {})}
    return {"type": "PodMetric", "podmetric": {"metric": metric, "target": {"type": "Value", **target}}}


def uris(*places: tuple[str, str | None]) -> dict[str, Any]:
    listed = [{"uri": uri, **({"mountPath": path} if path else {})} for uri, path in places]
    return model({"storageUri": None}, storageUris=listed)


def logged(**logger: Any) -> dict[str, Any]:
    return model(logger={"url": "http://sink", **logger})


def canaries(*canary: Mapping[str, Any], **stable: Any) -> dict[str, Any]:
    return service(model(None, **stable), canary=list(canary))


def canary(name: str | None = "next", percent: int = 10, **predictor: Any) -> dict[str, Any]:
    return {"predictor": {**model(), **({"name": name} if name else {}), **predictor}, "trafficPercent": percent}
