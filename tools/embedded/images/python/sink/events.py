"""CloudEvents as they come over HTTP.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

import json
from collections.abc import Mapping
from typing import Any

STRUCTURED = "application/cloudevents+json"
REQUIRED = ("id", "source", "specversion", "type")


class NotAnEvent(ValueError):  # noqa: N818 - it names what came
    """What came is no CloudEvent; the text says what it lacks."""


def event_of(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Return the attributes of an event and its `data`, which is JSON where it can be read as that.

    Raises:
        NotAnEvent: an attribute is missing that every event has.

    """
    names = {name.lower(): value for name, value in headers.items()}
    if names.get("content-type", "").startswith(STRUCTURED):
        event = _json(body)
        if not isinstance(event, dict):
            raise NotAnEvent("the body is no event as JSON")
    else:
        event = {name.removeprefix("ce-"): value for name, value in names.items() if name.startswith("ce-")}
        event["data"] = _json(body)
    if missing := [name for name in REQUIRED if not event.get(name)]:
        raise NotAnEvent(f"the event lacks {', '.join(missing)}")
    return event


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
