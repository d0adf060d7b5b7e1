"""What a pod's status says, from how far its containers are. Pure.

Source of the rules: k8s.io/kubernetes pkg/kubelet (getPhase, generateAPIPodStatus, status/generate.go).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from infra.local.pods.environment import ADDRESS
from infra.local.pods.spec import Container, Pod

Json = dict[str, Any]


class Waiting(Struct, frozen=True, tag="waiting"):
    """Not started, and why."""

    reason: str
    message: str = ""


class Running(Struct, frozen=True, tag="running"):
    """A process. Times are RFC 3339 in UTC, whole seconds, as everywhere in a status."""

    started_at: str


class Ended(Struct, frozen=True, tag="terminated", kw_only=True):
    """A process that ended, or that could not be started. `exit_code` is 128 + the signal for one that was killed."""

    exit_code: int
    reason: str
    message: str = ""
    started_at: str = ""
    finished_at: str = ""


class Progress(Struct, frozen=True, kw_only=True):
    """How far one container is."""

    state: Waiting | Running | Ended
    last: Ended | None = None
    restarts: int = 0

    @property
    def has_succeeded(self) -> bool:
        return isinstance(self.state, Ended) and self.state.exit_code == 0


class Verdict(Struct, frozen=True, kw_only=True):
    """Why the pod as a whole was ended, whatever its containers say."""

    reason: str = ""
    message: str = ""


class Condition(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One claim about the pod, and since when it is so."""

    type: str
    status: str
    last_transition_time: str
    reason: str = ""
    message: str = ""


def restarts(container: Container, *, policy: str, exit_code: int) -> bool:
    """Whether the container is started again after it ended so."""
    policy = container.restart_policy or policy
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def phase(pod: Pod, progress: Mapping[str, Progress], *, is_stopped: bool) -> str:
    """Where the pod is in its life. `is_stopped`: nothing of it will be started any more."""
    spec = pod.spec
    policy = spec.restart_policy
    init = [progress[c.name] for c in spec.init_containers if not c.is_sidecar]
    main = [progress[c.name] for c in spec.containers]
    runs = any(isinstance(p.state, Running) for p in progress.values())
    if not runs and policy == "Never" and any(_has_failed(p) for p in init):
        return "Failed"
    if not runs and is_stopped:
        return "Succeeded" if all(p.has_succeeded for p in main) else "Failed"
    if not all(p.has_succeeded for p in init) or any(isinstance(p.state, Waiting) and p.last is None for p in main):
        return "Pending"
    ended = [(c, p.state) for c, p in zip(spec.containers, main, strict=True) if isinstance(p.state, Ended)]
    if runs or len(ended) < len(main) or any(restarts(c, policy=policy, exit_code=s.exit_code) for c, s in ended):
        return "Running"
    return "Succeeded" if all(state.exit_code == 0 for _, state in ended) else "Failed"


def pod_status(
    pod: Pod,
    progress: Mapping[str, Progress],
    conditions: Iterable[Condition],
    *,
    phase: str,
    started_at: str,
    verdict: Verdict | None,
) -> Json:
    """The `status` that is written to the API server."""
    spec = pod.spec
    status: Json = {
        "phase": phase,
        "conditions": msgspec.to_builtins(tuple(conditions)),
        "hostIP": ADDRESS,
        "hostIPs": [{"ip": ADDRESS}],
        "podIP": ADDRESS,
        "podIPs": [{"ip": ADDRESS}],
        "startTime": started_at,
        "containerStatuses": [_container_status(c, progress[c.name], pod) for c in spec.containers],
    }
    if spec.init_containers:
        status["initContainerStatuses"] = [_container_status(c, progress[c.name], pod) for c in spec.init_containers]
    if verdict is not None:
        status |= {key: text for key, text in msgspec.to_builtins(verdict).items() if text}
    return status


def conditions(
    pod: Pod, progress: Mapping[str, Progress], before: Mapping[str, Condition], *, phase: str, now: str
) -> tuple[Condition, ...]:
    """The usual four claims, each with the time since which it holds (from `before` where nothing changed)."""
    unready = [c.name for c in pod.spec.containers if not isinstance(progress[c.name].state, Running)]
    incomplete = [c.name for c in pod.spec.init_containers if not _is_initialized(c, progress[c.name])]
    reason, message = "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    if phase in {"Succeeded", "Failed"}:
        reason, message = ("PodCompleted" if phase == "Succeeded" else "PodFailed"), ""
    claims = [
        ("PodScheduled", True, "", ""),
        (
            "Initialized",
            not incomplete,
            "ContainersNotInitialized",
            f"containers with incomplete status: [{' '.join(incomplete)}]",
        ),
        ("ContainersReady", not unready and phase == "Running", reason, message),
        ("Ready", not unready and phase == "Running", reason, message),
    ]
    made = []
    for kind, holds, why, words in claims:
        status = "True" if holds else "False"
        since = before[kind].last_transition_time if kind in before and before[kind].status == status else now
        claim = Condition(type=kind, status=status, last_transition_time=since)
        if not holds:
            claim = msgspec.structs.replace(claim, reason=why, message=words)
        elif kind == "Initialized" and phase == "Succeeded":
            claim = msgspec.structs.replace(claim, reason="PodCompleted")
        made.append(claim)
    return tuple(made)


def _is_initialized(container: Container, progress: Progress) -> bool:
    if container.is_sidecar:
        return not isinstance(progress.state, Waiting)
    return progress.has_succeeded


def _has_failed(progress: Progress) -> bool:
    return isinstance(progress.state, Ended) and progress.state.exit_code != 0


def _container_status(container: Container, progress: Progress, pod: Pod) -> Json:
    identity = f"process://{pod.metadata.uid}/{container.name}/{progress.restarts}"
    is_running = isinstance(progress.state, Running)
    return {
        "name": container.name,
        "image": container.image,
        "imageID": "",
        "containerID": "" if isinstance(progress.state, Waiting) and progress.last is None else identity,
        "restartCount": progress.restarts,
        "started": is_running,
        "ready": is_running or (container in pod.spec.init_containers and progress.has_succeeded),
        "state": _state(progress.state),
        "lastState": {} if progress.last is None else _state(progress.last),
    }


def _state(state: Waiting | Running | Ended) -> Json:
    names = {"started_at": "startedAt", "finished_at": "finishedAt", "exit_code": "exitCode"}
    fields: Json = msgspec.to_builtins(state)
    kind = fields.pop("type")
    return {kind: {names.get(key, key): value for key, value in fields.items() if value != ""}}
