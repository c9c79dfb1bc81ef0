"""Endpoints that must not type-check: each marked line, and no other."""

import pulumi
import pulumi_kserve as kserve


def endpoints(platform: kserve.Platform, team: kserve.ModelNamespace, output: pulumi.Output[int]) -> None:
    model = kserve.Model(format="sklearn", uri="s3://models/iris")
    spec = kserve.InferenceServiceSpec(predictor=kserve.Predictor(model=model))

    kserve.Model(format="sklearn")  # refused: a model needs a place
    kserve.Model(format="sklearn", uri=7)  # refused: a place is a text or a ModelUri
    kserve.Model(format="sklearn", uri=output)  # refused: an Output of another type
    kserve.Model(format="sklearn", uri="s3://m", protocol="v3")  # refused: no such protocol
    kserve.Model(format="sklearn", uri="s3://m", replicas=2)  # refused: replicas belong to the scaling

    kserve.Predictor(model=model, scaling=2)  # refused: a number is no scaling
    kserve.NoScaling(replicas="two")  # refused: a text is no number
    kserve.Hpa(min_replicas=1)  # refused: an autoscaler needs a maximum
    kserve.Hpa(max_replica=3)  # refused: a typo
    kserve.Resources(requests={"cpu": 1})  # refused: quantities are texts

    kserve.InferenceService("iris", spec, platform=platform)  # refused: an endpoint needs a namespace
    kserve.InferenceService("iris", spec, platform, team)  # refused: platform and namespace are named
    kserve.InferenceService("iris", model, platform=platform, namespace=team)  # refused: a model is no endpoint
    kserve.InferenceService("iris", spec, platform=team, namespace=team)  # refused: a namespace is no platform

    spec.timeout_seconds = 5  # refused: specs are frozen
    kserve.InferenceServices("iris", spec, platform=platform, namespace=team)  # refused: no such name
