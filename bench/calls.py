"""What GitHub is asked in the life of one ordinary pull request: opened, tested, liked by its reviewer, merged.

usage: python -m bench.calls

Each call is listed with who makes it, at which of GitHub's events, and what it costs of the hour's limit. Nothing is
remembered from an earlier pull request, and every answer is paid for, though many would be the same as before.
"""

import asyncio
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from bench.invocations import logged
from bench.running import CONFIG, in_one_process
from bench.stage import Stage

PLUGINS = """
plugins: {acme/rocket: {plugins: [approve, assign, blunderbuss, hold, label, lgtm, size, trigger, wip]}}
"""
BOTH_LABELS = CONFIG.replace("labels: [lgtm]", "labels: [lgtm, approved]")
POD_SECONDS = 0.5
AFTERMATH = 1.0
"""Seconds in which what the merge causes happens."""

PULL, ISSUE = "GET /repos/{org}/{repo}/pulls/{number}", "GET /repos/{org}/{repo}/issues/{number}"
LABELS, COMMENT = f"{ISSUE}/labels", "GET /repos/{org}/{repo}/issues/comments/{id}"
HELD: Mapping[str, frozenset[str]] = {
    "pull_request": frozenset({PULL, ISSUE, LABELS}),
    "pull_request_review": frozenset({PULL, ISSUE, LABELS}),
    "issue_comment": frozenset({ISSUE, LABELS, COMMENT}),
}
"""The calls whose answer GitHub's event holds, as it was when the event was sent."""
AS_IT_IS_NOW: Mapping[tuple[str, str], str] = {
    ("approve", PULL): "it weighs the head that there is now, and not what an event of an hour ago says",
    ("lgtm", LABELS): "whether its label is new decides what it says, and two events may come in any order",
    ("size", LABELS): "the labels of other sizes are taken away, those of a push between as well",
}
"""Those that are made all the same, and why what the event holds will not do."""


@dataclass(frozen=True, slots=True, order=True)
class Asked:
    """One kind of call. `who`: a plugin, or a role that has none. `event`: GitHub's, where it answers to one."""

    who: str
    event: str
    call: str
    calls: int
    cost: int

    @property
    def is_needless(self) -> bool:
        """Whether the event holds the answer, and nobody says why it will not do."""
        return self.call in HELD.get(self.event, ()) and (self.who, self.call) not in AS_IT_IS_NOW


async def measure(folder: Path) -> list[Asked]:
    """The calls in the life of one pull request."""
    stage = Stage()
    with logged() as lines:
        async with in_one_process(stage, folder, PLUGINS, BOTH_LABELS):
            await stage.change(pod_seconds=POD_SECONDS)
            await stage.approve()
            await asyncio.sleep(AFTERMATH)
    return _summed_up(lines)


def _summed_up(lines: Sequence[dict[str, Any]]) -> list[Asked]:
    calls, cost = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for line in lines:
        for call, figures in line.get("githubasked", {}).items():
            key = (line.get("plugin") or line["role"], line.get("hookevent", ""), call)
            calls[key] += figures["calls"]
            cost[key] += figures["cost"]
    return sorted(Asked(*key, calls[key], cost[key]) for key in calls)


def main() -> None:
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="cutwater-bench-") as folder:
        found = uvloop.run(measure(Path(folder)))
    print(*_table(found), sep="\n")
    if any(one.is_needless for one in found):
        sys.exit("GitHub is asked for what its event says")


def _table(found: Sequence[Asked]) -> Iterator[str]:
    yield "| who | at | call | calls | cost | |"
    yield "| --- | --- | --- | ---: | ---: | --- |"
    for one in found:
        why = "(needless)" if one.is_needless else ""
        if one.call in HELD.get(one.event, ()) and not one.is_needless:
            why = AS_IT_IS_NOW[one.who, one.call]
        yield f"| {one.who} | {one.event} | `{one.call}` | {one.calls} | {one.cost} | {why} |"
    reads = sum(one.calls for one in found if one.call.startswith(("GET", "GRAPHQL")))
    calls, cost = sum(one.calls for one in found), sum(one.cost for one in found)
    yield f"| all | | {reads} that read, {calls - reads} that write | {calls} | {cost} | |"


if __name__ == "__main__":
    main()
