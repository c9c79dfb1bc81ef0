"""From a name to the pods through a real Envoy: who is let in, who gets which share, and nobody lost on the way."""

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pulumi_kserve.live.cluster import Kind

from tests.e2e import gateway
from tests.e2e.gateway import BUSY, CHAT, HEADER, HOST, IRIS, MOST_PODS, NAMESPACE
from tests.e2e.spine import (
    DEPLOYMENTS,
    SERVICES,
    Client,
    Spine,
    cluster,
    embedded,
    files_of,
    instances,
    objects,
    text_of_all_but_secrets,
    waited_for,
)
from tools.local.iris import train

pytestmark = pytest.mark.e2e

CERTIFICATES = Kind("cert-manager.io/v1", "Certificate", "certificates")
METRICS = Kind("metrics.k8s.io/v1beta1", "PodMetrics", "pods")
KEY = "a-key-that-is-looked-for-everywhere"
ISSUER = "https://issuer.test"
SHARE = 10
ASKED = 1500
DEVIATIONS = 3.2905
"""Of a normal distribution, 99.9 % lies within so many standard deviations."""
_KEPT = ("CustomResourceDefinition", "APIService", "ValidatingAdmissionPolicy")
_BEFORE: dict[str, set[str]] = {}
CHAT_BODY = {"model": CHAT, "messages": [{"role": "user", "content": "hello"}]}


@dataclass(frozen=True)
class Route:
    """A request that a client of an endpoint makes."""

    endpoint: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None


IRIS_BODY = {"instances": [[5.1, 3.5, 1.4, 0.2]]}
ROUTES = {
    "predict": Route(IRIS, "POST", f"/v1/models/{IRIS}:predict", IRIS_BODY),
    "metadata": Route(IRIS, "GET", f"/v2/models/{IRIS}"),
    "readiness": Route(IRIS, "GET", "/v2/health/ready"),
    "chat": Route(CHAT, "POST", "/openai/v1/chat/completions", CHAT_BODY),
    "models": Route(CHAT, "GET", "/openai/v1/models"),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spine]:
    """The stack of `gateway.py` on the embedded cluster; it is up at first."""
    made = Spine.in_folder(tmp_path_factory.mktemp("gateway"))
    shutil.copy(Path(gateway.__file__), made.project.root / "__main__.py")
    made.edit(_for_gateway)
    train(made.project, "v2", label_shift=1)
    embedded("down")
    embedded("up")
    with cluster() as here:
        _BEFORE["objects"] = objects(here)
    try:
        made.set_secret("gateway:key", KEY)
        made.run("up").require()
        yield made
        made.run("down")
    finally:
        embedded("down")


def _for_gateway(config: dict[str, Any]) -> None:
    del config["kserve:endpoints"]
    config["kserve:store"]["uploads"].append({"source": ".local/models/iris/v2", "path": "iris/v2"})


def gateway_address() -> str:
    """The URL of Envoy's Service at its own address, which this machine reaches through the cluster's network."""
    labels = "gateway.envoyproxy.io/owning-gateway-name"
    with cluster() as here:
        (found,) = here.list(SERVICES, labels=labels)
    return f"http://{found['spec']['clusterIP']}"


def asked(route: Route, headers: Mapping[str, str], *, by_path: bool = False) -> httpx2.Response:
    """One request on a connection of its own, by the endpoint's host name or by its path."""
    host = HOST if by_path else f"{route.endpoint}-{NAMESPACE}.{HOST}"
    path = f"/serving/{NAMESPACE}/{route.endpoint}{route.path}" if by_path else route.path
    named = {"host": host, **headers}
    return httpx2.request(route.method, f"{gateway_address()}{path}", json=route.body, headers=named, timeout=30)


def answered(route: Route, headers: Mapping[str, str], *, by_path: bool = False) -> bool:
    return asked(route, headers, by_path=by_path).status_code == 200


def credentials(key: str = KEY) -> dict[str, str]:
    return {HEADER: key}


def change(stack: Spine, **values: Any) -> None:
    """Set the program's own config, None for unset, and bring it up."""

    def write(config: dict[str, Any]) -> None:
        for name, value in values.items():
            config.pop(f"gateway:{name}", None)
            if value is not None:
                config[f"gateway:{name}"] = value

    stack.edit(write)
    stack.run("up").require()


def client(stack: Spine) -> Client:
    """A client under way, by host name and with its key."""
    body, _ = instances(stack.project, "v1")
    url = f"{gateway_address()}{ROUTES['predict'].path}"
    return Client(url, body, {"host": f"{IRIS}-{NAMESPACE}.{HOST}", **credentials()})


def versions_answered(client: Client, stack: Spine) -> Counter[str]:
    """How many answers came from each version of the model."""
    truths = {version: instances(stack.project, version)[1] for version in ("v1", "v2")}
    names = [next(name for name, truth in truths.items() if truth == answer) for _, answer in client.answers]
    return Counter(names)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("by_path", [False, True], ids=["host", "path"])
def test_with_its_key_a_client_is_answered(stack: Spine, route: str, *, by_path: bool) -> None:
    del stack
    waited_for("an answer", partial(answered, ROUTES[route], credentials(), by_path=by_path), 20)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("by_path", [False, True], ids=["host", "path"])
