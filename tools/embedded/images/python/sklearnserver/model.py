"""A scikit-learn model read from a folder, behind the interface of the `kserve` SDK."""

import asyncio
import os
from pathlib import Path
from typing import Any

import joblib
from kserve import InferRequest, InferResponse, Model
from kserve.errors import InferenceError, InvalidInput
from kserve.utils.utils import get_predict_input, get_predict_response

MODEL_SUFFIXES = (".joblib", ".pkl", ".pickle")
PROBABILITIES_VARIABLE = "PREDICT_PROBA"


class ModelFileError(Exception):
    """The folder does not hold exactly one model file."""


class SklearnModel(Model):
    """Loads the one model file of a folder and answers predictions with it.

    Unpickling runs code of whoever wrote the file: serve only models you trust.
    """

    def __init__(self, name: str, model_dir: Path) -> None:
        super().__init__(name)
        self._model_dir = model_dir
        self._predict: Any = None

    def load(self) -> bool:
        """Read the model file.

        Raises:
            ModelFileError: there is no model file in the folder, or more than one.

        """
        estimator = joblib.load(find_model_file(self._model_dir))
        asks_probabilities = os.environ.get(PROBABILITIES_VARIABLE, "false").lower() == "true"
        if asks_probabilities and not hasattr(estimator, "predict_proba"):
            raise ModelFileError(
                f"{PROBABILITIES_VARIABLE} is set, and {type(estimator).__name__} gives no probabilities"
            )
        self._predict = estimator.predict_proba if asks_probabilities else estimator.predict
        self.ready = True
        return self.ready

    async def predict(
        self,
        payload: dict[str, Any] | InferRequest,
        headers: dict[str, str] | None = None,  # noqa: ARG002 - the SDK passes it by position
        response_headers: dict[str, str] | None = None,  # noqa: ARG002 - the same
    ) -> dict[str, Any] | InferResponse:
        """Answer one request; the health probes are answered meanwhile."""
        if not isinstance(payload, dict | InferRequest):
            raise InvalidInput("the request is not JSON: send it with the header Content-Type: application/json")
        try:
            instances = get_predict_input(payload)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise InvalidInput(f"the request holds no instances that can be read: {error!r}") from error
        try:
            result = await asyncio.to_thread(self._predict, instances)
        except ValueError as error:
            raise InvalidInput(f"the model refuses these instances: {error}") from error
        except Exception as error:
            raise InferenceError(str(error)) from error
        return get_predict_response(payload, result, self.name)


def find_model_file(model_dir: Path) -> Path:
    """Return the one model file in a folder.

    Raises:
        ModelFileError: there is none, or more than one.

    """
    if not model_dir.is_dir():
        raise ModelFileError(f"the model folder {model_dir} is not there")
    there = sorted(path for path in model_dir.iterdir() if path.is_file())
    models = [path for path in there if path.suffix in MODEL_SUFFIXES]
    if len(models) == 1:
        return models[0]
    held = ", ".join(path.name for path in there) or "nothing"
    wanted = " or ".join(f"*{suffix}" for suffix in MODEL_SUFFIXES)
    raise ModelFileError(f"{model_dir} must hold exactly one model file ({wanted}); it holds {held}")
