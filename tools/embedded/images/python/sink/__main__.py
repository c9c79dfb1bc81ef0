"""Starts the sink: `python -m sink --port PORT`.

POST takes an event on any path, GET /events gives all that are kept, oldest first, and GET /health answers.
"""

import argparse
import json
import signal
import threading
from collections import deque
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from sink.events import NotAnEvent, event_of

KEPT = 1000
"""How many events are kept; the oldest give way."""
LARGEST = 1 << 20
"""The longest body that is read, in bytes."""


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    kept: ClassVar[deque[dict[str, Any]]] = deque(maxlen=KEPT)

    def do_POST(self) -> None:
        """Keep an event."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST:
            self.close_connection = True
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"at most {LARGEST} bytes, with their length"})
            return
        body = self.rfile.read(int(length))
        try:
            self.kept.append(event_of(self.headers, body))
        except NotAnEvent as error:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        else:
            self._answer(HTTPStatus.OK, {})

    def do_GET(self) -> None:
        """Show the events."""
        shown = {"/events": lambda: list(self.kept), "/health": dict}.get(self.path)
        if shown is None:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "there are /events and /health"})
        else:
            self._answer(HTTPStatus.OK, shown())

    def _answer(self, status: HTTPStatus, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


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
