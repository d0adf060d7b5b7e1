"""Which pods this machine takes. Pure.

Source of the rules and words: k8s.io/kubernetes pkg/scheduler (NodeAffinity, NodeResourcesFit).
"""

import os
import platform
from collections.abc import Mapping

from infra.local.pods.spec import Pod, Requirement

OWN_RESOURCES = frozenset({"cpu", "memory", "ephemeral-storage", "pods"})
"""What every machine has; how much of it a pod asks for is not counted."""

TOO_MANY = "0/1 nodes are available: 1 Too many pods."
NO_MATCH = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."


def default_limit() -> int:
    """How many pods run at once unless told otherwise: twice the cores, and two."""
    return 2 * (os.cpu_count() or 1) + 2


def node_labels(name: str, more: Mapping[str, str]) -> dict[str, str]:
    """The labels that a node of this kind has, and `more`."""
    machine = platform.machine()
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": architecture,
        **more,
    }


def unschedulable(pod: Pod, labels: Mapping[str, str]) -> str:
    """Why this machine will never do for the pod, in the scheduler's words; empty when it does."""
    if any(labels.get(key) != value for key, value in pod.spec.node_selector.items()) or not _admits(pod, labels):
        return NO_MATCH
    for container in pod.containers:
        for resource in (*container.resources.requests, *container.resources.limits):
            if resource not in OWN_RESOURCES and not resource.startswith("hugepages-"):
                return f"0/1 nodes are available: 1 Insufficient {resource}."
    return ""


def _admits(pod: Pod, labels: Mapping[str, str]) -> bool:
    affinity = pod.spec.affinity and pod.spec.affinity.node_affinity
    if not affinity or affinity.required is None:
        return True
    return any(
        term.match_expressions and all(_holds(need, labels) for need in term.match_expressions)
        for term in affinity.required.node_selector_terms
    )


def _holds(need: Requirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(need.key)
    match need.operator:
        case "In":
            return value in need.values
        case "NotIn":
            return value not in need.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" if value is not None and len(need.values) == 1:
            have, bound = _number(value), _number(need.values[0])
            return have is not None and bound is not None and (have > bound if need.operator == "Gt" else have < bound)
    return False


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
