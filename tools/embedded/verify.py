"""Checks that say, claim by claim, that a running cluster is sealed, and that nothing is left of one taken down."""

import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.embedded import cgroups, dns, host_changes, mounts, network
from tools.embedded.api import Api
from tools.embedded.commands import find, in_node, run
from tools.embedded.layout import API_SERVICE_ADDRESS, HOST_ADDRESS, HOST_LINK, NETNS_PATH, POD_RANGE, RANGES, Layout

_WRITTEN_WITHIN_SECONDS = 5.0
_OUR_CHAINS = ("KUBE-", "CNI-")
_CONNECT = """
import errno, socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 1).close()
except OSError as error:
    print("no route" if error.errno == errno.ENETUNREACH else "no answer")
else:
    print("answered")
"""
_OUTSIDE = "203.0.113.1"
"""An address outside, reserved for documentation."""


@dataclass(frozen=True)
class Finding:
    """One claim, whether it holds, and what was seen."""

    claim: str
    holds: bool
    seen: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the finding as plain data."""
        return asdict(self)


def running(layout: Layout) -> list[Finding]:
    """Check a cluster that is up: sealed, and with its Secrets unreadable on disk. Takes a few seconds.

    Raises:
        ToolError: the cluster cannot be asked.

    """
    return [
        _none("every process of ours is in a network namespace of ours", _in_host_namespace()),
        _none("the node's namespace has no route but the cluster's own", _foreign_routes()),
        _outside_is_out_of_reach(),
        _host_is_out_of_reach(),
        _none("the host's default route is no way for pod and Service traffic", _not_blackholed()),
        _secrets_are_encrypted(layout),
        Finding("the cluster's DNS answers", dns.address_of() == API_SERVICE_ADDRESS),
    ]


def gone(layout: Layout) -> list[Finding]:
    """Check that a cluster taken down has left nothing; with the record of the machine before, settings too."""
    record = host_changes.recall(layout)
    changes = host_changes.differences(record) if record else []
    return [
        _none("no process is left", map(str, cgroups.processes())),
        _none("no mount is left", [*mounts.below(layout.root), *mounts.below(NETNS_PATH)]),
        _none("no network namespace is left", [NETNS_PATH] if NETNS_PATH.exists() else []),
        _none("no network link is left", [HOST_LINK] if network.link_exists() else []),
        _none("no route is left", network.routes_left()),
        _none("no iptables chain is left", _chains()),
        _none("no cgroup is left", cgroups.roots()),
        _none("no cluster state is left", [path for path in (layout.node, layout.kubeconfig) if path.exists()]),
        _none("settings and folders of the machine are as they were", changes),
    ]


def _none(claim: str, offenders: Iterable[object]) -> Finding:
    found = sorted(map(str, offenders))
    return Finding(claim, not found, "; ".join(found))


def _in_host_namespace() -> list[str]:
    here = Path("/proc/self/ns/net").readlink()
    found: list[str] = []
    for pid in cgroups.processes():
        try:
            if Path(f"/proc/{pid}/ns/net").readlink() == here:
                found.append(f"{Path(f'/proc/{pid}/comm').read_text('utf-8').strip()} ({pid})")
        except OSError:
            continue
    return found


def _foreign_routes() -> list[str]:
    allowed = (*RANGES, POD_RANGE.replace(".0.0/16", ".0.0/24"))
    return [str(route.get("dst")) for route in network.node_routes() if route.get("dst") not in allowed]


def _outside_is_out_of_reach() -> Finding:
    outcomes = _connect(_OUTSIDE, 80)
    claim = "neither node nor pods reach an address outside"
    return Finding(claim, set(outcomes.values()) == {"no route"}, _in_words(_OUTSIDE, outcomes))


def _host_is_out_of_reach() -> Finding:
    with socket.create_server((HOST_ADDRESS, 0)) as server:
        port = int(server.getsockname()[1])
        socket.create_connection((HOST_ADDRESS, port), 1).close()
        outcomes = _connect(HOST_ADDRESS, port)
    claim = "neither node nor pods reach a server on the host"
    return Finding(claim, set(outcomes.values()) == {"no answer"}, _in_words(HOST_ADDRESS, outcomes))


def _connect(address: str, port: int) -> dict[str, str]:
    """Try to connect from the node and, when one runs, from a pod with a network of its own."""
    node = NETNS_PATH.stat().st_ino
    spaces = {pid: Path(f"/proc/{pid}/ns/net") for pid in cgroups.processes("kubepods")}
    pods = [space for space in spaces.values() if space.exists() and space.stat().st_ino != node]
    script = (sys.executable, "-I", "-c", _CONNECT, address, str(port))
    commands = {"node": in_node(*script)}
    if pods:
        commands["pod"] = ("nsenter", f"--net={pods[0]}", *script)
    return {name: run(*command, cure="run `up` first").strip() for name, command in commands.items()}


def _in_words(address: str, outcomes: Mapping[str, str]) -> str:
    return ", ".join(f"{address} from {name}: {outcome}" for name, outcome in outcomes.items())


def _not_blackholed() -> list[str]:
    there = {route.get("dst") for route in network.host_routes() if route.get("type") == "blackhole"}
    return [target for target in RANGES if target not in there]


def _secrets_are_encrypted(layout: Layout) -> Finding:
    """Write a Secret and a ConfigMap, and look for their values in etcd's own files.

    The ConfigMap's value is found there, in plain, which shows that the search would find the Secret's too.
    """
    api, name = Api(layout), "embedded-verify"
    hidden, open_ = secrets.token_hex(16), secrets.token_hex(16)
    secret, plain = (f"/api/v1/namespaces/kube-system/{kind}/{name}" for kind in ("secrets", "configmaps"))
    try:
        api.apply(secret, _object("Secret", name, {"stringData": {"value": hidden}}))
        api.apply(plain, _object("ConfigMap", name, {"data": {"value": open_}}))
        found = _wait(lambda: _is_stored(layout, open_))
        leaked = _is_stored(layout, hidden)
    finally:
        api.delete(secret)
        api.delete(plain)
    outcome = "a Secret's value is there in plain" if leaked else "" if found else "a ConfigMap's value was not found"
    return Finding("Secrets are encrypted at rest", found and not leaked, outcome)


def _object(kind: str, name: str, content: Mapping[str, object]) -> Mapping[str, object]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "kube-system"}, **content}


def _is_stored(layout: Layout, value: str) -> bool:
    files = [path for path in (layout.etcd / "member").rglob("*") if path.is_file()]
    return any(value.encode() in path.read_bytes() for path in files)


def _wait(check: Callable[[], bool]) -> bool:
    until = time.monotonic() + _WRITTEN_WITHIN_SECONDS
    while not (done := check()) and time.monotonic() < until:
        time.sleep(0.1)
    return done


def _chains() -> list[str]:
    if not find("iptables-save"):
        return []
    lines = run("iptables-save", cure="install iptables").splitlines()
    return [line.split()[0] for line in lines if line.startswith(tuple(f":{prefix}" for prefix in _OUR_CHAINS))]
