"""What may be asked of a Jenkins, and what its answers mean. Who asks it, and how often, is for others."""

from typing import Any, Protocol, TypeVar

import msgspec

from cutwater.jenkins.errors import Unanswered
from cutwater.jenkins.types import Build, JobInfo, Queued

Json = Any
"""What Jenkins answers; `cutwater.jenkins.types` says what is read of it."""

_OF_BUILD = "actions[parameters[name,value]]"
QUEUE = f"/queue/api/json?tree=items[id,{_OF_BUILD}]"
BUILDS = f"/api/json?tree=builds[number,result,building,{_OF_BUILD}]"
BUILD = f"/api/json?tree=number,result,building,{_OF_BUILD}"
JOB = "/api/json?tree=property[parameterDefinitions[name]],builds[number]"

Read = TypeVar("Read")


class Asks(Protocol):
    """Who asks: the client itself, or one that remembers what it asked."""

    async def get(self, path: str) -> Json | None: ...


class Reader:
    """What a role may read of one Jenkins. Raises Unanswered and Denied."""

    def __init__(self, asks: Asks) -> None:
        self._asks = asks

    async def queue(self) -> list[Queued]:
        """All builds that wait, of all jobs."""
        return _items(await self._asks.get(QUEUE), "items", Queued)

    async def builds(self, job: str) -> list[Build] | None:
        """The job's builds, the newest first, at most a hundred; None where there is no such job."""
        found = await self._asks.get(job + BUILDS)
        return None if found is None else _items(found, "builds", Build)

    async def build(self, job: str, number: int) -> Build | None:
        """One build, however old, or None."""
        found = await self._asks.get(f"{job}/{number}{BUILD}")
        return None if found is None else _as(found, Build)

    async def job(self, job: str) -> JobInfo | None:
        """The job itself, or None."""
        found = await self._asks.get(job + JOB)
        return None if found is None else _as(found, JobInfo)


def _items(found: Json, name: str, kind: type[Read]) -> list[Read]:
    """Those that can be read: one that cannot is none of ours, and hides no other."""
    read = []
    for each in _as(_as(found, dict[str, Any]).get(name) or [], list[Any]):
        try:
            read.append(msgspec.convert(each, kind))
        except msgspec.ValidationError:
            continue
    return read


def _as(found: Json, kind: type[Read]) -> Read:
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise Unanswered(f"it answers what cannot be read: {error}") from error
