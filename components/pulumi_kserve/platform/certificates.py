"""Who makes the certificate by which the API server knows KServe's webhooks.

KServe's chart always renders a Certificate of cert-manager, and no value switches it off. But the chart joins its
patch files to one text, fills in the values, and only then splits it into objects. So a value that holds an object is
one more patch, and the one given here makes the Certificate a Helm hook of the kind ``test``: Helm neither looks for
its kind nor makes it unless somebody runs ``helm test``. Should a chart stop to work that way, Helm refuses it, on a
cluster that knows no Certificate, before anything is made.

The other ways cost more. A post-renderer is a program, and its path on one machine would stand in the state. Objects
that we render are no release for ``helm ls``, and a platform could not change from one to the other. Stubs of
cert-manager's CRDs would be in its way when it comes.

https://kserve.github.io/website/docs/admin-guide/kubernetes-deployment
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, model_validator

from pulumi_kserve.errors import Problem
from pulumi_kserve.inputs import In, is_output
from pulumi_kserve.models import OneOf, Spec

__all__ = [
    "SERVING_SECRET",
    "CertManager",
    "Certificates",
    "Provided",
    "certificate_problems",
    "certificate_values",
    "serving_secret",
    "webhook_authority",
]

SERVING_SECRET: Final = "kserve-webhook-server-cert"  # noqa: S105 -- a name
"""The Secret that the chart mounts into KServe's controller; its name is fixed."""
_CERTIFICATE: Final = "serving-cert"
_HOOK: Final = {"helm.sh/hook": "test"}
_TAKE_OVER: Final = {"pulumi.com/patchForce": "true"}
"""cert-manager leaves the Secret behind when its Certificate goes."""


def _is_pem(text: str) -> str:
    if not re.search(r"^-----BEGIN [A-Z ]+-----\r?\n", text, re.MULTILINE):
        raise ValueError("this is no PEM: it starts with a line such as -----BEGIN CERTIFICATE-----")
    return text


Pem = Annotated[str, AfterValidator(_is_pem)]
"""PEM; an error never shows what was given instead, which may be a key."""


class CertManager(Spec):
    """cert-manager issues the certificate and renews it; the platform installs it where the cluster has none."""


class Provided(Spec):
    """The certificate is yours, and no cert-manager is needed.

    It must be valid for ``kserve-webhook-server-service.NAMESPACE.svc``, NAMESPACE being KServe's. You renew it: by a
    new ``up`` where `certificate` and `key` are given, else in the Secret; the controller reads it anew by itself.
    https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
    """

    ca: In[Pem]
    """The certificates, as PEM, of those who signed it: what the API server checks it by. Not a secret."""
    certificate: In[Pem] | None = None
    """The certificate, as PEM, with what lies between it and `ca`. Unset, a Secret of type ``kubernetes.io/tls`` named
    ``kserve-webhook-server-cert`` has to be in KServe's namespace while the platform is installed; the controller's
    pods wait for it."""
    key: In[Pem] | None = None
    """Its private key, as PEM, always as an Output: a key in plain text is refused. It is a secret in the state."""

    @model_validator(mode="after")
    def _key_is_hidden(self) -> Self:
        if self.key is not None and not is_output(self.key):
            raise ValueError(
                "a private key is never written in plain text: give an Output, such as"
                " pulumi.Config().require_secret(...), or make the Secret yourself and leave certificate and key out"
            )
        return self

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: give both, or none and make the Secret yourself")
        return self


Certificates = Annotated[CertManager | Provided, OneOf(certManager=CertManager, provided=Provided)]


def certificate_problems(certificates: CertManager | Provided, *, local_models: bool) -> tuple[Problem, ...]:
    """What else of the platform needs the cert-manager that `certificates` does without."""
    if isinstance(certificates, CertManager) or not local_models:
        return ()
    message = "the model cache's chart has webhooks too, and only cert-manager makes their certificate"
    return (Problem("certificates.provided", message, "Use certManager, or leave localModels out", "no-cert-manager"),)


def certificate_values(certificates: CertManager | Provided) -> dict[str, Any]:
    """The chart's values: as they are with cert-manager, else such that nothing of it is installed."""
    if isinstance(certificates, CertManager):
        return {}
    patch = {"kind": "Certificate", "metadata": {"name": _CERTIFICATE, "annotations": _HOOK}}
    return {
        "kserve": {
            "createSharedResources": False,
            "inferenceServiceConfig": {"enabled": True},
            "storagecontainer": {"enabled": True},
            "controller": {"serviceAnnotations": {"pulumi-kserve/no-certificate": f"---\n{json.dumps(patch)}\n---"}},
        }
    }


def serving_secret(provided: Provided, namespace: str, labels: dict[str, str]) -> dict[str, Any] | None:
    """The Secret that the controller mounts; None when it is made elsewhere."""
    import pulumi  # noqa: PLC0415 -- specs are read where Pulumi is not needed

    if provided.certificate is None or provided.key is None:
        return None
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": SERVING_SECRET, "namespace": namespace, "labels": labels, "annotations": _TAKE_OVER},
        "stringData": {"tls.crt": provided.certificate, "tls.key": pulumi.Output.secret(provided.key)},
    }


def webhook_authority(
    provided: Provided, webhooks: dict[str, dict[str, list[str]]], annotations: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Of each object with webhooks, the fields that say by what the API server checks their server."""
    import pulumi  # noqa: PLC0415 -- the same

    bundle = pulumi.Output.from_input(provided.ca).apply(_encoded)
    for kind, objects in sorted(webhooks.items()):
        for name, hooks in sorted(objects.items()):
            yield {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": kind,
                "metadata": {"name": name, "annotations": annotations},
                "webhooks": [{"name": hook, "clientConfig": {"caBundle": bundle}} for hook in hooks],
            }


def _encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
