"""The cluster's certificate authorities and certificates, made with the `openssl` command.

Keys are ECDSA P-256 in files only their owner reads; nothing secret is ever on a command line. Three authorities keep
apart what must not be mixed: `ca` for the API, `etcd-ca` so that only the API server reads the store (a pod on the
host network could connect to it too), `front-proxy-ca` for aggregated API servers.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.cache import write_atomically
from tools.embedded.commands import run
from tools.embedded.layout import API_SERVICE_ADDRESS, CLUSTER_DOMAIN, NODE_ADDRESS, NODE_NAME, Layout

_CURE = "install OpenSSL 3.0 or newer (`apt-get install openssl`)"
_CA_DAYS = 3650
_DAYS = 365
_RENEW_AFTER_SECONDS = 300 * 86400
_CLIENT, _SERVER = "clientAuth", "serverAuth"

AUTHORITIES = ("ca", "etcd-ca", "front-proxy-ca")


@dataclass(frozen=True)
class Certificate:
    """One certificate: its file name, whom it names, what for, and who signs it."""

    name: str
    common_name: str
    organization: str = ""
    uses: tuple[str, ...] = (_CLIENT,)
    names: tuple[str, ...] = ()
    issuer: str = "ca"


ADMIN = Certificate("admin", "embedded-admin", "system:masters")
_KUBERNETES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc")
CERTIFICATES = (
    ADMIN,
    Certificate(
        "kube-apiserver",
        "kube-apiserver",
        uses=(_SERVER,),
        names=(
            *(f"DNS:{name}" for name in (*_KUBERNETES, f"kubernetes.default.svc.{CLUSTER_DOMAIN}", "localhost")),
            *(f"IP:{address}" for address in (NODE_ADDRESS, API_SERVICE_ADDRESS, "127.0.0.1")),
        ),
    ),
    Certificate("kube-apiserver-kubelet-client", "kube-apiserver-kubelet-client"),
    Certificate("kube-controller-manager", "system:kube-controller-manager"),
    Certificate("kube-scheduler", "system:kube-scheduler"),
    Certificate("kube-proxy", "system:kube-proxy"),
    Certificate("coredns", "system:coredns"),
    Certificate("kubelet", f"system:node:{NODE_NAME}", "system:nodes"),
    Certificate(
        "kubelet-server",
        f"system:node:{NODE_NAME}",
        "system:nodes",
        uses=(_SERVER,),
        names=(f"DNS:{NODE_NAME}", f"IP:{NODE_ADDRESS}"),
    ),
    Certificate("etcd", "etcd", uses=(_SERVER, _CLIENT), names=("DNS:localhost", "IP:127.0.0.1"), issuer="etcd-ca"),
    Certificate("etcd-client", "kube-apiserver-etcd-client", issuer="etcd-ca"),
    Certificate("front-proxy-client", "front-proxy-client", issuer="front-proxy-ca"),
)


def ensure(layout: Layout) -> None:
    """Make the authorities, certificates and the service accounts' signing key that are missing or soon run out.

    Raises:
        ToolError: `openssl` is missing, too old, or failed.

    """
    layout.pki.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in AUTHORITIES:
        if not layout.certificate(name).exists():
            _make(layout, name, authority_request(name), ("-days", str(_CA_DAYS)))
    for certificate in CERTIFICATES:
        if _is_due(layout, certificate):
            issue(layout, certificate)
    _signing_key(layout)


def issue(layout: Layout, certificate: Certificate) -> None:
    """Make a new key and certificate; the old certificate, if any, stays valid until it runs out.

    Raises:
        ToolError: `openssl` failed.

    """
    signed_by = ("-CA", str(layout.certificate(certificate.issuer)), "-CAkey", str(layout.key(certificate.issuer)))
    _make(layout, certificate.name, request(certificate), ("-days", str(_DAYS), *signed_by))


def authority_request(name: str) -> str:
    """Return the OpenSSL configuration of an authority."""
    extensions = ["basicConstraints = critical, CA:TRUE", "keyUsage = critical, keyCertSign, cRLSign"]
    return _configuration([f"CN = embedded {name}"], [*extensions, "subjectKeyIdentifier = hash"])


def request(certificate: Certificate) -> str:
    """Return the OpenSSL configuration a certificate is made from."""
    subject = [f"O = {certificate.organization}"] if certificate.organization else []
    extensions = [
        "basicConstraints = critical, CA:FALSE",
        "keyUsage = critical, digitalSignature, keyEncipherment",
        f"extendedKeyUsage = {', '.join(certificate.uses)}",
        "authorityKeyIdentifier = keyid",
    ]
    if certificate.names:
        extensions.append(f"subjectAltName = {', '.join(certificate.names)}")
    return _configuration([*subject, f"CN = {certificate.common_name}"], extensions)


def _configuration(subject: list[str], extensions: list[str]) -> str:
    head = ["[req]", "prompt = no", "distinguished_name = subject", "x509_extensions = extensions"]
    return "\n".join([*head, "[subject]", *subject, "[extensions]", *extensions, ""])


def _is_due(layout: Layout, certificate: Certificate) -> bool:
    made, asked = layout.certificate(certificate.name), _request_path(layout, certificate.name)
    if not made.exists() or not asked.exists() or asked.read_text("utf-8") != request(certificate):
        return True
    return time.time() - made.stat().st_mtime > _RENEW_AFTER_SECONDS


def _make(layout: Layout, name: str, configuration: str, how: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory(dir=layout.pki) as scratch:
        asked, key, made = (Path(scratch) / part for part in ("request", "key", "certificate"))
        asked.write_text(configuration, "utf-8")
        new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", str(key))
        run("openssl", "req", "-x509", "-config", str(asked), *new_key, *how, "-out", str(made), cure=_CURE)
        key.replace(layout.key(name))
        made.replace(layout.certificate(name))
    write_atomically(_request_path(layout, name), configuration, mode=0o600)


def _request_path(layout: Layout, name: str) -> Path:
    return layout.pki / f"{name}.cnf"


def _signing_key(layout: Layout) -> None:
    key, public = layout.key("service-accounts"), layout.pki / "service-accounts.pub"
    if public.exists():
        return
    curve = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    run("openssl", "genpkey", *curve, "-out", str(key), cure=_CURE)
    run("openssl", "pkey", "-in", str(key), "-pubout", "-out", str(public), cure=_CURE)
