"""Small whole programs that several tests evaluate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kserve as kserve
from pulumi_kserve.clouds import existing
from pulumi_kserve.clouds.existing.minio import MinioModelStore
from pulumi_kserve.testing import Synthesis, synth

MINIO = {"rootPassword": "root-password-0001", "writerPassword": "writer-password-1", "readerSeed": "seed"}


def predictor(**values: Any) -> dict[str, Any]:
    """A predictor that is accepted, with `values` laid over its model."""
    return {"predictor": {"model": {"format": "sklearn", "uri": "s3://models/iris/v1", **values}}}


def cluster(name: str = "c", **values: Any) -> existing.Cluster:
    return existing.Cluster(name, {"context": name, **values})


def one_endpoint(
    spec: Mapping[str, Any] | None = None,
    *,
    name: str = "iris",
    namespace: str = "team",
    platform: Mapping[str, Any] | None = None,
    provides: tuple[str, ...] = (),
) -> Synthesis:
    """A cluster, a platform, a namespace and one endpoint."""

    def program() -> None:
        here = kserve.Platform("kserve", platform or {}, cluster=cluster(provides=provides))
        team = kserve.ModelNamespace("team", {"owner": "team"}, platform=here)
        home: kserve.ModelNamespace | str = team if namespace == "team" else namespace
        kserve.InferenceService(name, spec or predictor(), platform=here, namespace=home)

    return synth(program, stack="test")


def with_store(upload: Path | None = None, *, path: str = "iris/v1") -> Synthesis:
    """An endpoint that reads its model from the stack's own MinIO."""

    def program() -> None:
        here = cluster()
        platform = kserve.Platform("kserve", {}, cluster=here)
        store = MinioModelStore(
            "models", MINIO | {"rootPassword": pulumi.Output.secret("root-password-0001")}, cluster=here
        )
        if upload:
            store.upload("iris/v1", upload)
        kserve.InferenceService("iris", predictor(uri=store.uri(path)), platform=platform, namespace="team")

    return synth(program, stack="test")
