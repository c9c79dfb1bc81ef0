"""Models that no runtime of the platform serves, or whose place KServe cannot read.

KServe checks these at reconcile only, when the object is already stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pulumi_kserve.contracts import ModelUri, PlatformFacts, RuntimeFacts
from pulumi_kserve.endpoints.spec.model import Model
from pulumi_kserve.endpoints.spec.resources import Resources, amount
from pulumi_kserve.errors import Problem
from pulumi_kserve.models import nearest

__all__ = [
    "choose_runtime",
    "refuse_limits_below_requests",
    "refuse_python_path",
    "refuse_template_braces",
    "refuse_uri",
]

_SCHEMES: Final = ("gs", "hdfs", "hf", "http", "https", "oci", "pvc", "s3", "webhdfs")


def choose_runtime(model: Model, facts: PlatformFacts, path: str) -> tuple[RuntimeFacts | None, list[Problem]]:
    """The runtime that the controller would take, or why it would take none."""
    if model.runtime is not None:
        return _named(model, facts, path)
    wanted = [runtime for runtime in facts.runtimes if _fits(runtime, model)]
    if wanted:
        return max(wanted, key=lambda runtime: (_priority(runtime, model.format), runtime.name)), []
    formats = sorted({item.name for runtime in facts.runtimes for item in runtime.formats})
    return None, [
        Problem(
            f"{path}.format",
            f"no runtime of the platform serves {model.format!r}"
            f"{f' version {model.version!r}' if model.version else ''} over {model.protocol}",
            nearest(model.format, formats) + ", or add a runtime to the platform's `runtimes`",
            "no-runtime",
        )
    ]


def _named(model: Model, facts: PlatformFacts, path: str) -> tuple[RuntimeFacts | None, list[Problem]]:
    runtime = facts.runtime(model.runtime or "")
    if runtime is None:
        known = [item.name for item in facts.runtimes]
        cure = nearest(model.runtime or "", known)
        return None, [
            Problem(f"{path}.runtime", f"the platform has no runtime {model.runtime!r}", cure, "runtime-missing")
        ]
    problems: list[Problem] = []
    if not runtime.serves(model.format, model.version):
        cure = f"It serves {', '.join(sorted({item.name for item in runtime.formats}))}"
        problems.append(
            Problem(f"{path}.runtime", f"{runtime.name} does not serve {model.format!r}", cure, "runtime-format")
        )
    if runtime.protocols and model.protocol not in runtime.protocols:
        cure = f"It speaks {', '.join(runtime.protocols)}"
        problems.append(
            Problem(f"{path}.protocol", f"{runtime.name} does not speak {model.protocol}", cure, "runtime-protocol")
        )
    return runtime, problems


def _fits(runtime: RuntimeFacts, model: Model) -> bool:
    listed = any(
        item.name == model.format and model.version in (None, item.version) and item.auto_select
        for item in runtime.formats
    )
    return listed and not runtime.multi_node and (not runtime.protocols or model.protocol in runtime.protocols)


def _priority(runtime: RuntimeFacts, format_name: str) -> int:
    return next((item.priority or 0 for item in runtime.formats if item.name == format_name), 0)


def refuse_uri(uri: ModelUri, path: str) -> Iterator[Problem]:
    """A URI that no storage container of KServe takes."""
    if uri.scheme and uri.scheme not in _SCHEMES:
        cure = f"Use one of {', '.join(f'{scheme}://' for scheme in _SCHEMES)}"
        yield Problem(f"{path}.uri", f"KServe does not read {uri.scheme}://", cure, "storage-scheme")
    if not uri.scheme and isinstance(uri.bucket, str):
        cure = "Give a full URI such as s3://bucket/path, or store.uri(path)"
        yield Problem(f"{path}.uri", f"{uri.path!r} has no scheme", cure, "storage-scheme")
    if uri.scheme in {"s3", "gs"} and not uri.path:
        cure = "Name the folder of the model, or every object of the bucket is downloaded"
        yield Problem(f"{path}.uri", "the URI names a bucket but no path in it", cure, "storage-path")


def refuse_template_braces(model: Model, path: str) -> Iterator[Problem]:
    """Arguments and environment pass through Go templates: a literal ``{{`` breaks the endpoint."""
    texts = [(f"args[{index}]", text) for index, text in enumerate(model.args)]
    texts += [(f"env.{name}", value) for name, value in model.env.items() if isinstance(value, str)]
    for where, text in texts:
        if "{{" in text:
            cure = "Put the text in a file of the model, or in a ConfigMap, and pass its path"
            yield Problem(f"{path}.{where}", "KServe would run this text as a Go template", cure, "template-braces")


def refuse_python_path(model: Model, path: str) -> Iterator[Problem]:
    """KServe: setting PYTHONPATH is not allowed for security reasons."""
    if "PYTHONPATH" in model.env:
        cure = "Build the module into the image"
        yield Problem(f"{path}.env.PYTHONPATH", "KServe refuses PYTHONPATH", cure, "python-path")


def refuse_limits_below_requests(resources: Resources | None, path: str) -> Iterator[Problem]:
    """The pod would be refused when KServe's Deployment creates it: the endpoint never starts."""
    if resources is None:
        return
    limits = resources.limits or {}
    for name, request in (resources.requests or {}).items():
        if name in limits and amount(limits[name]) < amount(request):
            yield Problem(
                f"{path}.resources.limits.{name}",
                f"{limits[name]} is below the request {request}",
                "Raise the limit or lower the request",
                "limit-below-request",
            )
