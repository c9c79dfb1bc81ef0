"""What the components may do beyond Kubernetes' own default roles: no more than they need."""

from collections.abc import Mapping

_GROUP = "rbac.authorization.k8s.io"
_PATH = f"/apis/{_GROUP}/v1"


def objects() -> dict[str, Mapping[str, object]]:
    """Return the roles and bindings by API path: CoreDNS reads names, the API server reaches into kubelet."""
    dns_rules = [
        _reads("", "endpoints", "services", "pods", "namespaces"),
        _reads("discovery.k8s.io", "endpointslices"),
    ]
    dns_role = {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "system:coredns"},
        "rules": dns_rules,
    }
    return {
        f"{_PATH}/clusterroles/system:coredns": dns_role,
        f"{_PATH}/clusterrolebindings/system:coredns": _binding("system:coredns", "system:coredns", "system:coredns"),
        f"{_PATH}/clusterrolebindings/embedded:kubelet-api": _binding(
            "embedded:kubelet-api", "system:kubelet-api-admin", "kube-apiserver-kubelet-client"
        ),
    }


def _reads(group: str, *resources: str) -> Mapping[str, object]:
    return {"apiGroups": [group], "resources": list(resources), "verbs": ["list", "watch"]}


def _binding(name: str, role: str, user: str) -> Mapping[str, object]:
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": _GROUP, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": _GROUP, "kind": "User", "name": user}],
    }
