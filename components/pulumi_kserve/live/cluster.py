"""A connection to a cluster: objects as plain JSON, pod logs, and errors that name the cure."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml

from pulumi_kserve.errors import ClusterUnreachable

if TYPE_CHECKING:
    import httpx2
    from lightkube.config.kubeconfig import KubeConfig, SingleConfig

__all__ = [
    "CONFIG_MAPS",
    "DEPLOYMENTS",
    "EVENTS",
    "INFERENCE_SERVICES",
    "PODS",
    "REPLICA_SETS",
    "SECRETS",
    "Cluster",
    "Json",
    "Kind",
    "connect",
]

Json = dict[str, Any]
"""A Kubernetes object as the API server sends it."""

_LONGEST_ANSWER = 400


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object and where the API server keeps it."""

    api_version: str
    name: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None, name: str = "") -> str:
        """The URL path of the collection, or of one object in it."""
        root = "apis" if "/" in self.api_version else "api"
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"/{root}/{self.api_version}{scope}/{self.plural}" + (f"/{name}" if name else "")


CONFIG_MAPS = Kind("v1", "ConfigMap", "configmaps")
DEPLOYMENTS = Kind("apps/v1", "Deployment", "deployments")
EVENTS = Kind("v1", "Event", "events")
INFERENCE_SERVICES = Kind("serving.kserve.io/v1beta1", "InferenceService", "inferenceservices")
PODS = Kind("v1", "Pod", "pods")
REPLICA_SETS = Kind("apps/v1", "ReplicaSet", "replicasets")
SECRETS = Kind("v1", "Secret", "secrets")


