"""The InferenceServices in `docs/samples` of a KServe release: where each stands, and what becomes of it here.

https://github.com/kserve/kserve/tree/v0.20.0/docs/samples: its YAML files and the blocks of code in its pages.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pulumi_kserve.models import is_mapping

from tools.gobuild import module_source
from tools.oracle.judge import module_folders

_KIND: Final = re.compile(r"""kind"?: *"?InferenceService\b""")
_BLOCK: Final = re.compile(r"^[ \t]*```[^`\n]*\n(.*?)^[ \t]*```[ \t]*$", re.MULTILINE | re.DOTALL)
_HERE_DOCUMENT: Final = re.compile(r"<< ?EOF[^\n]*\n(.*?)^EOF", re.MULTILINE | re.DOTALL)
API_VERSION: Final = "serving.kserve.io/v1beta1"

NO_YAML: Final = frozenset(
    {
        "bentoml/README.md#1",
        "bentoml/bentoml.yaml#1",
        "storage/hdfs/README.md#1",
        "v1beta1/custom/torchserve/autoscale.yaml#1",
        "v1beta1/custom/torchserve/bert-sample/bert.yaml#1",
        "v1beta1/custom/torchserve/canary.yaml#1",
        "v1beta1/custom/torchserve/docs/autoscaling.md#1",
        "v1beta1/custom/torchserve/docs/canary.md#1",
        "v1beta1/custom/torchserve/docs/canary.md#2",
        "v1beta1/custom/torchserve/docs/metrics.md#1",
        "v1beta1/custom/torchserve/gpu.yaml#1",
        "v1beta1/custom/torchserve/logger/README.md#1",
        "v1beta1/custom/torchserve/logger/torchserve-logger.yaml#1",
        "v1beta1/custom/torchserve/metrics.yaml#1",
        "v1beta1/custom/torchserve/torchserve-custom-pv.yaml#1",
        "v1beta1/custom/torchserve/torchserve-custom.yaml#1",
    }
)
"""A placeholder such as ``{username}``, or a tab, makes them no YAML at all."""
OTHER_VERSIONS: Final[Mapping[str, str]] = {
    "explanation/aif/germancredit/bias-v1alpha1.yaml#1": "serving.kserve.io/v1alpha2",
    "gcp-iap/sklearn-iap-no-authz.yaml#1": "serving.kubeflow.org/v1beta1",
    "gcp-iap/sklearn-iap-with-authz.yaml#1": "serving.kubeflow.org/v1beta1",
    "storage/pvc/mnist-pvc.yaml#1": "serving.kserve.io/v1alpha2",
}
"""Written for API versions that both releases no longer serve."""
NOT_ACCEPTED: Final[Mapping[str, str]] = {
    "explanation/alibi/cifar10/cifar10.yaml#1": "must be specified in ExplainerSpec",
    "explanation/alibi/income/income.yaml#1": "must be specified in ExplainerSpec",
    "explanation/alibi/moviesentiment/moviesentiment.yaml#1": "must be specified in ExplainerSpec",
    "explanation/alibi/moviesentiment/moviesentiment2.yaml#1": "must be specified in ExplainerSpec",
    "multimodelserving/sklearn/README.md#1": "the 'name' field is not allowed in standard predictor",
    "multimodelserving/sklearn/inferenceservice.yaml#1": "the 'name' field is not allowed in standard predictor",
    "rollout-strategy/rollout-strategy-example.yaml#1": "must be specified in TransformerSpec",
    "rollout-strategy/rollout-strategy-example.yaml#3": "must be specified in PredictorSpec",
}
"""KServe's own admission refuses them, with a message that has this in it."""
REFUSED: Final[Mapping[str, str]] = {
    "fluid/fluid-isvc.yaml#1": "runtime-missing",
    "kafka/mnist_kafka.yaml#1": "storage-path",
    "kafka/mnist_kafka_new.yaml#1": "storage-path",
    "multimodelserving/triton/README.md#1": "model-place",
    "multimodelserving/triton/multi_model_triton.yaml#1": "model-place",
    "storage/azure/README.md#1": "unknown-key",
    "v1beta1/torchserve/v1/bloom/bloom-560m.yaml#1": "unknown-key",
    "v1beta1/transformer/feast/driver_transformer_modelmesh.yaml#1": "mode-annotation",
    "v1beta1/triton/fastertransformer/README.md#1": "runtime-missing",
}
"""KServe accepts them, and a rule of docs/stricter-than-kserve.md refuses them here."""
NOT_IN: Final[Mapping[str, str]] = {
    "storage/oci-image-volume/inference_service.yaml#1": "0.19",
}
"""Samples that a release does not have."""
MADE: Final = frozenset(
    {
        "accelerators/tensorflow-gpu.yaml#1",
        "autoscaling/README.md#1",
        "autoscaling/README.md#2",
        "autoscaling/README.md#3",
        "autoscaling/README.md#4",
        "autoscaling/autoscale.yaml#1",
        "autoscaling/autoscale_custom.yaml#1",
        "autoscaling/autoscale_gpu.yaml#1",
        "batcher/README.md#1",
        "batcher/basic/README.md#1",
        "batcher/basic/batcher_v1beta1.yaml#1",
        "canary-testing/README.md#1",
        "canary-testing/README.md#2",
        "explanation/aif/germancredit/bias.yaml#1",
        "explanation/aix/Fetch_20newsgroups/aix-explainer.yaml#1",
        "explanation/aix/mnist/aix-explainer.yaml#1",
        "explanation/art/mnist/art.yaml#1",
        "fluid/kserve-isvc.yaml#1",
        "graph/ensemble.yaml#1",
        "graph/ensemble.yaml#2",
        "graph/sequence.yaml#1",
        "graph/sequence.yaml#2",
        "graph/splitter.yaml#1",
        "graph/splitter.yaml#2",
        "graph/switch.yaml#1",
        "graph/switch.yaml#2",
        "graph/switch.yaml#3",
        "istio-dex/sklearn.yaml#1",
        "localmodelcache/README.md#1",
        "logger/basic/README.md#1",
        "logger/basic/sklearn-logging.yaml#1",
        "logger/knative-eventing/README.md#1",
        "logger/knative-eventing/sklearn-logging.yaml#1",
        "outlier-detection/alibi-detect/cifar10/cifar10.yaml#1",
        "performance-testing/README.md#1",
        "performance-testing/grpc.md#1",
        "rollout-strategy/rollout-strategy-example.yaml#2",
        "storage/hdfs/README.md#2",
        "storage/hf/hf_isvc.yaml#1",
        "storage/oci-image-volume/inference_service.yaml#1",
        "storage/s3/tensorflow_s3.yaml#1",
        "storage/storageSpec/README.md#1",
        "storage/storageSpec/sklearn_storagespec.yaml#1",
        "storage/uri/README.md#1",
        "storage/uri/README.md#2",
        "storage/uri/README.md#3",
        "storage/uri/sklearn.yaml#1",
        "storage/uri/tensorflow.yaml#1",
        "v1beta1/advanced/cluster_local.yaml#1",
        "v1beta1/advanced/pod-overrides.yaml#1",
        "v1beta1/advanced/probes.yaml#1",
        "v1beta1/advanced/timeout.yaml#1",
        "v1beta1/custom/custom_model/custom.yaml#1",
        "v1beta1/custom/custom_model/custom.yaml#2",
        "v1beta1/custom/paddleserving/paddleserving-custom.yaml#1",
        "v1beta1/custom/prebuilt-image/custom.yaml#1",
        "v1beta1/custom/simple.yaml#1",
        "v1beta1/lightgbm/README.md#1",
        "v1beta1/lightgbm/lightgbm.yaml#1",
        "v1beta1/onnx/onnx.yaml#1",
        "v1beta1/paddle/paddle.yaml#1",
        "v1beta1/pmml/pmml.yaml#1",
        "v1beta1/rollout/README.md#1",
        "v1beta1/rollout/README.md#2",
        "v1beta1/rollout/README.md#3",
        "v1beta1/rollout/README.md#4",
        "v1beta1/rollout/README.md#5",
        "v1beta1/rollout/canary.yaml#1",
        "v1beta1/rollout/default.yaml#1",
        "v1beta1/rollout/pinned.yaml#1",
        "v1beta1/rollout/promotion.yaml#1",
        "v1beta1/sklearn/v1/README.md#1",
        "v1beta1/sklearn/v1/sklearn-mixedtype-model/sklearn-mixedtype.yaml#1",
        "v1beta1/sklearn/v1/sklearn.yaml#1",
        "v1beta1/sklearn/v2/README.md#1",
        "v1beta1/sklearn/v2/sklearn.yaml#1",
        "v1beta1/spark/README.md#1",
        "v1beta1/spark/spark_pmml.yaml#1",
        "v1beta1/tensorflow/README.md#1",
        "v1beta1/tensorflow/README.md#2",
        "v1beta1/tensorflow/README.md#3",
        "v1beta1/tensorflow/canary.yaml#1",
        "v1beta1/tensorflow/gpu.yaml#1",
        "v1beta1/tensorflow/grpc.yaml#1",
        "v1beta1/tensorflow/tensorflow.yaml#1",
        "v1beta1/tensorflow/versioning.yaml#1",
        "v1beta1/torchserve/autoscaling/README.md#1",
        "v1beta1/torchserve/autoscaling/README.md#2",
        "v1beta1/torchserve/autoscaling/autoscaling.yaml#1",
        "v1beta1/torchserve/canary/README.md#1",
        "v1beta1/torchserve/canary/README.md#2",
        "v1beta1/torchserve/canary/canary.yaml#1",
        "v1beta1/torchserve/metrics/README.md#1",
        "v1beta1/torchserve/metrics/metrics.yaml#1",
        "v1beta1/torchserve/v1/bert/bert.yaml#1",
        "v1beta1/torchserve/v1/gpu.yaml#1",
        "v1beta1/torchserve/v1/grpc.yaml#1",
        "v1beta1/torchserve/v1/torchserve.yaml#1",
        "v1beta1/torchserve/v2/bert/bert.yaml#1",
        "v1beta1/torchserve/v2/bert/bert_gpu.yaml#1",
        "v1beta1/torchserve/v2/mnist.yaml#1",
        "v1beta1/torchserve/v2/mnist_gpu.yaml#1",
        "v1beta1/transformer/collocation/collocation.yaml#1",
        "v1beta1/transformer/feast/driver_transformer.yaml#1",
        "v1beta1/transformer/feast/driver_transformer_new.yaml#1",
        "v1beta1/transformer/torchserve_image_transformer/transformer.yaml#1",
        "v1beta1/triton/bert/bert_v1beta1.yaml#1",
        "v1beta1/triton/torchscript/torch_grpc_transformer.yaml#1",
        "v1beta1/triton/torchscript/torch_transformer.yaml#1",
        "v1beta1/triton/torchscript/torchscript.yaml#1",
        "v1beta1/triton/torchscript/torchscript_grpc.yaml#1",
        "v1beta1/xgboost/README.md#1",
        "v1beta1/xgboost/xgboost.yaml#1",
    }
)
"""KServe accepts them, and the library makes objects equal in meaning."""


