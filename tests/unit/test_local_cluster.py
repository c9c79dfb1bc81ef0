"""Which cluster the main job uses, with fake `docker` and `kind` on PATH and a fake API server."""

import http.server
import json
import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from pulumi_kserve.errors import ClusterUnreachable
from rich.console import Console

from tools.errors import ToolError
from tools.local import cluster as clusters
from tools.local import up
from tools.local.api_server import ServiceProxy, identity, said
from tools.local.cluster import Cluster, Kind
from tools.local.predict import Endpoint, ask_all, endpoints_of
from tools.local.project import Project
from tools.local.screen import Screen

PATH_OF_IRIS = "/api/v1/namespaces/ml/services/iris-predictor:80/proxy/v1/models/iris:predict"
IRIS = Endpoint(name="iris", namespace="ml", model="s3://models/iris/v1", predict_path="/v1/models/iris:predict")
LAST = Cluster("embedded", Path("/k"), "embedded", "uid-1")


class Api(http.server.ThreadingHTTPServer):
    """Answers with what the test put in, and 404 for the rest."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, Any]]] = {}
        self.asked: list[tuple[str, Any]] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        self.on("/version", 200, {"gitVersion": "v1.34.4"})
        self.on("/api/v1/namespaces/kube-system", 200, {"metadata": {"uid": "uid-1"}})

    def on(self, path: str, status: int, content: Any) -> None:
        self.answers.setdefault(path, []).append((status, content))

    def next(self, path: str) -> tuple[int, Any]:
        there = self.answers.get(path, [(404, {"message": "not found"})])
        return there.pop(0) if len(there) > 1 else there[0]


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: Any) -> None:
        api = cast("Api", self.server)
        api.asked.append((self.path, body))
        status, content = api.next(self.path)
        data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as the base class has it
        pass


@pytest.fixture
def api() -> Generator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def kubeconfig(api: Api, tmp_path: Path) -> Path:
    return write_kubeconfig(tmp_path / "kubeconfig", "mine", f"http://127.0.0.1:{api.server_address[1]}")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path)
    found.own.mkdir()
    return found


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def screen() -> Screen:
    return Screen(Console(quiet=True))


def write_kubeconfig(file: Path, context: str, server: str = "http://127.0.0.1:9") -> Path:
    entry = {"name": context, "context": {"cluster": "c", "user": "u"}}
    content = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [entry],
    }
    file.write_text(json.dumps(content), "utf-8")
    return file


def executable(file: Path, script: str) -> None:
    file.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("docker", "kind", "last", "environment", "chosen"),
    [
        ("exit 0", "exit 0", None, {"KUBE_CONTEXT": "mine"}, "context"),
        ("exit 0", "exit 0", LAST, {"KUBE_CONTEXT": "mine"}, "context"),
        ("exit 0", "exit 0", LAST, {}, "embedded"),
        ("exit 0", "exit 0", None, {}, "kind"),
        ("exit 0", None, None, {}, "embedded"),
        ("exit 1", "exit 0", None, {}, "embedded"),
        (None, "exit 0", None, {}, "embedded"),
        ("exit 0", "exit 0", None, {"KUBE_CONTEXT": ""}, "kind"),
    ],
)
def test_the_callers_cluster_comes_first_then_the_last_one_then_kind_then_the_embedded_one(
    path: Path, *, docker: str | None, kind: str | None, last: Cluster | None, environment: dict[str, str], chosen: Kind
) -> None:
    for name, script in (("docker", docker), ("kind", kind)):
        if script:
            executable(path / name, script)
    assert clusters.choose(last, environment) == chosen


@pytest.mark.parametrize(
    ("there", "command"),
    [
        ("", "create cluster --wait 180s --name pulumi-kserve --kubeconfig"),
        ("other\npulumi-kserve", "export kubeconfig --name pulumi-kserve --kubeconfig"),
    ],
)
def test_a_kind_cluster_is_made_once_and_used_again(
    path: Path, project: Project, kubeconfig: Path, screen: Screen, *, there: str, command: str
) -> None:
    executable(path / "docker", "exit 0")
    context = kubeconfig.read_text("utf-8").replace('"mine"', '"kind-pulumi-kserve"')
    (project.root / "made").write_text(context, "utf-8")
    executable(
        path / "kind",
        f'echo "$*" >> "{project.root}/ran"\n'
        f'[ "$*" = "get clusters" ] && echo "{there}" && exit 0\n'
        f'/bin/cp "{project.root}/made" "{project.own}/kind-kubeconfig"',
    )
    found = clusters.ready_cluster(project, None, screen, {})
    assert (found.kind, found.context, found.identity) == ("kind", "kind-pulumi-kserve", "uid-1")
    assert (project.root / "ran").read_text("utf-8").splitlines()[1].startswith(command)


def test_a_kind_that_fails_is_told_in_its_own_words(path: Path, project: Project, screen: Screen) -> None:
    executable(path / "docker", "exit 0")
    executable(path / "kind", "echo node did not start >&2; exit 1")
    with pytest.raises(ToolError, match="node did not start") as refused:
        clusters.ready_cluster(project, None, screen, {})
    assert "KUBE_CONTEXT" in refused.value.cure


def test_down_deletes_a_kind_cluster(path: Path, project: Project, screen: Screen) -> None:
    executable(path / "kind", f'echo "$*" > "{project.root}/ran"')
    clusters.stop(project, Cluster("kind", project.own / "kind-kubeconfig", "kind-pulumi-kserve"), screen)
    assert (project.root / "ran").read_text("utf-8").startswith("delete cluster --name pulumi-kserve")


@pytest.mark.usefixtures("path")
def test_down_leaves_the_callers_cluster_running(project: Project, screen: Screen) -> None:
    clusters.stop(project, Cluster("context", Path("/k"), "mine"), screen)


def test_the_context_is_found_in_whichever_file_has_it(
    project: Project, kubeconfig: Path, screen: Screen, tmp_path: Path
) -> None:
    other = write_kubeconfig(tmp_path / "other", "theirs")
    environment = {"KUBE_CONTEXT": "mine", "KUBECONFIG": f"{tmp_path / 'none'}:{other}:{kubeconfig}"}
    assert clusters.ready_cluster(project, None, screen, environment) == Cluster("context", kubeconfig, "mine", "uid-1")


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), ("just words", "is not a kubeconfig"), ("{{", "is not a kubeconfig"), ("", "mine")],
)
def test_a_kubeconfig_that_points_nowhere_is_refused_by_name(
    project: Project, screen: Screen, tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "broken"
    if content == "":
        write_kubeconfig(file, "mime")
    elif content:
        file.write_text(content, "utf-8")
    with pytest.raises(ClusterUnreachable, match=said) as refused:
        clusters.ready_cluster(project, None, screen, {"KUBE_CONTEXT": "mine", "KUBECONFIG": str(file)})
    assert str(file) in str(refused.value)
    assert clusters.recorded(project) is None


def test_a_server_that_does_not_answer_is_refused_by_address(project: Project, screen: Screen, tmp_path: Path) -> None:
    file = write_kubeconfig(tmp_path / "kubeconfig", "mine")
    with pytest.raises(ClusterUnreachable, match=r"127\.0\.0\.1:9"):
        clusters.ready_cluster(project, None, screen, {"KUBE_CONTEXT": "mine", "KUBECONFIG": str(file)})


def test_a_user_who_may_not_look_is_refused_with_the_servers_words(api: Api, kubeconfig: Path) -> None:
    api.answers["/api/v1/namespaces/kube-system"] = [(403, {"message": "you may not"})]
    with pytest.raises(ClusterUnreachable, match="you may not"):
        identity(kubeconfig, "mine")


def test_the_cluster_of_the_last_run_is_remembered(project: Project) -> None:
    clusters.record(project, LAST)
    assert clusters.recorded(project) == LAST
    clusters.forget(project)
    assert clusters.recorded(project) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"kind": "embedded", "more": 1, "kubeconfig": "/k"}'])
def test_a_damaged_record_counts_as_none(project: Project, content: str) -> None:
    (project.own / "cluster.json").write_text(content, "utf-8")
    assert clusters.recorded(project) is None


def test_only_the_embedded_cluster_brings_charts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULUMI_KSERVE_HOME", str(tmp_path))
    assert LAST.charts == tmp_path / "embedded" / "charts"
    assert replace(LAST, kind="kind").charts is None


class Opened:
    """Stands for the workspace; remembers whether the stack was removed."""

    removed = False

    def remove_stack(self, name: str, *, force: bool, preserve_config: bool) -> None:
        assert (name, force, preserve_config) == ("local", True, True)
        self.removed = True


def on_its_cluster(
    project: Project, screen: Screen, monkeypatch: pytest.MonkeyPatch, now: Cluster
) -> tuple[Opened, object]:
    opened, stack = Opened(), object()

    def ready(*_: object) -> Cluster:
        return now

    monkeypatch.setattr(clusters, "ready_cluster", ready)
    clusters.record(project, LAST)
    kept, _ = up._on_its_cluster(project, opened, stack, screen)  # type: ignore[arg-type]  # pyright: ignore[reportPrivateUsage, reportArgumentType]
    return opened, kept


def test_a_stack_stays_on_its_cluster(project: Project, screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, kept = on_its_cluster(project, screen, monkeypatch, replace(LAST, kubeconfig=Path("/new")))
    assert kept is not None
    assert not opened.removed


def test_a_cluster_of_ours_stays_ours_when_it_is_named_by_context(
    project: Project, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_its_cluster(project, screen, monkeypatch, replace(LAST, kind="context"))
    assert clusters.recorded(project) == LAST


def test_a_stack_whose_embedded_cluster_was_thrown_away_begins_anew(
    project: Project, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, kept = on_its_cluster(project, screen, monkeypatch, replace(LAST, identity="uid-2"))
    assert kept is None
    assert opened.removed


def test_a_stack_is_never_moved_to_another_cluster(
    project: Project, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Cluster("context", Path("/theirs"), "theirs", "uid-2")
    with pytest.raises(ToolError, match="the stack local is on the embedded cluster") as refused:
        on_its_cluster(project, screen, monkeypatch, other)
    assert "make down" in refused.value.cure
    assert clusters.recorded(project) == LAST


def test_a_prediction_goes_through_the_api_servers_proxy(api: Api, project: Project, kubeconfig: Path) -> None:
    api.on(PATH_OF_IRIS, 200, {"predictions": [2]})
    [told] = ask_all(project, Cluster("context", kubeconfig, "mine"), [IRIS])
    assert (told.answer, told.expected, told.right) == ([2], None, True)
    assert api.asked[-1] == (PATH_OF_IRIS, {"instances": told.instances})


@pytest.mark.parametrize(("model", "place"), [("s3://models/iris/v1", "iris/v1"), ("store://iris/v1", "iris/v1")])
@pytest.mark.parametrize(("answer", "right"), [([1, 2], True), ([1, 1], False)])
def test_an_answer_is_compared_with_the_local_model(
    api: Api,
    project: Project,
    kubeconfig: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    model: str,
    place: str,
    answer: list[int],
    right: bool,
) -> None:
    folder = project.models / place
    folder.mkdir(parents=True)
    (folder / "model.joblib").touch()

    def truth(asked: Path) -> object:
        from tools.local.iris import Truth  # noqa: PLC0415 -- only this fake needs it

        assert asked == folder
        return Truth([[1.0], [2.0]], [1, 2])

    monkeypatch.setattr("tools.local.predict.truth", truth)
    api.on(PATH_OF_IRIS, 200, {"predictions": answer})
    [told] = ask_all(project, Cluster("context", kubeconfig, "mine"), [IRIS.model_copy(update={"model": model})])
    assert (told.answer, told.expected, told.right) == (answer, [1, 2], right)


def test_a_service_without_pods_yet_is_asked_again(api: Api, project: Project, kubeconfig: Path) -> None:
    api.on(PATH_OF_IRIS, 503, {"message": "no endpoints available"})
    api.on(PATH_OF_IRIS, 200, {"predictions": [0]})
    assert ask_all(project, Cluster("context", kubeconfig, "mine"), [IRIS])[0].right


@pytest.mark.parametrize(
    ("status", "content", "problem"),
    [
        (404, {"error": "Model with name iris does not exist."}, "404: Model with name iris does not exist."),
        (500, "broken", "500: broken"),
        (200, {"outputs": []}, "200: {'outputs': []}"),
    ],
)
def test_no_prediction_is_told_in_the_servers_words(
    api: Api, project: Project, kubeconfig: Path, *, status: int, content: object, problem: str
) -> None:
    api.on(PATH_OF_IRIS, status, content)
    [told] = ask_all(project, Cluster("context", kubeconfig, "mine"), [IRIS])
    assert (told.right, told.problem) == (False, problem)


def test_an_api_server_that_went_away_is_told(api: Api, kubeconfig: Path) -> None:
    api.server_close()
    with ServiceProxy(kubeconfig, "mine") as proxy, pytest.raises(ClusterUnreachable, match="iris-predictor"):
        proxy.post("ml", "iris-predictor", "/v1", {})


def test_long_answers_are_cut() -> None:
    assert len(said("x" * 1000)) == 300


@pytest.mark.parametrize("output", [3, [{"name": "iris"}], ["iris"]])
def test_an_output_that_is_no_list_of_endpoints_is_refused(output: object) -> None:
    with pytest.raises(ToolError, match="`endpoints` is not a list"):
        endpoints_of({"endpoints": output})


def test_a_stack_without_endpoints_has_none() -> None:
    assert endpoints_of({}) == []
