"""Every stack file evaluates offline: with no network, no cluster, no credentials and no passphrase."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from pulumi_kserve.testing import Synthesis, manifests, manifests_yaml, synth_stack

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
STACKS = [file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in FILES]


@pytest.fixture(scope="module")
def evaluated() -> Callable[[str], Synthesis]:
    """Evaluates a stack, with no passphrase in the environment."""

    def evaluate(stack: str) -> Synthesis:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "KUBECONFIG"):
                patch.delenv(name, raising=False)
            return synth_stack(ROOT, stack)

    return evaluate


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_makes_every_endpoint_its_file_names(stack: str, evaluated: Callable[[str], Synthesis]) -> None:
    config = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]
    services = manifests(evaluated(stack), "InferenceService")
    assert [service["metadata"]["name"] for service in services] == sorted(config["kserve:endpoints"])


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_renders_the_same_bytes_twice(stack: str, evaluated: Callable[[str], Synthesis]) -> None:
    assert manifests_yaml(evaluated(stack)) == manifests_yaml(evaluated(stack))


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_exports_its_facts_and_its_endpoints(stack: str, evaluated: Callable[[str], Synthesis]) -> None:
    assert {"facts", "endpoints"} <= set(evaluated(stack).outputs)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_stack_file_opens_with_a_comment_that_says_what_it_is_for(file: Path) -> None:
    assert file.read_text("utf-8").startswith("# ")
