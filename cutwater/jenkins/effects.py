"""What a role may do in Jenkins. Each effect carries its reason, and knows when it already stands."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Protocol

from msgspec import Struct

from cutwater.jenkins.client import Jenkins
from cutwater.jenkins.errors import NotThere
from cutwater.jenkins.types import PROW_JOB_ID


class HasJenkins(Protocol):
    """What these effects need of the world."""

    def jenkins(self, selector: str) -> Jenkins:
        """The Jenkins of an operator, by its label selector. Raises Denied for one that is not set up."""


class StartBuild(Struct, frozen=True, kw_only=True, tag=True):
    """Have a job built, with the ProwJob's name among the parameters. Raises Denied, and Unanswered."""

    selector: str
    job: str
    parameters: Mapping[str, str]
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasJenkins) -> bool:
        await world.jenkins(self.selector).start(self.job, self.parameters)
        return True

    async def stands(self, world: HasJenkins, since: datetime) -> bool | None:
        read, name = world.jenkins(self.selector).read, self.parameters[PROW_JOB_ID]
        waiting = await read.queue()  # first: what leaves the queue meanwhile is seen among the builds
        return any(each.prow_job_id == name for each in (*waiting, *(await read.builds(self.job) or ()))) or None


class TeachParameters(Struct, frozen=True, kw_only=True, tag=True):
    """Have a job built that was never built: only then does it read from its own repository what it takes."""

    selector: str
    job: str
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasJenkins) -> bool:
        await world.jenkins(self.selector).build(self.job)
        return True

    async def stands(self, world: HasJenkins, since: datetime) -> bool | None:
        found = await world.jenkins(self.selector).read.job(self.job)
        return (found is not None and bool(found.builds)) or None


class StopBuild(Struct, frozen=True, kw_only=True, tag=True):
    """Abort a build that runs. One that is gone, or has ended, needs none of it."""

    selector: str
    job: str
    number: int
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasJenkins) -> bool:
        try:
            await world.jenkins(self.selector).stop(self.job, self.number)
        except NotThere:
            return False
        return True

    async def stands(self, world: HasJenkins, since: datetime) -> bool | None:
        found = await world.jenkins(self.selector).read.build(self.job, self.number)
        return found is None or not found.is_running or None


class CancelQueued(Struct, frozen=True, kw_only=True, tag=True):
    """Take a build out of the queue."""

    selector: str
    queued: int
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasJenkins) -> bool:
        await world.jenkins(self.selector).cancel(self.queued)
        return True

    async def stands(self, world: HasJenkins, since: datetime) -> bool | None:
        waiting = await world.jenkins(self.selector).read.queue()
        return all(each.id != self.queued for each in waiting) or None
