"""The model of the main job: a support vector machine on the iris data that scikit-learn brings along."""

import contextlib
import importlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tools.cache import appears_whole, write_atomically
from tools.errors import ToolError
from tools.local.project import Project

_SEED = 7
_CLASSES = 3
_EXAMPLES = 10
_EXPECTED = "expected.json"


@dataclass(frozen=True)
class Truth:
    """Measurements of some flowers, and what scikit-learn itself says they are."""

    instances: list[list[float]]
    predictions: list[int]


def train(project: Project, version: str = "v1", *, label_shift: int = 0) -> Path:
    """Train the model of one version unless it is there; the same version has the same bytes every time.

    `label_shift` renames the classes: a version whose answers all differ from the first one's can be told apart.

    Raises:
        ToolError: scikit-learn is not installed.

    """
    folder = project.models / "iris" / version
    model = folder / "model.joblib"
    if not model.is_file():
        flowers = _imported("sklearn.datasets").load_iris()
        labels = (flowers.target + label_shift) % _CLASSES
        machine = _imported("sklearn.svm").SVC(gamma="scale", random_state=_SEED).fit(flowers.data, labels)
        with appears_whole(model) as output:
            _imported("joblib").dump(machine, output)
    if not (folder / _EXPECTED).is_file():
        flowers = _imported("sklearn.datasets").load_iris().data.tolist()
        found = _asked(folder, flowers[:: len(flowers) // _EXAMPLES])
        expected = {"instances": found.instances, "predictions": found.predictions}
        write_atomically(folder / _EXPECTED, json.dumps(expected, indent=2) + "\n")
    return model


def load_early() -> None:
    """Begin to load scikit-learn beside the other work: it takes seconds, and the engine leaves time for it."""
    if _early.ident is None:
        _early.start()


def truth(folder: Path) -> Truth:
    """Return what scikit-learn, in this process, says of the flowers in `expected.json` with the model in `folder`.

    Raises:
        ToolError: a file is missing or cannot be read, or scikit-learn is not installed.

    """
    try:
        return _asked(folder, json.loads((folder / _EXPECTED).read_text("utf-8"))["instances"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(folder / _EXPECTED, error) from error


def _asked(folder: Path, instances: list[list[float]]) -> Truth:
    model = folder / "model.joblib"
    try:
        machine = _imported("joblib").load(model)
        return Truth(instances, [int(answer) for answer in machine.predict(instances)])
    except (OSError, ValueError, EOFError, KeyError, AttributeError) as error:
        raise _unreadable(model, error) from error


def _unreadable(file: Path, error: Exception) -> ToolError:
    return ToolError(
        f"{file} cannot be used: {error}", cure=f"remove {file.parent} and run `make up`: it is trained again"
    )


def _imported(name: str) -> Any:
    if _early.is_alive() and threading.current_thread() is not _early:
        _early.join()  # two threads in one package's import can lock each other out
    try:
        return cast("Any", importlib.import_module(name))
    except ImportError as error:
        raise ToolError(
            f"{name} cannot be imported: {error}", cure="install the group it is in: `uv sync --group local`"
        ) from error


def _load_quietly() -> None:
    with contextlib.suppress(ToolError):
        _imported("sklearn.svm")


_early = threading.Thread(target=_load_quietly, daemon=True)
