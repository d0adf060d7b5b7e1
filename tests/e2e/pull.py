"""One pull request, as somebody sees it who looks at GitHub."""

from collections.abc import Iterable
from typing import Any

from cutwater.prowjob.types import ProwJob
from infra.local.demo import seed
from infra.local.demo.people import Person
from tests.e2e.running import Running

NOTIFIER = "[APPROVALNOTIFIER]"


class Pull:
    """A pull request of a repository."""

    def __init__(self, platform: Running, repository: str, number: int) -> None:
        self._platform, self.repository, self.number = platform, repository, number
        self._robot = Person(platform.settings, seed.BOT)

    async def say(self, who: str, text: str) -> None:
        await Person(self._platform.settings, who).comment(self.repository, self.number, text)

    async def now(self) -> Any:
        return await self._robot.ask(f"/repos/{self.repository}/pulls/{self.number}")

    async def labels(self) -> set[str]:
        return {label["name"] for label in (await self.now())["labels"]}

    async def has(self, *names: str, without: Iterable[str] = ()) -> bool:
        """Whether these labels are on it, and none of the others."""
        labels = await self.labels()
        return labels.issuperset(names) and not labels.intersection(without)

    async def answers(self) -> list[str]:
        """What the bot has said."""
        found = await self._robot.ask(f"/repos/{self.repository}/issues/{self.number}/comments?per_page=100")
        return [one["body"] for one in found if one["user"]["login"] == seed.BOT]

    async def is_answered(self, words: str) -> bool:
        return any(words in one for one in await self.answers())

    async def notice(self) -> str:
        """The notification about approvers. There is never more than one of them once a change has settled."""
        found = [one for one in await self.answers() if one.startswith(NOTIFIER)]
        return found[0] if len(found) == 1 else ""

    async def is_noticed(self, *words: str, without: str = "\0") -> bool:
        notice = await self.notice()
        return all(word in notice for word in words) and without not in notice

    async def statuses(self) -> dict[str, tuple[str, str]]:
        sha = (await self.now())["head"]["sha"]
        found = await self._robot.ask(f"/repos/{self.repository}/commits/{sha}/status")
        return {one["context"]: (one["state"], one["description"]) for one in found["statuses"]}

    async def ended(self, job: str, state: str) -> bool:
        return (await self.statuses()).get(job, ("", ""))[0] == state

    async def told(self, context: str) -> list[tuple[str, str]]:
        """All that the status of a context has said of its head, one after the other."""
        sha = (await self.now())["head"]["sha"]
        found = await self._robot.ask(f"/repos/{self.repository}/commits/{sha}/statuses?per_page=100")
        return [(one["state"], one["description"]) for one in reversed(found) if one["context"] == context]

    async def is_merged(self) -> bool:
        return bool((await self.now())["merged"])

    async def runs(self) -> list[ProwJob]:
        found = await self._platform.kube().read.prowjobs("default")
        return [
            one
            for one in found
            if one.spec.refs
            and one.spec.refs.full_name == self.repository
            and [pull.number for pull in one.spec.refs.pulls] == [self.number]
        ]