@pytest.mark.parametrize("given", [{}, {HEADER: "wrong"}], ids=["none", "wrong"])
def test_without_its_key_nobody_is_let_in(stack: Spine, route: str, *, by_path: bool, given: dict[str, str]) -> None:
    del stack
    assert asked(ROUTES[route], given, by_path=by_path).status_code == 401


def test_a_prediction_through_the_gateway_is_the_models_own(stack: Spine) -> None:
    body, truth = instances(stack.project, "v1")
    route = Route(IRIS, "POST", ROUTES["predict"].path, body)
    for by_path in (False, True):
        assert asked(route, credentials(), by_path=by_path).json()["predictions"] == truth


def test_the_server_behind_the_gateway_never_sees_the_key(stack: Spine) -> None:
    del stack
    answer = asked(ROUTES["chat"], credentials()).json()
    assert HEADER not in answer["headers"]
    assert KEY not in json.dumps(answer)


def test_the_key_is_in_plain_text_nowhere_but_in_its_secret(stack: Spine) -> None:
    with cluster() as here:
        places = {"objects": text_of_all_but_secrets(here), **files_of(stack.project)}
    assert [place for place, text in places.items() if KEY in text] == []


def test_cert_manager_issued_the_webhooks_certificate(stack: Spine) -> None:
    del stack
    with cluster() as here:
        found = here.get(CERTIFICATES, "serving-cert", "kserve")
    assert found is not None
    assert {each["type"]: each["status"] for each in found["status"]["conditions"]}["Ready"] == "True"


def test_a_second_up_changes_nothing(stack: Spine) -> None:
    assert "nothing changed" in stack.run("up").require().output


def test_a_canary_gets_its_share_of_fresh_connections_and_no_request_fails(stack: Spine) -> None:
    with client(stack) as before:
        change(stack, share=SHARE)
    assert before.failures == []
    measured = client(stack)
    with ThreadPoolExecutor(8) as pool:
        for asking in [pool.submit(measured.ask) for _ in range(ASKED)]:
            asking.result()
    assert measured.failures == []
    found = versions_answered(measured, stack)
    expected = ASKED * SHARE / 100
    allowed = DEVIATIONS * sqrt(expected * (1 - SHARE / 100))
    assert abs(found["v2"] - expected) <= allowed, found


def test_rolling_a_canary_back_loses_no_request(stack: Spine) -> None:
    with client(stack) as asking:
        time.sleep(2)
        change(stack, share=None)
        time.sleep(2)
    assert asking.failures == []
    with client(stack) as after:
        time.sleep(3)
    assert set(versions_answered(after, stack)) == {"v1"}


def test_promoting_a_canary_loses_no_request(stack: Spine) -> None:
    change(stack, share=50)
    with client(stack) as asking:
        time.sleep(2)
        change(stack, stable="v2")
        change(stack, share=None)
        time.sleep(2)
    assert asking.failures == []
    with client(stack) as after:
        time.sleep(3)
    assert set(versions_answered(after, stack)) == {"v2"}


def test_an_endpoint_under_load_gets_a_second_pod(stack: Spine) -> None:
    del stack
    route = Route(BUSY, "POST", f"/v1/models/{BUSY}:predict", {"instances": IRIS_BODY["instances"] * 200})

    def pods() -> int:
        with cluster() as here:
            found = here.get(DEPLOYMENTS, f"{BUSY}-predictor", NAMESPACE) or {}
        return int(found.get("status", {}).get("readyReplicas", 0))

    def loaded() -> bool:
        with ThreadPoolExecutor(4) as pool:
            for asking in [pool.submit(asked, route, credentials()) for _ in range(40)]:
                asking.result()
        return pods() == MOST_PODS

    assert pods() == 1
    waited_for("a second pod", loaded, 240)


def test_a_token_of_the_issuer_opens_what_the_key_opened(stack: Spine) -> None:
    signer = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = RSAAlgorithm.to_jwk(signer.public_key(), as_dict=True)
    change(stack, jwks=json.dumps({"keys": [{**public, "kid": "1", "alg": "RS256", "use": "sig"}]}))

    def token(**claims: Any) -> dict[str, str]:
        said = {"iss": ISSUER, "aud": "models", "exp": int(time.time()) + 600, **claims}
        return {"authorization": f"Bearer {jwt.encode(said, signer, algorithm='RS256', headers={'kid': '1'})}"}

    for route in ROUTES.values():
        waited_for("an answer", partial(answered, route, token()), 20)
        refused: dict[str, dict[str, str]] = {
            "nothing": {},
            "the old key": credentials(),
            "another audience": token(aud="others"),
            "another issuer": token(iss="https://other.test"),
            "an old token": token(exp=int(time.time()) - 600),
        }
        found = {name: asked(route, given).status_code for name, given in refused.items()}
        assert set(found.values()) <= {401, 403}, found


def test_deletion_leaves_nothing_but_the_crds(stack: Spine) -> None:
    stack.run("down", "--keep-cluster").require()

    def left() -> list[str]:
        with cluster() as here:
            return [each for each in objects(here) - _BEFORE["objects"] if not each.startswith(_KEPT)]

    assert left() == []
