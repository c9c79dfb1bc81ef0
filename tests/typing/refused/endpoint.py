"""Endpoints that must not type-check: each marked line, and no other."""

import pulumi
import pulumi_kserve as kserve


def endpoints(platform: kserve.Platform, team: kserve.ModelNamespace, output: pulumi.Output[int]) -> None:
    model = kserve.Model(format="sklearn", uri="s3://models/iris")
    spec = kserve.InferenceServiceSpec(predictor=kserve.Predictor(model=model))

    kserve.Model(uri="s3://m")  # refused: a model needs a format
    kserve.Model(format="sklearn", uri=7)  # refused: a place is a text or a ModelUri
    kserve.Model(format="sklearn", uri=output)  # refused: an Output of another type
    kserve.Model(format="sklearn", uri="s3://m", protocol="v3")  # refused: no such protocol
    kserve.Model(format="sklearn", uri="s3://m", replicas=2)  # refused: replicas belong to the scaling

    kserve.Predictor(model=model, scaling=2)  # refused: a number is no scaling
    kserve.NoScaling(replicas="two")  # refused: a text is no number
    kserve.Hpa(min_replicas=1)  # refused: an autoscaler needs a maximum
    kserve.Hpa(max_replica=3)  # refused: a typo
    kserve.Resources(requests={"cpu": 1})  # refused: quantities are texts

    kserve.Keda(max_replicas=3)  # refused: nothing to scale on
    kserve.Kpa(metric="cpu")  # refused: Knative counts requests
    kserve.Container(name="kserve-container")  # refused: a container needs an image
    kserve.Container(image="registry.example/server:1", env={"LEVEL": 1})  # refused: variables are texts
    kserve.Transformer(containers="registry.example/server:1")  # refused: containers are containers
    kserve.Logger(url="http://sink", mode="some")  # refused: no such mode
    kserve.Canary(model=model)  # refused: a canary needs a share of the requests
    kserve.Gpus(pool="l4", count="2")  # refused: a text is no number
    kserve.InferenceServiceSpec(predictor=kserve.Predictor(model=model), transformer=model)  # refused: no transformer
    kserve.SecretCredentials(access_key="a")  # refused: keys are never written here

    kserve.InferenceService("iris", spec, platform=platform)  # refused: an endpoint needs a namespace
    kserve.InferenceService("iris", spec, platform, team)  # refused: platform and namespace are named
    kserve.InferenceService("iris", model, platform=platform, namespace=team)  # refused: a model is no endpoint
    kserve.InferenceService("iris", spec, platform=team, namespace=team)  # refused: a namespace is no platform

    spec.timeout_seconds = 5  # refused: specs are frozen
    kserve.InferenceServices("iris", spec, platform=platform, namespace=team)  # refused: no such name
