"""Crier: what is announced to Slack, and which reporters tell of a ProwJob at all.

A row of Slack's holds the one request that a report makes, whether or not there ought to be one.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from cutwater.errors import Later, Refused
from cutwater.events.look import look_at
from cutwater.outgoing.client import Answer, Outgoing
from cutwater.prowjob.reporting import GITHUB, PODINFO, STORAGE
from cutwater.prowjob.types import ProwJob
from functions.crier import elsewhere, slack
from functions.crier.message import message_of
from functions.crier.scope import Scope
from tests.oracle.clusters import Cluster
from tests.oracle.worlds import World, objects, without_nulls
from tests.oracle_rows import OnPurpose, Row, difference

_NOW = "2026-08-21T12:00:00Z"


class _Slack(Outgoing):
    """Slack as the row has it: the tokens by host, and its answer."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(lambda: None, slack_token=self._token, secret=lambda name: b"")
        self._tokens, self._response = given["tokens"], given["response"]
        self.requests: list[Any] = []

    async def post(
        self, address: str, *, headers: Mapping[str, str], body: bytes, seconds: float = 0, most: int = 0
    ) -> Answer:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        self.requests.append({"method": "POST", "url": address, "form": form})
        return Answer(self._response["code"], self._response["body"].encode())

    def _token(self, host: str) -> str:
        if host not in self._tokens:
            raise Refused(f"host '{host}' not supported")
        return str(self._tokens[host])


def check_slack(row: Row) -> str | None:
    """The difference between what we and upstream would post, and whether it is posted."""
    given, answered = row["input"], row["upstream"]
    way = _Slack(given)
    world = _world(given, outgoing=lambda: way)
    job = _job(given)

    async def say() -> bool:
        """Whether it is known to have been posted."""
        look = await look_at(world.edges)
        try:
            sent = await slack.message(job, look.config.prow).apply(world.edges)
        except (Refused, Later):
            return False
        return sent.is_known

    is_posted = asyncio.run(say())
    config = world.config.prow
    mine = {"should_report": slack.concerns(job, config), "requests": way.requests, "error": not is_posted}
    theirs = {
        "should_report": answered["should_report"],
        "requests": answered["requests"],
        "error": bool(answered.get("report_error")),
    }
    return difference(mine, theirs)


def check_should(row: Row) -> str | None:
    """The difference between the reporters that would tell of the ProwJob, and in the message to Pub/Sub."""
    given, answered = row["input"], row["upstream"]
    job = _job(given)
    world = _world(given)
    config = world.config.prow
    scope = Scope(agent=given["report_agent"], fraction=given["kubernetes_report_fraction"])
    mine: dict[str, Any] = {reporter: scope.concerns(job, reporter, config) for reporter in (GITHUB, STORAGE, PODINFO)}
    mine |= {reporter: concerns(job, config) for reporter, concerns in elsewhere.CONCERNS.items()}
    mine[elsewhere.GERRIT] = mine[elsewhere.GERRIT] and asyncio.run(_is_last(job, world))
    mine["pubsub_message"] = msgspec.to_builtins(message_of(job, config.plank))
    found = difference(mine, answered)
    if found and job.status.state == "scheduling" and not mine[GITHUB]:
        rest = {key: value for key, value in answered.items() if key != GITHUB}
        found = difference(mine, rest | {GITHUB: False}) or OnPurpose("no-status-before-a-cluster")
    return found


async def _is_last(job: ProwJob, world: World) -> bool:
    return await elsewhere.is_last(job, await look_at(world.edges))


def _job(given: Mapping[str, Any]) -> ProwJob:
    return msgspec.convert(without_nulls(given["prowjob"]), ProwJob)


def _world(given: Mapping[str, Any], **edges: Any) -> World:
    jobs = objects([given["prowjob"], *(given.get("others") or ())])
    prowjobs = Cluster({"prowjobs": jobs}, lambda *_: None)
    return World(config=given["config"], now=_NOW, prowjobs=prowjobs, clusters={}, **edges)
