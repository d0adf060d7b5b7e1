"""Pod logs: files that the runner of pods writes, as the kubelet would serve them.

A container's log lies at <folder>/<pod uid>/<container>.log.
Source: k8s.io/kubernetes pkg/registry/core/pod/strategy.go and pkg/kubelet.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from infra.local.kube.lists import number
from infra.local.kube.statuses import FieldError, JsonObject, bad_request, invalid, invalid_object
from infra.local.kube.watch import is_true

_BLOCK = 64 * 1024  # bytes
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class LogOptions:
    """How much of a log is wanted: the last `tail` lines, at most `limit` bytes, and what is still to come."""

    container: str = ""
    follow: bool = False
    previous: bool = False
    tail: int | None = None
    limit: int | None = None

    @classmethod
    def of_query(cls, pod: str, query: Mapping[str, str]) -> "LogOptions":
        """Raises ApiError: 422 for amounts below the least, 400 for what the log files do not tell."""
        tail, limit = number(query, "tailLines"), number(query, "limitBytes")
        since = number(query, "sinceSeconds")
        errors: list[FieldError] = []
        if tail is not None and tail < 0:
            errors.append(invalid("tailLines", tail, "must be greater than or equal to 0"))
        if limit is not None and limit < 1:
            errors.append(invalid("limitBytes", limit, "must be greater than 0"))
        if since is not None and since < 1:
            errors.append(invalid("sinceSeconds", since, "must be greater than 0"))
        if errors:
            raise invalid_object("PodLogOptions", "", pod, errors)
        for name in ("sinceSeconds", "sinceTime"):
            if query.get(name):
                raise bad_request(f"{name} is not supported: this server's logs do not keep the time of a line")
        if is_true(query.get("timestamps")):
            raise bad_request("timestamps are not supported: this server's logs do not keep the time of a line")
        return cls(
            container=query.get("container", ""),
            follow=is_true(query.get("follow")),
            previous=is_true(query.get("previous")),
            tail=tail,
            limit=limit,
        )


def chosen_container(pod: JsonObject, asked: str) -> str:
    """The container whose log is meant. Raises ApiError 400."""
    name, spec = pod["metadata"]["name"], pod["spec"]
    containers = [container["name"] for container in spec.get("containers", [])]
    init = [container["name"] for container in spec.get("initContainers", [])]
    if asked:
        if asked not in containers + init:
            raise bad_request(f"container {asked} is not valid for pod {name}")
        return asked
    if len(containers) == 1:
        return str(containers[0])
    among = f"choose one of: [{' '.join(init + containers)}]"
    raise bad_request(f"a container name must be specified for pod {name}, {among}")


def container_state(pod: JsonObject, container: str) -> JsonObject:
    """What the runner says of a container; nothing where it has said nothing yet."""
    status = pod.get("status", {})
    for group in ("containerStatuses", "initContainerStatuses"):
        for entry in status.get(group, []):
            if entry["name"] == container:
                state: JsonObject = entry.get("state", {})
                return state
    return {}


def check_started(pod: JsonObject, container: str) -> None:
    """Raises ApiError 400 for a container that does not run yet."""
    state = container_state(pod, container)
    if not state.keys() & {"running", "terminated"}:
        reason = state.get("waiting", {}).get("reason", "ContainerCreating")
        name = pod["metadata"]["name"]
        raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {reason}')


async def read(path: Path, options: LogOptions, is_over: Callable[[], bool]) -> AsyncGenerator[bytes]:
    """The log in blocks; when followed, until `is_over` says that nothing more will be written."""
    left = options.limit
    log: BinaryIO | None = None
    try:
        while True:
            over = is_over()  # asked before the last read: what was written until then is read
            if log is None and path.exists():
                log = path.open("rb")
                if options.tail is not None:
                    log.seek(_tail_position(log, options.tail))
            while log and (block := log.read(_BLOCK if left is None else min(_BLOCK, left))):
                left = None if left is None else left - len(block)
                yield block
            if over or not options.follow or left == 0:
                return
            await asyncio.sleep(_POLL_SECONDS)
    finally:
        if log:
            log.close()


def _tail_position(log: BinaryIO, lines: int) -> int:
    """Where the last `lines` lines begin, found from the end."""
    end = log.seek(0, os.SEEK_END)
    if lines == 0:
        return end
    position, found = end, 0
    while position > 0:
        size = min(_BLOCK, position)
        position -= size
        log.seek(position)
        block = log.read(size)
        at = len(block)
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            # The newline that ends the file ends its last line, it does not begin another.
            if position + at != end - 1:
                found += 1
                if found == lines:
                    return position + at + 1
    return 0
