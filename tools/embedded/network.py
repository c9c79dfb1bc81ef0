"""The node's own network namespace, the one cable to it, and the rules that let nothing out.

All of the node (etcd to kubelet, and the pods behind their bridge) lives in one network namespace. It has no default
route, and what the node or a pod sends over the cable on its own initiative is dropped: only answers go to the host.
Iptables rules, connection tracking and forwarding are the namespace's own and vanish with it. Blackhole routes on the
host keep traffic for pods and Services from leaving by its default route whenever the cable is not there.
"""

import ipaddress
import json
from typing import cast

from tools.embedded.commands import in_node, run, succeeds
from tools.embedded.layout import (
    CLUSTER,
    HOST_ADDRESS,
    HOST_LINK,
    NETNS_PATH,
    NODE_ADDRESS,
    NODE_LINK,
    POD_RANGE,
    RANGES,
    SERVICE_RANGE,
)

_CURE = "see that iproute2 and iptables are installed and that you are root; `python -m tools.embedded down` clears up"
_LAST_RESORT = "9999"
"""Metric of the blackholes: any real route wins."""

_LONGEST_DEFAULT = 8
"""Routes shorter than this are default routes in disguise, as VPNs set them; ours win over them."""

_ONLY_ANSWERS = ("-o", NODE_LINK, "-m", "conntrack", "--ctstate", "NEW", "-j", "DROP")
_NODE_SETTINGS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
    # Without these two a Service with no endpoints lets a client on the host wait instead of refusing it: the
    # kernel sends a redirect for the first packet and then holds back the refusal as one answer too many.
    "net/ipv4/conf/all/send_redirects": "0",
    f"net/ipv4/conf/{NODE_LINK}/send_redirects": "0",
    "net/ipv4/icmp_ratelimit": "0",
}


def ensure() -> None:
    """Make the namespace, cable, addresses, routes and rules that are not there yet.

    Raises:
        ToolError: a command failed.

    """
    if not namespace_exists():
        NETNS_PATH.unlink(missing_ok=True)
        _ip("netns", "add", CLUSTER)
    if not link_exists():
        _ip("link", "add", HOST_LINK, "type", "veth", "peer", "name", NODE_LINK, "netns", CLUSTER)
    _node_end()
    _host_end()


def remove() -> None:
    """Remove all that `ensure` made; what is not there is fine.

    Raises:
        ToolError: a command failed.

    """
    if link_exists():
        _ip("link", "del", HOST_LINK)
    if NETNS_PATH.exists():
        run("umount", "--lazy", str(NETNS_PATH), cure=_CURE) if namespace_exists() else None
        NETNS_PATH.unlink()
    for network in RANGES:
        if _is_blackholed(network):
            _ip("route", "del", "blackhole", network, "metric", _LAST_RESORT)


def namespace_exists() -> bool:
    """Tell whether the namespace is there, and not only an empty file with its name."""
    return succeeds("ip", "-n", CLUSTER, "link", "show", "lo")


def link_exists() -> bool:
    """Tell whether the host's end of the cable is there."""
    return succeeds("ip", "link", "show", HOST_LINK)


def conflicts(routes: list[dict[str, object]]) -> list[str]:
    """Return what on this machine already uses one of our ranges, in words; our own routes do not count."""
    ours = [ipaddress.ip_network(network) for network in RANGES]
    found: list[str] = []
    for route in routes:
        target = str(route.get("dst", "default"))
        if target == "default" or _is_ours(route):
            continue
        network = ipaddress.ip_network(target, strict=False)
        if network.prefixlen < _LONGEST_DEFAULT:
            continue
        taken = [mine for mine in ours if mine.version == network.version and mine.overlaps(network)]
        found += [f"{mine} (route to {target} by {route.get('dev', route.get('type', '?'))})" for mine in taken]
    return found


def host_routes() -> list[dict[str, object]]:
    """Return the host's IPv4 routes of all tables.

    Raises:
        ToolError: `ip` is not there.

    """
    return _routes("ip", "-j", "-4", "route", "show", "table", "all")


def node_routes() -> list[dict[str, object]]:
    """Return the namespace's IPv4 and IPv6 routes of the main table."""
    return [route for family in "46" for route in _routes("ip", "-j", f"-{family}", "-n", CLUSTER, "route", "show")]


def routes_left() -> list[str]:
    """Return our routes that are on the host."""
    return [str(route.get("dst")) for route in host_routes() if _is_ours(route)]


def _node_end() -> None:
    for name, value in _NODE_SETTINGS.items():
        if succeeds("test", "-e", f"/proc/sys/{name}"):
            run(*in_node("sh", "-c", f"echo {value} > /proc/sys/{name}"), cure=_CURE)
    _ip("-n", CLUSTER, "link", "set", "lo", "up")
    _ip("-n", CLUSTER, "addr", "replace", f"{NODE_ADDRESS}/30", "dev", NODE_LINK)
    _ip("-n", CLUSTER, "link", "set", NODE_LINK, "up")
    # A client in the namespace needs a route to a Service address before it is translated to a pod's.
    _ip("-n", CLUSTER, "route", "replace", SERVICE_RANGE, "dev", NODE_LINK, "src", NODE_ADDRESS)
    rule = ("iptables", "-w", "-t", "mangle")
    if not succeeds(*in_node(*rule, "-C", "POSTROUTING", *_ONLY_ANSWERS)):
        run(*in_node(*rule, "-A", "POSTROUTING", *_ONLY_ANSWERS), cure=_CURE)


def _host_end() -> None:
    _ip("addr", "replace", f"{HOST_ADDRESS}/30", "dev", HOST_LINK)
    _ip("link", "set", HOST_LINK, "up")
    for network in (SERVICE_RANGE, POD_RANGE):
        _ip("route", "replace", network, "via", NODE_ADDRESS, "dev", HOST_LINK)
    for network in RANGES:
        _ip("route", "replace", "blackhole", network, "metric", _LAST_RESORT)


def _is_ours(route: dict[str, object]) -> bool:
    blackhole = route.get("type") == "blackhole" and str(route.get("metric")) == _LAST_RESORT
    return route.get("dev") == HOST_LINK or (blackhole and route.get("dst") in RANGES)


def _is_blackholed(network: str) -> bool:
    return any(route.get("dst") == network and route.get("type") == "blackhole" for route in host_routes())


def _routes(*command: str) -> list[dict[str, object]]:
    printed = run(*command, cure=_CURE)
    return cast("list[dict[str, object]]", json.loads(printed or "[]"))


def _ip(*arguments: str) -> None:
    run("ip", *arguments, cure=_CURE)
