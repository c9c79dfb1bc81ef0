"""The order of things: starting, waiting, stopping, the lock, the command line; with fakes for the machine."""

import json
import sys
from pathlib import Path

import pytest

from tests.unit.answers import always
from tools.embedded import __main__ as command
from tools.embedded import cgroups, console, image_store, node, preflight, processes, teardown, verify
from tools.embedded.build import Image
from tools.embedded.components import ORDER, Component
from tools.embedded.layout import Layout
from tools.errors import ToolError
from tools.progress import Event


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("PULUMI_KSERVE_HOME", str(tmp_path))
    return Layout.standard()


def component(tmp_path: Path) -> Component:
    program, read = tmp_path / "program", tmp_path / "config"
    program.write_text("program", "utf-8")
    read.write_text("config", "utf-8")
    return Component("etcd", (str(program), "--flag"), (read,))


def test_a_changed_file_changes_the_fingerprint(tmp_path: Path) -> None:
    etcd = component(tmp_path)
    before = processes.fingerprint(etcd)
    assert processes.fingerprint(etcd) == before
    etcd.reads[0].write_text("other", "utf-8")
    assert processes.fingerprint(etcd) != before


def test_a_rebuilt_program_changes_the_fingerprint(tmp_path: Path) -> None:
    etcd = component(tmp_path)
    before = processes.fingerprint(etcd)
    Path(etcd.command[0]).write_text("rebuilt program", "utf-8")
    assert processes.fingerprint(etcd) != before


def test_a_component_that_runs_as_it_should_is_not_started_again(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    etcd = component(tmp_path)
    monkeypatch.setattr(processes, "find", always(42))
    monkeypatch.setattr(processes, "_started_with", always(processes.fingerprint(etcd)))
    assert processes.start(layout, etcd) is False


def test_a_process_is_ours_by_its_cgroup_and_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = {7: ["/usr/bin/containerd-shim-runc-v2"], 9: ["/usr/bin/containerd", "--config"]}
    members = {"node/containerd": [7, 9], "node/etcd": []}
    monkeypatch.setattr(cgroups, "processes", members.__getitem__)
    monkeypatch.setattr(processes, "_command", commands.__getitem__)
    monkeypatch.setattr(processes, "_is_dead", always(value=False))
    assert processes.find("containerd") == 9
    assert processes.find("etcd") is None


def test_a_component_that_ended_is_told_with_the_end_of_its_log(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "find", always(None))
    layout.logs.mkdir()
    layout.log("etcd").write_text("first\n" * 50 + "panic: disk\n", "utf-8")
    with pytest.raises(ToolError, match=r"(?s)etcd has ended.*etcd\.log.*panic: disk"):
        processes.check_alive(layout, ["etcd"])


def test_waiting_ends_with_the_log_when_time_runs_out(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "_SECONDS", 0.0)
    with pytest.raises(ToolError, match=r"kubelet was not ready after 0 s.*kubelet\.log"):
        node.wait(layout, [], "kubelet", always(value=False))


def test_the_lock_is_held_by_one_at_a_time(layout: Layout) -> None:
    with node.held(layout), pytest.raises(ToolError, match="another up or down"), node.held(layout):
        pass


def test_the_lock_is_free_again_after_a_failure(layout: Layout) -> None:
    with pytest.raises(ToolError, match="broken"), node.held(layout):
        raise ToolError("broken", cure="mend it")
    with node.held(layout):
        pass


def test_nothing_is_touched_when_a_check_refuses(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Layout) -> None:
        raise ToolError("too little memory", cure="buy some")

    monkeypatch.setattr(preflight, "check_machine", always(None))
    monkeypatch.setattr(processes, "find", always(None))
    monkeypatch.setattr(preflight, "check_room", refuse)
    with pytest.raises(ToolError, match="too little memory"):
        node.up(always(None))
    assert [path.name for path in layout.root.iterdir()] == ["lock"]


def test_rotation_without_a_cluster_is_refused(layout: Layout) -> None:
    with pytest.raises(ToolError, match=str(layout.kubeconfig)):
        node.rotate_credentials()


def test_images_in_one_archive_are_imported_together(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Path("/cache/python.tar")
    images = [Image(f"docker.io/{name}:1", archive, f"sha256:{name}") for name in "ab"]
    ran: list[tuple[str, ...]] = []

    def run(*arguments: str, **_: str) -> str:
        ran.append(arguments)
        there = "\n".join(f"{image.name} kind {image.digest}" for image in images) if len(ran) > 1 else ""
        return f"REF TYPE DIGEST\n{there}"

    monkeypatch.setattr(image_store, "run", run)
    image_store.bring_in(layout, images, always(None))
    assert [arguments[-2:] for arguments in ran if "import" in arguments] == [("import", str(archive))]


def test_an_archive_that_holds_something_else_is_refused(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_store, "run", always("REF TYPE DIGEST\ndocker.io/a:1 kind sha256:other"))
    with pytest.raises(ToolError, match=r"docker\.io/a:1"):
        image_store.bring_in(layout, [Image("docker.io/a:1", Path("/a.tar"), "sha256:a")], always(None))


def test_pods_end_before_the_api_server_and_that_before_etcd(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    def kill(below: str = "everything") -> None:
        ended.append(below)

    monkeypatch.setattr(processes, "stop", ended.extend)
    monkeypatch.setattr(processes, "find", always(None))
    monkeypatch.setattr(cgroups, "kill", kill)
    teardown.stop_all(layout, always(None))
    assert ended[:2] == ["kubelet", "kubepods"]
    assert ended.index("kube-apiserver") < ended.index("etcd") < ended.index("containerd") < ended.index("everything")


def run_command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["embedded", *arguments])
    try:
        return command.main()
    except SystemExit as ended:
        return int(ended.code or 0)


@pytest.fixture
def idle(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setattr(preflight, "check_machine", always(None))
    monkeypatch.setattr(preflight, "check_owner", always(None))
    monkeypatch.setattr(processes, "describe", always(None))
    return layout


@pytest.mark.usefixtures("idle")
def test_status_of_no_cluster_is_one_with_every_component_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(monkeypatch, "status", "--json") == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown["ready"] is False
    assert tuple(row["component"] for row in shown["components"]) == ORDER


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(("holds", "code"), [(True, 0), (False, 1)])
def test_verify_ends_with_one_when_a_claim_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, holds: bool, code: int
) -> None:
    monkeypatch.setattr(verify, "gone", always([verify.Finding("no mount is left", holds, "/x")]))
    assert run_command(monkeypatch, "verify", "--json") == code
    assert json.loads(capsys.readouterr().out) == [{"claim": "no mount is left", "holds": holds, "seen": "/x"}]


@pytest.mark.usefixtures("idle")
def test_a_command_that_cannot_work_ends_with_two_and_the_cure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(monkeypatch, "logs", "nothing") == 2
    assert "to fix it: name one of etcd" in capsys.readouterr().err


@pytest.mark.usefixtures("idle")
def test_down_ends_with_one_and_says_what_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(node, "down", always([verify.Finding("no mount is left", holds=False, seen="/x")]))
    assert run_command(monkeypatch, "down") == 1
    assert "FAILS  no mount is left (/x)" in capsys.readouterr().out


def test_only_steps_of_two_seconds_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress() as report:
        report(Event("short", 0.1))
        report(Event("long", 12.3))
    assert capsys.readouterr().err == "  long: 12.3 s\n"
