"""Containers: what they render, what they are restricted to, and what is refused."""

from typing import Any

import pytest
from pulumi_kserve.endpoints.spec.container import Container, ContainerFields, ContainerPort, container_fields
from pulumi_kserve.endpoints.spec.environment import EnvSource, SecretKey
from pulumi_kserve.endpoints.spec.probes import (
    Exec,
    Grpc,
    HttpGet,
    HttpHeader,
    Lifecycle,
    Probe,
    Sleep,
    TcpSocket,
)
from pulumi_kserve.endpoints.spec.resources import Resources
from pulumi_kserve.endpoints.spec.security import (
    Capabilities,
    ContainerSecurity,
    Profile,
    SeLinuxOptions,
    restricted_container,
)
from pulumi_kserve.endpoints.spec.volumes import VolumeMount

from tests.unit.kubernetes_fields import RELEASES, problems_of_predictor, refusal

HTTP = HttpGet(
    path="/", port="http", scheme="HTTPS", host="a", http_headers=(HttpHeader(name="Accept", value="text/plain"),)
)
HOW_OFTEN: dict[str, Any] = {
    "initial_delay_seconds": 0,
    "period_seconds": 5,
    "timeout_seconds": 1,
    "success_threshold": 1,
    "failure_threshold": 3,
}
MAXIMAL = Container(
    name="kserve-container",
    image="example.com/a@sha256:" + "0" * 64,
    command=("serve",),
    args=("--port=8080",),
    env={"A": "a", "B": SecretKey(name="creds", key="b")},
    env_from=(EnvSource(config_map="settings"),),
    working_dir="/srv",
    ports=(ContainerPort(container_port=8080, name="http1", protocol="TCP", host_port=80),),
    volume_mounts=(
        VolumeMount(name="a", mount_path="/a", read_only=True, sub_path="b", mount_propagation="None"),
        VolumeMount(name="a", mount_path="/c", sub_path_expr="$(A)"),
    ),
    liveness_probe=Probe(tcp_socket=TcpSocket(port=8080, host="a"), termination_grace_period_seconds=5, **HOW_OFTEN),
    readiness_probe=Probe(http_get=HTTP, **HOW_OFTEN),
    startup_probe=Probe(grpc=Grpc(port=9000, service="a")),
    lifecycle=Lifecycle(post_start=Exec(command=("warm",)), pre_stop=Sleep(seconds=5)),
    security_context=ContainerSecurity(
        run_as_user=1000,
        run_as_group=1000,
        run_as_non_root=True,
        seccomp_profile=Profile(type="Localhost", localhost_profile="a.json"),
        app_armor_profile=Profile(type="RuntimeDefault"),
        se_linux_options=SeLinuxOptions(user="a", role="b", type="c", level="d"),
        allow_privilege_escalation=False,
        capabilities=Capabilities(add=("IPC_LOCK",), drop=("ALL",)),
        privileged=False,
        read_only_root_filesystem=True,
    ),
    image_pull_policy="Always",
    termination_message_path="/dev/termination-log",
    termination_message_policy="FallbackToLogsOnError",
    stdin=True,
    tty=True,
    resources=Resources(requests={"cpu": "1"}, limits={"memory": "1Gi"}),
    restart_policy="Always",
)


def why(**fields: Any) -> dict[str, str]:
    return refusal(Container, {"image": "a", **fields})


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("place", ["containers", "initContainers"])
def test_all_that_a_container_can_say_is_known_to_the_crd(place: str, release: str) -> None:
    assert problems_of_predictor(release, {place: [container_fields(MAXIMAL)]}) == []


@pytest.mark.parametrize("release", RELEASES)
def test_all_that_a_model_can_say_as_a_container_is_known_to_the_crd(release: str) -> None:
    common = {name: getattr(MAXIMAL, name) for name in ContainerFields.model_fields}
    fields = container_fields(ContainerFields(**common))
    assert problems_of_predictor(release, {"model": {"modelFormat": {"name": "sklearn"}, **fields}}) == []


def test_the_largest_container_says_everything() -> None:
    assert set(container_fields(MAXIMAL)) == {str(field.alias) for field in Container.model_fields.values()}


def test_a_container_is_restricted_unless_it_says_otherwise() -> None:
    assert container_fields(Container(image="a")) == {
        "name": "kserve-container",
        "image": "a",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def test_what_only_has_fields_of_a_container_gets_none_that_it_does_not_say() -> None:
    assert container_fields(ContainerFields()) == {}


def test_the_place_can_decide_the_name() -> None:
    assert container_fields(Container(image="a"), name="transformer-container")["name"] == "transformer-container"


def test_a_field_of_the_user_replaces_that_default_only() -> None:
    security = ContainerSecurity(run_as_non_root=False, capabilities=Capabilities(add=("IPC_LOCK",)))
    assert restricted_container(security) == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], "add": ["IPC_LOCK"]},
        "runAsNonRoot": False,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


@pytest.mark.parametrize(
    "security",
    [ContainerSecurity(privileged=True), ContainerSecurity(capabilities=Capabilities(add=("CAP_SYS_ADMIN",)))],
)
def test_escalation_is_not_denied_to_what_has_all_rights(security: ContainerSecurity) -> None:
    assert "allowPrivilegeEscalation" not in restricted_container(security)


def test_the_defaults_are_not_shared_between_containers() -> None:
    restricted_container(None)["seccompProfile"]["type"] = "Unconfined"
    assert restricted_container(None)["seccompProfile"] == {"type": "RuntimeDefault"}


