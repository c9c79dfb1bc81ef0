"""The public surface: what the package promises by name, and what importing it costs."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pulumi_kserve
import pytest

SURFACE = Path(pulumi_kserve.__file__)
FORBIDDEN = (
    "boto3",
    "lightkube",
    "pulumi",
    "pulumi_aws",
    "pulumi_azure_native",
    "pulumi_gcp",
    "pulumi_kubernetes",
    "pydantic",
    "rich",
    "typer",
    "yaml",
)
"""What `import pulumi_kserve` does not load; everything that is not in the standard library."""


def names_for_type_checkers() -> list[str]:
    block = next(
        node
        for node in ast.parse(SURFACE.read_text("utf-8")).body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    )
    return sorted(alias.asname or alias.name for node in block.body for alias in getattr(node, "names", []))


def modules_after(statement: str) -> list[str]:
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names: list[str] = json.loads(done.stdout)
    return names


def test_type_checkers_and_python_see_the_same_names() -> None:
    assert list(pulumi_kserve.__all__) == names_for_type_checkers()


@pytest.mark.parametrize("name", pulumi_kserve.__all__)
def test_a_public_name_loads_and_has_a_docstring(name: str) -> None:
    value = getattr(pulumi_kserve, name)
    assert name in dir(pulumi_kserve)
    assert name == "In" or value.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Inferenceservice'"):
        _ = getattr(pulumi_kserve, "Inferenceservice")  # noqa: B009 -- type checkers would refuse the plain form


def test_importing_the_package_loads_nothing_but_the_standard_library() -> None:
    loaded = {name.partition(".")[0] for name in modules_after("import pulumi_kserve")}
    assert loaded.isdisjoint(FORBIDDEN)


def test_using_the_components_loads_no_cloud_and_no_live_client() -> None:
    loaded = modules_after("import pulumi_kserve\n[getattr(pulumi_kserve, name) for name in pulumi_kserve.__all__]")
    unwanted = {"boto3", "lightkube", "pulumi_aws", "pulumi_azure_native", "pulumi_gcp", "typer"}
    assert unwanted.isdisjoint(name.partition(".")[0] for name in loaded)


def test_using_the_components_loads_no_typed_class_of_kubernetes_and_no_table_printer() -> None:
    loaded = modules_after("import pulumi_kserve\n[getattr(pulumi_kserve, name) for name in pulumi_kserve.__all__]")
    assert [
        name for name in loaded if name.startswith(("pulumi_kubernetes.core.v1", "pulumi_kubernetes.apps.v1"))
    ] == []
    assert {"httpx", "httpx2", "rich"}.isdisjoint(loaded)
