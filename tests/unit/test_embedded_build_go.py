"""Building Go binaries, with an executable that plays Go."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tools import gobuild
from tools.embedded.binaries import BINARIES
from tools.errors import ToolError
from tools.gobuild import GoBinary, build, is_built, module_source
from tools.progress import Event

GO = """#!/bin/sh
echo "$@" >> {log}
case "$1 $2" in
  "version ") echo "go version go{version} linux/amd64";;
  "mod download") echo '{{"Dir": "{module}"}}';;
  "build "*)
    {build}
    while [ "$1" != -o ]; do shift; done
    cat go.mod *.json > "$2" 2>/dev/null || cat go.mod > "$2";;
esac
"""


class Go:
    """A fake `go` on PATH, and what it was asked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.module = folder / "source"
        self.module.mkdir()
        (folder / "bin").mkdir()
        monkeypatch.setenv("PATH", str(folder / "bin"), prepend=":")
        self.install()

    def install(self, *, version: str = "1.26.1", build: str = ":") -> None:
        gobuild.go_version.cache_clear()
        script = self.folder / "bin" / "go"
        script.write_text(GO.format(log=self.log, version=version, module=self.module, build=build), "utf-8")
        script.chmod(0o755)

    @property
    def builds(self) -> int:
        return sum(line.startswith("build ") for line in self.log.read_text("utf-8").splitlines())


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Go]:
    yield Go(tmp_path, monkeypatch)
    gobuild.go_version.cache_clear()


@pytest.fixture
def binary(tmp_path: Path) -> GoBinary:
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.mod").write_text("module m\n\ngo 1.25.8\n", "utf-8")
    return GoBinary("tool", folder, "example.com/tool")


def ignore(_: Event) -> None:
    pass


def test_a_binary_is_built_once(go: Go, binary: GoBinary, tmp_path: Path) -> None:
    for _ in range(2):
        assert build(binary, tmp_path / "out", ignore).read_text("utf-8").startswith("module m")
    assert go.builds == 1


def test_a_build_is_reproducible_by_its_flags(go: Go, binary: GoBinary, tmp_path: Path) -> None:
    build(binary, tmp_path / "out", ignore)
    asked = go.log.read_text("utf-8").splitlines()[-1]
    assert asked.startswith("build -trimpath -mod=readonly -buildvcs=false -ldflags -s -w -o ")


def test_a_binary_cut_short_is_built_again(go: Go, binary: GoBinary, tmp_path: Path) -> None:
    build(binary, tmp_path / "out", ignore).write_text("mod", "utf-8")
    assert not is_built(binary, tmp_path / "out")
    assert build(binary, tmp_path / "out", ignore).read_text("utf-8").startswith("module m")
    assert go.builds == 2


@pytest.mark.usefixtures("go")
def test_changed_pins_make_another_binary(binary: GoBinary) -> None:
    before = binary.key()
    (binary.module_dir / "go.sum").write_text("example.com/tool v1.0.0 h1:x=\n", "utf-8")
    assert binary.key() != before


def test_another_go_makes_another_binary(go: Go, binary: GoBinary) -> None:
    before = binary.key()
    go.install(version="1.27.0")
    assert binary.key() != before


def test_a_failed_build_leaves_nothing_and_shows_the_compilers_words(go: Go, binary: GoBinary, tmp_path: Path) -> None:
    go.install(build="echo 'x.go:1: undefined: y' >&2; exit 1")
    with pytest.raises(ToolError, match="undefined: y"):
        build(binary, tmp_path / "out", ignore)
    assert not list((tmp_path / "out").iterdir())


def test_an_embedded_file_comes_from_the_pinned_module(go: Go, tmp_path: Path, binary: GoBinary) -> None:
    (go.module / "data.json").write_text('{"of": "module"}', "utf-8")
    embedding = GoBinary("tool", binary.module_dir, ".", embeds={"schema.json": "example.com/m:data.json"})
    assert '{"of": "module"}' in build(embedding, tmp_path / "out", ignore).read_text("utf-8")


def test_the_checkout_is_not_written_to(go: Go, binary: GoBinary, tmp_path: Path) -> None:
    (go.module / "data.json").write_text("{}", "utf-8")
    build(GoBinary("tool", binary.module_dir, ".", embeds={"s.json": "m:data.json"}), tmp_path / "out", ignore)
    assert [path.name for path in binary.module_dir.iterdir()] == ["go.mod"]


@pytest.mark.usefixtures("go")
def test_the_time_of_a_build_is_reported(binary: GoBinary, tmp_path: Path) -> None:
    events: list[Event] = []
    build(binary, tmp_path / "out", events.append)
    assert [(event.name, event.seconds is None) for event in events] == [("build tool", True), ("build tool", False)]


def test_a_go_that_is_too_old_is_refused(go: Go, binary: GoBinary, tmp_path: Path) -> None:
    go.install(version="1.19.8")
    with pytest.raises(ToolError, match=r"go1\.19\.8, and .* needs Go 1\.25 or newer"):
        build(binary, tmp_path / "out", ignore)


def test_a_missing_go_is_refused(binary: GoBinary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gobuild.go_version.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="no `go` on PATH"):
        build(binary, tmp_path / "out", ignore)


def test_a_modules_source_is_where_go_says(go: Go, binary: GoBinary) -> None:
    assert module_source(binary.module_dir, "example.com/m") == go.module


@pytest.mark.parametrize("binary", BINARIES, ids=lambda binary: binary.name)
def test_every_binary_is_of_a_committed_module(binary: GoBinary) -> None:
    assert binary.package == "." or binary.package in (binary.module_dir / "go.mod").read_text("utf-8")
