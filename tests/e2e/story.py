"""A pull request of the glider's, from its opening to its report, told while something dies."""

import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx2

from cutwater.errors import Later
from cutwater.prowjob.types import ProwJob
from infra.local.demo import seed
from infra.local.demo.people import Person
from infra.local.demo.waiting import until
from tests.e2e.running import Running
from tests.e2e.world import GLIDER

PASS, FAIL, LAND = "pull-glider-pass", "pull-glider-fail", "post-glider-land"
SOON = 90.0
"""Seconds, on a machine with other things to do."""
REPORT = "<!-- test report -->"
STATUS_OF = {"success": "success", "failure": "failure", "error": "failure", "aborted": "failure"}
"""What GitHub shows of a ProwJob's state."""
_numbers = itertools.count(1)


async def soon(what: str, holds: Callable[[], Awaitable[object]], *, seconds: float = SOON) -> Any:
    """The first true answer; what cannot be asked now, because it was killed, is asked again. Raises Missing."""

    async def asked() -> object:
        try:
            return await holds()
        except (httpx2.TransportError, httpx2.HTTPStatusError, Later):
            return False

    return await until(what, asked, seconds=seconds)


class Story:
    """One pull request with two jobs: one passes, one fails and may."""

    def __init__(self, platform: Running) -> None:
        self.platform = platform
        self.number = 0

    async def open(self) -> None:
        """Open the pull request. It is the person's computer that does it: nothing may be dead meanwhile."""
        branch = f"change-{next(_numbers)}"
        author = self._author()
        await author.push(GLIDER, branch, {f"{branch}.txt": "lighter\n"}, f"Make it lighter: {branch}")
        self.number = await author.open_pull_request(GLIDER, branch, branch, "")

    async def runs(self) -> list[ProwJob]:
        """Its ProwJobs."""
        found = await self.platform.kube().read.prowjobs("default")
        return [one for one in found if one.spec.refs and self._is_ours(one)]

    async def is_running(self) -> bool:
        """Whether a pod of its is at work."""
        jobs = await self.runs()
        pods = [await self.platform.kube().read.pod("test-pods", one.metadata.name) for one in jobs]
        return any(pod is not None and pod["status"].get("phase") == "Running" for pod in pods)

    async def ends(self) -> Mapping[str, str]:
        """Wait for the end and for all of its reports. The states in which the jobs ended."""
        await soon("both jobs have ended", self._ended)
        await soon("GitHub shows how they ended", self._statuses_are_right)
        await soon("one comment names all that failed", self._comment_is_right)
        await soon("the bucket holds their ends", self._artifacts_are_there)
        await self.check()
        return {job.spec.job: job.status.state for job in await self.runs()}

    async def check(self) -> None:
        """What must hold from its end on: each job ran once, and was told of once."""
        jobs = await self.runs()
        assert sorted(job.spec.job for job in jobs) == [FAIL, PASS], "each job has one ProwJob"
        assert await self._ended(), "a ProwJob that had ended goes on"
        assert await self._statuses_are_right(), await self._statuses()
        assert await self._comment_is_right(), await self._comments()

    async def review(self) -> None:
        await Person(self.platform.settings, seed.REVIEWER).comment(GLIDER, self.number, "/lgtm")

    async def merges(self) -> None:
        """Wait until tide has merged it and the postsubmit has run."""
        await soon("tide has merged it", self._is_merged)
        await soon("the postsubmit has run", self._has_landed)

    def _author(self) -> Person:
        return Person(self.platform.settings, seed.AUTHOR)

    def _is_ours(self, job: ProwJob) -> bool:
        refs = job.spec.refs
        return refs is not None and refs.full_name == GLIDER and [pull.number for pull in refs.pulls] == [self.number]

    async def _ended(self) -> bool:
        jobs = await self.runs()
        return len(jobs) >= 2 and all(job.is_complete for job in jobs)

    async def _statuses(self) -> dict[str, str]:
        sha = (await self._pull())["head"]["sha"]
        found = await self._author().ask(f"/repos/{GLIDER}/commits/{sha}/status")
        return {one["context"]: one["state"] for one in found["statuses"] if one["context"] != "tide"}

    async def _statuses_are_right(self) -> bool:
        wanted = {job.spec.job: STATUS_OF.get(job.status.state) for job in await self.runs()}
        return await self._statuses() == wanted

    async def _comments(self) -> list[str]:
        """The bot's results comments."""
        found = await self._author().ask(f"/repos/{GLIDER}/issues/{self.number}/comments")
        return [one["body"] for one in found if one["user"]["login"] == seed.BOT and REPORT in one["body"]]

    async def _comment_is_right(self) -> bool:
        failed = {job.spec.job for job in await self.runs() if job.status.state in {"failure", "error"}}
        comments = await self._comments()
        if not failed:
            return not comments
        return len(comments) == 1 and {name for name in (PASS, FAIL) if f"{name} |" in comments[0]} == failed

    async def _artifacts_are_there(self) -> bool:
        bucket = self.platform.bucket()
        for job in await self.runs():
            folder = f"pr-logs/pull/acme_glider/{self.number}/{job.spec.job}/{job.status.build_id}"
            for name in ("started.json", "finished.json", "prowjob.json"):
                if await bucket.head(f"{folder}/{name}") is None:
                    return False
        return True

    async def _pull(self) -> Any:
        return await self._author().ask(f"/repos/{GLIDER}/pulls/{self.number}")

    async def _is_merged(self) -> bool:
        return bool((await self._pull())["merged"])

    async def _has_landed(self) -> bool:
        sha = (await self._pull())["merge_commit_sha"]
        found = await self.platform.kube().read.prowjobs("default")
        landed = [one for one in found if one.spec.job == LAND and one.spec.refs and one.spec.refs.base_sha == sha]
        assert len(landed) <= 1
        return len(landed) == 1 and landed[0].status.state == "success"
