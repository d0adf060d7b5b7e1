"""The log: one line of JSON for each event handled, in which whatever a pull request's author wrote is escaped."""

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from logging import WARNING as WARNING

import msgspec

from cutwater.events.event import Event
from cutwater.github.asking import Spent

logger = logging.getLogger("cutwater")
NOTHING = Spent()
UNSEEN = (*range(0x7F, 0xA0), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
"""What JSON leaves as it is, and terminals obey: controls above ASCII, other ends of lines, changes of direction."""
_ESCAPED = {code: f"\\u{code:04x}" for code in UNSEEN}


def to_stdout() -> None:
    """Write the log as a container is expected to."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def event(
    level: int,
    role: str,
    event: Event | None,
    *,
    status: int,
    done: str,
    milliseconds: float,
    github: Spent = NOTHING,
) -> None:
    """One event that was handled: what came of it, how long it took, and what was asked of GitHub meanwhile."""
    line: dict[str, object] = {
        "time": _now(),
        "role": role,
        "status": status,
        "done": done,
        "ms": round(milliseconds, 1),
    }
    if event is not None:
        line |= {"event": event.id, "type": event.type, "subject": event.subject}
        line |= {name: event[name] for name in ("plugin", "reporter", "tick", "hookevent") if event[name]}
    if github.calls:
        line |= {"githubcalls": github.calls, "githubcost": github.cost, "githubms": round(github.seconds * 1000, 1)}
        line["githubasked"] = {call: {"calls": one.calls, "cost": one.cost} for call, one in github.by_call.items()}
    logger.log(level, "%s", _json(line))


def webhook(headers: Mapping[str, str], status: int, done: str) -> None:
    """One webhook that came in."""
    line = {
        "time": _now(),
        "role": "hook",
        "status": status,
        "done": done,
        "hookevent": headers.get("x-github-event", ""),
        "delivery": headers.get("x-github-delivery", ""),
    }
    logger.info("%s", _json(line))


def _json(line: Mapping[str, object]) -> str:
    return msgspec.json.encode(line).decode().translate(_ESCAPED)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
