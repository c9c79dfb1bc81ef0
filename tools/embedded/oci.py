"""Writes OCI image archives without Docker, the same bytes from the same input.

An archive is a tar of an OCI image layout that `ctr images import` reads. Nothing in it depends on the machine or the
clock: entries are sorted, owners are root, and every time is the same fixed date.
"""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tools.cache import file_sha256
from tools.errors import ToolError

EPOCH = 1767225600
"""The date of every file in an image: 2026-01-01T00:00:00Z."""

_CREATED = "2026-01-01T00:00:00Z"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_INDEX = "application/vnd.oci.image.index.v1+json"
_NAME = "io.containerd.image.name"
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Entry:
    """One thing in a layer: a file with content, a symbolic link, or, with neither, a folder."""

    path: PurePosixPath
    mode: int
    content: bytes | Path | None = None
    link: str | None = None


@dataclass(frozen=True)
class ImageConfig:
    """How an image's process starts, and under which name pods ask for the image.

    `user` is numeric: pods that must not run as root are refused a name they cannot judge.
    """

    name: str
    layers: Sequence[Path]
    entrypoint: Sequence[str]
    user: str = "65532:65532"
    command: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    workdir: str = "/"


def architecture() -> str:
    """Return this machine's architecture as images name it.

    Raises:
        ToolError: nothing is built for it.

    """
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise ToolError(
            f"the embedded cluster is not built for {machine}",
            cure="use an x86_64 or aarch64 machine, or a cluster of your own (KUBE_CONTEXT=...)",
        )
    return _ARCHITECTURES[machine]


def write_layer(target: Path, entries: Iterable[Entry]) -> None:
    """Write a layer with these entries and the folders above them."""
    by_path = {entry.path: entry for entry in entries}
    for path in list(by_path):
        for parent in path.parents:
            if parent != PurePosixPath():
                by_path.setdefault(parent, Entry(parent, 0o755))
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(by_path):
            _add(tar, by_path[path])


def folder_entries(folder: Path, at: PurePosixPath) -> Iterator[Entry]:
    """Yield everything in a folder as entries below `at`; permissions become 755 for what runs, else 644."""
    for path in sorted(folder.rglob("*")):
        inside = at / path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield Entry(inside, 0o777, link=str(path.readlink()))
        elif path.is_dir():
            yield Entry(inside, 0o755)
        else:
            yield Entry(inside, 0o755 if path.stat().st_mode & 0o100 else 0o644, content=path)


def write_archive(target: Path, images: Sequence[ImageConfig]) -> None:
    """Write an archive of images; a layer that several of them share lies in it once."""
    layers = {path: file_sha256(path) for path in dict.fromkeys(path for image in images for path in image.layers)}
    blobs: dict[str, bytes | Path] = {digest: path for path, digest in layers.items()}
    manifests: list[dict[str, object]] = []
    for image in images:
        config = _blob(blobs, _config(image, [layers[path] for path in image.layers]))
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": _CONFIG, **config},
            "layers": [
                {"mediaType": _LAYER, "digest": f"sha256:{layers[path]}", "size": path.stat().st_size}
                for path in image.layers
            ],
        }
        annotations = {_NAME: image.name, "org.opencontainers.image.ref.name": image.name.rpartition(":")[2]}
        manifests.append({"mediaType": _MANIFEST, **_blob(blobs, _json(manifest)), "annotations": annotations})
    index = _json({"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests})
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, Entry(PurePosixPath("oci-layout"), 0o644, _json({"imageLayoutVersion": "1.0.0"})))
        _add(tar, Entry(PurePosixPath("index.json"), 0o644, index))
        for digest in sorted(blobs):
            _add(tar, Entry(PurePosixPath("blobs/sha256") / digest, 0o644, blobs[digest]))


def manifest_digests(archive: Path) -> dict[str, str]:
    """Return the manifest digest of every image in an archive, by the image's name."""
    with tarfile.open(archive, "r:") as tar:
        stream = tar.extractfile("index.json")
        if stream is None:
            raise ToolError(f"{archive} holds no index.json", cure="delete it and build again")
        with closing(stream):
            index = json.load(stream)
    return {entry["annotations"][_NAME]: entry["digest"] for entry in index["manifests"]}


def _config(image: ImageConfig, layer_digests: Sequence[str]) -> bytes:
    env = {"PATH": _DEFAULT_PATH, **image.env}
    process: dict[str, object] = {
        "User": image.user,
        "Env": [f"{name}={value}" for name, value in sorted(env.items())],
        "Entrypoint": list(image.entrypoint),
        "WorkingDir": image.workdir,
    }
    if image.command:
        process["Cmd"] = list(image.command)
    return _json(
        {
            "created": _CREATED,
            "architecture": architecture(),
            "os": "linux",
            "config": process,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in layer_digests]},
            "history": [{"created": _CREATED, "created_by": "tools.embedded"} for _ in layer_digests],
        }
    )


def _blob(blobs: dict[str, bytes | Path], content: bytes) -> dict[str, object]:
    digest = hashlib.sha256(content).hexdigest()
    blobs[digest] = content
    return {"digest": f"sha256:{digest}", "size": len(content)}


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _add(tar: tarfile.TarFile, entry: Entry) -> None:
    member = tarfile.TarInfo(str(entry.path))
    member.mode = entry.mode
    member.mtime = EPOCH
    if entry.link is not None:
        member.type, member.linkname = tarfile.SYMTYPE, entry.link
        tar.addfile(member)
    elif entry.content is None:
        member.type = tarfile.DIRTYPE
        tar.addfile(member)
    elif isinstance(entry.content, bytes):
        member.size = len(entry.content)
        tar.addfile(member, io.BytesIO(entry.content))
    else:
        member.size = entry.content.stat().st_size
        with entry.content.open("rb") as stream:
            tar.addfile(member, stream)
