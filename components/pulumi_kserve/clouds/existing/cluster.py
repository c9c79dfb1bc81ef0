"""A cluster that somebody else runs: any kubeconfig context, minikube and kind among them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import yaml
from pydantic import Field

from pulumi_kserve.contracts import Feature, PoolFacts
from pulumi_kserve.errors import Problem, SpecError, input_properties_error
from pulumi_kserve.inputs import In
from pulumi_kserve.models import Spec, nearest
from pulumi_kserve.offline import active as offline_active

__all__ = ["Cluster", "ClusterSpec"]


class ClusterSpec(Spec):
    """How to reach the cluster, and what it brings."""

    kubeconfig: In[str] | None = None
    """The kubeconfig's path or text; an Output is always text. The provider's own default when unset."""
    context: str | None = None
    """The context to use; the kubeconfig's current one when unset."""
    identifier: str | None = None
    """A name of the cluster that outlives new kubeconfigs and tokens. When it changes, everything is
    replaced; when anything else of the kubeconfig changes, only the provider is updated. The context's
    name when unset."""
    provides: frozenset[Feature] = frozenset()
    """What the cluster brings by itself, so that the platform does not install it again."""
    pools: tuple[PoolFacts, ...] = Field(default=())
    """Its node pools, by accelerator and count."""


class Cluster(pulumi.ComponentResource):
    """Access to an existing cluster. It makes a Kubernetes provider and nothing in the cluster."""

    def __init__(
        self,
        name: str,
        spec: ClusterSpec | Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Reach the cluster that `spec` names.

        Args:
            name: The component's name.
            spec: A ClusterSpec, or a mapping of the same shape.
            opts: Options of the component.

        Raises:
            pulumi.InputPropertiesError: the kubeconfig cannot be read, or has no such context.

        """
        try:
            self.spec = ClusterSpec.parse(spec or {})
            text = _text(self.spec)
        except SpecError as error:
            raise input_properties_error(f"Cluster {name!r}", error.problems) from None
        super().__init__("kserve:index:Cluster", name, {"context": self.spec.context, "cloud": "existing"}, opts)
        self._kubeconfig: pulumi.Output[str] = pulumi.Output.secret(text)
        self._kubernetes = k8s.Provider(
            f"{name}-kubernetes",
            kubeconfig=self._kubeconfig,
            context=self.spec.context,
            cluster_identifier=self.spec.identifier or self.spec.context or name,
            enable_server_side_apply=True,
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"context": self.spec.context})

    @property
    def provider(self) -> k8s.Provider:
        """The Kubernetes provider."""
        return self._kubernetes

    @property
    def kubeconfig(self) -> pulumi.Output[str]:
        """The kubeconfig's text, a secret."""
        return self._kubeconfig

    @property
    def context(self) -> str | None:
        """The context in use."""
        return self.spec.context

    @property
    def cloud(self) -> str:
        """``existing``."""
        return "existing"

    @property
    def provides(self) -> frozenset[Feature]:
        """What the cluster brings by itself."""
        return self.spec.provides

    @property
    def pools(self) -> tuple[PoolFacts, ...]:
        """Its node pools."""
        return self.spec.pools


def _text(spec: ClusterSpec) -> pulumi.Input[str]:
    given = spec.kubeconfig
    if offline_active():
        return "kubeconfig of an offline evaluation"
    if isinstance(given, pulumi.Output):
        return given
    if given is None:
        return _checked(_read(Path("~/.kube/config").expanduser()), spec.context, "~/.kube/config")
    if "\n" in given:
        return _checked(given, spec.context, "the kubeconfig")
    return _checked(_read(Path(given).expanduser()), spec.context, given)


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError as error:
        raise SpecError(
            "kubeconfig",
            [
                Problem(
                    "kubeconfig", f"{file} cannot be read: {error.strerror}", "Give the path of an existing kubeconfig"
                )
            ],
        ) from error


def _checked(text: str, context: str | None, source: str) -> str:
    try:
        content: dict[str, Any] = yaml.safe_load(text)
        known = [str(item["name"]) for item in content["contexts"]]
    except (yaml.YAMLError, TypeError, KeyError) as error:
        raise SpecError(
            "kubeconfig",
            [
                Problem(
                    "kubeconfig", f"{source} is not a kubeconfig ({error!r})", "Write it again with your cluster's tool"
                )
            ],
        ) from error
    if context is not None and context not in known:
        raise SpecError(
            "context", [Problem("context", f"{source} has no context {context!r}", nearest(context, known))]
        )
    return text
