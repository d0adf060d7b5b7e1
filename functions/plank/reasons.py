"""Why a pod did not come to run its test, in its node's words: for people who see no more of it than a description."""

import json
from collections.abc import Iterator

from cutwater.prowjob.pods import ContainerStatus, Pod

LONGEST = 300
"""Characters: enough for a sentence, too few for a log."""
NOT_STARTED = frozenset({"StartError", "ContainerCannotRun"})
"""What a node says of a container whose process could not be started."""


def with_reason(description: str, pod: Pod) -> str:
    """The description, and after it the first reason that the pod gives. A pod whose test ran gives none."""
    return " ".join([description, *list(_reasons(pod))[:1]])


def _reasons(pod: Pod) -> Iterator[str]:
    for status in pod.status.init_container_statuses or ():
        end = status.state.terminated
        if end is not None and end.exit_code and end.message:
            yield _said_by(status, _last_words(end.message))
    for status in (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())):
        end, waiting = status.state.terminated, status.state.waiting
        if end is not None and end.reason in NOT_STARTED and end.message:
            yield _said_by(status, end.message)
        if waiting is not None and waiting.message:
            yield _said_by(status, f"{waiting.reason}: {waiting.message}")
    for status in pod.status.init_container_statuses or ():
        if status.state.running is not None:
            yield _said_by(status, "has not ended")


def _said_by(status: ContainerStatus, words: str) -> str:
    said = f"{status.name}: {' '.join(words.split())}"
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"


def _last_words(log: str) -> str:
    """The last line of a log; of one that is JSON, as the pod utilities write it, its message."""
    last = log.rstrip().rpartition("\n")[2]
    try:
        found = json.loads(last)
    except ValueError:
        return last
    message = found.get("msg") if isinstance(found, dict) else None
    return message if isinstance(message, str) else last
