"""The story of one pull request, from its opening to its merge, and what must be true at its end, whoever died."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from cutwater.prowjob.labels import JOB
from infra.local.github.world import Issue
from tests.world import BOT, World

PATIENCE = 30 * 60.0
"""Virtual seconds in which a stage of the story must come to its end, deaths and sweeps and all."""


class Story:
    """A member's pull request: flight fails, is retested and passes; a reviewer says /lgtm; tide merges."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._has_failed: set[str] = set()

    async def play(self) -> Issue:
        """All of it. Raises AssertionError, naming the stage that does not end."""
        world = self._world
        kubelet = asyncio.ensure_future(world.run_pods(self._ends))
        try:
            change = await world.github.pull_request(world.rocket, author="alice", files={"fin.txt": "balsa\n"})
            await self._until(
                "both jobs have reported", lambda: _states(change) == {"unit": "success", "flight": "failure"}
            )
            await self._until("the results comment is there", lambda: len(_results(change)) == 1)
            await change.comment("bob", "/retest")
            await self._until("flight has passed", lambda: _states(change) == {"unit": "success", "flight": "success"})
            await self._until("the results comment is gone", lambda: not _results(change))
            await change.comment("bob", "/lgtm")
            await self._until("it is merged", lambda: change.is_merged)
            await self._until("its push ran publish", self._published)
            await asyncio.sleep(10 * 60)  # whatever was late comes now
        finally:
            kubelet.cancel()
            await asyncio.gather(kubelet, return_exceptions=True)
        return change

    async def check(self, change: Issue) -> None:
        """Nothing happened twice, nothing was left over."""
        jobs = await self._world.kube.read.prowjobs("default")
        assert Counter(job.spec.job for job in jobs) == {"unit": 1, "flight": 2, "publish": 1}
        assert all(job.is_complete for job in jobs), {job.spec.job: job.status.state for job in jobs}
        texts = [text for who, text in change.comments if who == BOT]
        assert len(texts) == len(set(texts)), texts
        assert change.assignees == {"bob"}
        assert {"unit": "success", "flight": "success"}.items() <= _states(change).items()
        owed = [entry.key async for entry in self._world.state.list("owed/")]
        assert owed == []

    def _ends(self, pod: dict[str, Any]) -> str:
        if pod["metadata"]["annotations"][JOB] != "flight" or self._has_failed:
            return "Succeeded"
        self._has_failed.add(pod["metadata"]["name"])
        return "Failed"

    def _published(self) -> bool:
        return self._published_state == "success"

    _published_state = ""

    async def _until(self, what: str, holds: Callable[[], bool]) -> None:
        for _ in range(int(PATIENCE)):
            self._published_state = (await self._world.states()).get("publish", "")
            if holds():
                return
            await asyncio.sleep(1)
        raise AssertionError(f"not within {PATIENCE:g} s: {what}")


def _states(change: Issue) -> dict[str, str]:
    return {context: state for context, (state, _) in change.statuses.items() if context != "tide"}


def _results(change: Issue) -> list[str]:
    return [text for who, text in change.comments if who == BOT and "flight" in text]
