"""Pods: what they render, what they are restricted to, and what is refused."""

from typing import Any

import pytest
from pulumi_kserve.endpoints.spec.container import Container
from pulumi_kserve.endpoints.spec.pod import DnsConfig, DnsOption, HostAlias, PodFields, pod_fields
from pulumi_kserve.endpoints.spec.projections import (
    ConfigMapProjection,
    ContainerResource,
    DownwardApiFile,
    DownwardApiProjection,
    FieldReference,
    KeyToPath,
    ProjectedVolume,
    SecretProjection,
    ServiceAccountToken,
)
from pulumi_kserve.endpoints.spec.scheduling import (
    Affinity,
    LabelRequirement,
    LabelSelector,
    NodeAffinity,
    NodeRequirement,
    NodeSelector,
    NodeSelectorTerm,
    PodAffinity,
    PodAffinityTerm,
    Toleration,
    TopologySpread,
    WeightedNodeTerm,
    WeightedPodTerm,
)
from pulumi_kserve.endpoints.spec.security import PodSecurity, Profile, SeLinuxOptions, Sysctl
from pulumi_kserve.endpoints.spec.volumes import (
    ClaimVolume,
    ConfigMapVolume,
    CsiVolume,
    DownwardApiVolume,
    EmptyDir,
    EphemeralVolume,
    HostPath,
    ImageVolume,
    NfsVolume,
    SecretReference,
    SecretVolume,
    Volume,
    VolumeSource,
    volume_fields,
)

from tests.unit.kubernetes_fields import RELEASES, problems_of_predictor, refusal

SELECTOR = LabelSelector(
    match_labels={"app": "a"}, match_expressions=(LabelRequirement(key="b", operator="In", values=("c",)),)
)
NODES = NodeSelectorTerm(
    match_expressions=(NodeRequirement(key="cores", operator="Gt", values=("8",)),),
    match_fields=(NodeRequirement(key="metadata.name", operator="NotIn", values=("a",)),),
)
NEIGHBOURS = PodAffinityTerm(
    label_selector=SELECTOR,
    topology_key="zone",
    namespaces=("a",),
    namespace_selector=LabelSelector(),
    match_label_keys=("a",),
    mismatch_label_keys=("b",),
)
TOWARDS = PodAffinity(
    required_during_scheduling_ignored_during_execution=(NEIGHBOURS,),
    preferred_during_scheduling_ignored_during_execution=(WeightedPodTerm(weight=1, pod_affinity_term=NEIGHBOURS),),
)
AFFINITY = Affinity(
    node_affinity=NodeAffinity(
        required_during_scheduling_ignored_during_execution=NodeSelector(node_selector_terms=(NODES,)),
        preferred_during_scheduling_ignored_during_execution=(WeightedNodeTerm(weight=100, preference=NODES),),
    ),
    pod_affinity=TOWARDS,
    pod_anti_affinity=TOWARDS,
)
KEYS = (KeyToPath(key="a", path="b/c", mode=0o400),)
FILES = (
    DownwardApiFile(path="a", field_ref=FieldReference(field_path="metadata.labels"), mode=0o400),
    DownwardApiFile(
        path="b",
        resource_field_ref=ContainerResource(container_name="kserve-container", resource="limits.cpu", divisor="1m"),
    ),
)
SOURCES: tuple[VolumeSource, ...] = (
    EmptyDir(medium="Memory", size_limit="2Gi"),
    ConfigMapVolume(name="a", items=KEYS, default_mode=0o644, optional=True),
    SecretVolume.parse({"secretName": "creds", "items": KEYS, "defaultMode": 0o400, "optional": False}),
    ClaimVolume(claim_name="a", read_only=True),
    HostPath(path="/a", type="Directory"),
    NfsVolume(server="a", path="/a", read_only=True),
    CsiVolume(
        driver="a",
        volume_attributes={"a": "b"},
        read_only=True,
        fs_type="ext4",
        node_publish_secret_ref=SecretReference(name="a"),
    ),
    ProjectedVolume(
        sources=(
            ConfigMapProjection(name="a", items=KEYS, optional=True),
            SecretProjection(name="a", items=KEYS, optional=True),
            DownwardApiProjection(items=FILES),
            ServiceAccountToken(path="a", audience="b", expiration_seconds=600),
        ),
        default_mode=0o400,
    ),
    ImageVolume(reference="a", pull_policy="Always"),
    DownwardApiVolume(items=FILES, default_mode=0o400),
    EphemeralVolume(size="50Gi", storage_class="fast", access_modes=("ReadWriteOnce",)),
)
MAXIMAL = PodFields(
    node_selector={"a": "b"},
    affinity=AFFINITY,
    tolerations=(
        Toleration(key="a", operator="Equal", value="b", effect="NoExecute", toleration_seconds=5),
        Toleration(operator="Exists"),
    ),
    topology_spread_constraints=(
        TopologySpread(
            topology_key="zone",
            max_skew=1,
            when_unsatisfiable="DoNotSchedule",
            label_selector=SELECTOR,
            match_label_keys=("a",),
            min_domains=2,
            node_affinity_policy="Honor",
            node_taints_policy="Ignore",
        ),
    ),
    volumes=tuple(Volume(name=f"v{position}", source=source) for position, source in enumerate(SOURCES)),
    init_containers=(Container(name="warm", image="a"),),
    image_pull_secrets=("registry",),
    service_account_name="a",
    automount_service_account_token=True,
    security_context=PodSecurity(
        run_as_user=1000,
        run_as_group=1000,
        run_as_non_root=True,
        seccomp_profile=Profile(type="Unconfined"),
        app_armor_profile=Profile(type="Localhost", localhost_profile="a"),
        se_linux_options=SeLinuxOptions(level="a"),
        fs_group=1000,
        fs_group_change_policy="OnRootMismatch",
        supplemental_groups=(1,),
        supplemental_groups_policy="Strict",
        sysctls=(Sysctl(name="net.core.somaxconn", value="1024"),),
    ),
    priority_class_name="a",
    runtime_class_name="a",
    scheduler_name="a",
    node_name="a",
    termination_grace_period_seconds=60,
    dns_policy="None",
    dns_config=DnsConfig(
        nameservers=("10.0.0.1",), searches=("a",), options=(DnsOption(name="ndots", value="2"), DnsOption(name="b"))
    ),
    host_aliases=(HostAlias(ip="10.0.0.1", hostnames=("a",)),),
    enable_service_links=True,
    share_process_namespace=True,
    host_ipc=True,
    host_network=True,
    host_users=False,
)


