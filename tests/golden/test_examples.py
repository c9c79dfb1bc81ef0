"""What the examples render, compared with the files beside this one; `make golden` writes them again.

An example that installs its platform is rendered for every release. One that refers to the platform of another stack
is rendered for every file in its `facts/`, which is named after the release and the mode: `0.20-knative.json`.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pulumi_kserve.contracts import PlatformFacts, read_facts
from pulumi_kserve.offline.manifests import to_yaml
from pulumi_kserve.platform.chart_runtimes import chart_runtimes
from pulumi_kserve.platform.releases import RELEASES
from pulumi_kserve.testing import manifests, synth_program

HERE = Path(__file__).parent
EXAMPLES = sorted(path.parent for path in (HERE.parents[1] / "examples").glob("*/__main__.py"))
FACTS = [file for example in EXAMPLES for file in sorted(example.glob("facts/*"))]
READER_KEY = "a-secret-that-no-golden-file-shows"


@dataclass(frozen=True)
class Variant:
    """An example for one release and, where its facts decide that, one mode."""

    example: Path
    release: str
    facts: Path | None = None

    @property
    def golden(self) -> Path:
        """Its golden file."""
        mode = f"-{self.facts.stem.partition('-')[2]}" if self.facts else ""
        return HERE / self.release / f"{self.example.name}{mode}.yaml"

    def rendered(self) -> str:
        """The program's manifests."""
        chosen = {"facts": f"facts/{self.facts.name}"} if self.facts else {"release": self.release}
        secrets = {"readerKey": READER_KEY, "shopKey": READER_KEY}
        found = synth_program(self.example, config={**chosen, **secrets})
        return to_yaml([with_short_schema(each) for each in manifests(found)])


def with_short_schema(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest; of a definition with thousands of lines that are not ours, a digest."""
    if manifest["kind"] != "CustomResourceDefinition":
        return manifest
    digest = hashlib.sha256(json.dumps(manifest["spec"], sort_keys=True).encode()).hexdigest()
    return {**manifest, "spec": f"sha256:{digest}"}


def variants(example: Path) -> list[Variant]:
    facts = [file for file in FACTS if file.parent.parent == example]
    if facts:
        return [Variant(example, file.stem.partition("-")[0], file) for file in facts]
    return [Variant(example, release) for release in sorted(RELEASES)]


def title(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


VARIANTS = [variant for example in EXAMPLES for variant in variants(example)]
GOLDEN = sorted(HERE.glob("*/*.yaml"))


@pytest.mark.parametrize("file", FACTS, ids=lambda file: title(file.parent) + "/" + file.name)
def test_the_facts_of_an_example_are_named_after_their_release_and_mode(file: Path) -> None:
    facts = read_facts(file)
    assert file.name == f"{facts.release}-{facts.mode.lower()}.json"


@pytest.mark.parametrize("file", FACTS, ids=lambda file: title(file.parent) + "/" + file.name)
def test_the_facts_of_an_example_have_the_runtimes_of_their_release(file: Path, *, write_golden: bool) -> None:
    facts = read_facts(file)
    known = {runtime.name: runtime for runtime in chart_runtimes(facts.release)}
    current = facts.model_copy(update={"runtimes": tuple(known[each.name] for each in facts.runtimes)})
    text = PlatformFacts.model_dump_json(current, by_alias=True, exclude_defaults=True, indent=2) + "\n"
    if write_golden:
        file.write_text(text, "utf-8")
    assert file.read_text("utf-8") == text


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: title(each.golden))
def test_an_example_renders_as_its_golden_file_says(variant: Variant, *, write_golden: bool) -> None:
    found = variant.rendered()
    if write_golden:
        variant.golden.parent.mkdir(exist_ok=True)
        variant.golden.write_text(found, "utf-8")
    assert found == variant.golden.read_text("utf-8")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_renders_the_same_bytes_twice(example: Path) -> None:
    variant = variants(example)[-1]
    assert variant.rendered() == variant.rendered()


@pytest.mark.parametrize("golden", GOLDEN, ids=title)
def test_a_golden_file_belongs_to_an_example_and_a_release(golden: Path) -> None:
    assert golden in {variant.golden for variant in VARIANTS}


@pytest.mark.parametrize("golden", GOLDEN, ids=title)
def test_no_golden_file_shows_a_secret(golden: Path) -> None:
    assert READER_KEY not in golden.read_text("utf-8")
