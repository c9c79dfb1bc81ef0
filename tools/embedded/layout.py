"""Where the node keeps its files, and its fixed names and addresses."""

from dataclasses import dataclass
from pathlib import Path

from tools.cache import embedded_root

CLUSTER = "embedded"
"""Name of the cluster, the kubeconfig's context, the network namespace and the cgroup."""

NODE_NAME = "embedded"
NETNS_PATH = Path("/run/netns") / CLUSTER
HOST_LINK = "embedded0"
NODE_LINK = "node0"

HOST_ADDRESS = "10.245.0.2"
NODE_ADDRESS = "10.245.0.1"
LINK_RANGE = "10.245.0.0/30"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
POD_RANGE = "10.244.0.0/16"
NODE_POD_RANGE = "10.244.0.0/24"
RANGES = (LINK_RANGE, SERVICE_RANGE, POD_RANGE)

API_PORT = 6443
API_SERVICE_PORT = 443
KUBELET_PORT = 10250
API_URL = f"https://{NODE_ADDRESS}:{API_PORT}"
CLUSTER_DOMAIN = "cluster.local"
PAUSE_IMAGE = "registry.k8s.io/pause:3.10"


@dataclass(frozen=True)
class Layout:
    """The folder of the embedded cluster.

    `node` holds the running cluster's state and goes with `down`; `image_store` (containerd's unpacked images) and
    `logs` stay; `kubeconfig` is what users take away.
    """

    root: Path

    @classmethod
    def standard(cls) -> "Layout":
        """Return the layout under the cache folder."""
        return cls(embedded_root())

    @property
    def node(self) -> Path:
        """The running cluster's state."""
        return self.root / "node"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.node / "pki"

    @property
    def config(self) -> Path:
        """The components' configuration and kubeconfigs."""
        return self.node / "config"

    @property
    def etcd(self) -> Path:
        """The store of the API."""
        return self.node / "etcd"

    @property
    def kubelet(self) -> Path:
        """Kubelet's root folder."""
        return self.node / "kubelet"

    @property
    def run(self) -> Path:
        """What lives no longer than the processes: sockets, sandboxes, address leases."""
        return self.node / "run"

    @property
    def containerd_socket(self) -> Path:
        """Where containerd listens."""
        return self.run / "containerd.sock"

    @property
    def boot_record(self) -> Path:
        """The boot the node was started in."""
        return self.node / "boot"

    @property
    def image_store(self) -> Path:
        """Containerd's root folder: images, unpacked."""
        return self.root / "containerd"

    @property
    def logs(self) -> Path:
        """One log file for each component."""
        return self.root / "logs"

    @property
    def kubeconfig(self) -> Path:
        """The admin's kubeconfig."""
        return self.root / "kubeconfig"

    @property
    def lock(self) -> Path:
        """Held by the `up` or `down` at work."""
        return self.root / "lock"

    @property
    def host_record(self) -> Path:
        """How the machine was before `up`."""
        return self.root / "host-before.json"

    def log(self, component: str) -> Path:
        """Return the log file of a component."""
        return self.logs / f"{component}.log"

    def key(self, name: str) -> Path:
        """Return the path of a private key."""
        return self.pki / f"{name}.key"

    def certificate(self, name: str) -> Path:
        """Return the path of a certificate."""
        return self.pki / f"{name}.crt"

    def component_kubeconfig(self, name: str) -> Path:
        """Return the path of a component's own kubeconfig."""
        return self.config / f"{name}.kubeconfig"
