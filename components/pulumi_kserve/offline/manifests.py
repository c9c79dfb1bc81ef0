"""The Kubernetes manifests of a program, as far as the program itself says them.

An object comes out as the program wrote it. Secrets are shown as ``<secret>``, with the keys of a
Secret kept, and values that exist after an update only as ``<unknown>``. A name that the provider
generates is missing.

What is no whole object of the API comes out under groups of our own, so that no cluster takes it by
mistake: a Helm release as a ``HelmRelease`` of ``helm.pulumi-kserve/v1`` with chart, version, repository
and values; a patch as for example a ``DeploymentPatch`` of ``patch.pulumi-kserve/v1``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import yaml

from pulumi_kserve.offline.records import Resource, Secret, Synthesis, Unknown, plain

__all__ = ["PATCH_API", "RELEASE_API", "manifest_of", "metadata_of", "render", "to_yaml"]

RELEASE_API: Final = "helm.pulumi-kserve/v1"
"""The apiVersion under which Helm releases are shown."""

PATCH_API: Final = "patch.pulumi-kserve/v1"
"""The apiVersion under which patches of objects are shown."""

_RELEASE_TYPE: Final = "kubernetes:helm.sh/v3:Release"
_FIRST_KEYS: Final = ("apiVersion", "kind", "metadata")
_OLD_BOOLEANS: Final = frozenset({"y", "Y", "n", "N"})
_NUMBER_STARTS: Final = frozenset("+-.0123456789")


def render(synthesis: Synthesis) -> list[dict[str, Any]]:
    """The manifests of all objects and Helm releases, sorted by namespace, kind and name."""
    pairs = [(manifest_of(resource), resource) for resource in synthesis.kubernetes()]
    return [manifest for manifest, _ in sorted(pairs, key=lambda pair: _order(*pair))]


def manifest_of(resource: Resource) -> dict[str, Any]:
    """The manifest of one Kubernetes resource, ready for JSON or YAML."""
    if resource.type == _RELEASE_TYPE:
        return _release(resource)
    inputs = {key: value for key, value in resource.inputs.items() if key != "status"}
    if inputs.get("kind") == "Secret":
        inputs |= {key: _masked(inputs[key]) for key in ("data", "stringData") if key in inputs}
    shown: dict[str, Any] = plain(inputs)
    manifest = {key: shown[key] for key in (*_FIRST_KEYS, *shown) if key in shown}
    return _patch(manifest) if resource.type.endswith(f":{manifest.get('kind')}Patch") else manifest


def metadata_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of a manifest; empty where all of it is unknown."""
    metadata = manifest.get("metadata")
    return cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else {}


def to_yaml(manifests: Iterable[Mapping[str, Any]]) -> str:
    """The manifests as one YAML stream in block style, without anchors; the same input gives the same text."""
    return yaml.dump_all(
        manifests,
        Dumper=_Dumper,
        explicit_start=True,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=1_000_000,
    )


def _release(resource: Resource) -> dict[str, Any]:
    inputs = dict(resource.inputs)
    repository: Any = inputs.pop("repositoryOpts", None)
    name, namespace = inputs.pop("name", None), inputs.pop("namespace", None)
    spec = {
        "chart": inputs.pop("chart", None),
        "version": inputs.pop("version", None),
        "repository": cast("dict[str, Any]", repository).get("repo") if isinstance(repository, dict) else repository,
        "values": inputs.pop("values", None),
        "options": {key: value for key, value in inputs.items() if key not in {"compat", "resourceNames"}},
    }
    return {
        "apiVersion": RELEASE_API,
        "kind": "HelmRelease",
        "metadata": _present({"name": plain(name), "namespace": plain(namespace)}),
        "spec": _present(plain(spec)),
    }


def _patch(manifest: dict[str, Any]) -> dict[str, Any]:
    """A patch: the name of what it changes, and the change as it is sent."""
    metadata = metadata_of(manifest)
    return {
        "apiVersion": PATCH_API,
        "kind": f"{manifest['kind']}Patch",
        "metadata": {key: metadata[key] for key in ("name", "namespace") if key in metadata},
        "patch": manifest,
    }


def _present(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value not in (None, {})}


def _masked(data: Any) -> Any:
    """The data of a Secret with its keys, where they are known, and no value that is."""
    inner = data.value if isinstance(data, Secret) else data
    if not isinstance(inner, Mapping):
        return data if isinstance(inner, Unknown) else Secret(inner)
    entries = cast("Mapping[str, Any]", inner)
    return {key: value if isinstance(value, Unknown) else Secret(value) for key, value in entries.items()}


def _order(manifest: Mapping[str, Any], resource: Resource) -> tuple[str, str, str, str]:
    place = metadata_of(manifest)
    return (
        str(place.get("namespace", "")),
        str(manifest.get("kind", "")),
        str(place.get("name", resource.name)),
        resource.urn,
    )


_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):  # type: ignore[misc]
    """Block style, multi-line text as it reads, no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _text(dumper: Any, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    """Quotes where Kubernetes' YAML library would read a number or a truth value and this one would not."""
    if "\n" in text:
        return "|"
    ambiguous = text in _OLD_BOOLEANS or (text[:1] in _NUMBER_STARTS and _is_number(text))
    return "'" if ambiguous else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text.lstrip("+-")[:2].lower() in {"0b", "0o", "0x"}
    return True


_Dumper.add_representer(str, _text)
