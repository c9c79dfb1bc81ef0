"""The transformer, behind the interface of the `kserve` SDK."""

from typing import Any

import httpx
from kserve import Model
from kserve.errors import InferenceError, InvalidInput

from transformer.irises import NotIrises, named, rows_in_centimetres


class IrisTransformer(Model):
    """Stands before a model of irises that takes centimetres and answers class indexes, over the v1 protocol."""

    async def preprocess(
        self,
        payload: Any,
        headers: dict[str, str] | None = None,  # noqa: ARG002 - the SDK passes it by position
    ) -> dict[str, Any]:
        """Return what the predictor is asked."""
        if not isinstance(payload, dict):
            raise InvalidInput("the request is not JSON of the v1 protocol")
        try:
            return {"instances": rows_in_centimetres(payload)}
        except NotIrises as error:
            raise InvalidInput(str(error)) from error

    async def predict(self, payload: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
        """Ask the predictor; what it says of a request that it refuses, the client is told."""
        try:
            return await super().predict(payload, headers)
        except httpx.HTTPStatusError as error:
            told = f"the predictor answered {error.response.status_code}: {error.response.text}"
            raise (InvalidInput if error.response.is_client_error else InferenceError)(told) from error
        except httpx.TransportError as error:
            raise InferenceError(f"the predictor cannot be reached: {error!r}") from error

    async def postprocess(
        self,
        result: dict[str, Any],
        headers: dict[str, str] | None = None,  # noqa: ARG002 - the SDK passes it by position
    ) -> dict[str, Any]:
        """Return the answer with names; what else the predictor said stays, such as a batch's id."""
        if result.get("predictions") is None:
            raise InferenceError(f"the predictor gave no predictions: {result.get('message') or result}")
        try:
            return {**result, "predictions": named(result["predictions"])}
        except NotIrises as error:
            raise InferenceError(str(error)) from error
