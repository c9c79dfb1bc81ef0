"""Rules about where models come from and where requests are logged."""

from tests.conformance.objects import BESIDE, CONTAINER, HUGGING_FACE, OWN, env, logged, model, service, uris
from tests.conformance.rule import NEW, Rule

_HALF_A_SINK = {"path": "logs", "key": "sink"}

STORAGE: tuple[Rule, ...] = (
    Rule(
        "V11 URI of the collocated transformer",
        "storage uri should not be specified in transformer container",
        service({"containers": [CONTAINER, BESIDE | env("STORAGE_URI", "s3://a/b")]}),
        service({"containers": [CONTAINER, BESIDE]}),
    ),
    Rule(
        "V13 one and several URIs",
        "Setting both StorageURI and StorageURIs is not supported",
        service(model(storageUris=[{"uri": "s3://a/b"}])),
        service(uris(("s3://a/b", None))),
    ),
    Rule(
        "V13 one by environment and several URIs",
        "Setting both StorageURI and StorageURIs is not supported",
        service({"containers": [CONTAINER | env("STORAGE_URI", "s3://a/b")], "storageUris": [{"uri": "s3://a/b"}]}),
        service({"containers": [CONTAINER], "storageUris": [{"uri": "s3://a/b"}]}),
    ),
    *(
        Rule(f"V14 {name}", says, service(uris((uri, path))), service(uris(("s3://a/b", "/mnt/models"))))
        for name, says, uri, path in (
            ("root as path", "storage path cannot be empty", "s3://a/b", "/"),
            ("path upwards", "storage path cannot contain '..'", "s3://a/b", "/mnt/../etc"),
        )
    ),
    *(
        Rule(f"V14 {name}", says, service(uris((uri, path))), service(uris(("s3://a/b", "/m"))), stage="schema")
        for name, says, uri, path in (
            ("empty URI", "should be at least 1 chars long", "", "/mnt/models"),
            ("relative path", "should match '^/.*'", "s3://a/b", "models"),
        )
    ),
    Rule(
        "V15 one path for two claims",
        "PVC storage paths must be unique",
        service(uris(("s3://a/b", "/m/a"), ("s3://a/c", "/m/b"), ("pvc://a", "/m/c"), ("pvc://b", "/m/c"))),
        service(uris(("s3://a/b", "/m/a"), ("s3://a/c", "/m/b"), ("pvc://a", "/m/c"), ("pvc://b", "/m/d"))),
    ),
    Rule(
        "V16 no common parent",
        "storage paths must have a common parent directory",
        service(uris(("s3://a/b", "/one"), ("s3://a/c", "/two"))),
        service(uris(("s3://a/b", "/m/one"), ("s3://a/c", "/m/two"))),
    ),
    Rule(
        "V17 confidential without a URI",
        "confidential model serving requires storageUri to be set",
        service(model({**HUGGING_FACE, "storageUri": None, "confidential": {"enabled": True}})),
        service(model({"confidential": {"enabled": True}})),
        releases=NEW,
    ),
    Rule(
        "V17 resource of the key broker",
        "must be in the format kbs:///<repo>/<type>/<tag>",
        service(model({"confidential": {"enabled": True, "resourceId": "kbs://a/b"}})),
        service(model({"confidential": {"enabled": True, "resourceId": "kbs:///a/b/c"}})),
        releases=NEW,
    ),
)

EXTENSIONS: tuple[Rule, ...] = (
    Rule(
        "V20 concurrency below 0",
        "parallelism cannot be less than 0",
        service(transformer={**OWN, "containerConcurrency": -1}),
        service(transformer={**OWN, "containerConcurrency": 1}),
    ),
    Rule(
        "V21 minimum below 0",
        "'MinReplicas' cannot be less than 0",
        service(model(minReplicas=-1)),
        service(model(minReplicas=0)),
    ),
    Rule(
        "V21 maximum below 0",
        "'MaxReplicas' cannot be less than 0",
        service(model(maxReplicas=-1)),
        service(model(maxReplicas=1)),
    ),
    Rule(
        "V21 minimum above maximum",
        "'MinReplicas' cannot be greater than MaxReplicas",
        service(model(minReplicas=3, maxReplicas=2)),
        service(model(minReplicas=2, maxReplicas=3)),
    ),
    Rule("V22 logger without a mode", "invalid logger type", service(logged()), service(logged(mode="all"))),
    Rule(
        "V23 storage of the logger",
        "invalid logger storage configuration",
        service(logged(mode="all", url="s3://logs", storage={"path": "logs", "key": "sink"})),
        service(
            logged(mode="all", url="s3://logs", storage={"path": "logs", "key": "sink", "parameters": {"type": "s3"}})
        ),
    ),
)