@pytest.mark.parametrize("release", RELEASES)
def test_all_that_a_pod_can_say_is_known_to_the_crd(release: str) -> None:
    assert problems_of_predictor(release, pod_fields(MAXIMAL)) == []


@pytest.mark.parametrize("release", RELEASES)
def test_all_that_a_pod_can_say_is_known_to_the_crd_of_workers(release: str) -> None:
    assert problems_of_predictor(release, {"workerSpec": pod_fields(MAXIMAL)}) == []


def test_the_largest_pod_says_everything() -> None:
    assert set(pod_fields(MAXIMAL)) == {str(field.alias) for field in PodFields.model_fields.values()}


def test_a_pod_is_restricted_unless_it_says_otherwise() -> None:
    assert pod_fields(PodFields()) == {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    }


def test_a_field_of_the_user_replaces_that_default_only() -> None:
    fields = pod_fields(PodFields(security_context=PodSecurity(fs_group=5, run_as_non_root=False)))
    assert fields["securityContext"] == {
        "runAsNonRoot": False,
        "seccompProfile": {"type": "RuntimeDefault"},
        "fsGroup": 5,
    }


def test_a_pod_where_no_security_context_is_allowed_has_none() -> None:
    assert "securityContext" not in pod_fields(PodFields(), restricted=False)


def test_an_init_container_is_restricted_too() -> None:
    (container,) = pod_fields(PodFields(init_containers=(Container(name="warm", image="a"),)))["initContainers"]
    assert container["securityContext"]["runAsNonRoot"] is True


def test_an_abbreviation_is_written_as_kubernetes_writes_it() -> None:
    assert PodFields.parse({"hostIPC": True}).host_ipc is True


