"""Connecting to a cluster: every way it can go wrong names the cure."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi_kserve.errors import ClusterUnreachable
from pulumi_kserve.live.cluster import CONFIG_MAPS, DEPLOYMENTS, connect

from tests.unit.live_world import NAMESPACE, World


class _ApiServer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        authorized = self.headers.get("Authorization") == "Bearer good"
        body = json.dumps({"gitVersion": "v1.34.4"} if authorized else {"message": "Unauthorized"}).encode()
        self.send_response(200 if authorized else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class names it
        pass


@pytest.fixture
def server() -> Iterator[str]:
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _ApiServer)
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def kubeconfig(server: str, credentials: str = "good", context: str = "production") -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": credentials}}],
            "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
            "current-context": context,
        }
    )


def test_a_kubeconfig_may_be_text(server: str) -> None:
    with connect(kubeconfig(server)) as cluster:
        assert cluster.probe() == "v1.34.4"


def test_a_kubeconfig_may_be_a_path(server: str, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(kubeconfig(server))
    with connect(str(file)) as cluster:
        assert cluster.server == server


def test_without_a_kubeconfig_the_first_existing_file_of_the_environment_is_used(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "second"
    file.write_text(kubeconfig(server))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'first'}:{file}")
    with connect() as cluster:
        assert cluster.server == server


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ClusterUnreachable, match=r"nowhere cannot be read: No such file.*kserve:kubeconfig"):
        connect("/nowhere")


@pytest.mark.parametrize("text", ["{}", '{"clusters": 3}', "clusters:\n- [", "a: b\nc: d\n"])
def test_text_that_is_no_kubeconfig_is_refused(text: str) -> None:
    with pytest.raises(ClusterUnreachable, match="the kubeconfig of the stack is not a kubeconfig"):
        connect(text if "\n" in text else f"{text}\n")


def test_an_unknown_context_brings_the_nearest_names(server: str) -> None:
    with pytest.raises(ClusterUnreachable, match=r"no context 'prodution'. Did you mean 'production'\?"):
        connect(kubeconfig(server), "prodution")


def test_a_server_that_is_not_there_is_named_with_its_context() -> None:
    with pytest.raises(ClusterUnreachable, match=r"context 'production': the API server http://127.0.0.1:1 does not"):
        connect(kubeconfig("http://127.0.0.1:1"))


def test_expired_credentials_ask_for_a_new_login(server: str) -> None:
    with pytest.raises(ClusterUnreachable, match=r"401.*log in again"):
        connect(kubeconfig(server, credentials="old"))


def test_a_login_command_that_is_not_installed_is_named(server: str) -> None:
    config = json.loads(kubeconfig(server))
    command = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "no-such-login"}
    config["users"][0]["user"] = {"exec": command}
    with pytest.raises(ClusterUnreachable, match=r"no credentials.*no-such-login"):
        connect(json.dumps(config))


def test_an_object_that_does_not_exist_is_none() -> None:
    assert World().cluster.get(DEPLOYMENTS, "iris", NAMESPACE) is None


def test_objects_are_listed_by_label() -> None:
    world = World()
    world.put(CONFIG_MAPS, {"metadata": {"name": "a", "labels": {"x": "1"}}})
    world.put(CONFIG_MAPS, {"metadata": {"name": "b", "labels": {"x": "2"}}})
    assert [one["metadata"]["name"] for one in world.cluster.list(CONFIG_MAPS, labels="x=2")] == ["b"]


def test_a_log_that_cannot_be_read_is_empty() -> None:
    assert World().cluster.logs(NAMESPACE, "pod", "container") == ()


def test_a_kind_that_the_server_does_not_know_is_none() -> None:
    assert World().cluster.kind("nobody.example.com/v1", "Thing") is None
