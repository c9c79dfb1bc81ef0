"""The cluster's certificates, made with the real `openssl`."""

import subprocess
from pathlib import Path

import pytest

from tools.embedded import certificates
from tools.embedded.layout import NODE_ADDRESS, Layout


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    made = Layout(tmp_path_factory.mktemp("embedded"))
    certificates.ensure(made)
    return made


def shown(certificate: Path) -> str:
    command = ["openssl", "x509", "-in", str(certificate), "-noout", "-text"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def is_signed(certificate: Path, *, by: Path) -> bool:
    command = ["openssl", "verify", "-CAfile", str(by), str(certificate)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("certificate", certificates.CERTIFICATES, ids=lambda certificate: certificate.name)
def test_a_certificate_is_signed_by_its_authority(layout: Layout, certificate: certificates.Certificate) -> None:
    assert is_signed(layout.certificate(certificate.name), by=layout.certificate(certificate.issuer))


def test_keys_are_for_their_owner_only(layout: Layout) -> None:
    keys = list(layout.pki.glob("*.key"))
    assert keys
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)


def test_the_api_servers_certificate_is_good_for_the_nodes_address(layout: Layout) -> None:
    assert f"IP Address:{NODE_ADDRESS}" in shown(layout.certificate("kube-apiserver"))


def test_kubelets_certificate_can_be_checked_by_what_asks_it_at_the_nodes_address(layout: Layout) -> None:
    assert f"IP Address:{NODE_ADDRESS}" in shown(layout.certificate("kubelet-server"))


def test_the_api_servers_certificate_cannot_be_used_by_a_client(layout: Layout) -> None:
    assert "TLS Web Client Authentication" not in shown(layout.certificate("kube-apiserver"))


def test_a_client_of_the_api_is_not_trusted_by_etcd(layout: Layout) -> None:
    assert not is_signed(layout.certificate("admin"), by=layout.certificate("etcd-ca"))


def test_a_second_run_makes_nothing_new(layout: Layout) -> None:
    before = {path: path.read_bytes() for path in layout.pki.iterdir()}
    certificates.ensure(layout)
    assert {path: path.read_bytes() for path in layout.pki.iterdir()} == before


def test_a_certificate_that_is_asked_for_otherwise_is_made_again(layout: Layout) -> None:
    before = layout.certificate("coredns").read_bytes()
    (layout.pki / "coredns.cnf").write_text("something else", "utf-8")
    certificates.ensure(layout)
    assert layout.certificate("coredns").read_bytes() != before


def test_rotation_gives_the_admin_another_certificate(layout: Layout) -> None:
    before = layout.certificate("admin").read_bytes()
    certificates.issue(layout, certificates.ADMIN)
    assert layout.certificate("admin").read_bytes() != before
