"""What the node reads from the machine: mounts, cgroups, routes, memory; and what it refuses to start on."""

import os
import struct
import sys
from pathlib import Path

import pytest

from tests.unit.answers import always
from tools.embedded import cgroups, dns, host_changes, image_store, mounts, network, preflight, system_packages
from tools.embedded.host_changes import HostRecord
from tools.embedded.layout import HOST_LINK, Layout
from tools.errors import ToolError

MOUNTINFO = """\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:30 / /scratch rw - tmpfs tmpfs rw
44 27 254:0 /x /srv/my\\040folder/node rw shared:3 - ext4 /dev/vda rw
45 44 0:40 / /srv/my\\040folder/node/pods rw - overlay overlay rw
"""


def test_a_mount_points_spaces_are_read() -> None:
    assert mounts.parse(MOUNTINFO)[2] == mounts.Mount(Path("/srv/my folder/node"), "ext4")


@pytest.mark.parametrize(
    ("path", "kind"), [("/home", "ext4"), ("/scratch/x", "tmpfs"), ("/srv/my folder/node/pods/1", "overlay")]
)
def test_the_file_system_of_a_path_is_that_of_the_nearest_mount(path: str, kind: str) -> None:
    assert mounts.file_system(Path(path), mounts.parse(MOUNTINFO)) == kind


def version_1(mount: Path) -> Path:
    for controller in ("cpu", "cpuacct", "cpuset", "memory", "pids"):
        (mount / controller).mkdir()
        (mount / controller / "cgroup.procs").touch()
    return mount


def version_2(mount: Path, controllers: str = "cpu cpuset memory pids") -> Path:
    for folder in (mount, mount / "embedded"):
        folder.mkdir(exist_ok=True)
        (folder / "cgroup.controllers").write_text(controllers, "ascii")
    return mount


def test_a_component_gets_its_own_cgroup_in_version_1(tmp_path: Path) -> None:
    files = cgroups.prepare("etcd", version_1(tmp_path))
    assert files[0] == tmp_path / "pids/embedded/node/etcd/cgroup.procs"
    assert (tmp_path / "cpuset/embedded").is_dir()


def test_a_component_gets_its_own_cgroup_in_version_2(tmp_path: Path) -> None:
    assert cgroups.prepare("etcd", version_2(tmp_path)) == [tmp_path / "embedded/node/etcd/cgroup.procs"]


def test_processes_are_found_at_every_depth(tmp_path: Path) -> None:
    for name, pids in (("node/etcd", "7\n"), ("kubepods/pod1/c", "11\n5\n")):
        folder = version_2(tmp_path) / "embedded" / name
        folder.mkdir(parents=True)
        (folder / "cgroup.procs").write_text(pids, "ascii")
    assert cgroups.processes(mount=tmp_path) == [5, 7, 11]
    assert cgroups.processes("node", tmp_path) == [7]


def test_a_missing_controller_is_named(tmp_path: Path) -> None:
    assert cgroups.missing_controllers(version_2(tmp_path, "cpu cpuset pids")) == ["memory"]


def test_a_route_into_our_ranges_is_a_conflict() -> None:
    (found,) = network.conflicts([{"dst": "10.244.7.0/24", "dev": "flannel.1"}])
    assert "10.244.0.0/16" in found
    assert "flannel.1" in found


@pytest.mark.parametrize(
    "route",
    [
        {"dst": "default", "dev": "eth0"},
        {"dst": "0.0.0.0/1", "dev": "tun0"},
        {"dst": "10.42.0.0/16", "dev": "cni0"},
        {"dst": "10.96.0.0/16", "dev": HOST_LINK},
        {"dst": "10.96.0.0/16", "type": "blackhole", "metric": 9999},
    ],
)
def test_other_routes_and_our_own_are_no_conflict(route: dict[str, object]) -> None:
    assert network.conflicts([route]) == []


def test_images_are_known_by_name_and_digest() -> None:
    listing = "REF TYPE DIGEST SIZE PLATFORMS LABELS\ndocker.io/a:1 kind sha256:1 2 MiB linux/amd64 -\n"
    assert image_store.digests(listing) == {"docker.io/a:1": "sha256:1"}


def test_a_dns_answer_gives_its_address() -> None:
    asked = dns.question("a.b", 7)
    record = struct.pack("!HHHIH", 0xC00C, 1, 1, 2, 4) + bytes([10, 96, 0, 1])
    answer = struct.pack("!HHHHHH", 7, 0x8180, 1, 1, 0, 0) + asked[12:] + record
    assert dns.first_address(answer, 7) == "10.96.0.1"


@pytest.mark.parametrize("number", [8, 7])
def test_another_question_s_answer_and_an_empty_one_give_none(number: int) -> None:
    empty = struct.pack("!HHHHHH", 7, 0x8183, 1, 0, 0, 0)
    assert dns.first_address(empty, number) is None


def test_a_lacking_capability_is_named() -> None:
    everything_but_admin = f"Name:\tx\nCapEff:\t{(1 << 41) - 1 & ~(1 << 21):016x}\n"
    assert preflight.missing_capabilities(everything_but_admin) == ["CAP_SYS_ADMIN"]


