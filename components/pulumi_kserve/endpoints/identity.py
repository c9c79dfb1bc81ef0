"""Who an endpoint's pods are: a service account of their own, and what lets it read the models.

https://kserve.github.io/website/docs/model-serving/storage/overview
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from pulumi_kserve.contracts import ModelStore, ModelUri, WorkloadIdentity
from pulumi_kserve.endpoints.spec.storage import Credentials, SecretCredentials, WorkloadIdentityCredentials
from pulumi_kserve.errors import Problem
from pulumi_kserve.resources import KubernetesObject

__all__ = ["Identity", "identity_of", "refuse_lost_credentials", "refuse_two_credentials", "service_account"]


@dataclass(frozen=True)
class Identity:
    """What a service account carries, and what must exist before its pods start."""

    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    pod_labels: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: tuple[pulumi.Input[str], ...] = ()
    resources: tuple[pulumi.Resource, ...] = ()

    def joined(self, other: WorkloadIdentity) -> Identity:
        """This identity and another at once."""
        return Identity(
            {**self.annotations, **other.service_account_annotations},
            {**self.pod_labels, **other.pod_labels},
            (*self.secrets, *other.secrets),
            (*self.resources, *other.resources),
        )


def identity_of(
    name: str,
    namespace: str,
    uris: Sequence[ModelUri],
    credentials: Credentials | None,
    opts: pulumi.ResourceOptions,
) -> Identity:
    """The identity that reads `uris`: what the user names, and what each store grants for its own of them."""
    identity = _named(credentials)
    for store, mine in _by_store(uris):
        identity = identity.joined(store.identity(name, namespace=namespace, uris=mine, opts=opts))
    return identity


def service_account(
    name: str, namespace: str, identity: Identity, labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """The endpoint's service account; its pods get no token of the API server."""
    account: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": dict(labels),
            "annotations": dict(identity.annotations),
        },
        "secrets": [{"name": secret} for secret in identity.secrets],
        "automountServiceAccountToken": False,
    }
    return KubernetesObject(f"{name}-service-account", account, opts)


def refuse_lost_credentials(
    uris: Sequence[ModelUri], credentials: Credentials | None, account: pulumi.Input[str] | None, path: str
) -> Iterator[Problem]:
    """Credentials that a service account of somebody else's would have to carry: the pods never get them."""
    if account is not None and (credentials is not None or _by_store(uris)):
        named = repr(account) if isinstance(account, str) else "of another's"
        yield Problem(
            path,
            f"service account {named} is not made here: what opens the model's store would not reach the pods",
            "Leave it out; or give the model's URI as a text, leave `credentials` out, and give the"
            " account the Secrets or the identity yourself",
            "lost-credentials",
        )


def refuse_two_credentials(uris: Sequence[ModelUri], credentials: Credentials | None) -> Iterator[Problem]:
    """Two key pairs for one scheme: KServe hands the pods whichever Secret comes last."""
    stores = [store for store, _ in _by_store(uris)]
    schemes = [store.scheme for store in stores]
    for scheme in sorted({scheme for scheme in schemes if schemes.count(scheme) > 1}):
        yield Problem(
            "predictor.storageUris",
            f"the endpoint reads from {schemes.count(scheme)} {scheme} stores, and its pods can hold one key pair",
            "Keep the models in one store, or give one of them by `storage` with its own key",
            "two-stores",
        )
    if stores and isinstance(credentials, SecretCredentials):
        yield Problem(
            "credentials",
            "the model lies in a store of this program, which makes the endpoint's own credentials",
            "Leave `credentials` out, or give the model's URI as a text",
            "two-credentials",
        )


def _named(credentials: Credentials | None) -> Identity:
    if isinstance(credentials, SecretCredentials):
        return Identity(secrets=(credentials.name,))
    if isinstance(credentials, WorkloadIdentityCredentials):
        return Identity(annotations=credentials.annotations, pod_labels=credentials.pod_labels)
    return Identity()


def _by_store(uris: Sequence[ModelUri]) -> list[tuple[ModelStore, list[ModelUri]]]:
    found: list[tuple[ModelStore, list[ModelUri]]] = []
    for uri in uris:
        if uri.store is None:
            continue
        mine = next((held for store, held in found if store is uri.store), None)
        if mine is None:
            found.append((uri.store, [uri]))
        else:
            mine.append(uri)
    return found