class Cluster:
    """One API server, as one user. Closes with ``with`` or :meth:`close`."""

    def __init__(self, http: httpx2.Client, *, server: str) -> None:
        """Talk to `server` through a client that already carries its address and credentials."""
        self.server = server
        self._http = http
        self._kinds: dict[str, dict[str, Kind]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Json | None:
        """The object, or None when there is none (or no such kind).

        Raises:
            ClusterUnreachable: the server does not answer, or refuses.

        """
        response = self._request("GET", kind.path(namespace, name))
        return None if response is None else response.json()

    def list(self, kind: Kind, namespace: str | None = None, *, labels: str = "", fields: str = "") -> list[Json]:
        """The objects that match the selectors, in all namespaces when none is given.

        Raises:
            ClusterUnreachable: the server does not answer, or refuses.

        """
        selectors = {"labelSelector": labels, "fieldSelector": fields}
        params = {key: value for key, value in selectors.items() if value}
        response = self._request("GET", kind.path(namespace), params=params)
        return [] if response is None else list(response.json()["items"])

    def logs(
        self, namespace: str, pod: str, container: str, *, lines: int = 20, previous: bool = False
    ) -> Sequence[str]:
        """The container's last log lines; none when it has no log (yet), or it cannot be read."""
        params = {"container": container, "tailLines": str(lines), "previous": str(previous).lower()}
        try:
            response = self._request("GET", f"{PODS.path(namespace, pod)}/log", params=params)
        except ClusterUnreachable:
            return ()
        return () if response is None else tuple(response.text.rstrip().splitlines())

    def delete(self, kind: Kind, name: str, namespace: str | None = None, *, uid: str) -> bool:
        """Delete exactly the object with that `uid`; whether it was there.

        Raises:
            ClusterUnreachable: the server does not answer, or refuses; another object of that name counts as refusal.

        """
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
        return self._request("DELETE", kind.path(namespace, name), json=body) is not None

    def merge(self, kind: Kind, name: str, namespace: str | None, patch: Json) -> bool:
        """Merge `patch` into the object; whether it was there.

        Raises:
            ClusterUnreachable: the server does not answer, or refuses.

        """
        headers = {"Content-Type": "application/merge-patch+json"}
        path = kind.path(namespace, name)
        return self._request("PATCH", path, json=patch, headers=headers) is not None

    def refusal(self, manifest: Mapping[str, Any]) -> str | None:
        """What the API server says against creating `manifest`, asked in a dry run; None when it would accept.

        An object of that name that exists counts as accepted.
        """
        metadata = manifest["metadata"]
        try:
            kind = self.kind(manifest["apiVersion"], manifest["kind"])
            if kind is None:
                return f"the server does not know {manifest['apiVersion']} {manifest['kind']}"
            path = kind.path(metadata.get("namespace"))
            answer = self._request("POST", path, params={"dryRun": "All"}, json=dict(manifest))
        except ClusterUnreachable as error:
            return None if f"({HTTPStatus.CONFLICT.value})" in str(error) else str(error)
        return None if answer is not None else f"there is no namespace {metadata.get('namespace')}"

    def kinds(self) -> Iterator[Kind]:
        """Every kind whose objects this server can list, once, in the version it prefers among those that have it.

        Raises:
            ClusterUnreachable: the server does not answer, or refuses.
        """
        groups = self._request("GET", "/apis")
        found: list[Json] = [] if groups is None else groups.json()["groups"]
        yield from self._discover("v1", verb="list").values()
        for group in found:
            versions = [str(group["preferredVersion"]["groupVersion"])]
            versions += [str(each["groupVersion"]) for each in group["versions"]]
            kinds: dict[str, Kind] = {}
            for version in dict.fromkeys(versions):
                kinds = self._discover(version, verb="list") | kinds
            yield from kinds.values()

    def forget_kinds(self) -> None:
        """Discover kinds anew at the next look: an install may have brought some."""
        self._kinds.clear()

    def kind(self, api_version: str, name: str) -> Kind | None:
        """The kind as this server has it; None when it does not know it.

        Raises:
            ClusterUnreachable: the server does not answer, or refuses.

        """
        if api_version not in self._kinds:
            self._kinds[api_version] = self._discover(api_version)
        return self._kinds[api_version].get(name)

    def probe(self) -> str:
        """The server's version, as proof that it answers and takes the credentials.

        Raises:
            ClusterUnreachable: the server does not answer, or refuses.

        """
        response = self._request("GET", "/version")
        return "" if response is None else str(response.json().get("gitVersion", ""))

    def _discover(self, api_version: str, *, verb: str = "") -> dict[str, Kind]:
        response = self._request("GET", Kind(api_version, "", "").path(None).rstrip("/"))
        found: list[Json] = [] if response is None else response.json().get("resources", [])
        return {
            entry["kind"]: Kind(api_version, entry["kind"], entry["name"], entry["namespaced"])
            for entry in found
            if "/" not in entry["name"] and (not verb or verb in entry["verbs"])
        }

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response | None:
        import httpx2  # noqa: PLC0415 -- loaded only where a cluster is asked
        from lightkube.core.exceptions import ConfigError  # noqa: PLC0415 -- the same

        try:
            response = self._http.request(method, path, params=params, json=json, headers=headers)
        except httpx2.HTTPError as error:
            raise ClusterUnreachable(_no_answer(self.server, error)) from error
        except (ConfigError, OSError, KeyError, ValueError) as error:
            raise ClusterUnreachable(_no_credentials(self.server, error)) from error
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        if response.is_error:
            raise ClusterUnreachable(_refusal(self.server, method, path, response))
        return response


def connect(kubeconfig: str | None = None, context: str | None = None, *, timeout: float = 5.0) -> Cluster:
    """Connect to the cluster that a kubeconfig names, and check that it answers.

    Args:
        kubeconfig: The file's path, or its text. Unset: the first existing file of ``KUBECONFIG``, else
            ``~/.kube/config``.
        context: The context to use. Unset: the kubeconfig's current one.
        timeout: Seconds for each request.

    Raises:
        ClusterUnreachable: what, where, why, and the cure.

    """
    import httpx2  # noqa: PLC0415 -- loaded only where a cluster is asked
    from lightkube.config import client_adapter  # noqa: PLC0415 -- the same
    from lightkube.core.exceptions import ConfigError  # noqa: PLC0415 -- the same

    source, config = _read(kubeconfig)
    single = _pick(source, config, context)
    server = single.cluster.server
    parameters = client_adapter.ConnectionParams(timeout=httpx2.Timeout(timeout))
    try:
        cluster = Cluster(client_adapter.Client(single, parameters), server=server)
    except (ConfigError, OSError, ValueError) as error:
        raise ClusterUnreachable(
            f"{source}: context {single.context_name!r} cannot be used: {error}. "
            f"Check its certificates and credentials: `kubectl --context {single.context_name} version`"
        ) from error
    try:
        cluster.probe()
    except ClusterUnreachable as error:
        cluster.close()
        raise ClusterUnreachable(f"{source}, context {single.context_name!r}: {error}") from error
    return cluster


def _read(kubeconfig: str | None) -> tuple[str, KubeConfig]:
    from lightkube.config.kubeconfig import KubeConfig  # noqa: PLC0415 -- loaded only where a cluster is asked

    source, file, text = _source(kubeconfig)
    try:
        content = yaml.safe_load(text)
        return source, KubeConfig.from_dict(content, fname=file)  # pyright: ignore[reportUnknownMemberType]
    except (yaml.YAMLError, TypeError, KeyError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ClusterUnreachable(
            f"{source} is not a kubeconfig ({reason}). "
            "It needs `clusters`, `contexts` and `users`; write it again with your cloud's CLI, or name another file"
        ) from error


def _source(kubeconfig: str | None) -> tuple[str, Path | None, str]:
    if kubeconfig and ("\n" in kubeconfig or kubeconfig.lstrip().startswith("{")):
        return "the kubeconfig of the stack", None, kubeconfig
    file = Path(kubeconfig).expanduser() if kubeconfig else _default_file()
    try:
        return str(file), file.absolute(), file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ClusterUnreachable(
            f"kubeconfig {file} cannot be read: {reason}. "
            "Name an existing file (stack setting `kserve:kubeconfig`, or the environment variable KUBECONFIG)"
        ) from error


def _default_file() -> Path:
    named = [Path(part).expanduser() for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    candidates = named or [Path("~/.kube/config").expanduser()]
    return next((file for file in candidates if file.is_file()), candidates[0])


def _pick(source: str, config: KubeConfig, context: str | None) -> SingleConfig:
    from lightkube.config.models import User  # noqa: PLC0415 -- loaded only where a cluster is asked

    name = context or config.current_context
    known = sorted(config.contexts)
    if not name:
        raise ClusterUnreachable(
            f"{source} has no current context. Choose one with `kserve:context` or --context: {_listed(known)}"
        )
    if name not in config.contexts:
        nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"Did you mean {_listed(nearest)}?" if nearest else f"It has {_listed(known)}"
        raise ClusterUnreachable(f"{source} has no context {name!r}. {hint}")
    try:
        single = config.get(name)
    except KeyError as error:
        raise ClusterUnreachable(
            f"{source}: context {name!r} names the cluster or user {error}, which the file does not define. "
            "Mend the context, or choose another"
        ) from error
    if single is None:
        raise ClusterUnreachable(f"{source}: context {name!r} is empty")
    return single if single.user else single._replace(user=User())


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names) or "no context at all"


def _no_answer(server: str, error: Exception) -> str:
    reason = str(error) or type(error).__name__
    return (
        f"the API server {server} does not answer: {reason}. "
        "Start the cluster, check the address and the network (VPN, proxy), or choose another context"
    )


def _no_credentials(server: str, error: Exception) -> str:
    return (
        f"no credentials for the API server {server}: {str(error) or type(error).__name__}. "
        "Check the user's `exec` command in the kubeconfig, and log in again"
    )


def _refusal(server: str, method: str, path: str, response: httpx2.Response) -> str:
    try:
        reason = str(response.json().get("message") or response.text)
    except ValueError:
        reason = response.text
    cures = {
        HTTPStatus.UNAUTHORIZED: "The credentials have expired or are wrong: log in again",
        HTTPStatus.FORBIDDEN: "Use credentials that may do this, or have the role granted",
    }
    cure = cures.get(HTTPStatus(response.status_code), "Try again; if it stays, look at the API server's log")
    return (
        f"the API server {server} refused {method} {path} ({response.status_code}): {reason[:_LONGEST_ANSWER]}. {cure}"
    )
