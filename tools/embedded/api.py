"""The few requests the node makes to its own API server, as the admin."""

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import cast

from tools.embedded.certificates import ADMIN
from tools.embedded.layout import API_PORT, NODE_ADDRESS, NODE_NAME, Layout
from tools.errors import ToolError

_SECONDS = 5.0
_OK = 200
_MULTIPLE_CHOICES = 300


class Api:
    """Talks to the API server with the admin's certificate, and only to the one our authority has signed."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._context: ssl.SSLContext | None = None

    def answers(self) -> bool:
        """Tell whether the API server says it is ready."""
        try:
            status, _ = self._request("GET", "/readyz")
        except OSError:
            return False
        return status == _OK

    def node_is_ready(self) -> bool:
        """Tell whether the node is Ready and open for pods."""
        node = self.get(f"/api/v1/nodes/{NODE_NAME}")
        if node is None:
            return False
        status = cast("dict[str, list[dict[str, str]]]", node.get("status", {}))
        ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions", []))
        return ready and not cast("dict[str, object]", node.get("spec", {})).get("taints")

    def get(self, path: str) -> dict[str, object] | None:
        """Return the object at a path, or None when it, or the API server, is not there."""
        try:
            status, body = self._request("GET", path)
        except OSError:
            return None
        return cast("dict[str, object]", json.loads(body)) if status == _OK else None

    def apply(self, path: str, content: Mapping[str, object]) -> None:
        """Create or update the object at a path by server-side apply.

        Raises:
            ToolError: the API server refused it or could not be reached.

        """
        query = f"{path}?fieldManager=embedded&force=true"
        try:
            status, body = self._request("PATCH", query, json.dumps(content), "application/apply-patch+yaml")
        except OSError as error:
            raise ToolError(f"the API server cannot be reached: {error}", cure="run `up` again") from error
        if status >= _MULTIPLE_CHOICES:
            raise ToolError(f"the API server refused {path}: {body}", cure="run `down`, then `up`")

    def delete(self, path: str) -> None:
        """Delete the object at a path, if it is there.

        Raises:
            OSError: the API server cannot be reached.

        """
        self._request("DELETE", path)

    def _request(self, method: str, path: str, body: str | None = None, kind: str = "") -> tuple[int, str]:
        connection = http.client.HTTPSConnection(NODE_ADDRESS, API_PORT, timeout=_SECONDS, context=self._tls())
        try:
            connection.request(method, path, body=body, headers={"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context(cafile=str(self._layout.certificate("ca")))
            self._context.load_cert_chain(self._layout.certificate(ADMIN.name), self._layout.key(ADMIN.name))
        return self._context
