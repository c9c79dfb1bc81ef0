"""The cache: files that appear whole, stamps that notice damage, a disk that is checked first."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.answers import always
from tools.cache import (
    HOME_VARIABLE,
    appears_whole,
    cache_root,
    embedded_root,
    folder_appears_whole,
    require_free,
    scratch_folder,
    write_atomically,
)
from tools.errors import ToolError
from tools.stamp import is_current, stamp, stamped_sha256

DEAD_PROCESS = 2**22 + 1


class Usage(NamedTuple):
    free: int


def write_half(path: Path) -> None:
    path.write_text("half", "utf-8")
    raise KeyError


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "made"
    path.write_text("content", "utf-8")
    stamp(path, key="k")
    return path


def test_the_cache_lies_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    assert embedded_root() == tmp_path / "home" / "embedded"


def test_the_cache_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    assert embedded_root().stat().st_mode & 0o777 == 0o700


def test_a_relative_cache_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, "here")
    with pytest.raises(ToolError, match="not an absolute path"):
        cache_root()


def test_a_cache_folder_that_is_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(ToolError, match="cannot be made"):
        cache_root()


def test_a_file_that_failed_half_way_does_not_appear(tmp_path: Path) -> None:
    with pytest.raises(KeyError), appears_whole(tmp_path / "file") as temporary:
        write_half(temporary)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_failed_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").touch()
    with pytest.raises(KeyError), folder_appears_whole(tmp_path / "folder") as temporary:
        write_half(temporary / "new")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "old"]


def test_a_finished_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").touch()
    with folder_appears_whole(tmp_path / "folder") as temporary:
        (temporary / "new").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "new"]


def test_a_secret_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    write_atomically(tmp_path / "secret", "s", mode=0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / f".file.{DEAD_PROCESS}.abc").touch()
    (tmp_path / f"..file.{DEAD_PROCESS}.abc.{DEAD_PROCESS}.def").mkdir()
    write_atomically(tmp_path / "file", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_another_running_process_is_writing_stays(tmp_path: Path) -> None:
    theirs = tmp_path / f".file.{os.getppid()}.abc"
    theirs.touch()
    write_atomically(tmp_path / "file", "new")
    assert theirs.exists()


def test_a_scratch_folder_is_gone_afterwards(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "file") as scratch:
        (scratch / "something").touch()
    assert list(tmp_path.iterdir()) == []


def test_a_stamped_file_is_current(made: Path) -> None:
    assert is_current(made, key="k")


def test_a_file_made_from_something_else_is_not_current(made: Path) -> None:
    assert not is_current(made, key="other")


def test_a_missing_file_is_not_current(made: Path) -> None:
    made.unlink()
    assert not is_current(made, key="k")


def test_a_file_cut_short_is_not_current(made: Path) -> None:
    made.write_text("cont", "utf-8")
    assert not is_current(made, key="k")


def test_a_file_altered_at_the_same_size_is_not_current(made: Path) -> None:
    made.write_text("CONTENT", "utf-8")
    os.utime(made, ns=(0, 0))
    assert not is_current(made, key="k")


def test_a_file_that_was_only_copied_is_current(made: Path) -> None:
    os.utime(made, ns=(0, 0))
    assert is_current(made, key="k")


def test_a_stamp_cut_short_makes_the_file_not_current(made: Path) -> None:
    (made.parent / ".stamps" / "made.json").write_text('{"key": "k', "utf-8")
    assert not is_current(made, key="k")


def test_the_stamp_holds_the_digest(made: Path) -> None:
    assert stamped_sha256(made) == "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"


def test_needs_on_one_disk_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", always(Usage(3 << 30)))
    with pytest.raises(ToolError, match=r"needs 4\.0 GiB of free disk under .*, and 3\.0 GiB are free"):
        require_free({tmp_path / "a": 2 << 30, tmp_path / "b": 2 << 30}, what="the build")


def test_a_disk_with_room_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", always(Usage(3 << 30)))
    require_free({tmp_path / "not" / "yet": 3 << 30}, what="the build")
