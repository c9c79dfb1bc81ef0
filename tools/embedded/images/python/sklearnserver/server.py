"""The SDK's model server, made to lose no request when its pod is stopped."""

import asyncio
import signal
from types import FrameType

from kserve import ModelServer
from kserve.logging import logger

_LOOK_AGAIN_SECONDS = 0.05


class DrainingModelServer(ModelServer):
    """Keeps answering for some seconds after SIGTERM.

    A pod is told to stop at the same moment as every node is told to send it no more; a server that stops listening
    at once refuses the requests that are still on their way.
    """

    def __init__(self, drain_seconds: float) -> None:
        super().__init__()
        self._drain_seconds = drain_seconds

    async def _serve(self) -> None:
        waiting = asyncio.create_task(self._put_draining_before_stopping())
        await super()._serve()
        waiting.cancel()

    async def _put_draining_before_stopping(self) -> None:
        """Wrap the handler that the HTTP server installs for itself once it listens."""
        before = signal.getsignal(signal.SIGTERM)
        while signal.getsignal(signal.SIGTERM) is before:  # noqa: ASYNC110 - nothing else tells that it listens
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        stop = signal.getsignal(signal.SIGTERM)
        loop = asyncio.get_running_loop()

        def drain_then_stop(number: int, frame: FrameType | None) -> None:
            logger.info("Told to stop: answering for %s more seconds", self._drain_seconds)
            signal.signal(signal.SIGTERM, stop)
            loop.call_soon_threadsafe(loop.call_later, self._drain_seconds, stop, number, frame)

        signal.signal(signal.SIGTERM, drain_then_stop)
