"""`render`: the Kubernetes manifests of a stack or program, offline."""

import sys

from pulumi_kserve.cli.program import ProgramArgument, StackOption, evaluate

__all__ = ["render"]


def render(program: ProgramArgument = None, stack: StackOption = None) -> None:
    """Print the Kubernetes manifests of a stack or program as YAML.

    Nothing is asked of a cluster, a cloud or Pulumi. Secrets are shown as <secret>, what exists after an
    update only as <unknown>. Helm releases come out as chart, version and values.
    """
    from pulumi_kserve.offline import manifests  # noqa: PLC0415 -- loads Pulumi

    synthesis = evaluate(program, stack)
    sys.stdout.write(manifests.to_yaml(manifests.render(synthesis)))
    for resource in synthesis.resources:
        if resource.remote:
            print(f"not shown: {resource.name} ({resource.type}) is expanded by its plugin only", file=sys.stderr)
