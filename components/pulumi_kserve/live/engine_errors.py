"""What the engine's errors mean when a chart or an object cannot be installed, and what to type.

The engine hands on the words of Helm, the API server and the network. They say what happened; what to do about it
depends on whether a run was interrupted, the API server was away, a webhook did not answer, somebody else's objects are
in the way, or Helm's record grew too large. https://helm.sh/docs/topics/advanced/#storage-backends
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["explain_engine_error", "is_unanswered"]

_INTERRUPTED = (
    "cannot re-use a name that is still in use",
    "another operation (install/upgrade/rollback) is in progress",
    "pending operations",
    "the stack is currently locked",
)
_AWAY = (
    "Kubernetes cluster unreachable",
    "configured Kubernetes cluster is unreachable",
    "connect: connection refused",
    "connection reset by peer",
    "http2: client connection lost",
    "unexpected EOF",
    "TLS handshake timeout",
    "the server is currently unable to handle the request",
    "etcdserver: request timed out",
    "etcdserver: leader changed",
)
_RECORD = re.compile(r'"?sh\.helm\.release\.v1\.(?P<release>[a-z0-9.-]+?)\.v\d+"? is invalid: data: Too long')
_TOO_LARGE = re.compile(r"Request entity too large|etcdserver: request is too large")
_WEBHOOK = re.compile(r"failed calling webhook.*?https?://(?P<service>[\w-]+)\.(?P<namespace>[\w-]+)\.svc", re.DOTALL)
_TAKEN = re.compile(
    r'(?P<kind>\w+) "(?P<name>[^"]+)" in namespace "(?P<namespace>[^"]*)" exists and cannot be imported into the '
    r"current release: invalid ownership metadata(?P<faults>.*)",
    re.DOTALL,
)
_FAULT = re.compile(
    r'(?:key|missing key) "(?P<key>[^"]+)"(?: must equal|: must be set to) "(?P<wanted>[^"]+)"'
    r'(?:: current value is "(?P<found>[^"]+)")?'
)
_OWNER = ("meta.helm.sh/release-name", "meta.helm.sh/release-namespace")
_MANAGED_BY = "app.kubernetes.io/managed-by"
_NOT_OF_HELM = f" -l '{_MANAGED_BY}!=Helm'"


def explain_engine_error(errors: Sequence[str], stack: str) -> str | None:
    """What the errors mean and what to type; None when they speak for themselves.

    Args:
        errors: The errors, newest first, as an error hook gets them.
        stack: The stack's name.

    """
    text = "\n".join(errors)
    for explain in (_interrupted, _unanswered, _too_large, _taken, _away):
        if told := explain(text, stack):
            return told
    return None


def is_unanswered(errors: Sequence[str]) -> bool:
    """Whether a webhook or the API server gave no answer, so that trying again may help.

    Args:
        errors: The errors, as an error hook gets them.

    """
    text = "\n".join(errors)
    return "failed calling webhook" in text or any(sign in text for sign in _AWAY)


def _interrupted(text: str, stack: str) -> str | None:
    if not any(sign in text for sign in _INTERRUPTED):
        return None
    return (
        "An earlier run of this stack was interrupted and left something half done. "
        f"Put it right with: pulumi-kserve recover --stack {stack}"
    )


def _unanswered(text: str, _stack: str) -> str | None:
    found = _WEBHOOK.search(text)
    if found is None:
        return None
    service, namespace = found["service"], found["namespace"]
    return (
        f"The API server asks Service {service} in namespace {namespace} before it stores such an object, and got no "
        f"answer in time, so nothing was stored. See its pods: `kubectl -n {namespace} get pods,endpointslices`; on "
        "private clusters also the firewall between the API server and the webhook's port. When it answers, run "
        "`pulumi up` again"
    )


def _too_large(text: str, _stack: str) -> str | None:
    found = _RECORD.search(text)
    if found is None and not _TOO_LARGE.search(text):
        return None
    whose = f"release {found['release']}" if found else "a release"
    return (
        f"Helm keeps the whole of {whose}, its values and every file of its chart, compressed in one Secret, and a "
        "Secret holds 1 MiB at most. This one would be larger, so nothing of it was changed. Make it smaller: take "
        "large texts out of the values (certificates and JSON fit in ConfigMaps of their own), or files that are not "
        "templates out of the chart's folder; then run `pulumi up` again"
    )


def _taken(text: str, _stack: str) -> str | None:
    found = _TAKEN.search(text)
    if found is None:
        return None
    faults = {fault["key"]: fault for fault in _FAULT.finditer(found["faults"])}
    where = f" in namespace {found['namespace']}" if found["namespace"] else ""
    thing = f"{found['kind']} {found['name']}{where}"
    owner = [_value(faults, key, "found") for key in _OWNER]
    ours = [_value(faults, key, "wanted") for key in _OWNER]
    release, home = ours[0] or "<release>", ours[1] or owner[1] or "<namespace>"
    if any(owner):
        return _other_release(found, thing, (owner[0] or release, owner[1] or home), (release, home))
    return (
        f"{thing} is on the cluster already and was not made by Helm, so release {release} does not touch it; nothing "
        f"of it was changed. If the release may take it over, say so and run `pulumi up` again; what it holds stays:\n"
        f"{_commands(found, release, home, _NOT_OF_HELM)}"
    )


def _other_release(found: re.Match[str], thing: str, owner: tuple[str, str], ours: tuple[str, str]) -> str:
    name, namespace = owner
    return (
        f"{thing} belongs to Helm release {name} in namespace {namespace}; two releases cannot share it, and nothing "
        f"of it was changed. If release {ours[0]} in namespace {ours[1]} may have it, take Helm's record of the other "
        "away, which leaves its objects alone (`helm uninstall` would delete them, and with a CustomResourceDefinition "
        "every object of its kind), hand over, and run `pulumi up` again:\n"
        f"  kubectl -n {namespace} delete secret -l owner=helm,name={name}\n{_commands(found, *ours)}"
    )


def _commands(found: re.Match[str], release: str, namespace: str, selector: str = "") -> str:
    """The commands that give the object, or all definitions of its API group, to the release."""
    name, home = found["name"], found["namespace"]
    before, target = "kubectl", f"{found['kind'].lower()} {name}"
    if found["kind"] == "CustomResourceDefinition":
        group = name.partition(".")[2]
        before = f"kubectl get crd{selector} -o name | grep '[.]{group}$' | xargs -I@ kubectl"
        target = "@"
    elif home:
        before = f"kubectl -n {home}"
    owner = f"{_OWNER[0]}={release} {_OWNER[1]}={namespace}"
    return f"  {before} annotate --overwrite {target} {owner}\n  {before} label --overwrite {target} {_MANAGED_BY}=Helm"


def _value(faults: dict[str, re.Match[str]], key: str, group: str) -> str | None:
    return faults[key][group] if key in faults else None


def _away(text: str, stack: str) -> str | None:
    if not any(sign in text for sign in _AWAY):
        return None
    return (
        "The API server did not answer while this ran. When it does again (`kubectl get --raw /readyz`), go on where "
        f"this stopped: pulumi-kserve recover --stack {stack}, then pulumi up"
    )
