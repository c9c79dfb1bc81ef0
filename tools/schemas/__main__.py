"""`python -m tools.schemas`: write again what KServe itself says, for every supported release of it.

The field tables come from its CRDs, the runtimes in `runtimes/charts/` from its chart kserve-runtime-configs, and the
configuration from its chart kserve-resources. The tables of the kinds that a gateway is made of serve tests only, and
come from the modules of the release's row, as do the definitions of those kinds, which platforms apply.

Needs Go, and the Go module proxy for modules that were not downloaded before.
Exit codes: 0 fine, 2 the command could not do its work.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from pulumi_kserve.platform.releases import RELEASES, Release

from tools.cache import appears_whole, folder_appears_whole
from tools.errors import ToolError
from tools.schemas.configuration import configuration_file
from tools.schemas.crds import crds, kserve_source
from tools.schemas.definitions import DEFINITIONS, write_definitions
from tools.schemas.gateway_crds import gateway_crds
from tools.schemas.runtimes import runtimes_file
from tools.schemas.table import field_table

_DATA = Path(__file__).parents[2] / "components" / "pulumi_kserve" / "_data"
FIELDS = _DATA / "fields"
CONFIGURATION = _DATA / "configuration"
GATEWAY_FIELDS = Path(__file__).parents[2] / "tests" / "unit" / "gateway_fields"
RUNTIMES = Path(__file__).parents[2] / "runtimes" / "charts"


def write_tables(row: Release, out: Path) -> dict[str, int]:
    """Write the tables of one release into `out`, which then holds nothing else; return the size of each, by kind.

    Raises:
        ToolError: the CRDs cannot be had, or say what tables do not know.

    """
    return _write_all({kind: field_table(crd) for kind, crd in crds(kserve_source(row)).items()}, out)


def write_gateway_tables(row: Release, out: Path) -> dict[str, int]:
    """Write the tables of a gateway's kinds as `write_tables` does.

    Raises:
        ToolError: the CRDs cannot be had, or say what tables do not know.

    """
    return _write_all({kind: field_table(crd, whole=True) for kind, crd in gateway_crds(row)}, out)


def _write_all(tables: Mapping[str, str], out: Path) -> dict[str, int]:
    out.parent.mkdir(parents=True, exist_ok=True)
    with folder_appears_whole(out) as temporary:
        for kind, text in tables.items():
            (temporary / f"{kind}.json").write_text(text, "utf-8")
    return {kind: len(text.encode()) for kind, text in tables.items()}


def write_runtimes(row: Release, out: Path) -> int:
    """Write the runtimes of one release's chart into the file `out`; return its size.

    Raises:
        ToolError: the chart cannot be had, or is not as it was.

    """
    return _write(runtimes_file(kserve_source(row), f"KServe {row.image_tag}"), out)


def write_configuration(row: Release, out: Path) -> int:
    """Write the configuration that one release's chart makes into the file `out`; return its size.

    Raises:
        ToolError: the chart cannot be had, or is not as it was.

    """
    return _write(configuration_file(kserve_source(row)), out)


def _write(text: str, out: Path) -> int:
    out.parent.mkdir(parents=True, exist_ok=True)
    with appears_whole(out) as temporary:
        temporary.write_text(text, "utf-8")
    return len(text.encode())


def main() -> int:
    """Write everything, and say the size of each file."""
    try:
        for row in RELEASES.values():
            sizes = write_tables(row, FIELDS / row.release)
            sizes |= write_gateway_tables(row, GATEWAY_FIELDS / row.release)
            for kind, size in sizes.items():
                print(f"{row.release} {kind:24} {size / 1000:7.1f} kB")
            size = write_runtimes(row, RUNTIMES / f"{row.release}.yaml")
            print(f"{row.release} {'runtimes':24} {size / 1000:7.1f} kB")
            for name, size in write_definitions(row, DEFINITIONS).items():
                print(f"{row.release} {name:24} {size / 1000:7.1f} kB")
            size = write_configuration(row, CONFIGURATION / f"{row.release}.json")
            print(f"{row.release} {'configuration':24} {size / 1000:7.1f} kB")
    except ToolError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