@pytest.mark.parametrize(
    ("ports", "asked"),
    [((), 8080), ((ContainerPort(container_port=9000), ContainerPort(container_port=9001)), 9000)],
)
def test_a_probe_without_port_asks_the_first_port_of_the_container(ports: Any, asked: int) -> None:
    probe = Probe(http_get=HttpGet(path="/ready"))
    fields = container_fields(Container(image="a", ports=ports, readiness_probe=probe))
    assert fields["readinessProbe"] == {"httpGet": {"path": "/ready", "port": asked}}


def test_a_probe_without_port_of_a_model_leaves_it_to_the_runtime() -> None:
    fields = container_fields(ContainerFields(readiness_probe=Probe(http_get=HttpGet(path="/ready"))))
    assert fields == {"readinessProbe": {"httpGet": {"path": "/ready"}}}


def test_a_port_that_is_said_stays() -> None:
    fields = container_fields(Container(image="a", readiness_probe=Probe(http_get=HttpGet(port=9000))))
    assert fields["readinessProbe"] == {"httpGet": {"port": 9000}}


def test_the_yaml_form_of_a_probe_is_that_of_kubernetes() -> None:
    parsed = Container.parse({"image": "a", "readinessProbe": {"httpGet": {"path": "/"}, "periodSeconds": 5}})
    assert parsed.readiness_probe == Probe(http_get=HttpGet(path="/"), period_seconds=5)


def test_the_yaml_form_of_a_lifecycle_is_that_of_kubernetes() -> None:
    parsed = Container.parse({"image": "a", "lifecycle": {"preStop": {"sleep": {"seconds": 5}}}})
    assert container_fields(parsed)["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}


@pytest.mark.parametrize(
    ("fields", "path", "reason"),
    [
        ({"imagePullPolicie": "Always"}, "imagePullPolicie", "Did you mean 'imagePullPolicy'?"),
        ({"name": "A"}, "name", "should match pattern"),
        ({"image": "a b"}, "image", "should match pattern"),
        ({"ports": [{"containerPort": 65536}]}, "ports[0].containerPort", "less than or equal to 65535"),
        ({"ports": [{"containerPort": 80, "name": "-"}]}, "ports[0].name", "should match pattern"),
        (
            {"readinessProbe": {}},
            "readinessProbe",
            "exactly one of the keys httpGet or tcpSocket or grpc or exec, got",
        ),
        (
            {"readinessProbe": {"httpGet": {}, "exec": {"command": ["a"]}}},
            "readinessProbe",
            "exactly one of the keys httpGet or tcpSocket or grpc or exec, got httpGet and exec",
        ),
        ({"readinessProbe": {"httpGet": {"port": 0}}}, "readinessProbe.httpGet.port", "not between 1 and 65535"),
        ({"readinessProbe": {"httpGet": {"port": "8080"}}}, "readinessProbe.httpGet.port", "remove the quotes"),
        ({"readinessProbe": {"httpGet": {"port": "Http"}}}, "readinessProbe.httpGet.port", "is no port's name"),
        ({"readinessProbe": {"httpGet": {"port": 1.5}}}, "readinessProbe.httpGet.port", "expected a port's number"),
        ({"readinessProbe": {"httpGet": {"path": "a"}}}, "readinessProbe.httpGet.path", "should match pattern"),
        ({"readinessProbe": {"grpc": {"port": "http"}}}, "readinessProbe.grpc.port", "valid integer"),
        ({"readinessProbe": {"grpc": {"port": 1}, "periodSeconds": 0}}, "readinessProbe.periodSeconds", "greater than"),
        (
            {"readinessProbe": {"grpc": {"port": 1}, "terminationGracePeriodSeconds": 1}},
            "readinessProbe",
            "not for readiness probes",
        ),
        ({"livenessProbe": {"grpc": {"port": 1}, "successThreshold": 2}}, "livenessProbe", "must be 1"),
        ({"lifecycle": {"preStop": {}}}, "lifecycle.preStop", "exactly one of the keys exec or httpGet"),
        ({"volumeMounts": [{"name": "a", "mountPath": "a"}]}, "volumeMounts[0].mountPath", "should match pattern"),
        (
            {"volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/a"}]},
            "volumeMounts",
            "'/a' is mounted twice",
        ),
        (
            {"volumeMounts": [{"name": "a", "mountPath": "/a", "subPath": "b", "subPathExpr": "c"}]},
            "volumeMounts[0]",
            "at most one of the keys subPath or subPathExpr",
        ),
        ({"volumeMounts": [{"name": "a", "mountPath": "/a", "subPath": "../b"}]}, "volumeMounts[0]", "cannot lead out"),
        ({"resources": {"limits": {"memory": "512"}}}, "resources.limits", "for example '512Mi'"),
        ({"resources": {"requests": {"ephemeral-storage": "10"}}}, "resources.requests", "for example '10Mi'"),
        ({"resources": {"requests": {"cpu": 0.5}}}, "resources.requests.cpu", "valid string"),
        ({"securityContext": {"runAsUser": 0}}, "securityContext", "set runAsNonRoot to false"),
        (
            {"securityContext": {"privileged": True, "allowPrivilegeEscalation": False}},
            "securityContext",
            "contradicts privileged",
        ),
        (
            {"securityContext": {"seccompProfile": {"type": "Localhost"}}},
            "securityContext.seccompProfile",
            "localhostProfile belongs to the type Localhost",
        ),
        ({"args": [1]}, "args[0]", "valid string"),
    ],
)
def test_what_cannot_run_is_refused_with_its_path(fields: dict[str, Any], path: str, reason: str) -> None:
    assert reason in why(**fields)[path]
