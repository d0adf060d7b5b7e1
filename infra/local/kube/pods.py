"""Pods: defaults, binding, how long a deletion waits for the one that runs them, and their row in a table.

Source: k8s.io/kubernetes pkg/apis/core/v1/defaults.go, pkg/registry/core/pod, pkg/printers/internalversion.
"""

import copy
from datetime import datetime

from infra.local.kube.statuses import (
    JsonObject,
)
from infra.local.kube.tables import Cell

DEFAULT_GRACE = 30  # seconds


def prepare(pod: JsonObject, old: JsonObject | None) -> None:
    """Defaults; the status is the runner's, it is written at its own path."""
    spec = pod.setdefault("spec", {})
    _complete_spec(spec)
    if old is None:
        pod["status"] = {"phase": "Pending", "qosClass": quality(spec)}
    else:
        pod["status"] = old.get("status", {})
        _keep_what_was_admitted(spec, old["spec"])


def prepare_status(pod: JsonObject, old: JsonObject | None) -> None:
    """A write of the status leaves the rest as it is, labels and annotations excepted."""
    assert old is not None
    pod["spec"] = copy.deepcopy(old["spec"])
    pod.setdefault("status", {}).setdefault("qosClass", old["status"].get("qosClass", "BestEffort"))
    pod["metadata"].pop("ownerReferences", None)
    if owners := old["metadata"].get("ownerReferences"):
        pod["metadata"]["ownerReferences"] = owners


def _keep_what_was_admitted(spec: JsonObject, old: JsonObject) -> None:
    """Fields that admission set at creation: a writer that leaves them out keeps them."""
    for key in ("priority", "preemptionPolicy", "nodeName", "serviceAccountName", "serviceAccount"):
        if key not in spec and key in old:
            spec[key] = old[key]


def _complete_spec(spec: JsonObject) -> None:
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", DEFAULT_GRACE)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("enableServiceLinks", True)
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1
    if account := spec.get("serviceAccountName"):
        spec["serviceAccount"] = account
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    _tolerate_node_failures(spec)
    for volume in spec.get("volumes", []):
        _complete_volume(volume)
    for container in (*spec.get("initContainers", []), *spec.get("containers", [])):
        _complete_container(container, on_host_network=spec.get("hostNetwork", False))


def _tolerate_node_failures(spec: JsonObject) -> None:
    tolerations = spec.setdefault("tolerations", [])
    for trouble in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{trouble}"
        if not any(t.get("key") == key and t.get("effect") in ("NoExecute", "", None) for t in tolerations):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})


def _complete_volume(volume: JsonObject) -> None:
    if volume.keys() == {"name"}:
        volume["emptyDir"] = {}
    for source in ("secret", "configMap", "downwardAPI", "projected"):
        if source in volume:
            volume[source].setdefault("defaultMode", 0o644)
    if "hostPath" in volume:
        volume["hostPath"].setdefault("type", "")
    described = [volume.get("downwardAPI", {})]
    for source in volume.get("projected", {}).get("sources", []):
        described.append(source.get("downwardAPI", {}))
        if "serviceAccountToken" in source:
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
    for item in (item for group in described for item in group.get("items", [])):
        item.get("fieldRef", {}).setdefault("apiVersion", "v1")


def _complete_container(container: JsonObject, *, on_host_network: bool) -> None:
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", "Always" if _is_latest(container.get("image", "")) else "IfNotPresent")
    for port in container.get("ports", []):
        port.setdefault("protocol", "TCP")
        if on_host_network and "containerPort" in port:
            port.setdefault("hostPort", port["containerPort"])
    for variable in container.get("env", []):
        variable.get("valueFrom", {}).get("fieldRef", {}).setdefault("apiVersion", "v1")
    resources = container["resources"]
    for name, amount in resources.get("limits", {}).items():
        resources.setdefault("requests", {}).setdefault(name, amount)
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe in container:
            seconds = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
            container[probe] = seconds | container[probe]
            if "httpGet" in container[probe]:
                container[probe]["httpGet"] = {"path": "/", "scheme": "HTTP"} | container[probe]["httpGet"]


def _is_latest(image: str) -> bool:
    if "@" in image:
        return False
    _, colon, tag = image.rpartition("/")[2].partition(":")
    return not colon or tag == "latest"


def quality(spec: JsonObject) -> str:
    """The pod's class of service by what its containers ask for."""
    asked = [
        container.get("resources", {}) for container in (*spec.get("containers", []), *spec.get("initContainers", []))
    ]
    relevant = ("cpu", "memory")
    if not any(r.get(kind, {}).keys() & set(relevant) for r in asked for kind in ("requests", "limits")):
        return "BestEffort"
    full = all(
        r.get("limits", {}).get(name) and r.get("requests", {}).get(name) == r["limits"][name]
        for r in asked
        for name in relevant
    )
    return "Guaranteed" if full else "Burstable"


def grace_period(pod: JsonObject, asked: int | None) -> int:
    """How many seconds a pod is given to end; 0 where nothing runs that could end."""
    if not pod["spec"].get("nodeName") or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    seconds: int = pod["spec"].get("terminationGracePeriodSeconds", 0) if asked is None else asked
    return 1 if seconds < 0 else seconds


def bind(pod: JsonObject, node: str, now: str) -> None:
    """Give the pod to a node."""
    pod["spec"]["nodeName"] = node
    scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
    conditions = [c for c in pod["status"].get("conditions", []) if c["type"] != "PodScheduled"]
    pod["status"]["conditions"] = [*conditions, scheduled]


def cells(pod: JsonObject) -> list[Cell]:
    """The row of `kubectl get pods`."""
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status", {})
    containers = status.get("containerStatuses", [])
    ready = sum(bool(container.get("ready")) for container in containers)
    restarts = sum(container.get("restartCount", 0) for container in containers)
    return [
        metadata["name"],
        f"{ready}/{len(spec.get('containers', []))}",
        _reason(metadata, spec, status),
        str(restarts),
        datetime.fromisoformat(metadata["creationTimestamp"]),
        status.get("podIP", "<none>"),
        spec.get("nodeName", "<none>"),
        status.get("nominatedNodeName", "<none>"),
        "<none>",
    ]


def _reason(metadata: JsonObject, spec: JsonObject, status: JsonObject) -> str:
    """The one word that says how a pod is."""
    reason: str = status.get("reason") or status.get("phase", "")
    unfinished = _unfinished_init(spec, status)
    if unfinished:
        reason = unfinished
    else:
        for container in reversed(status.get("containerStatuses", [])):
            reason = _state_reason(container.get("state", {})) or reason
    if metadata.get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return reason


def _unfinished_init(spec: JsonObject, status: JsonObject) -> str:
    total = len(spec.get("initContainers", []))
    for position, container in enumerate(status.get("initContainerStatuses", [])):
        state = container.get("state", {})
        if state.get("terminated", {}).get("exitCode") == 0:
            continue
        why = _state_reason(state)
        return f"Init:{why}" if why and why != "PodInitializing" else f"Init:{position}/{total}"
    return ""


def _state_reason(state: JsonObject) -> str:
    if waiting := state.get("waiting", {}).get("reason"):
        return str(waiting)
    if (ended := state.get("terminated")) is None:
        return ""
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"
