"""Rules about a change of an InferenceService that exists."""

from collections.abc import Mapping
from typing import Any

from tests.conformance.objects import KNATIVE, STANDARD, model, service
from tests.conformance.rule import NEW, OLD, Rule


def stored(manifest: Mapping[str, Any], mode: str | None = None) -> dict[str, Any]:
    """An object that the controller has looked at once, if it has a mode."""
    return {**manifest, "status": {"deploymentMode": mode} if mode else {}}


UPDATES: tuple[Rule, ...] = (
    Rule(
        "U1 Standard in the place of Knative",
        "deploymentMode cannot be changed from 'Knative' to 'Standard'",
        service(annotations=STANDARD),
        service(annotations=KNATIVE),
        previous=stored(service(annotations=KNATIVE), "Knative"),
    ),
    Rule(
        "U1 Knative in the place of Standard",
        "deploymentMode cannot be changed from 'Standard' to 'Knative'",
        service(annotations=KNATIVE),
        service(),
        previous=stored(service(annotations=STANDARD), "Standard"),
    ),
    Rule(
        "U1 Knative before there is a status",
        "deploymentMode cannot be changed from 'Standard' to 'Knative'",
        service(annotations=KNATIVE),
        service(),
        mode="Knative",
        releases=OLD,
        previous=stored(service(annotations=KNATIVE)),
    ),
    Rule(
        "U2 name without a new model",
        "predictor.name change requires a model change",
        service(model(name="second")),
        service(model({"storageUri": "s3://models/second"}, name="second")),
        releases=NEW,
        previous=stored(service(model(name="first")), "Standard"),
    ),
)
