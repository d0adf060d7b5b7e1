"""What the demonstration does without a person, and what must have happened at each step."""

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import msgspec

from cutwater.kube.client import Kube
from cutwater.prowjob.types import ProwJob
from cutwater.storage.s3 import S3Store
from infra.local.demo import change, seed
from infra.local.demo.people import Person
from infra.local.demo.waiting import Missing, until
from infra.local.parts import kube_of
from infra.local.settings import ARTIFACTS_BUCKET, Settings

UNIT, FLIGHT, PUBLISH, WEATHER = (
    "pull-rocket-unit",
    "pull-rocket-flight",
    "post-rocket-publish",
    "periodic-rocket-weather",
)
SOON, LATER = 90.0, 150.0
"""Seconds: for what follows from an event, and for what waits for a tick of the clock, too."""


class Scenario:
    """The story of one pull request. `say` is told of each thing that was found to be so."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self.settings, self._say = settings, say
        self.author, self.reviewer = Person(settings, seed.AUTHOR), Person(settings, seed.REVIEWER)
        self.kube = Kube(kube_of(settings))
        key = "s3-artifacts"
        self.bucket = S3Store(
            ARTIFACTS_BUCKET,
            endpoint_url=settings.s3,
            region_name="local",
            aws_access_key_id=key,
            aws_secret_access_key=settings.secret(key),
        )
        self.number = 0
        self._former: frozenset[str] = frozenset()

    async def play(self) -> None:
        """Play all of it. Raises Missing at the first thing that is not as it must be.

        Runs that the API server has from a former time are no part of it.
        """
        self._former = frozenset(await self.jobs())
        for scene in (
            self.forged_webhooks,
            self.pull_request,
            self.bucket_and_report,
            self.retest,
            self.review_and_merge,
            self.after_the_merge,
            self.by_the_clock,
        ):
            await scene()

    async def jobs(self) -> dict[str, str]:
        """The jobs of all ProwJobs, by their names."""
        return {one.metadata.name: one.spec.job for one in await self.kube.read.prowjobs("default")}

    async def forged_webhooks(self) -> None:
        repository = {"name": "rocket", "full_name": seed.REPOSITORY, "owner": {"login": "acme"}}
        body = json.dumps({"action": "opened", "repository": repository}).encode()
        wrong = "sha256=" + hmac.new(b"guess", body, hashlib.sha256).hexdigest()
        for what, signature in (("an unsigned webhook", ""), ("a wrongly signed webhook", wrong)):
            headers = {
                "x-github-event": "pull_request",
                "x-github-delivery": "forged-1",
                "content-type": "application/json",
            }
            headers |= {"x-hub-signature-256": signature} if signature else {}
            async with httpx2.AsyncClient(timeout=60) as client:
                answer = await client.post(f"{self.settings.deck}/hook", content=body, headers=headers)
            self._check(f"{what} is refused", answer.status_code == 403, f"it was answered with {answer.status_code}")

    async def pull_request(self) -> None:
        await self.author.push(seed.REPOSITORY, change.BRANCH, change.FILES, change.TITLE)
        self.number = await self.author.open_pull_request(seed.REPOSITORY, change.BRANCH, change.TITLE, change.BODY)
        await self._wait("two presubmits were created", self._created, UNIT, FLIGHT)
        await self._wait(f"{UNIT} passed", self._ended, UNIT, "success")
        await self._wait(f"{FLIGHT} failed", self._ended, FLIGHT, "failure")

    async def bucket_and_report(self) -> None:
        job = (await self._runs(UNIT))[-1]
        folder = f"pr-logs/pull/acme_rocket/{self.number}/{UNIT}"
        run = f"{folder}/{job.status.build_id}"
        files = ("started.json", "finished.json", "build-log.txt", "prowjob.json", "clone-records.json")
        for name in (
            *(f"{run}/{file}" for file in files),
            f"{run}/artifacts/junit_unit.xml",
            f"{folder}/latest-build.txt",
        ):
            await self._wait(f"the bucket holds {name}", self._stored, name)
        await self._wait("GitHub shows both statuses", self._statuses, {UNIT: "success", FLIGHT: "failure"})
        for status in await self._latest_statuses():
            if status["context"] in {UNIT, FLIGHT}:
                await self._opens(status["context"], status["target_url"])
        await self._wait("one results comment names the failed job", self._results_comment)

    async def retest(self) -> None:
        before = {name: len(await self._runs(name)) for name in (UNIT, FLIGHT)}
        await self.author.comment(seed.REPOSITORY, self.number, "/retest")
        await self._wait(f"/retest ran {FLIGHT} again, and it passed", self._passed_again, FLIGHT, before[FLIGHT])
        self._check(f"{UNIT} was not run again", len(await self._runs(UNIT)) == before[UNIT], "it was")

    async def review_and_merge(self) -> None:
        await self._wait("tide says what it waits for", self._tide_waits)
        await self.reviewer.comment(seed.REPOSITORY, self.number, "/lgtm")
        await self._wait("/lgtm put the label", self._has_label, "lgtm")
        await self._wait("tide merged the pull request", self._is_merged, seconds=LATER)

    async def after_the_merge(self) -> None:
        await self._wait(f"the push to main ran {PUBLISH}", self._ended, PUBLISH, "success")

    async def by_the_clock(self) -> None:
        if await self._ran_lately(WEATHER):
            self._say(f"{WEATHER} ran less than half an hour ago, and is not due")
            return
        await self._wait(f"the clock ran {WEATHER}", self._ended, WEATHER, "success", seconds=LATER)

    # What is asked of the world

    async def _wait(
        self, what: str, holds: Callable[..., Awaitable[object]], *arguments: Any, seconds: float = SOON
    ) -> None:
        async def asked() -> object:
            return await holds(*arguments)

        await until(what, asked, seconds=seconds)
        self._say(what)

    def _check(self, what: str, holds: bool, otherwise: str) -> None:
        if not holds:
            raise Missing(f"{what}: {otherwise}")
        self._say(what)

    async def _runs(self, job: str) -> list[ProwJob]:
        """The runs of a job, the newest last."""
        found = await self.kube.read.prowjobs("default", fields=f"spec.job={job}")
        own = (one for one in found if one.metadata.name not in self._former)
        return sorted(own, key=lambda one: str(one.status.startTime))

    async def _ran_lately(self, job: str) -> bool:
        """Whether a former time's run keeps the clock from another one: the job's interval is 30 minutes."""
        found = await self.kube.read.prowjobs("default", fields=f"spec.job={job}")
        ended = [one.status.completionTime for one in found if one.metadata.name in self._former]
        return any(time is not None and datetime.now(UTC) - time < timedelta(minutes=29) for time in ended)

    async def _created(self, *jobs: str) -> bool:
        return all([await self._runs(job) for job in jobs])

    async def _ended(self, job: str, state: str) -> bool:
        runs = await self._runs(job)
        if runs and runs[-1].is_complete and runs[-1].status.state != state:
            raise Missing(f"{job} ended as {runs[-1].status.state}: {runs[-1].status.description}")
        return bool(runs) and runs[-1].is_complete

    async def _passed_again(self, job: str, before: int) -> bool:
        return len(await self._runs(job)) == before + 1 and await self._ended(job, "success")

    async def _stored(self, key: str) -> bool:
        return await self.bucket.head(key) is not None

    async def _pull(self) -> Any:
        return await self.author.ask(f"/repos/{seed.REPOSITORY}/pulls/{self.number}")

    async def _latest_statuses(self) -> list[Any]:
        sha = (await self._pull())["head"]["sha"]
        found: list[Any] = (await self.author.ask(f"/repos/{seed.REPOSITORY}/commits/{sha}/status"))["statuses"]
        return found

    async def _statuses(self, wanted: dict[str, str]) -> bool:
        found = {status["context"]: status["state"] for status in await self._latest_statuses()}
        return all(found.get(context) == state for context, state in wanted.items())

    async def _opens(self, context: str, link: str) -> None:
        async with httpx2.AsyncClient(timeout=60, follow_redirects=True) as client:
            answer = await client.get(link)
        self._check(
            f"the link of {context} opens in deck", answer.status_code == 200, f"{answer.status_code} at {link}"
        )

    async def _results_comment(self) -> bool:
        comments = await self.author.ask(f"/repos/{seed.REPOSITORY}/issues/{self.number}/comments")
        results = [one for one in comments if one["user"]["login"] == seed.BOT and "failed" in one["body"]]
        return len(results) == 1 and FLIGHT in results[0]["body"] and UNIT not in results[0]["body"]

    async def _tide_waits(self) -> bool:
        found = [status for status in await self._latest_statuses() if status["context"] == "tide"]
        return bool(found) and found[0]["state"] == "pending" and "lgtm" in found[0]["description"]

    async def _has_label(self, name: str) -> bool:
        return name in {label["name"] for label in (await self._pull())["labels"]}

    async def _is_merged(self) -> bool:
        return bool((await self._pull())["merged"])


def decoded_log(line: str) -> dict[str, Any] | None:
    """One line of a function's log; None for what is none."""
    try:
        found = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict) and "role" in found else None
