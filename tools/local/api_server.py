"""What the main job asks of a cluster's API server: which cluster it is, and a model's answer through its proxy."""

from pathlib import Path
from typing import Any, Self, cast

import httpx2
from lightkube.config.client_adapter import Client, ConnectionParams
from lightkube.config.kubeconfig import KubeConfig
from pulumi_kserve.errors import ClusterUnreachable
from pulumi_kserve.live.cluster import Cluster, Kind, connect

from tools.errors import ToolError

_NAMESPACES = Kind("v1", "Namespace", "namespaces", namespaced=False)
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 30.0


def identity(kubeconfig: Path, context: str) -> str:
    """Return what tells this cluster from every other: the UID of its kube-system namespace.

    Raises:
        ClusterUnreachable: the kubeconfig, the context or the API server cannot be used.
        ToolError: the cluster has no such namespace.

    """
    with reached(kubeconfig, context) as cluster:
        namespace = cluster.get(_NAMESPACES, "kube-system")
    if namespace is None:
        raise ToolError(
            f"{cluster.server} (context {context} of {kubeconfig}) has no namespace kube-system",
            cure="name the context of a whole Kubernetes cluster with KUBE_CONTEXT",
        )
    return str(namespace["metadata"]["uid"])


def reached(kubeconfig: Path, context: str) -> Cluster:
    """Return a connection to a cluster that answers.

    Raises:
        ClusterUnreachable: the kubeconfig, the context or the API server cannot be used.

    """
    return connect(str(kubeconfig), context)


class ServiceProxy:
    """Asks Services by way of the API server, so that it works wherever `kubectl` works.

    An InferenceService's URL needs a gateway and a DNS name; the API server's proxy needs neither.
    """

    def __init__(self, kubeconfig: Path, context: str) -> None:
        """Use the credentials of a context that `connect` has already found good."""
        config = KubeConfig.from_file(kubeconfig).get(context)
        if config is None:
            raise ClusterUnreachable(f"{kubeconfig} has no context {context!r}")
        timeout = httpx2.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS)
        self._http = Client(config, ConnectionParams(timeout=timeout))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def post(self, namespace: str, service: str, path: str, body: Any, *, port: int = 80) -> tuple[int, Any]:
        """Send JSON to a Service and return the answer's status and content (JSON, else text).

        Raises:
            ClusterUnreachable: the API server does not answer.

        """
        url = f"/api/v1/namespaces/{namespace}/services/{service}:{port}/proxy{path}"
        try:
            answer = self._http.post(url, json=body)
        except httpx2.HTTPError as error:
            raise ClusterUnreachable(
                f"no answer from {self._http.base_url} for {url}: {str(error) or type(error).__name__}"
            ) from error
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, answer.text.strip()


def said(content: Any) -> str:
    """Return an answer's own words: a Kubernetes message, a model server's error, or its text."""
    if isinstance(content, dict):
        fields = cast("dict[str, object]", content)
        content = fields.get("message") or fields.get("error") or fields
    return str(cast("object", content))[:300]