def test_an_empty_selector_stays_because_it_means_everything() -> None:
    fields = pod_fields(MAXIMAL)["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0]
    assert fields["namespaceSelector"] == {}


def test_an_empty_folder_needs_no_values() -> None:
    assert volume_fields(Volume.parse({"name": "tmp", "source": {"emptyDir": None}})) == {"name": "tmp", "emptyDir": {}}


def test_a_fresh_volume_is_rendered_as_a_claim() -> None:
    assert volume_fields(Volume(name="scratch", source=EphemeralVolume(size="50Gi"))) == {
        "name": "scratch",
        "ephemeral": {
            "volumeClaimTemplate": {
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}}
            }
        },
    }


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"toleration": []}, "toleration", "Did you mean 'tolerations'?"),
    ({"nodeSelector": {"gpu": True}}, "nodeSelector.gpu", "valid string"),
    ({"volumes": [{"name": "a", "source": {}}]}, "volumes[0].source", "exactly one of the keys emptyDir or"),
    (
        {"volumes": [{"name": "a", "source": {"emptyDir": {}, "secret": {"secretName": "b"}}}]},
        "volumes[0].source",
        "exactly one of the keys emptyDir or configMap or secret",
    ),
    ({"volumes": [{"name": "a", "emptyDir": {}}]}, "volumes[0]", "write 'source: {emptyDir: ...}'"),
    (
        {"volumes": [{"name": "a", "source": {"secret": {"name": "b"}}}]},
        "volumes[0].source.secret.name",
        "unknown key 'name'",
    ),
    (
        {"volumes": [{"name": "a", "source": {"emptyDir": {"sizeLimit": "2"}}}]},
        "volumes[0].source.emptyDir.sizeLimit",
        "for example '2Mi'",
    ),
    (
        {"volumes": [{"name": "a", "source": {"emptyDir": {}}}] * 2},
        "volumes",
        "the name 'a' is given twice",
    ),
    (
        {"volumes": [{"name": "a", "source": {"downwardAPI": {"items": [{"path": "a"}]}}}]},
        "volumes[0].source.downwardAPI.items[0]",
        "exactly one of the keys fieldRef or resourceFieldRef",
    ),
    ({"initContainers": [{"name": "a", "image": "b"}] * 2}, "initContainers", "the name 'a' is given twice"),
    ({"tolerations": [{}]}, "tolerations[0]", "operator 'Exists'"),
    ({"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}, "tolerations[0]", "takes no value"),
    ({"tolerations": [{"key": "a", "tolerationSeconds": 5}]}, "tolerations[0]", "only with the effect NoExecute"),
    ({"dnsPolicy": "None"}, "", "give dnsConfig.nameservers"),
    ({"terminationGracePeriodSeconds": -1}, "terminationGracePeriodSeconds", "greater than or equal to 0"),
    ({"securityContext": {"runAsUser": 0}}, "securityContext", "set runAsNonRoot to false"),
    (
        {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{}]}}}},
        f"affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0]",
        "matches no node",
    ),
    (
        {"topologySpreadConstraints": [{"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]},
        "topologySpreadConstraints[0].labelSelector",
        "Field required",
    ),
]


@pytest.mark.parametrize(("fields", "path", "reason"), REFUSED)
def test_what_cannot_run_is_refused_with_its_path(fields: dict[str, Any], path: str, reason: str) -> None:
    assert reason in refusal(PodFields, fields)[path]


@pytest.mark.parametrize(
    ("operator", "values", "reason"),
    [
        ("In", [], "needs at least one of values"),
        ("Exists", ["a"], "takes no values"),
        ("Gt", ["a"], "takes one value, a whole number"),
        ("Lt", ["1", "2"], "takes one value, a whole number"),
    ],
)
def test_a_condition_has_the_values_that_its_operator_takes(operator: str, values: list[str], reason: str) -> None:
    assert reason in refusal(NodeRequirement, {"key": "a", "operator": operator, "values": values})[""]


def test_spreading_over_a_least_number_of_places_needs_waiting() -> None:
    wrong: dict[str, Any] = {
        "topologyKey": "a",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {},
        "minDomains": 2,
    }
    assert "only with whenUnsatisfiable 'DoNotSchedule'" in refusal(TopologySpread, wrong)[""]
