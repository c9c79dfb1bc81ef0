"""docs/stricter-than-kserve.md says exactly what the registry says; `--write-golden` writes it again."""

from collections.abc import Iterator
from pathlib import Path

from pulumi_kserve.endpoints.admission.registry import RULES
from pulumi_kserve.endpoints.admission.rule import Rule, Source
from pulumi_kserve.platform.releases import RELEASES

HEAD = """# Stricter than KServe

What KServe's own admission refuses, this library refuses too; KServe's code is the judge of that in the tests
(`make oracle`). The library refuses more: what KServe stores and cannot run, and what it stores and does not read. Each
of these rules stands here with its reason, and each has an object in `tests/conformance/stricter.py` that KServe
accepts and that rule refuses: alone, or with the rules listed beside it there, where the object breaks two of the same
kind. `pulumi-kserve check --format json` names the rule of every finding.

The endpoint component refuses, besides, what no rule on a KServe object can see: reserved keys, which this package
writes itself, also in `overrides`; two credentials for one endpoint, or credentials that would be lost because the
service account is somebody else's; and accelerators that their pool does not have.
"""
SECTIONS: tuple[tuple[Source, str, str], ...] = (
    ("reconcile", "Stored, and then nothing runs", "KServe accepts the object; its controller, or Kubernetes, fails."),
    ("stricter", "Stored, and then ignored or harmful", "KServe accepts the object, and does not do what it says."),
)


def page() -> str:
    """The page as the registry has it."""
    return "\n".join([HEAD, *(line for section in SECTIONS for line in _section(*section))]).rstrip() + "\n"


def _section(source: Source, title: str, text: str) -> Iterator[str]:
    rules = sorted((rule for rule in RULES if rule.source == source), key=lambda rule: rule.name)
    yield from (f"## {title}", "", text, "", "| Rule | Why |", "|---|---|")
    yield from (f"| `{rule.name}` | {_why(rule)} |" for rule in rules)
    yield ""


def _why(rule: Rule) -> str:
    """The reason as a sentence, with the releases where they are not all."""
    said = f"{rule.why[0].upper()}{rule.why[1:].rstrip('.')}."
    only = "" if set(rule.releases) == set(RELEASES) else f" Only {', '.join(rule.releases)}."
    return said.replace("|", "\\|") + only


def test_the_page_has_every_rule_that_is_not_kserves(repository: Path, *, write_golden: bool) -> None:
    file = repository / "docs" / "stricter-than-kserve.md"
    if write_golden:
        file.write_text(page(), "utf-8")
    assert file.read_text("utf-8") == page()
