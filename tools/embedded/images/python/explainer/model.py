"""The explainer, behind the interface of the `kserve` SDK.

https://shap.readthedocs.io/en/latest/generated/shap.KernelExplainer.html
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np
import shap
from kserve import Model
from kserve.errors import InferenceError, InvalidInput

from explainer.table import NotATable, Rows, rows

ROWS_PER_REQUEST = 512
"""How many rows the predictor is asked for at once."""


class ShapExplainer(Model):
    """Says how much each feature of a row has moved its prediction away from the mean over the background.

    The values of a row and the mean add up to the prediction. Up to eleven features they are exact; of more, only
    some of all subsets are tried.
    """

    def __init__(self, name: str, predictor: str, background: Rows, features: Sequence[str], seconds: float) -> None:
        super().__init__(name)
        self._url = f"{predictor}/v1/models/{name}:predict"
        self._background = np.array(background)
        self._features = tuple(features)
        self._seconds = seconds

    async def explain(
        self,
        payload: Any,
        headers: dict[str, str] | None = None,  # noqa: ARG002 - the SDK passes it by position
    ) -> dict[str, Any]:
        """Return one explanation for each instance; the health probes are answered meanwhile."""
        if not isinstance(payload, dict):
            raise InvalidInput("the request is not JSON of the v1 protocol")
        try:
            instances = rows(payload.get("instances"), width=len(self._features))
        except NotATable as error:
            raise InvalidInput(f"instances: {error}") from error
        return {"explanations": await asyncio.to_thread(self._explained, np.array(instances))}

    def _explained(self, instances: np.ndarray) -> list[dict[str, Any]]:
        with httpx.Client(timeout=self._seconds) as client:

            def ask(table: np.ndarray) -> np.ndarray:
                return self._answers(client, table)

            explainer = shap.KernelExplainer(ask, self._background)
            values = explainer.shap_values(instances, l1_reg=False, silent=True)
            predictions = ask(instances)
        base = np.asarray(explainer.expected_value).tolist()
        return [
            {
                "prediction": predictions[place].tolist(),
                "base_value": base,
                "attributions": dict(zip(self._features, np.asarray(values)[place].tolist(), strict=True)),
            }
            for place in range(len(instances))
        ]

    def _answers(self, client: httpx.Client, table: np.ndarray) -> np.ndarray:
        answers: list[Any] = []
        for first in range(0, len(table), ROWS_PER_REQUEST):
            part = table[first : first + ROWS_PER_REQUEST].tolist()
            answers += self._predictions(client, part)
        return np.array(answers, dtype=float)

    def _predictions(self, client: httpx.Client, part: Rows) -> list[Any]:
        try:
            answer = client.post(self._url, json={"instances": part})
        except httpx.TransportError as error:
            raise InferenceError(f"the predictor cannot be reached: {error!r}") from error
        if answer.is_client_error:
            raise InvalidInput(f"the predictor answered {answer.status_code}: {answer.text}")
        predictions = answer.json().get("predictions") if answer.is_success else None
        if not isinstance(predictions, list) or len(predictions) != len(part):
            raise InferenceError(f"the predictor gave no predictions: {answer.status_code}: {answer.text}")
        return predictions
