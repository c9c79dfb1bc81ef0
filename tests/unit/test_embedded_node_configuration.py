"""What the node's components are told: their flags and files."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from tools.embedded import access, certificates, components, configuration, kubeconfigs
from tools.embedded.layout import CLUSTER, NODE_ADDRESS, PAUSE_IMAGE, Layout
from tools.errors import ToolError

T = TypeVar("T")


def always(value: T) -> Callable[..., T]:
    """Return a function that answers every call with the same value."""

    def answer(*_: object, **__: object) -> T:
        return value

    return answer


LAYOUT = Layout(Path("/var/embedded"))
BINARIES = LAYOUT.root / "bin"
TABLE = components.components(LAYOUT, BINARIES)


def flags(name: str) -> dict[str, str]:
    parts = [flag.removeprefix("--").partition("=") for flag in TABLE[name].command[1:]]
    return {flag: value for flag, _, value in parts}


def test_components_are_listed_in_the_order_they_start_in() -> None:
    assert tuple(TABLE) == components.ORDER


@pytest.mark.parametrize("name", ["etcd", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kube-apiserver"])
def test_a_component_listens_on_loopback_or_the_nodes_own_address(name: str) -> None:
    listening = {flag: value for flag, value in flags(name).items() if "bind-address" in flag or "listen" in flag}
    assert listening
    assert all("127.0.0.1" in value or NODE_ADDRESS in value for value in listening.values())


def test_etcd_asks_its_clients_and_peers_for_certificates() -> None:
    assert {"client-cert-auth", "peer-client-cert-auth"} <= flags("etcd").keys()


def test_the_api_server_has_rbac_and_writes_secrets_encrypted() -> None:
    api_server = flags("kube-apiserver")
    assert api_server["authorization-mode"] == "Node,RBAC"
    assert api_server["encryption-provider-config"] == str(configuration.encryption_path(LAYOUT))
    assert "disable-admission-plugins" not in api_server


def test_the_api_server_checks_kubelets_certificate() -> None:
    assert flags("kube-apiserver")["kubelet-certificate-authority"] == str(LAYOUT.certificate("ca"))


def test_the_api_server_names_itself_to_other_api_servers_by_certificate() -> None:
    api_server = flags("kube-apiserver")
    assert api_server["requestheader-client-ca-file"] == str(LAYOUT.certificate("front-proxy-ca"))
    assert api_server["proxy-client-cert-file"] == str(LAYOUT.certificate("front-proxy-client"))


@pytest.mark.parametrize("component", TABLE.values(), ids=lambda component: component.name)
def test_a_component_is_told_its_secrets_by_file_only(component: components.Component) -> None:
    for flag in component.command[1:]:
        name, _, value = flag.partition("=")
        assert value.startswith("/") if "key-file" in name or name.endswith("-key") else "token" not in name


@pytest.mark.parametrize("component", TABLE.values(), ids=lambda component: component.name)
def test_a_component_keeps_its_files_in_our_folder(component: components.Component) -> None:
    paths = [value for flag in component.command[1:] if (value := flag.partition("=")[2]).startswith("/")]
    assert all(path.startswith(str(LAYOUT.root)) for path in paths)


def test_secrets_are_never_written_in_plain() -> None:
    (rule,) = json.loads(configuration.encryption("a2V5"))["resources"]
    assert rule["resources"] == ["secrets"]
    assert [list(provider) for provider in rule["providers"]] == [["secretbox"]]


def test_kubelet_lets_nobody_in_without_a_name() -> None:
    kubelet = json.loads(configuration.kubelet(LAYOUT))
    assert kubelet["authentication"]["anonymous"] == {"enabled": False}
    assert kubelet["authorization"] == {"mode": "Webhook"}
    assert "readOnlyPort" not in kubelet


def test_kubelet_keeps_its_cgroups_below_ours() -> None:
    assert json.loads(configuration.kubelet(LAYOUT))["cgroupRoot"] == f"/{CLUSTER}"


def test_kubelet_never_collects_images() -> None:
    assert json.loads(configuration.kubelet(LAYOUT))["imageGCHighThresholdPercent"] == 100


def test_kubelet_keeps_its_files_in_our_folder() -> None:
    paths = re.findall(r'"(?:unix://)?(/[^"]+/[^"]+)"', configuration.kubelet(LAYOUT))
    assert paths
    assert all(path.startswith(str(LAYOUT.root)) for path in paths)


def test_containerd_is_apart_from_any_other_on_the_machine() -> None:
    config = tomllib.loads(configuration.containerd(LAYOUT, Path("/usr/lib/cni")))
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    own = [config["root"], config["state"], config["grpc"]["address"], cri["cni"]["conf_dir"]]
    own.append(cri["containerd"]["runtimes"]["runc"]["options"]["Root"])
    assert all(path.startswith(str(LAYOUT.root)) for path in own)
    assert cri["netns_mounts_under_state_dir"]
    assert cri["sandbox_image"] == PAUSE_IMAGE


def test_a_folder_with_quotes_in_its_name_is_quoted_for_containerd() -> None:
    odd = Layout(Path('/home/some"one/embedded'))
    assert tomllib.loads(configuration.containerd(odd, Path("/usr/lib/cni")))["root"] == str(odd.image_store)


def test_pods_are_not_masqueraded() -> None:
    bridge, _ = json.loads(configuration.network_plugins(LAYOUT))["plugins"]
    assert bridge["ipMasq"] is False


def test_dns_answers_unknown_names_at_once_and_forwards_none() -> None:
    corefile = configuration.corefile(LAYOUT)
    assert "rcode NXDOMAIN" in corefile
    assert "forward" not in corefile


def test_rendering_is_the_same_every_time() -> None:
    plugins = Path("/usr/lib/cni")
    assert configuration.rendered(LAYOUT, plugins) == configuration.rendered(LAYOUT, plugins)


def test_the_folder_with_all_network_plugins_is_found(tmp_path: Path) -> None:
    for plugin in ("bridge", "host-local", "loopback", "portmap"):
        (tmp_path / plugin).touch()
    assert configuration.find_cni_plugins((tmp_path / "none", tmp_path)) == tmp_path


def test_missing_network_plugins_are_named_with_their_package(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="bridge") as refused:
        configuration.find_cni_plugins((tmp_path,))
    assert "containernetworking-plugins" in refused.value.cure


def test_the_encryption_key_is_made_once_and_for_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configuration, "find_cni_plugins", always(Path("/usr/lib/cni")))
    layout = Layout(tmp_path)
    configuration.ensure(layout)
    first = configuration.encryption_path(layout).read_text("utf-8")
    configuration.ensure(layout)
    assert configuration.encryption_path(layout).read_text("utf-8") == first
    assert configuration.encryption_path(layout).stat().st_mode & 0o777 == 0o600


def test_a_kubeconfig_names_one_cluster_user_and_context(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.pki.mkdir(parents=True)
    for name in ("ca", certificates.ADMIN.name):
        layout.certificate(name).write_text("certificate", "utf-8")
        layout.key(name).write_text("key", "utf-8")
    kubeconfigs.publish(layout)
    config = json.loads(layout.kubeconfig.read_text("utf-8"))
    assert config["current-context"] == config["contexts"][0]["name"] == config["clusters"][0]["name"] == "embedded"
    assert layout.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_dns_may_only_list_and_watch() -> None:
    (role,) = [json.dumps(content) for content in access.objects().values() if "rules" in content]
    assert set(re.findall(r'"verbs": (\[.*?\])', role)) == {'["list", "watch"]'}
