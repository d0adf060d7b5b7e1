"""Objects in a few words."""

from tests.contract.kube.cluster import JsonObject


def config_map(name: str, *, labels: dict[str, str] | None = None, **data: str) -> JsonObject:
    metadata: JsonObject = {"name": name}
    if labels:
        metadata["labels"] = labels
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def pod(name: str, *, labels: dict[str, str] | None = None, **spec: object) -> JsonObject:
    metadata: JsonObject = {"name": name}
    if labels:
        metadata["labels"] = labels
    containers = [{"name": "test", "image": "example.com/test:v1"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers} | spec}


def prowjob(name: str, *, labels: dict[str, str] | None = None, state: str = "triggered", **spec: object) -> JsonObject:
    metadata: JsonObject = {"name": name}
    if labels:
        metadata["labels"] = labels
    status: JsonObject = {"state": state, "startTime": "2026-01-02T03:04:05Z"}
    if state in ("success", "failure", "error"):
        status["completionTime"] = "2026-01-02T03:14:05Z"
    return {
        "apiVersion": "prow.k8s.io/v1",
        "kind": "ProwJob",
        "metadata": metadata,
        "spec": {"job": "unit", "type": "periodic"} | spec,
        "status": status,
    }


def binding(name: str, node: str) -> JsonObject:
    return {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": {"kind": "Node", "name": node}}
