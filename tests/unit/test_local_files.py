"""The main job's own files: passphrase, stack file, trained model, lock."""

import json
import stat
from pathlib import Path

import pytest

from tools.errors import ToolError
from tools.local import iris, secrets, stack_file
from tools.local.config import OWN_KEYS
from tools.local.project import Project

BEFORE = """\
# Our stack.
config:
  # The endpoints.
  kserve:endpoints:
    iris:  # one of many
      replicas: 1

  # The mode.
  kserve:mode: standard
"""

WRITTEN = """\
# Our stack.
config:
  # The endpoints.
  kserve:endpoints:
    iris: # one of many
      replicas: 1
  # The mode.
  kserve:mode: standard
  kserve:minioRootPassword:
    secure: v1:abc
  kserve:kubeconfig: /x
  "kserve:context": y
encryptionsalt: v1:salt
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path)
    found.stack_file.parent.mkdir()
    found.stack_file.write_text(BEFORE, "utf-8")
    for name in ("Pulumi.yaml", "__main__.py"):
        (tmp_path / name).touch()
    found.check()
    return found


@pytest.mark.parametrize("missing", ["Pulumi.yaml", "__main__.py", "stacks/Pulumi.local.yaml"])
def test_a_folder_that_is_no_project_is_refused(project: Project, missing: str) -> None:
    (project.root / missing).unlink()
    with pytest.raises(ToolError, match=f"{missing} is missing"):
        project.check()


def test_our_folder_is_private(project: Project) -> None:
    assert stat.S_IMODE(project.own.stat().st_mode) == 0o700


def test_two_runs_at_once_are_refused(project: Project) -> None:
    with project.locked(), pytest.raises(ToolError, match=r"another run \(process \d+\)"), project.locked():
        pass


def test_a_project_is_free_again_after_a_run(project: Project) -> None:
    for _ in range(2):
        with project.locked():
            pass


def test_a_passphrase_is_made_once_and_readable_by_its_owner_only(project: Project) -> None:
    first = secrets.passphrase_environment(project, {})
    file = Path(first["PULUMI_CONFIG_PASSPHRASE_FILE"])
    made = file.read_text("utf-8")
    assert secrets.passphrase_environment(project, {}) == first
    assert file.read_text("utf-8") == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("variable", ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"])
def test_the_callers_passphrase_is_left_alone(project: Project, variable: str) -> None:
    assert secrets.passphrase_environment(project, {variable: "x"}) == {}
    assert not (project.own / "passphrase").exists()


def test_an_encrypted_stack_file_without_its_passphrase_is_refused_and_nothing_is_made(project: Project) -> None:
    project.stack_file.write_text(WRITTEN, "utf-8")
    with pytest.raises(ToolError, match="encryptionsalt") as refused:
        secrets.passphrase_environment(project, {})
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" in refused.value.cure
    assert not (project.own / "passphrase").exists()
    assert project.stack_file.read_text("utf-8") == WRITTEN


def test_new_secrets_differ_and_need_no_quotes() -> None:
    made = {secrets.new_secret() for _ in range(20)}
    assert len(made) == 20
    assert all(secret.isalnum() and len(secret) >= 32 for secret in made)


def test_down_restores_the_stack_file_to_the_byte(project: Project) -> None:
    stack_file.keep_original(project)
    project.stack_file.write_text(WRITTEN, "utf-8")
    stack_file.restore(project, OWN_KEYS)
    assert project.stack_file.read_text("utf-8") == BEFORE


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [("replicas: 1", "replicas: 2"), ("# The mode.", "# My words."), ("# Our stack.", "# Our stack.\n# More.")],
)
def test_what_the_user_changed_meanwhile_survives_down(project: Project, mine: str, theirs: str) -> None:
    stack_file.keep_original(project)
    project.stack_file.write_text(WRITTEN.replace(mine, theirs), "utf-8")
    stack_file.restore(project, OWN_KEYS)
    left = project.stack_file.read_text("utf-8")
    assert theirs in left
    assert not any(word in left for word in (*OWN_KEYS, "secure:", "encryptionsalt"))


def test_a_stack_file_that_is_encrypted_already_is_not_remembered_as_the_original(project: Project) -> None:
    stack_file.keep_original(project)
    project.stack_file.write_text(WRITTEN, "utf-8")
    stack_file.keep_original(project)
    stack_file.restore(project, OWN_KEYS)
    assert project.stack_file.read_text("utf-8") == BEFORE


def test_down_leaves_a_stack_file_alone_that_we_never_wrote_to(project: Project) -> None:
    seen = project.stack_file.stat().st_mtime_ns
    stack_file.restore(project, OWN_KEYS)
    assert project.stack_file.stat().st_mtime_ns == seen


def test_only_our_own_keys_are_taken_out() -> None:
    text = "config:\n  kserve:contextual: a\n  other:context: b\n  kserve:context: c\n  z: [kserve:context]\n"
    assert stack_file.without(text, OWN_KEYS) == text.replace("  kserve:context: c\n", "")


def test_training_twice_gives_the_same_bytes(project: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "other")
    assert iris.train(project).read_bytes() == iris.train(other).read_bytes()


def test_a_model_that_is_there_is_not_trained_again(project: Project) -> None:
    seen = iris.train(project).stat().st_mtime_ns
    assert iris.train(project).stat().st_mtime_ns == seen


def test_what_is_expected_is_what_scikit_learn_says(project: Project) -> None:
    folder = iris.train(project).parent
    told = iris.truth(folder)
    assert json.loads((folder / "expected.json").read_text("utf-8"))["predictions"] == told.predictions
    assert set(told.predictions) == {0, 1, 2}


def test_a_version_with_shifted_labels_answers_differently_everywhere(project: Project) -> None:
    first = iris.truth(iris.train(project).parent)
    second = iris.truth(iris.train(project, "v2", label_shift=1).parent)
    assert first.instances == second.instances
    assert all(one != two for one, two in zip(first.predictions, second.predictions, strict=True))


@pytest.mark.parametrize("damage", ["model.joblib", "expected.json"])
def test_a_damaged_model_says_how_to_train_it_again(project: Project, damage: str) -> None:
    folder = iris.train(project).parent
    (folder / damage).write_bytes(b"")
    with pytest.raises(ToolError, match=damage) as refused:
        iris.truth(folder)
    assert str(folder) in refused.value.cure
