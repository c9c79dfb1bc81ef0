"""The node's components and the flags each runs with; the order is the one they start in."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.embedded import configuration
from tools.embedded.commands import find
from tools.embedded.layout import (
    API_PORT,
    CLUSTER_DOMAIN,
    NODE_ADDRESS,
    NODE_NAME,
    POD_RANGE,
    SERVICE_RANGE,
    Layout,
)

ORDER = (
    "etcd",
    "containerd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "coredns",
)


@dataclass(frozen=True)
class Component:
    """A long-running program of the node; it is restarted when a file in `reads` has changed since it started."""

    name: str
    command: tuple[str, ...]
    reads: tuple[Path, ...] = ()


def components(layout: Layout, binaries: Path) -> dict[str, Component]:
    """Return every component by name, in the order they start in."""
    made = (
        _etcd(layout, binaries),
        _containerd(layout),
        _api_server(layout, binaries),
        _controller_manager(layout, binaries),
        _scheduler(layout, binaries),
        _kubelet(layout, binaries),
        _proxy(layout, binaries),
        _dns(layout, binaries),
    )
    return {component.name: component for component in made}


def _flags(**flags: str | Path | int) -> Iterable[str]:
    return (f"--{name.replace('_', '-')}={value}" for name, value in flags.items())


def _etcd(layout: Layout, binaries: Path) -> Component:
    authority, certificate, key = layout.certificate("etcd-ca"), layout.certificate("etcd"), layout.key("etcd")
    flags = _flags(
        name=NODE_NAME,
        data_dir=layout.etcd,
        listen_client_urls="https://127.0.0.1:2379",
        advertise_client_urls="https://127.0.0.1:2379",
        listen_peer_urls="https://127.0.0.1:2380",
        initial_advertise_peer_urls="https://127.0.0.1:2380",
        initial_cluster=f"{NODE_NAME}=https://127.0.0.1:2380",
        trusted_ca_file=authority,
        cert_file=certificate,
        key_file=key,
        peer_trusted_ca_file=authority,
        peer_cert_file=certificate,
        peer_key_file=key,
        log_level="warn",
    )
    alone = ("--client-cert-auth", "--peer-client-cert-auth", "--unsafe-no-fsync")
    return Component("etcd", (str(binaries / "etcd"), *flags, *alone), (certificate,))


def _containerd(layout: Layout) -> Component:
    config = layout.config / "containerd.toml"
    program = find("containerd") or "/usr/bin/containerd"
    return Component("containerd", (program, "--config", str(config)), (config,))


def _api_server(layout: Layout, binaries: Path) -> Component:
    certificate = layout.certificate("kube-apiserver")
    encryption = configuration.encryption_path(layout)
    flags = _flags(
        etcd_servers="https://127.0.0.1:2379",
        etcd_cafile=layout.certificate("etcd-ca"),
        etcd_certfile=layout.certificate("etcd-client"),
        etcd_keyfile=layout.key("etcd-client"),
        encryption_provider_config=encryption,
        bind_address=NODE_ADDRESS,
        advertise_address=NODE_ADDRESS,
        secure_port=API_PORT,
        service_cluster_ip_range=SERVICE_RANGE,
        client_ca_file=layout.certificate("ca"),
        tls_cert_file=certificate,
        tls_private_key_file=layout.key("kube-apiserver"),
        service_account_issuer=f"https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
        service_account_key_file=layout.pki / "service-accounts.pub",
        service_account_signing_key_file=layout.key("service-accounts"),
        kubelet_certificate_authority=layout.certificate("ca"),
        kubelet_client_certificate=layout.certificate("kube-apiserver-kubelet-client"),
        kubelet_client_key=layout.key("kube-apiserver-kubelet-client"),
        kubelet_preferred_address_types="InternalIP",
        requestheader_client_ca_file=layout.certificate("front-proxy-ca"),
        requestheader_allowed_names="front-proxy-client",
        requestheader_extra_headers_prefix="X-Remote-Extra-",
        requestheader_group_headers="X-Remote-Group",
        requestheader_username_headers="X-Remote-User",
        proxy_client_cert_file=layout.certificate("front-proxy-client"),
        proxy_client_key_file=layout.key("front-proxy-client"),
        authorization_mode="Node,RBAC",
        enable_admission_plugins="NodeRestriction",
        allow_privileged="true",
        profiling="false",
    )
    return Component("kube-apiserver", (str(binaries / "kube-apiserver"), *flags), (certificate, encryption))


def _controller_manager(layout: Layout, binaries: Path) -> Component:
    kubeconfig = layout.component_kubeconfig("kube-controller-manager")
    flags = _flags(
        kubeconfig=kubeconfig,
        authentication_kubeconfig=kubeconfig,
        authorization_kubeconfig=kubeconfig,
        bind_address="127.0.0.1",
        use_service_account_credentials="true",
        service_account_private_key_file=layout.key("service-accounts"),
        root_ca_file=layout.certificate("ca"),
        leader_elect="false",
        allocate_node_cidrs="false",
        controllers="*,-nodeipam,-node-route-controller,-cloud-node-lifecycle-controller",
        kube_api_qps=200,
        kube_api_burst=400,
        # A claim that waits for its volume is looked at again after a second, not fifteen.
        pvclaimbinder_sync_period="1s",
        flex_volume_plugin_dir=layout.kubelet / "volume-plugins",
        profiling="false",
    )
    return Component("kube-controller-manager", (str(binaries / "kube-controller-manager"), *flags), (kubeconfig,))


def _scheduler(layout: Layout, binaries: Path) -> Component:
    kubeconfig = layout.component_kubeconfig("kube-scheduler")
    flags = _flags(
        kubeconfig=kubeconfig,
        authentication_kubeconfig=kubeconfig,
        authorization_kubeconfig=kubeconfig,
        bind_address="127.0.0.1",
        leader_elect="false",
        profiling="false",
    )
    return Component("kube-scheduler", (str(binaries / "kube-scheduler"), *flags), (kubeconfig,))


def _kubelet(layout: Layout, binaries: Path) -> Component:
    config, kubeconfig = layout.config / "kubelet.json", layout.component_kubeconfig("kubelet")
    flags = _flags(
        config=config,
        kubeconfig=kubeconfig,
        hostname_override=NODE_NAME,
        node_ip=NODE_ADDRESS,
        root_dir=layout.kubelet,
        cert_dir=layout.pki,
    )
    certificate = layout.certificate("kubelet-server")
    return Component("kubelet", (str(binaries / "kubelet"), *flags), (config, kubeconfig, certificate))


def _proxy(layout: Layout, binaries: Path) -> Component:
    kubeconfig = layout.component_kubeconfig("kube-proxy")
    flags = _flags(
        kubeconfig=kubeconfig,
        hostname_override=NODE_NAME,
        proxy_mode="iptables",
        cluster_cidr=POD_RANGE,
        bind_address=NODE_ADDRESS,
        healthz_bind_address="127.0.0.1:10256",
        metrics_bind_address="127.0.0.1:10249",
        # The machine-wide table size cannot be written from a network namespace.
        conntrack_max_per_core=0,
        conntrack_tcp_timeout_established=0,
        conntrack_tcp_timeout_close_wait=0,
    )
    return Component("kube-proxy", (str(binaries / "kube-proxy"), *flags), (kubeconfig,))


def _dns(layout: Layout, binaries: Path) -> Component:
    config, kubeconfig = layout.config / "Corefile", layout.component_kubeconfig("coredns")
    return Component("coredns", (str(binaries / "coredns"), "-conf", str(config)), (config, kubeconfig))
