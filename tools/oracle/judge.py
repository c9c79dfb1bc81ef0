"""Builds the oracle of a KServe release, and asks it about objects.

    with running("0.20") as oracle:
        verdict = oracle.judge(manifest, mode="Standard")

Without `previous` an object is created, with it that object is changed.
"""

import contextlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Literal, cast

from tools.cache import cache_root
from tools.errors import ToolError
from tools.gobuild import GoBinary, build
from tools.progress import Event, Report

Mode = Literal["Standard", "Knative"]
Stage = Literal["default", "schema", "validate"]

_HERE: Final = Path(__file__).parent
_KSERVE: Final = "github.com/kserve/kserve"
_DEFINITIONS: Final = (
    "serving.kserve.io_inferenceservices",
    "serving.kserve.io_inferencegraphs",
    "serving.kserve.io_trainedmodels",
    "serving.kserve.io_servingruntimes",
    "serving.kserve.io_clusterservingruntimes",
    "llmisvc/serving.kserve.io_llminferenceservices",
)
_CHART: Final = {
    "values": "values.yaml",
    "configmap": "files/common/configmap.yaml",
    "configmap-patch": "files/common/configmap-patch.yaml",
}


@dataclass(frozen=True)
class Verdict:
    """What became of one object.

    `stage` and `message` say who refused it and why. `object` is what would be stored, if it was accepted. `warnings`
    also name the fields that the schema does not know: a cluster drops them.
    """

    accepted: bool
    stage: Stage | None
    message: str
    warnings: tuple[str, ...]
    object: Mapping[str, Any] | None


@dataclass(frozen=True)
class Understanding:
    """What KServe makes of its ConfigMap: the JSON of each key as its own types hold it, and what it refuses."""

    keys: Mapping[str, Mapping[str, Any]]
    message: str


def releases() -> tuple[str, ...]:
    """Return the KServe releases that there is an oracle for, oldest first."""
    return tuple(sorted(folder.name for folder in module_folders()))


def module_folders() -> Iterable[Path]:
    """Return the folder with go.mod and go.sum of each release."""
    return (path.parent for path in (_HERE / "modules").glob("*/go.mod"))


def oracle_binary(release: str, report: Report) -> Path:
    """Return the path of the release's oracle, built first unless it is there and whole.

    Raises:
        ToolError: the release has no oracle, Go is missing or too old, or the build failed.

    """
    if release not in releases():
        raise ToolError(
            f"there is no oracle for KServe {release}", cure=f"name one of {', '.join(releases())}, or add a module"
        )
    with tempfile.TemporaryDirectory(prefix="oracle-") as scratch:
        folder = Path(scratch)
        for source in [*(_HERE / "source").glob("*.go"), *(_HERE / "modules" / release).iterdir()]:
            shutil.copyfile(source, folder / source.name)
        binary = GoBinary("oracle", folder, ".", embeds=_embeds())
        return build(binary, cache_root() / "oracle" / release, report)


def _embeds() -> dict[str, str]:
    """Return what the program embeds from KServe's own module: its CRDs, and the chart's ConfigMap with its values."""
    definitions = {
        f"crd-{name.rpartition('_')[2]}.yaml": f"{_KSERVE}:config/crd/full/{name}.yaml" for name in _DEFINITIONS
    }
    chart = {f"chart-{name}.yaml": f"{_KSERVE}:charts/kserve-resources/{path}" for name, path in _CHART.items()}
    return definitions | chart


def _silent(_: Event) -> None:
    pass


class Oracle:
    """A running oracle. Take it from `running`."""

    def __init__(self, release: str, process: subprocess.Popen[str], stderr: IO[str]) -> None:
        self.release = release
        self._process = process
        self._stderr = stderr

    def judge(
        self,
        manifest: Mapping[str, Any],
        *,
        mode: Mode = "Standard",
        existing: Sequence[Mapping[str, Any]] = (),
        previous: Mapping[str, Any] | None = None,
    ) -> Verdict:
        """Return what happens to an object when it is created, or put in the place of `previous`.

        Args:
            manifest: The whole object.
            mode: The cluster's default deployment mode.
            existing: Objects that the cluster holds; KServe compares serving runtimes with each other.
            previous: The object as it is stored now, with its status. None: it is being created.

        Raises:
            ToolError: the oracle ended; the message has what it said last.

        """
        question = {"mode": mode, "object": manifest, "old": previous, "existing": existing}
        answer = self._ask(json.dumps(question))
        return Verdict(
            accepted=bool(answer["accepted"]),
            stage=cast("Stage | None", answer.get("stage")),
            message=str(answer.get("message", "")),
            warnings=tuple(answer["warnings"]),
            object=answer.get("object"),
        )

    def understand(self, data: Mapping[str, str]) -> Understanding:
        """Return what KServe reads in the data of its ConfigMap ``inferenceservice-config``.

        Raises:
            ToolError: the oracle ended; the message has what it said last.

        """
        answer = self._ask(json.dumps({"configuration": data}))
        return Understanding(answer["understood"], str(answer.get("message", "")))

    def _ask(self, line: str) -> dict[str, Any]:
        reader, writer = cast("IO[str]", self._process.stdout), cast("IO[str]", self._process.stdin)
        try:
            writer.write(line + "\n")
            writer.flush()
            answer = reader.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise ToolError(
                f"the oracle of KServe {self.release} ended: {self._last_words()}", cure="mend the question"
            )
        return cast("dict[str, Any]", json.loads(answer))

    def _last_words(self) -> str:
        self._process.wait()
        self._stderr.seek(0)
        return self._stderr.read().strip()[-2000:]


@contextlib.contextmanager
def running(release: str, report: Report = _silent) -> Generator[Oracle]:
    """Yield the release's oracle, built first if need be; it ends with the block.

    Raises:
        ToolError: as `oracle_binary` does.

    """
    command = [str(oracle_binary(release, report))]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as stderr,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True, encoding="utf-8"
        ) as process,
    ):
        yield Oracle(release, process, stderr)


def judge(release: str, objects: Iterable[Mapping[str, Any]], *, mode: Mode = "Standard") -> list[Verdict]:
    """Return the verdict on each object, in order, as :meth:`Oracle.judge` gives it."""
    with running(release) as oracle:
        return [oracle.judge(each, mode=mode) for each in objects]
