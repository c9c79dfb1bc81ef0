"""A kind that the API server serves, by a CustomResourceDefinition or by a server of its own behind it.

https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Served"]


@dataclass(frozen=True, slots=True)
class Served:
    """A kind in the version in which it is needed."""

    api_version: str
    """For example ``gateway.networking.k8s.io/v1``."""
    kind: str
    """For example ``HTTPRoute``."""
    plural: str = ""
    """The name in URLs, for example ``httproutes``, where a CustomResourceDefinition serves the kind."""

    @property
    def version(self) -> str:
        """The version without its group."""
        return self.api_version.rpartition("/")[2]

    @property
    def definition(self) -> str:
        """The name of its CustomResourceDefinition; empty when there is none."""
        group = self.api_version.rpartition("/")[0]
        return f"{self.plural}.{group}" if self.plural else ""

    def __str__(self) -> str:
        return f"{self.kind} ({self.api_version})"