@dataclass(frozen=True)
class Sample:
    """One InferenceService; `place` is its file in docs/samples and, after #, which one of that file it is.

    The manifest is None where the text is no YAML.
    """

    place: str
    manifest: Mapping[str, Any] | None


def samples(release: str) -> dict[str, Sample]:
    """Every InferenceService of the release's docs/samples, by its place."""
    module = next(folder for folder in module_folders() if folder.name == release)
    root = module_source(module, "github.com/kserve/kserve") / "docs" / "samples"
    return {found.place: found for file in sorted(root.rglob("*")) for found in _of_file(file, root)}


def _of_file(file: Path, root: Path) -> Iterator[Sample]:
    if file.suffix not in (".yaml", ".yml", ".md"):
        return
    text = file.read_text("utf-8")
    texts = [match[1] for match in _BLOCK.finditer(text)] if file.suffix == ".md" else [text]
    found = [manifest for each in texts if _KIND.search(each) for manifest in _services(each)]
    for number, manifest in enumerate(found, start=1):
        yield Sample(f"{file.relative_to(root).as_posix()}#{number}", manifest)


def _services(text: str) -> Iterator[Mapping[str, Any] | None]:
    shell = _HERE_DOCUMENT.search(text)
    try:
        documents = list(yaml.safe_load_all(shell[1] if shell else text))
    except yaml.YAMLError:
        yield None
        return
    yield from (each for each in documents if is_mapping(each) and each.get("kind") == "InferenceService")


def places(release: str) -> list[str]:
    """Where the release has samples, by the tables above."""
    listed = sorted({*NO_YAML, *OTHER_VERSIONS, *NOT_ACCEPTED, *REFUSED, *MADE})
    return [place for place in listed if NOT_IN.get(place) != release]
