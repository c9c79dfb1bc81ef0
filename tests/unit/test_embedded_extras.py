"""What `--with` builds: an older KServe beside the standard set, and nothing in its way."""

from pathlib import Path

import pytest
from pulumi_kserve.platform.releases import RELEASES

from tests.unit.answers import always
from tools.embedded import charts, images
from tools.embedded.binaries import BINARIES, MODULES
from tools.embedded.extras import EXTRAS, KSERVE_019, Extra, named
from tools.errors import ToolError

every = pytest.mark.parametrize("extra", EXTRAS.values(), ids=lambda extra: extra.name)


@every
def test_the_tag_of_an_extra_is_the_version_of_its_module(extra: Extra) -> None:
    assert f"github.com/kserve/kserve {extra.tag} " in (MODULES / extra.name / "go.mod").read_text("utf-8")


@every
def test_an_extra_is_a_release_that_is_supported(extra: Extra) -> None:
    assert extra.tag in {row.image_tag for row in RELEASES.values()}


@every
def test_every_binary_of_an_extras_images_is_built_from_its_module(extra: Extra) -> None:
    used = {name for image in extra.images.programs for name in image.binaries.values()}
    assert used == {binary.name for binary in extra.binaries}
    assert {binary.module_dir.name for binary in extra.binaries} == {extra.name}


@every
def test_an_extra_takes_the_place_of_nothing_standard(extra: Extra, tmp_path: Path) -> None:
    own, standard = images.archives(tmp_path, extra.images), images.archives(tmp_path)
    assert {*own} & {*standard} == set()
    assert {*own.values()} & {*standard.values()} == set()
    assert {binary.name for binary in extra.binaries} & {binary.name for binary in BINARIES} == set()


@every
def test_an_extra_has_every_image_of_kserve_under_its_own_tag(extra: Extra, tmp_path: Path) -> None:
    of_kserve = {name for name in images.IMAGE_NAMES if name.endswith(f":{images.KSERVE_TAG}")}
    assert {*images.archives(tmp_path, extra.images)} == {
        name.replace(images.KSERVE_TAG, extra.tag) for name in of_kserve
    }


def test_an_extra_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(ToolError, match="no extra") as refused:
        named(["kserve-0.18"])
    assert KSERVE_019.name in refused.value.cure


def test_an_extra_that_is_named_twice_is_built_once() -> None:
    assert named([KSERVE_019.name] * 2) == (KSERVE_019,)


def test_the_folder_of_an_extras_charts_holds_what_its_release_installs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    parts = "deploy/charts/cert-manager"
    described = [*(f"charts/{name}/Chart.yaml" for name in charts.KSERVE_CHARTS), f"{parts}/Chart.template.yaml"]
    for path in (*described, f"{parts}/values.yaml", f"{parts}/templates/deployment.yaml"):
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text("version: v0.1.0\n", "utf-8")
    monkeypatch.setattr(charts, "module_source", always(source))
    made = KSERVE_019.build_charts(tmp_path, lambda _: None)
    assert {path.name for path in made.iterdir() if path.is_dir()} == {"cert-manager", "kserve-crd", "kserve-resources"}
