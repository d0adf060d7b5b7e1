"""Kill -9, in the middle of the work: every job still ends, and is told of once."""

import asyncio
import itertools
import os
import random
import signal
from datetime import UTC, datetime, timedelta

import pytest

from cutwater.kube.client import PROWJOB, Json
from cutwater.prowjob.types import ProwJob
from tests.e2e.running import Running, death_of, stop
from tests.e2e.story import FAIL, PASS, Story, soon

SEED = 20261125
TRIES = 24
"""How often a function is killed until one of the kills has met it in the middle of its work."""
DELAYS = (0.0, 0.6)
"""Seconds from the moment it listens to the kill: its first request meets imports first, then the world."""
LANDED_SECONDS = 1.0
"""How long the broker takes to notice that a request broke off."""

ROLES = {
    "hook": "/hook",
    "plugins-jobs": "dev.cutwater.webhook acme/glider#",
    "relay": "dev.knative.apiserver.resource.",
    "plank": "dev.cutwater.look default/",
    "crier": "dev.cutwater.look default/",
}
"""What must have been under way in a function when it was killed, as the broker's log names it."""

TICKING = """
periodics:
  - name: ticking
    interval: 5s
    spec:
      containers:
        - image: clock
          command: ["true"]
"""

dice = random.Random(SEED)
told: list[Story] = []


async def strike(platform: Running, service: str, about: str, story: Story | None = None) -> bool:
    """Kill a function until a kill has broken off a request that begins so. False where the story was over before."""
    for _ in range(TRIES):
        before = len(platform.log("broker"))
        while (pid := platform.function(service)) is None:
            if story is not None and await is_over(story):
                return False
            await asyncio.sleep(0.005)
        await asyncio.sleep(dice.uniform(*DELAYS))
        os.kill(pid, signal.SIGKILL)
        await death_of(pid)
        for _ in range(10):
            if f"{service} did not answer to {about}" in platform.log("broker")[before:]:
                return True
            await asyncio.sleep(LANDED_SECONDS / 10)
    return False


async def is_over(story: Story) -> bool:
    jobs = await story.runs()
    return len(jobs) == 2 and all(job.is_complete for job in jobs)


@pytest.mark.parametrize("service, about", ROLES.items(), ids=list(ROLES))
async def test_function_dies(platform: Running, service: str, about: str) -> None:
    for _ in range(3):
        await stop(platform, service)
        story = Story(platform)
        striking = asyncio.create_task(strike(platform, service, about, story))
        await story.open()
        met = await striking
        assert await story.ends() == {PASS: "success", FAIL: "failure"}
        told.append(story)
        if met:
            return
    pytest.fail(f"no kill met {service} at its work (seed {SEED})")


async def test_tide_dies(platform: Running) -> None:
    """It is killed over the pool that it is to merge from: what is merged is merged once, and lands once."""
    story = Story(platform)
    await story.open()
    await story.ends()
    await stop(platform, "tide")
    striking = asyncio.create_task(strike(platform, "tide", "dev.cutwater.look acme/glider:"))
    await story.review()
    assert await striking
    await story.merges()


async def test_horologium_dies(platform: Running) -> None:
    """A job that is due five seconds after its last run, while what starts it is killed: none is made twice."""
    jobs = platform.settings.jobs
    assert jobs is not None
    (jobs / "ticking.yaml").write_text(TICKING)
    try:
        assert await strike(platform, "horologium", "dev.knative.sources.ping")
        await soon("it has run twice", lambda: ticks_ended(platform, 2))
    finally:
        (jobs / "ticking.yaml").unlink()
    runs = await ticks(platform)
    for before, after in itertools.pairwise(runs):
        assert before.status.completionTime is not None
        assert after.status.startTime is not None
        assert after.status.startTime >= before.status.completionTime, "two runs at once"
    assert {run.status.state for run in runs[:2]} == {"success"}


async def ticks(platform: Running) -> list[ProwJob]:
    found = await platform.kube().read.prowjobs("default", fields="spec.job=ticking")
    return sorted(found, key=lambda one: str(one.status.startTime))


async def ticks_ended(platform: Running, count: int) -> bool:
    return sum(run.is_complete for run in await ticks(platform)) >= count


async def test_sinker_dies(platform: Running) -> None:
    """Forty ProwJobs that are old enough, while what deletes them is killed: they all go, and nothing else does."""
    kube = platform.kube()
    kept = {job.metadata.name for job in await kube.read.prowjobs("default")}
    await stop(platform, "sinker")
    striking = asyncio.create_task(strike(platform, "sinker", "dev.knative.sources.ping"))
    for number in range(40):
        await kube.create(PROWJOB, "default", old_prowjob(f"old-{number}"))
    assert await striking
    await soon("the old ones are gone", lambda: are_gone(platform, "old-"))
    assert {job.metadata.name for job in await kube.read.prowjobs("default")} >= kept


async def are_gone(platform: Running, prefix: str) -> bool:
    return not any(job.metadata.name.startswith(prefix) for job in await platform.kube().read.prowjobs("default"))


def old_prowjob(name: str) -> Json:
    """A ProwJob that ended a week ago."""
    then = (datetime.now(UTC) - timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": PROWJOB.api_version,
        "kind": PROWJOB.kind,
        "metadata": {"name": name, "labels": {"created-by-prow": "true", "prow.k8s.io/type": "periodic"}},
        "spec": {"agent": "kubernetes", "type": "periodic", "job": "old"},
        "status": {"state": "success", "startTime": then, "pendingTime": then, "completionTime": then},
    }


@pytest.mark.parametrize("part", ["broker", "kube", "github", "s3", "pods"])
async def test_part_dies(platform: Running, part: str) -> None:
    story = Story(platform)
    await story.open()
    await soon("a pod is at work", story.is_running)
    pid = platform.part(part)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await death_of(pid)
    states = await story.ends()
    told.append(story)
    if part != "pods":  # whose tests die with it, and have failed
        assert states == {PASS: "success", FAIL: "failure"}


async def test_everything_dies(platform: Running) -> None:
    story = Story(platform)
    await story.open()
    await soon("a pod is at work", story.is_running)
    platform.crash()
    platform.start()
    await story.ends()
    told.append(story)


async def test_nothing_was_told_again(platform: Running) -> None:
    assert told
    for story in told:
        await story.check()
