"""What the servers in the embedded cluster's own images make of what they are sent."""

import importlib
import json
import sys
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from tools.embedded.images import SOURCES

ROW = [5.1, 3.5, 1.4, 0.2]


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The images' modules can be imported, and are forgotten afterwards."""
    monkeypatch.setattr(sys, "path", [str(SOURCES / "python"), *sys.path])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {"transformer", "explainer", "sink", "openai_echo"}:
            del sys.modules[name]


def irises() -> ModuleType:
    return importlib.import_module("transformer.irises")


def table() -> ModuleType:
    return importlib.import_module("explainer.table")


def test_an_iris_is_four_numbers_in_centimetres() -> None:
    assert irises().rows_in_centimetres({"instances": [ROW]}) == [ROW]


def test_an_iris_can_be_named_features_in_any_order() -> None:
    named = dict(reversed(list(zip(irises().FEATURES, ROW, strict=True))))
    assert irises().rows_in_centimetres({"instances": [named]}) == [ROW]


@pytest.mark.parametrize(("unit", "value"), [("cm", 2.54), ("mm", 25.4), ("in", 1.0)])
def test_every_unit_becomes_centimetres(unit: str, value: float) -> None:
    (row,) = irises().rows_in_centimetres({"unit": unit, "instances": [[value] * 4]})
    assert row == pytest.approx([2.54] * 4)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({}, "instances must be a list"),
        ({"instances": []}, "at least one"),
        ({"instances": [ROW, [1, 2, 3]]}, r"instances\[1\] must be 4 numbers"),
        ({"instances": [[1, 2, 3, "4"]]}, "must be 4 numbers"),
        ({"instances": [[1, 2, 3, True]]}, "must be 4 numbers"),
        ({"instances": [{"sepal_length": 1}]}, "it must have sepal_length, sepal_width"),
        ({"instances": [ROW], "unit": "ft"}, "it must be cm, mm, in"),
        ({"instances": [ROW], "unit": ["in"]}, "it must be cm, mm, in"),
    ],
)
def test_what_is_no_iris_is_refused_with_its_place(payload: dict[str, Any], told: str) -> None:
    with pytest.raises(irises().NotIrises, match=told):
        irises().rows_in_centimetres(payload)


def test_class_indexes_become_species() -> None:
    assert irises().named([2, 0]) == ["virginica", "setosa"]


@pytest.mark.parametrize("answer", [3, -1, "0", 1.0, True, [0]])
def test_an_answer_that_is_no_class_is_refused(answer: Any) -> None:
    with pytest.raises(irises().NotIrises, match="its classes are 0 to 2"):
        irises().named([answer])


def test_a_background_is_given_as_json_or_as_a_file_of_it(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text("[[1, 2]]", "utf-8")
    assert table().background("[[1, 2]]") == table().background(str(tmp_path / "rows.json")) == [[1, 2]]


@pytest.mark.parametrize("text", ["[[1, 2]", "[]", "[[]]", "[[1], [1, 2]]", "[[1, null]]", "[1]", "no/such/file"])
def test_a_background_that_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(table().NotATable):
        table().background(text)


def test_rows_of_another_width_than_the_background_are_refused() -> None:
    with pytest.raises(table().NotATable, match="row 0 must be 2 numbers"):
        table().rows([[1, 2, 3]], width=2)


@pytest.fixture
def sink() -> Iterator[str]:
    """The address of a sink that runs."""
    yield from serving("sink")


@pytest.fixture
def echo() -> Iterator[str]:
    """The address of an echo that runs."""
    yield from serving("openai_echo")


def serving(package: str) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), importlib.import_module(f"{package}.__main__").Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


BINARY = {"ce-id": "7", "ce-source": "pod", "ce-specversion": "1.0", "ce-type": "request"}


def test_the_sink_shows_the_events_that_it_was_sent(sink: str) -> None:
    httpx2.post(f"{sink}/any/path", json={"instances": [1]}, headers=BINARY).raise_for_status()
    attributes = {name.removeprefix("ce-"): value for name, value in BINARY.items()}
    assert httpx2.get(f"{sink}/events").json() == [{**attributes, "data": {"instances": [1]}}]


def test_the_sink_takes_events_written_as_one_document(sink: str) -> None:
    event = {"id": "8", "source": "pod", "specversion": "1.0", "type": "response", "data": "text"}
    httpx2.post(sink, content=json.dumps(event), headers={"Content-Type": "application/cloudevents+json"})
    assert httpx2.get(f"{sink}/events").json() == [event]


@pytest.mark.parametrize(
    ("headers", "content"),
    [({**BINARY, "ce-id": ""}, b"{}"), ({"Content-Type": "application/cloudevents+json"}, b"[]")],
)
def test_the_sink_refuses_what_is_no_event(sink: str, headers: dict[str, str], content: bytes) -> None:
    assert httpx2.post(sink, content=content, headers=headers).status_code == 400
    assert httpx2.get(f"{sink}/events").json() == []


def test_the_sink_tells_that_it_is_there(sink: str) -> None:
    assert httpx2.get(f"{sink}/health").status_code == 200
    assert httpx2.get(f"{sink}/other").status_code == 404


def test_the_echo_completes_a_chat_with_its_last_message(echo: str) -> None:
    messages = [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hello"}]
    answer = httpx2.post(f"{echo}/openai/v1/chat/completions", json={"model": "any", "messages": messages}).json()
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "hello"}


def test_the_echo_shows_the_headers_that_reached_it(echo: str) -> None:
    body = {"messages": [{"role": "user", "content": ""}]}
    answer = httpx2.post(f"{echo}/openai/v1/chat/completions", json=body, headers={"X-Client": "me"}).json()
    assert answer["headers"]["x-client"] == "me"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"messages": []}', b'{"messages": [{}]}'])
def test_the_echo_refuses_what_is_no_chat(echo: str, content: bytes) -> None:
    assert httpx2.post(f"{echo}/openai/v1/chat/completions", content=content).status_code == 400


def test_the_echo_lists_its_model(echo: str) -> None:
    assert [each["id"] for each in httpx2.get(f"{echo}/openai/v1/models").json()["data"]] == ["echo"]