def test_available_memory_is_read_in_bytes() -> None:
    assert preflight.available_memory("MemTotal: 9 kB\nMemAvailable:    4096 kB\n") == 4 << 20


def test_another_system_is_pointed_to_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ToolError, match="Linux only, and this is darwin") as refused:
        preflight.check_machine()
    assert "kind" in refused.value.cure


def test_a_user_who_is_not_root_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", always(1000))
    with pytest.raises(ToolError, match=r"needs root.*user 1000") as refused:
        preflight.check_machine()
    assert "KUBE_CONTEXT" in refused.value.cure


def test_a_folder_too_deep_for_sockets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="too long a path"):
        preflight.check_room(Layout(tmp_path / ("x" * 90)))


@pytest.mark.parametrize("kind", ["overlay", "tmpfs", "nfs4"])
def test_a_file_system_that_cannot_carry_containers_is_refused(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(mounts, "file_system", always(kind))
    with pytest.raises(ToolError, match=f"file system of type {kind}"):
        preflight.check_room(Layout(Path("/srv")))


def test_short_memory_is_refused_with_need_and_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "file_system", always("ext4"))
    monkeypatch.setattr(preflight, "available_memory", always(512 << 20))
    with pytest.raises(ToolError, match=r"needs 2048 MiB.*512 MiB are available"):
        preflight.check_room(Layout(Path("/srv")))


def test_another_folders_cluster_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "processes", always([1]))
    with pytest.raises(ToolError, match="another embedded cluster"):
        preflight.check_owner(Layout(tmp_path))


def test_ranges_in_use_are_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "check_owner", always(None))
    monkeypatch.setattr(network, "host_routes", always([{"dst": "10.96.0.0/12", "dev": "tun0"}]))
    with pytest.raises(ToolError, match=r"in use.*10\.96\.0\.0/16 \(route to 10\.96\.0\.0/12 by tun0\)"):
        preflight.check_neighbours(Layout(tmp_path))


def test_packages_that_cannot_be_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "missing", always(["containerd", "runc"]))
    monkeypatch.setattr(system_packages, "find", always(None))
    with pytest.raises(ToolError, match="containerd, runc"):
        system_packages.ensure(always(None))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of files: /proc/sys and the folders that are touched, below `tmp_path`."""
    settings = tmp_path / "sys"
    for name in host_changes.SYSCTLS:
        (settings / name).parent.mkdir(parents=True, exist_ok=True)
        (settings / name).write_text("0\n", "ascii")
    (settings / "net/bridge").mkdir(parents=True)
    monkeypatch.setattr(host_changes, "_PROC", settings)
    monkeypatch.setattr(host_changes, "PATHS", {f"{tmp_path}/var/kubelet/plugins": "", f"{tmp_path}/results": ""})
    return tmp_path


def changed(machine: Path) -> Layout:
    layout = Layout(machine / "embedded")
    host_changes.remember(layout)
    (machine / "sys/kernel/panic").write_text("10", "ascii")
    (machine / "var/kubelet/plugins").mkdir(parents=True)
    (machine / "var/kubelet/plugins/kubelet.sock").touch()
    (machine / "results").mkdir(exist_ok=True)
    (machine / "results/embedded-1-eth0").touch()
    return layout


def recalled(layout: Layout) -> HostRecord:
    record = host_changes.recall(layout)
    assert record is not None
    return record


def test_what_changed_on_the_machine_is_told(machine: Path) -> None:
    told = host_changes.differences(recalled(changed(machine)))
    assert "kernel/panic is 10, was 0" in told
    assert f"{machine}/var/kubelet was not there before" in told


def test_the_machine_is_put_back_as_it_was(machine: Path) -> None:
    record = recalled(changed(machine))
    host_changes.put_back(record)
    assert host_changes.differences(record) == []
    assert not (machine / "var").exists()


def test_in_a_folder_that_was_there_only_ours_is_removed(machine: Path) -> None:
    (machine / "results").mkdir()
    (machine / "results/other-1-eth0").touch()
    host_changes.put_back(recalled(changed(machine)))
    assert [path.name for path in (machine / "results").iterdir()] == ["other-1-eth0"]


def test_a_folder_that_others_use_by_now_stays(machine: Path) -> None:
    record = recalled(changed(machine))
    (machine / "var/kubelet/config.yaml").touch()
    host_changes.put_back(record)
    assert (machine / "var/kubelet/config.yaml").exists()


def test_the_first_record_stays_when_up_runs_again(machine: Path) -> None:
    layout = changed(machine)
    host_changes.remember(layout)
    assert recalled(layout).sysctls["kernel/panic"] == "0"


def test_a_damaged_record_is_named_with_what_is_lost(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.host_record.write_text("{}", "utf-8")
    with pytest.raises(ToolError, match="is damaged") as refused:
        host_changes.recall(layout)
    assert "vm/overcommit_memory" in refused.value.cure
