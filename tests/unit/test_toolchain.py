"""The toolchain: what is on the machine, else the official release, else a build."""

import functools
import hashlib
import http.server
import io
import os
import tarfile
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from tools.errors import ToolError
from tools.gobuild import GoBinary
from tools.progress import Event, Report
from tools.toolchain import kubernetes_provider as provider_module
from tools.toolchain import pulumi_cli as cli_module
from tools.toolchain.download import NO_DOWNLOAD_VARIABLE
from tools.toolchain.kubernetes_provider import kubernetes_provider
from tools.toolchain.pulumi_cli import pulumi_cli
from tools.toolchain.toolchain import Toolchain, ready_toolchain

ARCHIVE = f"pulumi-v{cli_module.VERSION}-linux-x64.tar.gz"
NOWHERE = "http://127.0.0.1:9"


def ignore(_: Event) -> None:
    pass


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH, home and cache, and no Go."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_KSERVE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("platform.system", lambda: "Linux")
    for name in ("PULUMI_HOME", NO_DOWNLOAD_VARIABLE, "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def go(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A Go that builds in no time; returns the names of what it built."""
    built: list[str] = []

    def build(binary: GoBinary, out_dir: Path, report: Report) -> Path:
        report(Event(binary.name, 0.0))
        built.append(binary.name)
        return executable(out_dir / binary.name, "echo v3.258.0")

    def is_built(binary: GoBinary, out_dir: Path) -> bool:
        return (out_dir / binary.name).is_file()

    executable(path / "go", "exit 1")
    for module in (cli_module, provider_module):
        monkeypatch.setattr(module, "build", build)
        monkeypatch.setattr(module, "is_built", is_built)
    return built


@dataclass
class Release:
    folder: Path
    url: str
    asked: list[str]

    def publish(self, *, checksum: str | None = None) -> None:
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:gz") as archive:
            for name in ("pulumi", "pulumi-language-python"):
                script = b"#!/bin/sh\necho v3.258.0\n"
                member = tarfile.TarInfo(f"pulumi/{name}")
                member.size, member.mode = len(script), 0o755
                archive.addfile(member, io.BytesIO(script))
        place = self.folder / f"v{cli_module.VERSION}"
        place.mkdir()
        (place / ARCHIVE).write_bytes(content.getvalue())
        listed = checksum or hashlib.sha256(content.getvalue()).hexdigest()
        lines = f"{'0' * 64}  other.tar.gz\n{listed}  {ARCHIVE}\n"
        (place / f"pulumi-{cli_module.VERSION}-checksums.txt").write_text(lines, "utf-8")


@pytest.fixture
def release(tmp_path: Path) -> Generator[Release]:
    folder = tmp_path / "release"
    folder.mkdir()
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 -- as the base class has it
            asked.append(self.path)

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Release(folder, f"http://127.0.0.1:{server.server_address[1]}", asked)
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("version", ["v3.200.0", "v3.272.1", "3.258.0-alpha.1"])
def test_a_recent_pulumi_on_path_is_used(path: Path, version: str) -> None:
    there = executable(path / "pulumi", f"echo {version}")
    assert pulumi_cli(ignore, releases=NOWHERE) == there


@pytest.mark.parametrize(
    ("script", "said"),
    [("echo v3.199.9", "is Pulumi 3.199.9, and 3.200 or newer"), ("echo v2.0.0", "2.0.0"), ("exit 3", "does not say")],
)
def test_a_pulumi_on_path_that_cannot_do_the_work_is_refused_with_a_cure(path: Path, script: str, said: str) -> None:
    executable(path / "pulumi", script)
    with pytest.raises(ToolError, match=said) as refused:
        pulumi_cli(ignore, releases=NOWHERE)
    assert "PATH" in refused.value.cure


@pytest.mark.usefixtures("path")
def test_the_official_release_is_downloaded_once(release: Release) -> None:
    release.publish()
    first = pulumi_cli(ignore, releases=release.url)
    asked = len(release.asked)
    assert pulumi_cli(ignore, releases=release.url) == first
    assert os.access(first, os.X_OK)
    assert len(release.asked) == asked == 2


@pytest.mark.usefixtures("path")
def test_an_altered_release_is_refused_and_leaves_nothing(release: Release, tmp_path: Path) -> None:
    release.publish(checksum="1" * 64)
    with pytest.raises(ToolError, match="altered or cut short"):
        pulumi_cli(ignore, releases=release.url)
    assert not list((tmp_path / "cache").rglob("pulumi*"))


@pytest.mark.usefixtures("path")
def test_without_download_and_without_go_both_reasons_are_given() -> None:
    with pytest.raises(ToolError, match=r"no Pulumi CLI on PATH.*127\.0\.0\.1:9.*no Go"):
        pulumi_cli(ignore, releases=NOWHERE)


def test_where_nothing_can_be_downloaded_the_cli_is_built(go: list[str], tmp_path: Path) -> None:
    assert pulumi_cli(ignore, releases=NOWHERE) == tmp_path / "cache" / "toolchain" / "bin" / "pulumi"
    assert go == ["pulumi"]


def test_a_cli_that_was_built_before_asks_no_server(go: list[str], release: Release) -> None:
    pulumi_cli(ignore, releases=NOWHERE)
    release.publish()
    pulumi_cli(ignore, releases=release.url)
    assert (go, release.asked) == (["pulumi"], [])


def test_downloads_can_be_switched_off(go: list[str], release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    release.publish()
    monkeypatch.setenv(NO_DOWNLOAD_VARIABLE, "1")
    pulumi_cli(ignore, releases=release.url)
    assert (go, release.asked) == (["pulumi"], [])


def test_a_machine_without_official_release_builds(go: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    pulumi_cli(ignore, releases=NOWHERE)
    assert go == ["pulumi"]


def test_the_provider_on_path_is_used(path: Path) -> None:
    there = executable(path / "pulumi-resource-kubernetes", "")
    assert kubernetes_provider(path / "pulumi", ignore, releases=NOWHERE) == there


@pytest.mark.parametrize("named", [True, False])
def test_the_newest_installed_plugin_of_our_line_is_used(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, named: bool
) -> None:
    home = tmp_path / "elsewhere" if named else tmp_path / "home" / ".pulumi"
    if named:
        monkeypatch.setenv("PULUMI_HOME", str(home))
    plugins = [
        executable(home / "plugins" / f"resource-kubernetes-v{version}" / "pulumi-resource-kubernetes", "")
        for version in ("4.9.0", "4.25.0", "4.25.1", "4.34.2")
    ]
    assert kubernetes_provider(path / "pulumi", ignore, releases=NOWHERE) == plugins[2]


INSTALLS = """\
[ "$*" = "plugin install resource kubernetes v4.25.0" ] || exit 1
/bin/mkdir -p "$PULUMI_HOME/plugins/resource-kubernetes-v4.25.0"
echo > "$PULUMI_HOME/plugins/resource-kubernetes-v4.25.0/pulumi-resource-kubernetes"
"""


def test_an_official_engine_installs_the_official_plugin(path: Path, tmp_path: Path, release: Release) -> None:
    pulumi = executable(path / "pulumi", INSTALLS)
    found = kubernetes_provider(pulumi, ignore, releases=release.url + "/")
    assert found.is_relative_to(tmp_path / "home" / ".pulumi" / "plugins")


def test_an_engine_that_cannot_install_leads_to_a_build(path: Path, go: list[str], release: Release) -> None:
    pulumi = executable(path / "pulumi", "exit 1")
    kubernetes_provider(pulumi, ignore, releases=release.url + "/")
    assert go == ["pulumi-resource-kubernetes"]


def test_a_server_that_is_out_of_reach_leads_to_a_build(path: Path, go: list[str]) -> None:
    pulumi = executable(path / "pulumi", INSTALLS)
    kubernetes_provider(pulumi, ignore, releases=NOWHERE)
    assert go == ["pulumi-resource-kubernetes"]


def test_a_built_engine_asks_for_no_official_plugin(go: list[str], release: Release) -> None:
    kubernetes_provider(pulumi_cli(ignore, releases=NOWHERE), ignore, releases=release.url)
    assert (go, release.asked) == (["pulumi", "pulumi-resource-kubernetes"], [])


@pytest.mark.parametrize(("beside", "host"), [("pulumi-language-python", True), ("pulumi-language-go", False)])
def test_a_language_host_beside_the_engine_is_noticed(path: Path, *, beside: str, host: bool) -> None:
    executable(path / "pulumi", "echo v3.258.0")
    executable(path / "pulumi-resource-kubernetes", "")
    executable(path / beside, "")
    assert ready_toolchain(ignore).language_host is host


def test_an_engine_of_ours_has_its_own_home(path: Path, tmp_path: Path) -> None:
    own = tmp_path / "cache" / "toolchain" / "bin"
    variables = Toolchain(own / "pulumi", own / "pulumi-resource-kubernetes", language_host=False).environment()
    assert variables["PULUMI_HOME"] == str(tmp_path / "cache" / "toolchain" / "home")
    assert variables["PATH"] == os.pathsep.join([str(own), str(path)])


def test_an_engine_of_the_user_keeps_the_users_home(path: Path) -> None:
    assert "PULUMI_HOME" not in Toolchain(path / "pulumi", path / "x", language_host=True).environment()


def test_the_built_versions_are_the_pinned_ones() -> None:
    wanted: dict[str, Callable[[], bool]] = {
        "engine": lambda: f"github.com/pulumi/pulumi/pkg/v3 v{cli_module.VERSION}" in _pinned(cli_module.BINARY),
        "provider": lambda: " v4.0.0-20260115033456-f47bc2d6f199" in _pinned(provider_module.BINARY),
        "package": lambda: metadata.version("pulumi-kubernetes").startswith(provider_module.VERSION.rsplit(".", 1)[0]),
    }
    assert [name for name, holds in wanted.items() if not holds()] == []


def _pinned(binary: GoBinary) -> str:
    return (binary.module_dir / "go.mod").read_text("utf-8")
