"""Kubeconfig files: the admin's, which users take away, and one for each component."""

import base64
import json
from pathlib import Path

from tools.cache import write_atomically
from tools.embedded.certificates import ADMIN, issue
from tools.embedded.layout import API_URL, CLUSTER, Layout

COMPONENTS = ("kube-controller-manager", "kube-scheduler", "kube-proxy", "coredns", "kubelet")


def ensure_components(layout: Layout) -> None:
    """Write every component's kubeconfig, with its credentials inside and for its owner only.

    Raises:
        OSError: a certificate is not there.

    """
    layout.config.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in COMPONENTS:
        _write(layout.component_kubeconfig(name), render(layout, name))


def publish(layout: Layout) -> None:
    """Write the admin's kubeconfig, the one users take away.

    Raises:
        OSError: a certificate is not there.

    """
    _write(layout.kubeconfig, render(layout, ADMIN.name))


def rotate(layout: Layout) -> None:
    """Issue a new admin certificate and write it into the kubeconfig; the old one stays valid until it runs out.

    Raises:
        ToolError: `openssl` failed.

    """
    issue(layout, ADMIN)
    publish(layout)


def render(layout: Layout, user: str) -> str:
    """Return a kubeconfig with one cluster, user and context, as JSON, which is YAML too.

    Raises:
        OSError: a certificate is not there.

    """
    cluster = {"server": API_URL, "certificate-authority-data": _base64(layout.certificate("ca"))}
    credentials = {
        "client-certificate-data": _base64(layout.certificate(user)),
        "client-key-data": _base64(layout.key(user)),
    }
    named = f"{CLUSTER}-{user}"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CLUSTER, "cluster": cluster}],
        "users": [{"name": named, "user": credentials}],
        "contexts": [{"name": CLUSTER, "context": {"cluster": CLUSTER, "user": named}}],
        "current-context": CLUSTER,
    }
    return json.dumps(config, indent=2) + "\n"


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")


def _write(path: Path, content: str) -> None:
    if not path.exists() or path.read_text("utf-8") != content:
        write_atomically(path, content, mode=0o600)
