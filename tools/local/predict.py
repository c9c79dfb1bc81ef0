"""Real predictions from the served models, beside what scikit-learn itself answers in this very run."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from tools.errors import ToolError
from tools.local.api_server import ServiceProxy, said
from tools.local.cluster import Cluster
from tools.local.iris import Truth, truth
from tools.local.project import Project

_OK = 200
_PATIENCE_SECONDS = 20.0
"""How long a Service that has just become ready may take until the API server finds its pods."""


class Endpoint(BaseModel):
    """One entry of the stack output `endpoints`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    namespace: str
    url: str | None = None
    serving: bool | None = None
    model: str | None = None
    runtime: str | None = None
    predict_path: str | None = None

    @property
    def service(self) -> str:
        """The Service at which requests enter: a transformer's, where there is one."""
        host = urlsplit(self.url or "").hostname or f"{self.name}-predictor"
        return host.partition(".")[0]

    @property
    def asked_by_v1(self) -> bool:
        """Whether it answers the one protocol that is asked here."""
        return (self.predict_path or "").endswith(":predict")


@dataclass(frozen=True)
class Prediction:
    """What an endpoint answered, and what it should have answered."""

    endpoint: str
    namespace: str
    instances: list[list[float]]
    answer: list[int] | None
    expected: list[int] | None
    seconds: float
    problem: str | None = None

    @property
    def right(self) -> bool:
        """Whether it answered, and as scikit-learn does where that is known."""
        return self.answer is not None and self.expected in (None, self.answer)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self) | {"right": self.right}


def endpoints_of(outputs: dict[str, Any]) -> list[Endpoint]:
    """Return the endpoints a stack exports.

    Raises:
        ToolError: the program's output `endpoints` is not a list of them.

    """
    try:
        return [Endpoint.model_validate(entry) for entry in cast("list[object]", outputs.get("endpoints") or [])]
    except (ValidationError, TypeError) as error:
        raise ToolError(
            f"the stack's output `endpoints` is not a list of endpoints: {error}",
            cure="export it from __main__.py as the project does: name, namespace, url, model, runtime, predict_path",
        ) from error


def ask_all(project: Project, cluster: Cluster, endpoints: Sequence[Endpoint]) -> list[Prediction]:
    """Ask every endpoint that speaks protocol v1, and scikit-learn about every model that was trained here.

    Raises:
        ClusterUnreachable: the API server does not answer.
        ToolError: a trained model cannot be read.

    """
    with ServiceProxy(cluster.kubeconfig, cluster.context) as proxy:
        asked = [endpoint for endpoint in endpoints if endpoint.asked_by_v1]
        return [_ask(proxy, endpoint, trained_model(project, endpoint)) for endpoint in asked]


def trained_model(project: Project, endpoint: Endpoint) -> Path | None:
    """Return the folder of the model we trained for an endpoint: the path in its bucket is the path under `models`."""
    _, _, place = (endpoint.model or "").partition("://")
    folders = [project.models / path for path in (place, place.partition("/")[2]) if path]
    return next((folder for folder in folders if (folder / "model.joblib").is_file()), None)


def _ask(proxy: ServiceProxy, endpoint: Endpoint, trained: Path | None) -> Prediction:
    told = truth(trained) if trained else Truth([[5.1, 3.5, 1.4, 0.2]], [])
    begun = time.monotonic()
    status, content = _patiently(proxy, endpoint, told)
    seconds = time.monotonic() - begun
    answer = _predictions(content) if status == _OK else None
    problem = None if answer is not None else f"{status}: {said(content)}"
    expected = told.predictions if trained else None
    return Prediction(endpoint.name, endpoint.namespace, told.instances, answer, expected, seconds, problem)


def _patiently(proxy: ServiceProxy, endpoint: Endpoint, told: Truth) -> tuple[int, Any]:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        service = endpoint.service
        path = endpoint.predict_path or ""
        status, content = proxy.post(endpoint.namespace, service, path, {"instances": told.instances})
        if status not in {502, 503, 504} or time.monotonic() > until:
            return status, content
        time.sleep(0.5)


def _predictions(content: Any) -> list[int] | None:
    try:
        return [int(value) for value in content["predictions"]]
    except (KeyError, TypeError, ValueError):
        return None
