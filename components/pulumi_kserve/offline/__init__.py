"""Whole Pulumi programs, evaluated in this process: no CLI, engine, cluster, credentials or network.

:func:`synth` runs a function, :func:`synth_stack` a project with one of its stack files, and
:func:`synth_program` a file or a folder. Each gives a :class:`Synthesis`: every resource the program
registered, in URN order, with its inputs, options, hooks and parents, and the stack's outputs.
:mod:`~pulumi_kserve.offline.manifests` turns one into Kubernetes manifests.

What it cannot show is what only an engine or a provider knows: defaults and generated names that a
provider adds, the children of components that run in a plugin (``helm.v4.Chart``), and values that
exist after an update only. Those are `UNKNOWN` here, and applies on them do not run, as in a preview.
"""

from pulumi_kserve.offline.errors import DuplicateUrn, OfflineError, ProjectError, SdkChanged, UnstubbedInvoke
from pulumi_kserve.offline.project import synth_program, synth_stack
from pulumi_kserve.offline.records import UNKNOWN, Alias, Resource, Secret, Synthesis, Timeouts, Unknown
from pulumi_kserve.offline.scope import active
from pulumi_kserve.offline.synth import synth

__all__ = [
    "UNKNOWN",
    "Alias",
    "DuplicateUrn",
    "OfflineError",
    "ProjectError",
    "Resource",
    "SdkChanged",
    "Secret",
    "Synthesis",
    "Timeouts",
    "Unknown",
    "UnstubbedInvoke",
    "active",
    "synth",
    "synth_program",
    "synth_stack",
]
