"""A Jenkins as its clients see it, whichever it is; and the one in process."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from cutwater.jenkins.client import Jenkins
from cutwater.jenkins.types import Build, Queued
from tests.jenkins import FakeJenkins

Seen = TypeVar("Seen")
TEXT = "hello from the build\n"
COMMANDS = {"passes": "echo hello from the build", "fails": "exit 1", "runs": "echo begun; exec sleep 300"}
"""What the builds of a job do."""


class Server(Protocol):
    """What a test may do to the Jenkins that it runs against."""

    def client(self, password: str = ...) -> Jenkins: ...

    async def make(self, name: str, does: str) -> None:
        """A job that takes our parameters, and whose builds do one of COMMANDS."""

    async def go_on(self) -> None:
        """Let what it has to do happen, if only a little of it."""


class InProcess:
    """The one of the tests: what waits begins, and what runs ends, when it is told to go on."""

    def __init__(self) -> None:
        self._jenkins = FakeJenkins(needs_crumb=True)
        self._does: dict[str, str] = {}

    def client(self, password: str = "secret") -> Jenkins:
        return self._jenkins.client(password)

    async def make(self, name: str, does: str) -> None:
        self._jenkins.job(name)
        self._does[f"/job/{name}"] = does

    async def go_on(self) -> None:
        for made in list(self._jenkins.queue):
            self._jenkins.begin(made.parameters["PROW_JOB_ID"]).log = b"begun\n"
        for path, job in self._jenkins.jobs.items():
            for made in job.builds:
                if made.is_running and self._does[path] != "runs":
                    made.log += TEXT.encode()
                    made.result = "SUCCESS" if self._does[path] == "passes" else "FAILURE"


async def until(server: Server, look: Callable[[], Awaitable[Seen | None]], what: str, *, looks: int = 150) -> Seen:
    """What `look` sees as soon as it sees anything."""
    for _ in range(looks):
        if (seen := await look()) is not None:
            return seen
        await server.go_on()
    raise AssertionError(f"{what} was not to be seen")


async def seen(jenkins: Jenkins, job: str, name: str) -> Build | Queued | None:
    """The build of a ProwJob as a role sees it."""
    waiting = await jenkins.read.queue()
    every: list[Build | Queued] = [*(await jenkins.read.builds(job) or ()), *waiting]
    return next((each for each in every if each.prow_job_id == name), None)
