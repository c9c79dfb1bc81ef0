"""Clusters and model stores that exist already, with nothing of any cloud."""

from pulumi_kserve.clouds.existing.cluster import Cluster, ClusterSpec

__all__ = ["Cluster", "ClusterSpec"]
