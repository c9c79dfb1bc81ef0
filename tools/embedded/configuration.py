"""The components' configuration files, each rendered by a pure function."""

import base64
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from tools.cache import write_atomically
from tools.embedded.layout import (
    CLUSTER,
    CLUSTER_DOMAIN,
    NODE_ADDRESS,
    NODE_POD_RANGE,
    PAUSE_IMAGE,
    Layout,
)
from tools.errors import ToolError

_SECRETBOX_KEY_BYTES = 32
_CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))
_OTHER_SNAPSHOTTERS = ("aufs", "btrfs", "devmapper", "zfs")
_CNI_PLUGINS = ("bridge", "host-local", "loopback", "portmap")


def ensure(layout: Layout) -> None:
    """Write the configuration files that are missing or differ; the encryption key is made once and kept.

    Raises:
        ToolError: the CNI plugins are not on this machine.

    """
    for path, content in rendered(layout, find_cni_plugins()).items():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != content:
            write_atomically(path, content, mode=0o600)
    if not encryption_path(layout).exists():
        key = base64.b64encode(secrets.token_bytes(_SECRETBOX_KEY_BYTES)).decode("ascii")
        write_atomically(encryption_path(layout), encryption(key), mode=0o600)


def rendered(layout: Layout, cni_plugins: Path) -> Mapping[Path, str]:
    """Return the content of every configuration file that holds no secret."""
    return {
        layout.config / "containerd.toml": containerd(layout, cni_plugins),
        layout.config / "cni" / f"10-{CLUSTER}.conflist": network_plugins(layout),
        layout.config / "kubelet.json": kubelet(layout),
        layout.config / "resolv.conf": f"nameserver {NODE_ADDRESS}\n",
        layout.config / "Corefile": corefile(layout),
    }


def find_cni_plugins(folders: tuple[Path, ...] = _CNI_FOLDERS) -> Path:
    """Return the folder with the CNI plugins.

    Raises:
        ToolError: no folder has them all.

    """
    for folder in folders:
        if all((folder / plugin).exists() for plugin in _CNI_PLUGINS):
            return folder
    raise ToolError(
        f"the CNI plugins {', '.join(_CNI_PLUGINS)} are in none of {', '.join(map(str, folders))}",
        cure="install them: `apt-get install containernetworking-plugins`",
    )


def encryption_path(layout: Layout) -> Path:
    """Return the file that holds the key Secrets are encrypted with."""
    return layout.config / "encryption.json"


def encryption(key: str) -> str:
    """Return the API server's encryption configuration: Secrets are written with secretbox and never in plain."""
    secretbox = {"secretbox": {"keys": [{"name": "key1", "secret": key}]}}
    return _json(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [{"resources": ["secrets"], "providers": [secretbox]}],
        }
    )


def kubelet(layout: Layout) -> str:
    """Return kubelet's configuration: every folder inside ours, both authentication and authorization on."""
    return _json(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": NODE_ADDRESS,
            "healthzBindAddress": "127.0.0.1",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(layout.certificate("ca"))},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(layout.certificate("kubelet-server")),
            "tlsPrivateKeyFile": str(layout.key("kubelet-server")),
            "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{CLUSTER}",
            "enforceNodeAllocatable": ["pods"],
            "failCgroupV1": False,
            "failSwapOn": False,
            "resolvConf": str(layout.config / "resolv.conf"),
            "clusterDNS": [NODE_ADDRESS],
            "clusterDomain": CLUSTER_DOMAIN,
            "podLogsDir": str(layout.kubelet / "pod-logs"),
            "volumePluginDir": str(layout.kubelet / "volume-plugins"),
            "serializeImagePulls": False,
            # An image that cannot be pulled again must not be collected.
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        }
    )


def network_plugins(layout: Layout) -> str:
    """Return the pods' network: one bridge, no masquerading, hairpins allowed so that a pod reaches its own Service."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(layout.run / "cni"),
            "ranges": [[{"subnet": NODE_POD_RANGE}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return _json({"cniVersion": "1.0.0", "name": CLUSTER, "plugins": [bridge, portmap]})


def containerd(layout: Layout, cni_plugins: Path) -> str:
    """Return containerd's configuration: own root, state, socket and runc state, apart from any other containerd.

    `restrict_oom_score_adj` lets sandboxes start where the machine lacks CAP_SYS_RESOURCE.
    """
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    runc = f"{cri}.containerd.runtimes.runc"
    lines = [
        "version = 2",
        f"root = {_toml(layout.image_store)}",
        f"state = {_toml(layout.run / 'containerd')}",
        f"disabled_plugins = {json.dumps([f'io.containerd.snapshotter.v1.{name}' for name in _OTHER_SNAPSHOTTERS])}",
        "[grpc]",
        f"address = {_toml(layout.containerd_socket)}",
        f"[{cri}]",
        f"sandbox_image = {_toml(PAUSE_IMAGE)}",
        "restrict_oom_score_adj = true",
        "netns_mounts_under_state_dir = true",
        f"[{cri}.cni]",
        f"bin_dir = {_toml(cni_plugins)}",
        f"conf_dir = {_toml(layout.config / 'cni')}",
        f"[{cri}.containerd]",
        'snapshotter = "overlayfs"',
        f"[{runc}]",
        'runtime_type = "io.containerd.runc.v2"',
        f"[{runc}.options]",
        "SystemdCgroup = false",
        f"Root = {_toml(layout.run / 'runc')}",
        '[plugins."io.containerd.internal.v1.opt"]',
        f"path = {_toml(layout.run / 'opt')}",
    ]
    return "\n".join(lines) + "\n"


def corefile(layout: Layout) -> str:
    """Return CoreDNS's configuration: the cluster's names, and NXDOMAIN at once for all others."""
    lines = [
        f"{CLUSTER_DOMAIN}:53 10.in-addr.arpa:53 {{",
        f"  bind {NODE_ADDRESS}",
        "  errors",
        f"  kubernetes {CLUSTER_DOMAIN} 10.in-addr.arpa {{",
        f"    kubeconfig {layout.component_kubeconfig('coredns')}",
        "    ttl 2",
        "  }",
        "}",
        ".:53 {",
        f"  bind {NODE_ADDRESS}",
        "  template ANY ANY {",
        "    rcode NXDOMAIN",
        "  }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _json(content: dict[str, object]) -> str:
    return json.dumps(content, indent=2) + "\n"


def _toml(value: Path | str) -> str:
    return json.dumps(str(value))
