"""Starts the echo: `python -m openai_echo --port PORT`.

https://platform.openai.com/docs/api-reference/chat
"""

import argparse
import json
import signal
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CHAT = "/openai/v1/chat/completions"
MODELS = "/openai/v1/models"
LARGEST = 1 << 20
"""The longest body that is read, in bytes."""


class NotAChat(ValueError):  # noqa: N818 - it names what came
    """What came asks for no completion; the text says why."""


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_POST(self) -> None:
        """Complete a chat."""
        length = self.headers.get("Content-Length", "")
        if self.path != CHAT or not length.isdigit() or int(length) > LARGEST:
            self.close_connection = True
            self._answer(HTTPStatus.NOT_FOUND, {"error": {"message": f"there is {CHAT}, for at most {LARGEST} bytes"}})
            return
        try:
            answer = completion(self.rfile.read(int(length)), self.headers)
        except NotAChat as error:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": {"message": str(error)}})
        else:
            self._answer(HTTPStatus.OK, answer)

    def do_GET(self) -> None:
        """List the one model there is, or tell that the server is there."""
        shown: dict[str, Any] = {
            MODELS: {"object": "list", "data": [{"id": "echo", "object": "model"}]},
            "/health": {},
        }
        found = self.path in shown
        content = shown[self.path] if found else {"error": {"message": f"there are {', '.join(shown)}"}}
        self._answer(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND, content)

    def _answer(self, status: HTTPStatus, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def completion(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the last message as the assistant's own, and the headers that came with it.

    Raises:
        NotAChat: the body has no messages.

    """
    try:
        content = json.loads(body)["messages"][-1]["content"]
    except (ValueError, LookupError, TypeError) as error:
        raise NotAChat("the body has no messages with content") from error
    message = {"role": "assistant", "content": content}
    return {
        "id": "chatcmpl-echo",
        "object": "chat.completion",
        "model": "echo",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "headers": {name.lower(): value for name, value in headers.items()},
    }


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8080, help="the port to listen on")
    parser.add_argument("--host", default="", help="the address to listen on; all of them if unset")
    arguments = parser.parse_args()
    server = ThreadingHTTPServer((arguments.host, arguments.port), Handler)

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown).start()  # it waits for the loop, which this interrupts

    signal.signal(signal.SIGTERM, stop)
    server.serve_forever()


if __name__ == "__main__":
    main()
