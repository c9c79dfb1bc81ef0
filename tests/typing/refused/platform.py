"""Platforms that must not type-check: each marked line, and no other."""

import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing


def platforms(cluster: existing.Cluster, facts: kserve.PlatformFacts) -> None:
    kserve.Platform("kserve", kserve.PlatformSpec())  # refused: a platform needs a cluster
    kserve.Platform("kserve", existing.ClusterSpec(), cluster=cluster)  # refused: the spec of something else
    kserve.PlatformSpec(release=0.20)  # refused: a number loses the zero
    kserve.PlatformSpec(mode="Standard")  # refused: a mode is an object with its gateway
    kserve.Standard(gateway="istio")  # refused: not a gateway of this mode
    kserve.PlatformSpec(chart_source="charts")  # refused: a folder or a mirror
    existing.ClusterSpec(provides=frozenset({"cert-manager"}))  # refused: features are an enumeration
    existing.ClusterSpec(kubeconfg="~/.kube/config")  # refused: a typo
    kserve.ModelNamespaceSpec()  # refused: a namespace needs an owner
    kserve.PlatformRef("kserve", stack="org/platform/prod", cluster=cluster)  # refused: a reference needs facts
    facts.release = "0.21"  # refused: facts are frozen
